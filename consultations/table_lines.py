"""The notes of a table pasted from a spreadsheet: one note a line, read with what is wrong in each."""

import csv
import io
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

SEPARATORS = ";\t,"
# Section, sort, text.
COLUMNS = 3
HEADERS = frozenset({"partie", "section", "question"})


@dataclass(frozen=True)
class Line:
    """A note as read: the rank of its section among those given, the code of its sort, its text."""

    section: int
    kind: str
    text: str


@dataclass(frozen=True)
class Problem:
    """What is wrong with a line; lines count from 1, the header included."""

    line: int
    message: str


def read(text: str, *, sections: Sequence[str], kinds: Mapping[str, str]) -> tuple[list[Line], list[Problem]]:
    """Read « partie ; sorte ; texte », one note a line.

    Shape: the separator is the first of « ; », tab and « , » found in the first line; a section is its number or its title,
    a sort is one of `kinds` (words to code) and may be left empty: the first one then. A first line of titles is passed over.
    """
    first = next((line for line in text.splitlines() if line.strip()), "")
    separator = next((sign for sign in SEPARATORS if sign in first), ";")
    titles = {" ".join(title.casefold().split()): rank for rank, title in enumerate(sections, start=1)}
    lines: list[Line] = []
    problems: list[Problem] = []
    reader = csv.reader(io.StringIO(text), delimiter=separator)
    try:
        for cells in reader:
            number = reader.line_num
            row = [" ".join(cell.split()) for cell in cells]
            if not any(row) or (not lines and not problems and row[0].casefold() in HEADERS):
                continue
            found = _line(row, titles, kinds)
            if isinstance(found, Line):
                lines.append(found)
            else:
                problems.append(Problem(number, found))
    except csv.Error:
        problems.append(Problem(reader.line_num, "Cette ligne ne se lit pas\u00a0: vérifiez ses guillemets."))
    return lines, problems


def _line(row: Sequence[str], titles: Mapping[str, int], kinds: Mapping[str, str]) -> Line | str:
    if len(row) < COLUMNS:
        return "Il faut trois colonnes\u00a0: la partie, la sorte et le texte."
    # A comma inside a text that nobody put between quotes makes more columns: they are the text.
    section, kind, text = row[0], row[1].casefold(), ", ".join(cell for cell in row[2:] if cell)
    rank = titles.get(section.casefold())
    if rank is None and section.isdecimal() and 1 <= int(section) <= len(titles):
        rank = int(section)
    if rank is None:
        return f"La partie «\u00a0{section}\u00a0» n’existe pas\u00a0: écrivez son numéro, de 1 à {len(titles)}, ou son titre."
    code = kinds.get(kind) if kind else next(iter(kinds.values()))
    if code is None:
        return f"La sorte «\u00a0{kind}\u00a0» n’existe pas\u00a0: écrivez {', '.join(kinds)}."
    return Line(section=rank, kind=code, text=text) if text else "Le texte est vide."
