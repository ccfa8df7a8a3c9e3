"""The notes of a table pasted from a spreadsheet: one note a line, read with what is wrong in each."""

import csv
import io
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

SEPARATORS = ";\t,"
# Section, sort, text.
COLUMNS = 3
RANK_DIGITS = 4
HEADERS = frozenset({"partie", "section", "question"})


class UnreadableError(ValueError):
    """A sheet that is not one: the number of the line where reading stopped, from 1."""


@dataclass(frozen=True)
class Line:
    """A note as read: the rank of its section among those given, the code of its sort, its text, and what is wrong in it.

    Shape: what can not be read is None or "", with a sentence under the name of what it is (`section`, `kind`, `text`); whatever
    was written is in one of the four.
    """

    section: int | None
    kind: str
    text: str
    problems: Mapping[str, str] = field(default_factory=dict)


def read(text: str, *, sections: Sequence[str], kinds: Mapping[str, str]) -> list[Line]:
    """Read « partie ; sorte ; texte », one note a line, right or wrong: no line is left behind.

    Shape: the separator is the first of « ; », tab and « , » found in the first line; a section is its number or its title,
    a sort is one of `kinds` (words to code) and may be left empty: the first one then. A first line of titles is passed over.
    Raises: UnreadableError when the quotes of a line can not be followed: what comes after would be anybody's guess.
    """
    first = next((line for line in text.splitlines() if line.strip()), "")
    separator = next((sign for sign in SEPARATORS if sign in first), ";")
    titles = {" ".join(title.casefold().split()): rank for rank, title in enumerate(sections, start=1)}
    lines: list[Line] = []
    reader = csv.reader(io.StringIO(text), delimiter=separator)
    try:
        for cells in reader:
            row = [" ".join(cell.split()) for cell in cells]
            if any(row) and (lines or row[0].casefold() not in HEADERS):
                lines.append(_line(row, separator, titles, kinds))
    except csv.Error as error:
        raise UnreadableError(reader.line_num) from error
    return lines


def _line(row: Sequence[str], separator: str, titles: Mapping[str, int], kinds: Mapping[str, str]) -> Line:
    if len(row) < COLUMNS:
        whole = f"{separator} ".join(row)
        return Line(None, "", whole, {"text": "Il faut trois colonnes\u00a0: la partie, la sorte et le texte."})
    # A comma inside a text that nobody put between quotes makes more columns: they are the text.
    section, kind, text = row[0], row[1].casefold(), ", ".join(cell for cell in row[2:] if cell)
    problems = {}
    rank = titles.get(section.casefold())
    if rank is None and section.isdecimal() and len(section) < RANK_DIGITS and 1 <= int(section) <= len(titles):
        rank = int(section)
    if rank is None:
        problems["section"] = f"La partie «\u00a0{section}\u00a0» n’existe pas\u00a0: choisissez-la dans la liste."
    code = kinds.get(kind) if kind else next(iter(kinds.values()))
    if code is None:
        problems["kind"] = f"La sorte «\u00a0{kind}\u00a0» n’existe pas\u00a0: choisissez-la dans la liste."
    if not text:
        problems["text"] = "Le texte est vide."
    return Line(rank, code or "", text, problems)
