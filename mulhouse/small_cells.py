"""Counts of people that single nobody out: under five, a count is hidden, and so is what would give it back by subtraction.

A line of counts is merged: what is hidden is told as one sum. A cross table hides cells and, where needed, totals: it is seen as
a circulation (grand total → rows → columns → grand total), in which a hidden count can take another value exactly when an
exchange along hidden counts leads back to it. Counts are hidden, in the order of the table, until each hidden one can.
"""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

THRESHOLD = 5

# Where a count stands in a cross table: its row and its column, None for a total.
Place = tuple[int | None, int | None]
# A step of the circulation: one end, the other.
Arc = tuple[str, str]


@dataclass(frozen=True)
class Merged:
    """A line of counts that can be published: those shown, the names of those merged, and their sum."""

    shown: dict[str, int]
    hidden: tuple[str, ...]
    rest: int

    def get(self, name: str) -> int | None:
        """Give the count of a name, None when it is merged."""
        return self.shown.get(name)


@dataclass(frozen=True)
class Crossed:
    """A cross table that can be published; None where a count is hidden."""

    cells: tuple[tuple[int | None, ...], ...]
    row_totals: tuple[int | None, ...]
    column_totals: tuple[int | None, ...]
    total: int | None


def merged(counts: Mapping[str, int], *, threshold: int = THRESHOLD, least: int = 0) -> Merged:
    """Merge the counts under the threshold, with as many others as it takes for none to be found again from the sum.

    Shape: `shown` in the order of `counts`. Nothing is hidden where nobody was counted, nor where there is one name only: the
    total says as much. `least` is what everybody knows each count to be at least: 1 where names that nobody has are left out.
    Whoever knows this rule and the total still finds two values or more for each name in `hidden`.
    Raises: ValueError when a count is negative.
    """
    _refuse_negative(counts.values())
    if len(counts) < 2 or not any(counts.values()):  # noqa: PLR2004 (one name)
        return Merged(dict(counts), (), 0)
    names = list(counts)
    small = [at for at, name in enumerate(names) if counts[name] < threshold]
    if not small:
        return Merged(dict(counts), (), 0)
    # Those that join are chosen by their place and never by their size: the choice itself says nothing.
    following = [at % len(names) for at in range(small[0], small[0] + len(names)) if at % len(names) not in small]
    chosen = list(small)
    while following and not _is_safe([counts[names[at]] for at in chosen], threshold, least):
        chosen.append(following.pop(0))
    hidden = {names[at] for at in chosen}
    rest = sum(counts[name] for name in hidden)
    return Merged(
        {name: count for name, count in counts.items() if name not in hidden},
        tuple(name for name in counts if name in hidden),
        rest,
    )


def crossed(counts: Sequence[Sequence[int]], *, threshold: int = THRESHOLD) -> Crossed:
    """Hide the counts under the threshold of a cross table, totals included, and those that would give them back.

    Shape: as many rows and columns as given; where hiding every cell would not be enough, nothing is shown, not even the total.
    Raises: ValueError when a count is negative, or the rows are not of one length.
    """
    values = _with_totals(counts)
    if values[None, None] == 0:
        return _published(counts, values, set())
    hidden = {place for place, value in values.items() if value < threshold}
    while found := [place for place in hidden if not _can_differ(place, values, hidden)]:
        if (more := _next(found, values, hidden)) is None:
            return _published(counts, values, set(values))
        hidden.add(more)
    return _published(counts, values, hidden)


def _is_safe(values: Sequence[int], threshold: int, least: int) -> bool:
    """Tell whether a sum hides each of its parts: two at least, and neither a small sum nor one that only equal parts can make."""
    total, parts = sum(values), len(values)
    return parts > 1 and total >= threshold and total not in {least * parts, (threshold - 1) * parts}


def _refuse_negative(counts: Iterable[int]) -> None:
    if any(count < 0 for count in counts):
        raise ValueError("a count of people cannot be negative")


def _with_totals(counts: Sequence[Sequence[int]]) -> dict[Place, int]:
    if len({len(row) for row in counts}) > 1:
        raise ValueError("the rows of a cross table are of one length")
    values: dict[Place, int] = {(None, None): 0}
    for at, row in enumerate(counts):
        for across, count in enumerate(row):
            values[at, across] = count
            for total in ((at, None), (None, across), (None, None)):
                values[total] = values.get(total, 0) + count
    _refuse_negative(values.values())
    return values


def _arc(place: Place) -> Arc:
    """Give the step a count is in the circulation: total → row → column → all columns → total."""
    row, column = place
    source = "all rows" if row is None and column is None else f"row {row}" if row is not None else f"column {column}"
    if row is not None and column is not None:
        return source, f"column {column}"
    if row is not None:
        return "total", f"row {row}"
    return (f"column {column}", "all columns") if column is not None else ("all columns", "total")


def _can_differ(place: Place, values: Mapping[Place, int], hidden: set[Place]) -> bool:
    """Tell whether a hidden count can be one more, or one less, in another table with the same shown counts."""
    steps: dict[str, set[str]] = {}
    for other in hidden - {place}:
        source, target = _arc(other)
        steps.setdefault(source, set()).add(target)
        if values[other]:
            steps.setdefault(target, set()).add(source)
    source, target = _arc(place)
    if _leads(steps, target, source):
        return True
    return values[place] > 0 and _leads(steps, source, target)


def _leads(steps: Mapping[str, set[str]], start: str, end: str) -> bool:
    seen, waiting = {start}, [start]
    while waiting:
        here = waiting.pop()
        if here == end:
            return True
        waiting += (ahead := steps.get(here, set()) - seen)
        seen |= ahead
    return False


def _next(found: Iterable[Place], values: Mapping[Place, int], hidden: set[Place]) -> Place | None:
    """Choose the next count to hide, by its place and never by its size: where a hidden count is alone in line, totals last."""
    rows, columns = Counter(row for row, _ in hidden), Counter(column for _, column in hidden)
    in_line = {("row", row) for row, _ in found} | {("column", column) for _, column in found}

    def order(place: Place) -> tuple[bool, int, bool]:
        row, column = place
        company = (rows[row] == 1) + (columns[column] == 1)
        return None in place, -company, not in_line & {("row", row), ("column", column)}

    return min((place for place in values if place not in hidden and place != (None, None)), key=order, default=None)


def _published(counts: Sequence[Sequence[int]], values: Mapping[Place, int], hidden: set[Place]) -> Crossed:
    def read(row: int | None, column: int | None) -> int | None:
        place = (row, column)
        return None if place in hidden else values[place]

    rows, columns = range(len(counts)), range(len(counts[0]) if counts else 0)
    return Crossed(
        cells=tuple(tuple(read(row, column) for column in columns) for row in rows),
        row_totals=tuple(read(row, None) for row in rows),
        column_totals=tuple(read(None, column) for column in columns),
        total=read(None, None),
    )
