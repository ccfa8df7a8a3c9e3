"""The schematic map: how dark each tile is, and how a long name stands in a small square. No geography is known here."""

from collections.abc import Iterable
from dataclasses import dataclass
from math import ceil

STEPS = 5
LONGEST_LINE = 11


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
