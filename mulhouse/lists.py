"""Reading a long list page by page at the same cost from the first page to the last.

A page begins after a row, named in the address by its public reference (`apres`), rather than after so many rows: the index
leads straight to it, nothing is skipped nor counted, and a contribution that arrives meanwhile shifts nothing. The price is
that one goes from a page to the next or the previous one, not to the 1,700th; search and filters are there for that.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from django.db.models import F, Model, QuerySet
from django.db.models.fields.tuple_lookups import (
    Tuple,
    TupleGreaterThan,
    TupleGreaterThanOrEqual,
    TupleLessThan,
    TupleLessThanOrEqual,
)
from django.http import QueryDict

from mulhouse.references import ALPHABET, LENGTH

Row = TypeVar("Row", bound=Model)

AFTER, BEFORE, FROM, PAGE = "apres", "avant", "depuis", "page"
LAST_PAGE_NUMBER = 100_000
# Beyond this, a filtered list says « plus de 1 000 » rather than count for ever.
COUNT_LIMIT = 1000


@dataclass(frozen=True)
class Order:
    """An order of a list that an index follows: a column, then the key, in the same direction."""

    column: str
    descending: bool = True

    def of(self, rows: QuerySet[Row], *, backwards: bool = False) -> QuerySet[Row]:
        """Put rows in this order."""
        sign = "-" if self.descending is not backwards else ""
        return rows.order_by(f"{sign}{self.column}", f"{sign}pk")

    def beyond(
        self, rows: QuerySet[Row], anchor: Model, *, backwards: bool = False, included: bool = False
    ) -> QuerySet[Row]:
        """Keep the rows that come after (or before) a row in this order."""
        lower = TupleLessThanOrEqual if included else TupleLessThan
        higher = TupleGreaterThanOrEqual if included else TupleGreaterThan
        columns, values = Tuple(F(self.column), F("pk")), (getattr(anchor, self.column), anchor.pk)
        return rows.filter(lower(columns, values) if self.descending is not backwards else higher(columns, values))

    def take(
        self,
        rows: QuerySet[Row],
        limit: int,
        *,
        anchor: Model | None = None,
        backwards: bool = False,
        included: bool = False,
    ) -> list[Row]:
        """Read the first rows, or those that follow (or precede) a row, nearest first."""
        if anchor is not None:
            rows = self.beyond(rows, anchor, backwards=backwards, included=included)
        return list(self.of(rows, backwards=backwards)[:limit])


@dataclass(frozen=True)
class Ring(Order):
    """An order read from a value of its column on, to the end, then from the beginning to that value."""

    start: int = 0

    def take(
        self,
        rows: QuerySet[Row],
        limit: int,
        *,
        anchor: Model | None = None,
        backwards: bool = False,
        included: bool = False,
    ) -> list[Row]:
        """Read rows around the ring: one query, and a second one where it closes."""
        parts = [rows.filter(**{f"{self.column}__gte": self.start}), rows.filter(**{f"{self.column}__lt": self.start})]
        if backwards:
            parts.reverse()
        if anchor is not None:
            is_after_the_end = getattr(anchor, self.column) < self.start
            if is_after_the_end is not backwards:
                del parts[0]
            parts[0] = self.beyond(parts[0], anchor, backwards=backwards, included=included)
        found: list[Row] = []
        for part in parts:
            if len(found) < limit:
                found += self.of(part, backwards=backwards)[: limit - len(found)]
        return found


@dataclass(frozen=True)
class Place:
    """Where in a list an address stands: after, before or from a reference; `number` is only said aloud."""

    reference: str = ""
    direction: str = ""
    number: int = 1


@dataclass(frozen=True)
class Page(Generic[Row]):
    """Some rows of a list, and the references that lead to its neighbours ("" where there is none)."""

    rows: list[Row]
    number: int
    previous: str
    next: str


def place(query: QueryDict) -> Place:
    """Read where an address stands; anything that is not a reference means the beginning."""
    for direction in (AFTER, BEFORE, FROM):
        reference = query.get(direction, "").upper()
        if len(reference) == LENGTH and all(sign in ALPHABET for sign in reference):
            return Place(reference, direction, number(query))
    return Place()


def number(query: QueryDict) -> int:
    """Read the number of a page, 1 for anything that is none."""
    text = query.get(PAGE, "")
    return min(max(int(text), 1), LAST_PAGE_NUMBER) if text.isdecimal() and text.isascii() and len(text) < 8 else 1  # noqa: PLR2004 (digits)


def read(
    rows: QuerySet[Row], order: Order, *, size: int, at: Place, anchor_of: Callable[[str], Row | None]
) -> Page[Row]:
    """Read one page; one query (two where a ring closes), and one more for the row it hangs on beyond the first page.

    Shape: `anchor_of` finds a row by reference, visible or not (one that was withdrawn still marks its place).
    """
    anchor = anchor_of(at.reference) if at.reference else None
    if anchor is None:
        found = order.take(rows, size + 1)
        return _page(found, size, number=1, has_previous=False)
    if at.direction == BEFORE:
        found = order.take(rows, size + 1, anchor=anchor, backwards=True)
        has_previous = len(found) > size
        shown = found[:size][::-1]
        return Page(
            rows=shown,
            number=at.number if has_previous else 1,
            previous=_reference(shown[0]) if has_previous else "",
            next=_reference(shown[-1]) if shown else "",
        )
    found = order.take(rows, size + 1, anchor=anchor, included=at.direction == FROM)
    return _page(found, size, number=at.number, has_previous=True)


def _page(found: list[Row], size: int, *, number: int, has_previous: bool) -> Page[Row]:
    shown = found[:size]
    return Page(
        rows=shown,
        number=number,
        previous=_reference(shown[0]) if shown and has_previous else "",
        next=_reference(shown[-1]) if len(found) > size else "",
    )


def _reference(row: Any) -> str:
    return str(row.reference)


def bounded_count(rows: QuerySet[Any]) -> int:
    """Count rows up to one more than COUNT_LIMIT, so that a large list costs no more than a small one."""
    return rows.order_by()[: COUNT_LIMIT + 1].count()


def address(query: QueryDict, **changes: str) -> str:
    """Write the query of a list with some parameters changed ("" removes one); a new question starts at the first page."""
    written = query.copy()
    for name in (AFTER, BEFORE, FROM, PAGE):
        written.pop(name, None)
    for name, value in changes.items():
        written.pop(name, None)
        if value:
            written[name] = value
    for name in [name for name, value in written.items() if not value]:
        written.pop(name)
    text = written.urlencode()
    return f"?{text}" if text else ""
