"""Which projects a budget holds: those with the most voices first, passing over one that no longer fits and going on.

At equal voices the least costly comes first, then the lowest number of the ballot. Source: docs/algorithms/budget.md.
"""

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True)
class Turn:
    """A project when its turn came.

    Shape: `tied` tells that it has as many voices as the one whose turn came just before.
    Units: `cost` and `left`, what remained before it, in euro cents.
    """

    number: int
    voices: int
    cost: int
    left: int
    kept: bool
    tied: bool = False

    @property
    def left_after(self) -> int:
        """Give what remains for the next one."""
        return self.left - self.cost if self.kept else self.left

    @property
    def does_not_fit(self) -> bool:
        """Tell that people chose it and that it costs more than what remained."""
        return self.voices > 0 and not self.kept


def allocate(voices: Mapping[int, int], costs: Mapping[int, int], amount: int) -> tuple[Turn, ...]:
    """Take the projects one after the other; a project that nobody chose is never kept.

    Units: `costs` and `amount` in euro cents.
    """
    turns: list[Turn] = []
    left = amount
    for number in sorted(voices, key=lambda one: (-voices[one], costs[one], one)):
        kept = voices[number] > 0 and costs[number] <= left
        tied = bool(turns) and turns[-1].voices == voices[number]
        turns.append(Turn(number, voices[number], costs[number], left, kept, tied))
        left = turns[-1].left_after
    return tuple(turns)


def most_projects(costs: Mapping[int, int], amount: int) -> int:
    """Count how many projects one basket can hold at most: the least costly ones."""
    found, left = 0, amount
    for cost in sorted(costs.values()):
        if cost > left:
            break
        found, left = found + 1, left - cost
    return found
