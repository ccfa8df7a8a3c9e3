"""What several crosses and the file of responses say together: the crosses that still hide their hidden counts.

The file gives the answers of each response, one line each, without its group; each cross gives counts by group. Together they can
give back a count that each alone hides: when only those who said yes were asked what follows, say. A hidden count stays hidden
when two people of two groups can change places without one published count moving, while that one does: whoever reads everything
that is published cannot tell their world from the other. People of one column of a cross can always change places in it.
"""

from collections import defaultdict
from collections.abc import Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations
from typing import Any

Group = Hashable
# The answers of somebody to a question, none or several.
Given = tuple[Any, ...]


@dataclass(frozen=True)
class Grid:
    """A cross as it is published: the line of each answer, the column of each group, and the counts that are hidden.

    Shape: `hidden` are (line, column); every total is told. An answer that nobody gave has no line, a group without any no column.
    """

    line_of: Mapping[Any, int]
    column_of: Mapping[Any, int]
    hidden: frozenset[tuple[int, int]]

    def told(self, given: Given, columns: tuple[int | None, int | None]) -> Hashable:
        """Give what two people of two columns must have in common to change places unnoticed; None when nothing."""
        one, other = columns
        if one == other:
            return None
        lines = sorted(self.line_of[answer] for answer in given)
        return len(lines), tuple(
            line for line in lines if (line, one) not in self.hidden or (line, other) not in self.hidden
        )

    def count(self, given: Given, line: int) -> int:
        """Count how often somebody stands in a line."""
        return sum(self.line_of[answer] == line for answer in given)


Pair = tuple[Group, Group]
Cell = tuple[Any, int, int]


@dataclass(frozen=True)
class _Witness:
    """Two people who can change places, by their ranks among those of a pair of groups."""

    pair: Pair
    one: int
    other: int


class Together:
    """The crosses admitted so far, over the same people."""

    def __init__(self, people: Iterable[tuple[Group, Mapping[Any, Given]]]) -> None:
        self._people: dict[Group, list[Mapping[Any, Given]]] = defaultdict(list)
        for group, answers in people:
            self._people[group].append(answers)
        self._grids: dict[Any, Grid] = {}
        self._witnesses: dict[Cell, _Witness] = {}
        # People of one class of a pair of groups can change places, as far as the first crosses tell: how many, then the classes.
        self._classes: dict[Pair, tuple[int, list[int]]] = {
            pair: (0, [0] * sum(len(self._people[group]) for group in pair)) for pair in combinations(self._people, 2)
        }

    def admit(self, question: Any, grid: Grid) -> bool:
        """Add a cross, unless one of the hidden counts could then be found again."""
        grids = {**self._grids, question: grid}
        split: dict[Pair, list[int]] = {}

        def classes(pair: Pair) -> list[int]:
            if pair not in split:
                split[pair] = self._split(pair, self._caught_up(pair), question, grid)
            return split[pair]

        witnesses = {
            cell: found
            for cell, found in self._witnesses.items()
            if classes(found.pair)[found.one] == classes(found.pair)[found.other]
        }
        wanted = {(key, *place) for key, each in grids.items() for place in each.hidden} - witnesses.keys()
        for pair in self._classes:
            if not wanted:
                break
            found = self._moved(pair, classes(pair), grids, wanted)
            witnesses |= found
            wanted -= found.keys()
        if wanted:
            return False
        self._grids, self._witnesses = grids, witnesses
        self._classes |= {pair: (len(grids), ranks) for pair, ranks in split.items()}
        return True

    def _caught_up(self, pair: Pair) -> list[int]:
        """Give the classes of a pair of groups after every cross admitted."""
        after, ranks = self._classes[pair]
        for question, grid in list(self._grids.items())[after:]:
            ranks = self._split(pair, ranks, question, grid)
        self._classes[pair] = len(self._grids), ranks
        return ranks

    def _of(self, pair: Pair) -> list[Mapping[Any, Given]]:
        return [*self._people[pair[0]], *self._people[pair[1]]]

    def _split(self, pair: Pair, ranks: Sequence[int], question: Any, grid: Grid) -> list[int]:
        """Split the classes of a pair of groups by what a cross tells of them."""
        columns = grid.column_of.get(pair[0]), grid.column_of.get(pair[1])
        told: dict[Given, Hashable] = {}
        names: dict[tuple[int, Hashable], int] = {}
        found = []
        for before, answers in zip(ranks, self._of(pair), strict=True):
            given = answers.get(question, ())
            if given not in told:
                told[given] = grid.told(given, columns)
            found.append(names.setdefault((before, told[given]), len(names)))
        return found

    def _moved(
        self, pair: Pair, ranks: Sequence[int], grids: Mapping[Any, Grid], wanted: set[Cell]
    ) -> dict[Cell, _Witness]:
        """Give the wanted counts that change when two people of one class, one in each group, change places."""
        people, border = self._of(pair), len(self._people[pair[0]])
        sides: dict[int, tuple[list[int], list[int]]] = defaultdict(lambda: ([], []))
        for at, rank in enumerate(ranks):
            sides[rank][at >= border].append(at)
        found: dict[Cell, _Witness] = {}
        for (key, line, column), grid in ((cell, grids[cell[0]]) for cell in wanted):
            columns = grid.column_of.get(pair[0]), grid.column_of.get(pair[1])
            if column not in columns or columns[0] == columns[1]:
                continue
            for ones, others in sides.values():
                if (apart := _apart(grid, key, line, people, ones, others)) is not None:
                    found[key, line, column] = _Witness(pair, *apart)
                    break
        return found


def _apart(
    grid: Grid, key: Any, line: int, people: Sequence[Mapping[Any, Given]], ones: Sequence[int], others: Sequence[int]
) -> tuple[int, int] | None:
    """Find somebody on each side who do not count the same in a line."""
    if not ones or not others:
        return None
    counts = {at: grid.count(people[at].get(key, ()), line) for at in (*ones, *others)}
    first = counts[ones[0]]
    for other in others:
        if counts[other] != first:
            return ones[0], other
    return next(((one, others[0]) for one in ones if counts[one] != first), None)
