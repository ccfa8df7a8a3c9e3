"""The schematic map: how dark each tile is, and how a long name stands in a small square. No geography is known here."""

from collections.abc import Iterable
from dataclasses import dataclass
from math import ceil

STEPS = 5
LONGEST_LINE = 11
# A tile and the gap to the next, a line and the space above the count, in the units of the drawing.
TILE, PITCH, LINE, COUNT_GAP = 100, 106, 17, 4


@dataclass(frozen=True)
class Scale:
    """How counts become steps of a colour: all steps are as wide, the first begins at one."""

    width: int
    largest: int

    def step(self, count: int) -> int:
        """Give the step of a count, from 1 to STEPS; 0 for none."""
        return min(STEPS, ceil(count / self.width)) if count > 0 else 0

    def bounds(self) -> list[tuple[int, int]]:
        """Give the first and last count of each step that is reached."""
        firsts = range(1, self.largest + 1, self.width)
        return [(first, min(first + self.width - 1, self.largest)) for first in firsts]


def scale(counts: Iterable[int]) -> Scale:
    """Cut what goes from one to the largest count into STEPS equal steps; below STEPS, each count is a step."""
    largest = max(counts, default=0)
    return Scale(width=max(1, ceil(largest / STEPS)), largest=largest)


def lines(name: str) -> list[str]:
    """Cut a name where it may be cut, after a space or a hyphen, into lines of LONGEST_LINE signs where they allow it."""
    found: list[str] = []
    for part in name.replace("-", "-\n").replace(" ", " \n").split("\n"):
        if found and len(found[-1]) + len(part.strip()) <= LONGEST_LINE:
            found[-1] += part
        elif part:
            found.append(part)
    return [line.strip() for line in found]


@dataclass(frozen=True)
class Text:
    """A line of a tile, and how low it stands."""

    words: str
    y: int


@dataclass(frozen=True)
class Tile:
    """Where a district stands on the drawing, and what is written there."""

    x: int
    y: int
    lines: tuple[Text, ...]


def tile(name: str, count_words: str, *, column: int, row: int) -> Tile:
    """Place the tile of a district: its name, then its count on the last line, in the middle of the tile.

    Units: columns and rows from 1.
    """
    x, y = (column - 1) * PITCH, (row - 1) * PITCH
    cut = lines(name)
    first = y + (TILE - LINE * (len(cut) + 1)) // 2 + LINE - 3
    written = enumerate([*cut, count_words])
    return Tile(
        x,
        y,
        tuple(Text(line, first + LINE * at + (COUNT_GAP if at == len(cut) else 0)) for at, line in written),
    )


def size(tiles: Iterable[Tile]) -> tuple[int, int]:
    """Give the width and the height of a drawing."""
    drawn = list(tiles)
    return max((each.x for each in drawn), default=0) + TILE, max((each.y for each in drawn), default=0) + TILE
