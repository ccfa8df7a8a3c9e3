"""Personal data in a text that everybody will read: telephone numbers, addresses, plates, bank accounts. Found, and masked.

The detector warns, it does not forbid: it would rather miss a number than take an amount, a date or a law for one.
"""

import re
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from enum import Enum
from itertools import pairwise


class Kind(Enum):
    """What can be found, and what stands in its place."""

    PHONE = "[téléphone]"
    EMAIL = "[courriel]"
    PLATE = "[plaque]"
    IBAN = "[IBAN]"


# Short enough for any field.
SHORTEST = "[…]"


@dataclass(frozen=True)
class Finding:
    """Something found in a text: `text[start:end]`."""

    kind: Kind
    start: int
    end: int
    text: str


# One character each, so that what is found keeps its place in the text.
SAME = str.maketrans(
    {
        **dict.fromkeys("\u00a0\u2007\u2009\u200a\u202f\t", " "),
        **dict.fromkeys("\u2010\u2011\u2012\u2013\u2014\u2212", "-"),
        "\uff20": "@",
        "\uff0b": "+",
        **{chr(0xFF10 + digit): str(digit) for digit in range(10)},
    }
)

# --- Telephone -----------------------------------------------------------------------------------------------------

_START = r"(?<![\d@\w.+-])(?:(?:\+|00) ?33 ?[.-]? ?(?:\( ?0 ?\))? ?[.-]?|\( ?0 ?\) ?|0)"
# Between pairs stands always the same: nothing, a space, a point, a dash, a stroke. A date or a list of amounts is not so regular.
_PAIRS = r"[1-9](?P<between> ?[.\-/]? ?)\d\d(?:(?P=between)\d\d){3}"
_GROUPS = (
    r"[1-9](?: \d{8}|(?: |\.)\d{4}(?: |\.)\d{4}|\d\d(?: |\.)\d{3}(?: |\.)\d{3}|(?: |\.)\d{3}(?: |\.)\d{3}(?: |\.)\d\d)"
)
FRENCH = re.compile(rf"{_START}(?:{_PAIRS}|{_GROUPS})(?!\d)")
# The countries whose numbers are common here; another sum of millions does not begin with « + » and a country.
FOREIGN = re.compile(
    r"(?<![\d\w+])\+(?:32|34|39|41|44|49|90|21[236]|35[12])(?:[ .\-/]?\(?\d\)?){8,12}(?![\d%€]| ?[%€])"
)
AFTER = re.compile(r"[ .\-/]?\d")
BEFORE = re.compile(r"\d[ .\-/]$")
# 08 is sold or given by companies and services: never a person.
SERVICE = "8"
DIGITS = re.compile(r"\d")
PAIRS = re.compile(r"\d\d")
NATIONAL_DIGITS = 9


def _digits(text: str) -> str:
    return "".join(DIGITS.findall(text))


def _national(text: str) -> str:
    """Give the nine digits that follow 0 or +33."""
    return _digits(text)[-NATIONAL_DIGITS:]


def _counts_up(text: str) -> bool:
    """Tell whether pairs follow one another, as the numbers of a list do: 01 02 03 04 05."""
    pairs = [int(pair) for pair in PAIRS.findall(text)]
    return len(pairs) > 1 and all(after == before + 1 for before, after in pairwise(pairs))


def _phones(text: str) -> Iterator[tuple[int, int]]:
    found = [match.span() for match in FRENCH.finditer(text)]
    starts, ends = {start for start, _end in found}, {end for _start, end in found}
    for start, end in found:
        number = text[start:end]
        # In the middle of a longer list of digits it is no number, unless its neighbour is one too.
        continues = AFTER.match(text, end) and not starts & {end + 1, end + 2, end + 3}
        continued = BEFORE.search(text[max(0, start - 2) : start]) and not ends & {start - 1, start - 2, start - 3}
        if continues or continued or _national(number).startswith(SERVICE) or _counts_up(number):
            continue
        yield start, end
    yield from (match.span() for match in FOREIGN.finditer(text))


# --- E-mail --------------------------------------------------------------------------------------------------------

_NAME = r"(?<![\w.+@/-])[\w+-][\w.+-]{0,63}"
_LAST = r"[a-zA-Z]{2,12}(?![\w@])"
_POINT = r"(?:\.| ?[(\[{] ?(?:point|dot|\.) ?[)\]}] ?| (?:point|dot) )"
_DOMAIN = rf"[\w-]{{1,63}}(?:{_POINT}[\w-]{{1,63}}){{0,4}}{_POINT}{_LAST}"
_SIGN = (
    r"(?:@| ?[(\[{<] ?(?:at|a|à|@|arobase|arobas|arrobase|arrobas) ?[)\]}>] ?| (?:arobase|arobas|arrobase|arrobas|@) )"
)
_USUAL = (
    r"(?:gmail|googlemail|yahoo|ymail|hotmail|outlook|live|msn|orange|wanadoo|free|laposte|sfr|neuf|bbox|icloud|proton|"
    r"protonmail|gmx|evc|calixo|estvideo|numericable)"
)
EMAIL = re.compile(rf"{_NAME}{_SIGN}{_DOMAIN}", re.IGNORECASE)
# « at » alone is an English word, and a whole word in a name: only before an address that people have.
AT_USUAL = re.compile(rf"{_NAME} (?:at|chez) {_USUAL}{_POINT}{_LAST}", re.IGNORECASE)


def _emails(text: str) -> Iterator[tuple[int, int]]:
    for pattern in (EMAIL, AT_USUAL):
        yield from (match.span() for match in pattern.finditer(text))


# --- Plates --------------------------------------------------------------------------------------------------------

