"""What moderation did, year by year and clause by clause: counts, since no person is named in them."""

import datetime as dt
import statistics
from collections import Counter, defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from zoneinfo import ZoneInfo

from django.db.models import Count
from django.db.models.functions import ExtractYear

from moderation import clauses
from moderation.models import Appeal, Block, Decision, Report

PARIS = ZoneInfo("Europe/Paris")


@dataclass(frozen=True)
class Line:
    """A clause in a year: how many texts were taken away, how many masked."""

    clause: str
    words: str
    hidden: int
    masked: int


@dataclass
class Year:
    """What was done in a year, counted on the day of each act in Paris.

    Units: `median_hours` from the opening of a case to its decision; None without any.
    """

    year: int
    reports: int = 0
    kept: int = 0
    hidden: int = 0
    masked: int = 0
    appeals: int = 0
    upheld: int = 0
    overturned: int = 0
    blocks: int = 0
    median_hours: float | None = None
    lines: list[Line] = field(default_factory=list)


def by_year() -> list[Year]:
    """Count every year, the last one first; five queries, whatever the years."""
    years: dict[int, Year] = {}

    def of(year: int) -> Year:
        return years.setdefault(year, Year(year))

    by_clause: dict[int, Counter[tuple[str, str]]] = defaultdict(Counter)
    hours: dict[int, list[float]] = defaultdict(list)
    rows = Decision.objects.order_by("pk").values_list("action", "clause", "opened_at", "decided_at")
    for action, clause, opened_at, decided_at in rows.iterator(chunk_size=5000):
        year = decided_at.astimezone(PARIS).year
        names = {"keep": "kept", "hide": "hidden", "mask": "masked"}
        setattr(of(year), names[action], getattr(of(year), names[action]) + 1)
        by_clause[year][clause, action] += bool(clause)
        hours[year].append((decided_at - opened_at) / dt.timedelta(hours=1))
    for name, year, number in _counted():
        setattr(of(year), name, number)
    for year, found in years.items():
        found.median_hours = statistics.median(hours[year]) if hours[year] else None
        found.lines = [
            Line(
                clause.code,
                str(clause.label),
                by_clause[year][clause.code, "hide"],
                by_clause[year][clause.code, "mask"],
            )
            for clause in clauses.in_force_or({code for code, _action in by_clause[year]})
        ]
    return sorted(years.values(), key=lambda each: -each.year)


def _counted() -> Iterator[tuple[str, int, int]]:
    tables = (
        ("reports", Report.objects.filter(is_repeat=False).order_by(), "received_at"),
        ("appeals", Appeal.objects.order_by(), "received_at"),
        ("upheld", Appeal.objects.filter(outcome=Appeal.Outcome.UPHELD).order_by(), "decided_at"),
        ("overturned", Appeal.objects.filter(outcome=Appeal.Outcome.OVERTURNED).order_by(), "decided_at"),
        ("blocks", Block.objects.order_by(), "starts_at"),
    )
    for name, rows, column in tables:
        counted = rows.annotate(year=ExtractYear(column, tzinfo=PARIS)).values_list("year").annotate(Count("pk"))
        for year, number in counted:
            yield name, year, number
