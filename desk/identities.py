"""From what is written on an identity card to a fingerprint: the names themselves are never stored.

The same person must give the same fingerprint whoever types, at whatever desk: capitals, accents, hyphens, apostrophes and
spaces do not count, and of several given names the first word alone does (« Jean-Pierre », « Jean Pierre » and « Jean » are one).
Two people may then share one: twins whose given names begin with the same word, namesakes born on the same day. The second of
them has a finer one, with every given name and the place of birth, once an agent has seen an identity document.
"""

import datetime as dt
import hashlib
import hmac
import unicodedata

# Letters that no decomposition takes apart.
_LETTERS = str.maketrans({"æ": "ae", "œ": "oe", "ø": "o", "ł": "l", "đ": "d", "ð": "d", "ı": "i", "þ": "th", "ħ": "h"})
# Changing how names are folded makes new fingerprints for everybody: change the number too, and know that nobody is recognised.
_SCHEME = "1"


def words(name: str) -> list[str]:
    """Fold a name into its words.

    Shape: lower case, no accent, letters and digits only; empty when nothing of the kind was written.
    """
    # Twice: folding the case of a letter may bring back a mark, and taking marks away a capital.
    folded = name
    for _ in range(2):
        decomposed = unicodedata.normalize("NFKD", folded.casefold().translate(_LETTERS))
        folded = "".join(sign for sign in decomposed if not unicodedata.combining(sign))
    return "".join(sign if sign.isalnum() else " " for sign in folded).split()


def family(name: str) -> str:
    """Fold a family name into one word (« Le Goff », « LE-GOFF » and « Legoff » are one)."""
    return "".join(words(name))


def given(names: str) -> str:
    """Keep the first word of somebody's given names, in the order of the civil status."""
    return next(iter(words(names)), "")


def fingerprint(family_name: str, given_names: str, birth_date: dt.date, *, key: str) -> str:
    """Compute the keyed fingerprint of an identity.

    Shape: 64 hexadecimal signs (HMAC-SHA256). Without the key, trying every name and date tells nothing.
    Raises: ValueError when a name has no letter, or the key is empty.
    """
    return _digest((_SCHEME, family(family_name), given(given_names), birth_date.isoformat()), key)


def finer(family_name: str, given_names: str, birth_date: dt.date, birth_place: str, *, key: str) -> str:
    """Compute the keyed fingerprint that tells two people of one fingerprint apart: every given name, and where they were born.

    Shape: as `fingerprint`, and never equal to one of them.
    Raises: ValueError as `fingerprint`, or when the place has no letter.
    """
    every_name, place = " ".join(words(given_names)), family(birth_place)
    return _digest((f"{_SCHEME}+", family(family_name), every_name, birth_date.isoformat(), place), key)


def _digest(parts: tuple[str, ...], key: str) -> str:
    if not all(parts) or not key:
        raise ValueError("An identity needs a family name, a given name and a key.")
    return hmac.new(key.encode(), "|".join(parts).encode(), hashlib.sha256).hexdigest()