_SERIES = "A-HJ-NP-TV-Z"
SIV = re.compile(
    rf"(?<![\w-])(?P<first>[{_SERIES}]{{2}})(?P<sep>[- ]?)\d{{3}}(?P=sep)(?P<last>[{_SERIES}]{{2}})(?![\w-])"
)
SIV_SMALL = re.compile(rf"(?<![\w-])[{_SERIES.lower()}]{{2}}-\d{{3}}-[{_SERIES.lower()}]{{2}}(?![\w-])")
FNI = re.compile(
    rf"(?<![\w.,/-])\d{{3,4}}(?P<sep>[- ])(?P<word>[{_SERIES}]{{2,3}})(?P=sep)(?:0[1-9]|[1-8]\d|9[0-5]|2[AB]|97[1-6])(?![\w/-]|,\d)"
)
# Two or three capitals that are a word, a road, a unit or a month, in a sentence written in capitals.
LITTLE = "LE|LA|LES|DE|DES|ET|EN|AN|AS|AT|AD|NE|SE|ME|TE|CE|JE|SA|MA|TA|ES|EST|PAR"
LITTLE_WORD = re.compile(LITTLE)
WORD = re.compile(
    LITTLE
    + "|RD|RN|CD|CR|VC|RT|CV|AM|PM|KM|ML|CL|DB|HT|TTC|PR|PL|ART|DEC|JAN|FEV|MAR|AVR|SEP|EUR|MAX|MM|CM|DM|KG|GR|HA|KW|MW|CH|"
    "HAB|PC|DP|PA|NF|BP|CS|CP"
)
# No plate of the series was given with these: they are kept apart by law.
NEVER = frozenset(("SS",))


def _plates(text: str) -> Iterator[tuple[int, int]]:
    for match in SIV.finditer(text):
        first, last = match["first"], match["last"]
        if {first, last} & NEVER or (match["sep"] != "-" and (WORD.fullmatch(first) or LITTLE_WORD.fullmatch(last))):
            continue
        yield match.span()
    yield from (match.span() for match in SIV_SMALL.finditer(text))
    yield from (match.span() for match in FNI.finditer(text) if not WORD.fullmatch(match["word"]))


# --- Bank accounts -------------------------------------------------------------------------------------------------

# How long an account number is in the countries around, and in those where many families have one.
IBAN_LENGTHS = {
    "AD": 24,
    "AT": 20,
    "BE": 16,
    "CH": 21,
    "DE": 22,
    "DK": 18,
    "ES": 24,
    "FR": 27,
    "GB": 22,
    "GR": 27,
    "IE": 22,
    "IT": 27,
    "LI": 21,
    "LU": 20,
    "MC": 27,
    "NL": 18,
    "PL": 28,
    "PT": 25,
    "RO": 24,
    "TN": 24,
    "TR": 26,
    "DZ": 26,
}
IBAN = re.compile(r"(?<![\w-])[A-Za-z]{2}\d\d(?:[ .-]?[A-Za-z0-9]){11,30}(?!\w)")
ALPHANUMERIC = re.compile(r"[A-Za-z0-9]")
REMAINDER, MODULUS = 1, 97


def is_iban(number: str) -> bool:
    """Tell whether an account number is one: its length for its country, and its checksum.

    Source: ISO 13616, modulo 97 of ISO 7064.
    """
    if IBAN_LENGTHS.get(number[:2].upper()) != len(number):
        return False
    moved = number[4:] + number[:4]
    return int("".join(str(int(sign, 36)) for sign in moved)) % MODULUS == REMAINDER


def _ibans(text: str) -> Iterator[tuple[int, int]]:
    for match in IBAN.finditer(text):
        # The words that follow may look like one more group: what counts is the length of the country.
        signs = [found.start() for found in ALPHANUMERIC.finditer(text, *match.span())]
        length = IBAN_LENGTHS.get(text[match.start() : match.start() + 2].upper(), 0)
        if not 0 < length <= len(signs):
            continue
        end = signs[length - 1] + 1
        if is_iban("".join(text[place] for place in signs[:length])):
            yield match.start(), end


# --- All of them ---------------------------------------------------------------------------------------------------

# An account is looked for first: it holds what could be taken for a number.
SEARCHES = ((Kind.IBAN, _ibans), (Kind.EMAIL, _emails), (Kind.PHONE, _phones), (Kind.PLATE, _plates))


def _known(text: str) -> str:
    """Write a number or an address in one form, to compare."""
    return _national(text) if len(DIGITS.findall(text)) >= NATIONAL_DIGITS else text.strip().casefold()


def find(text: str, *, allowed: Collection[str] = ()) -> list[Finding]:
    """List the personal data of a text; `allowed` names the numbers and addresses that are public.

    Shape: in the order of the text, none overlapping another.
    """
    same = text.translate(SAME)
    public = {_known(one.translate(SAME)) for one in allowed}
    found: list[Finding] = []
    for kind, search in SEARCHES:
        for start, end in search(same):
            if any(start < other.end and other.start < end for other in found):
                continue
            if kind in {Kind.PHONE, Kind.EMAIL} and _known(same[start:end]) in public:
                continue
            found.append(Finding(kind, start, end, text[start:end]))
    return sorted(found, key=lambda one: one.start)


def mask(text: str, findings: Sequence[Finding], *, longest: int | None = None) -> str:
    """Write a word in place of each thing found, a shorter one when the text would not fit in its field any more."""
    masked = _replaced(text, findings, None)
    return masked if longest is None or len(masked) <= longest else _replaced(text, findings, SHORTEST)


def _replaced(text: str, findings: Sequence[Finding], word: str | None) -> str:
    for found in sorted(findings, key=lambda one: one.start, reverse=True):
        text = text[: found.start] + (word or found.kind.value) + text[found.end :]
    return text
