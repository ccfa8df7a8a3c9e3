"""Words that look alike: keys that two of them share when they are one or two mistakes apart, and how many mistakes that is.

A key is the beginning of a word with some letters left out (symmetric deletion): what was added, forgotten, replaced or
swapped disappears from both sides. One mistake is forgiven from four letters, two from eight.
Source: docs/algorithms/recherche.md.
"""

import re
import unicodedata
from itertools import combinations

SHORTEST = 4
LONG = 8
# Mistakes are looked for in the beginning of long words: their keys would be too many.
PREFIX = 7
_JOINED = str.maketrans({"œ": "oe", "æ": "ae", "ß": "ss", "ø": "o", "ł": "l"})
_LETTERS = re.compile(r"[^\W\d_]+")


def fold(text: str) -> str:
    """Write in lower case without accents."""
    spread = unicodedata.normalize("NFKD", text.lower().translate(_JOINED))
    return "".join(sign for sign in spread if not unicodedata.combining(sign))


def words(text: str) -> list[str]:
    """Give the words of a text as they are written, without figures nor signs."""
    return _LETTERS.findall(text)


def forgiven(word: str) -> int:
    """Give how many mistakes are forgiven in a word."""
    return 0 if len(word) < SHORTEST else 1 if len(word) < LONG else 2


def keys(word: str) -> set[str]:
    """Give the keys of a folded word.

    Shape: two words that are one mistake apart share one, whatever their lengths from SHORTEST on; most of those that are
    two apart too.
    """
    start = word[:PREFIX]
    # A word of seven letters may be one of eight or more that lost some.
    most = 1 if len(word) < PREFIX else 2
    found = {start}
    for count in range(1, most + 1):
        for left_out in combinations(range(len(start)), count):
            found.add("".join(sign for at, sign in enumerate(start) if at not in left_out))
    return found


def mistakes(first: str, second: str, *, most: int = 2) -> int:
    """Count the letters added, forgotten, replaced, or swapped with the next; `most` + 1 for more."""
    if abs(len(first) - len(second)) > most:
        return most + 1
    before: list[int] = []
    row = list(range(len(second) + 1))
    for at, sign in enumerate(first, 1):
        older, before, row = before, row, [at]
        for other, against in enumerate(second, 1):
            cost = min(before[other] + 1, row[other - 1] + 1, before[other - 1] + (sign != against))
            if at > 1 and other > 1 and sign == second[other - 2] and against == first[at - 2]:
                cost = min(cost, older[other - 2] + 1)
            row.append(cost)
    return min(row[-1], most + 1)
