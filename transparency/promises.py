"""The promises of an answer that the services made to residents: each fills this registry, one page shows them all.

A room gives its promises as a queryset, so that the page reads them from the database, a few at a time: from rows that
`promising` keeps, or from its own dates.
"""

import datetime as dt
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any

from django.db.models import Count, F, Q, QuerySet
from django.utils.functional import Promise as Lazy
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from mulhouse import typography
from mulhouse.templatetags import ui
from transparency import clocks, deadlines
from transparency.clocks import Clock, Standing


@dataclass(frozen=True)
class Promise:
    """An answer that is due: to what, by which service, on which day, since when it is there, why its clock stands still."""

    kind: str
    key: str
    title: str
    url: str
    service: str
    due_on: dt.date
    met_on: dt.date | None
    paused_on: dt.date | None = None
    pause: str = ""

    def clock(self, *, today: dt.date) -> Clock:
        """Say where it stands on a day."""
        return clocks.read(
            due_on=self.due_on, done_on=self.met_on, given_up=False, today=today, paused_on=self.paused_on
        )


@dataclass(frozen=True)
class PromiseSource:
    """What a room promises: `rows` annotates `promise_made_on`, `promise_due_on`, `promise_met_on` and `promise_paused_on`, dates in Paris.

    Shape: `kinds` names what it promises; rows of several say which in `kind_column`. `read` makes promises of a few rows.
    `key_column` orders and names the rows, uniquely within a kind; `service_column` leads to the service.
    """

    kinds: Callable[[], dict[str, str | Lazy]]
    rows: Callable[[], QuerySet[Any]]
    read: Callable[[Iterable[Any]], list[Promise]]
    key_column: str = "slug"
    service_column: str = "service"
    kind_column: str = ""


_sources: list[PromiseSource] = []


def register(source: PromiseSource) -> None:
    """Add a room's promises to the page; called from AppConfig.ready()."""
    _sources.append(source)


def sources() -> list[PromiseSource]:
    """Give the rooms in the order of their registration."""
    return list(_sources)


def kinds() -> dict[str, str | Lazy]:
    """Name every sort of promise by its code."""
    return {code: label for source in _sources for code, label in source.kinds().items()}


@dataclass
class Tally:
    """How the promises of an answer are kept, by everybody or by one service."""

    waiting: int = 0
    paused: int = 0
    late: int = 0
    kept: int = 0
    kept_late: int = 0
    # {days: how many}, from the promise to the answer; of lateness, over those that are or were late.
    answered: dict[int, int] = field(default_factory=dict)
    delays: dict[int, int] = field(default_factory=dict)

    @property
    def total(self) -> int:
        """Count them all."""
        return self.waiting + self.paused + self.late + self.kept + self.kept_late

    @property
    def median_days(self) -> int | None:
        """Give the median of the days an answer took.

        Units: calendar days since the promise.
        """
        return clocks.median_days(self.answered)

    @property
    def median_delay(self) -> int | None:
        """Give the median of the days of lateness.

        Units: calendar days since the promised day.
        """
        return clocks.median_days(self.delays)

    def add(self, clock: Clock, count: int, *, took: int | None) -> None:
        """Count promises that stand alike."""
        match clock.standing:
            case Standing.KEPT:
                self.kept += count
            case Standing.KEPT_LATE:
                self.kept_late += count
            case Standing.LATE:
                self.late += count
            case Standing.PAUSED:
                self.paused += count
            case _:
                self.waiting += count
        if took is not None:
            self.answered[took] = self.answered.get(took, 0) + count
        if clock.standing in {Standing.LATE, Standing.KEPT_LATE}:
            self.delays[clock.days] = self.delays.get(clock.days, 0) + count


def condition(standing: Standing, *, on: dt.date) -> Q:
    """Say in the database's terms which promises stand so on a day; those that are soon due are among those to come."""
    if standing is Standing.KEPT:
        return Q(promise_met_on__isnull=False, promise_met_on__lte=F("promise_due_on"))
    if standing is Standing.KEPT_LATE:
        return Q(promise_met_on__isnull=False, promise_met_on__gt=F("promise_due_on"))
    owed = Q(promise_met_on__isnull=True)
    if standing is Standing.PAUSED:
        return owed & Q(promise_paused_on__isnull=False)
    due = Q(promise_due_on__lt=on) if standing is Standing.LATE else Q(promise_due_on__gte=on)
    return owed & due & Q(promise_paused_on__isnull=True)


def today(at: dt.datetime) -> dt.date:
    """Give the day in Paris."""
    return deadlines.day_of(at)


@dataclass(frozen=True)
class Account:
    """How promises are kept, by everybody, and by each service that promised: (slug, name, tally), by name."""

    everybody: Tally
    services: list[tuple[str, str, Tally]]


def account(*, at: dt.datetime) -> Account:
    """Count the promises of every service: one query for each source, whatever their number.

    Shape: a promise without a service counts for everybody only.
    """
    on, everybody = today(at), Tally()
    names: dict[str, str] = {}
    by_service: dict[str, Tally] = {}
    for source in sources():
        for slug, name, made_on, due_on, met_on, paused_on, count in _dates(source):
            clock = clocks.read(due_on=due_on, done_on=met_on, given_up=False, today=on, paused_on=paused_on)
            took = (met_on - made_on).days if met_on is not None else None
            everybody.add(clock, count, took=took)
            if slug is not None:
                names[slug] = name
                by_service.setdefault(slug, Tally()).add(clock, count, took=took)
    return Account(
        everybody, sorted(((slug, names[slug], found) for slug, found in by_service.items()), key=lambda line: line[1])
    )


def _dates(source: PromiseSource) -> Iterator[tuple[Any, ...]]:
    """Count by service and days, in the database."""
    columns = (
        f"{source.service_column}__slug",
        f"{source.service_column}__name",
        "promise_made_on",
        "promise_due_on",
        "promise_met_on",
        "promise_paused_on",
    )
    yield from source.rows().order_by().values(*columns).annotate(count=Count("pk")).values_list(*columns, "count")


@dataclass(frozen=True)
class Asked:
    """What is asked of the page: a standing, a kind, the slug of a service; "" for all."""

    standing: str = ""
    kind: str = ""
    service: str = ""


@dataclass(frozen=True)
class After:
    """The promise after which a page begins."""

    due_on: dt.date
    kind: str
    key: str


def read(asked: Asked, *, after: After | None, size: int, at: dt.datetime) -> tuple[list[Promise], bool]:
    """Read a page of promises, the latest due first, and tell whether there are more.

    Shape: each source gives at most `size` + 1 rows from its own order, and these are merged: the page costs the same wherever
    it stands.
    """
    on, found = today(at), []
    for source in sources():
        own = source.kinds()
        if asked.kind and asked.kind not in own:
            continue
        rows = source.rows()
        if asked.kind and source.kind_column:
            rows = rows.filter(**{source.kind_column: asked.kind})
        if asked.standing:
            rows = rows.filter(condition(Standing(asked.standing), on=on))
        if asked.service:
            rows = rows.filter(**{f"{source.service_column}__slug": asked.service})
        if after is not None:
            rows = rows.filter(_beyond(source, after))
        order = ["-promise_due_on", *([source.kind_column] if source.kind_column else []), source.key_column]
        found += source.read(rows.order_by(*order)[: size + 1])
    found.sort(key=lambda promise: (-promise.due_on.toordinal(), promise.kind, promise.key))
    return found[:size], len(found) > size


def _beyond(source: PromiseSource, after: After) -> Q:
    """Keep what comes after a promise, in the order (latest due, kind, key)."""
    earlier = Q(promise_due_on__lt=after.due_on)
    same_day = Q(promise_due_on=after.due_on)
    further_key = Q(**{f"{source.key_column}__gt": after.key})
    if source.kind_column:
        further = Q(**{f"{source.kind_column}__gt": after.kind})
        return earlier | same_day & (further | Q(**{source.kind_column: after.kind}) & further_key)
    (kind,) = source.kinds()
    if kind < after.kind:
        return earlier
    return earlier | same_day & further_key if kind == after.kind else earlier | same_day


def tag(clock: Clock) -> ui.Tag:
    """Say in a pill where a promise stands: « Dans 12 jours », « En retard de 6 jours », « Tenue »."""
    days, n = clock.days, {"n": typography.number(clock.days)}
    if clock.standing is Standing.LATE:
        words = ngettext("En retard de %(n)s jour", "En retard de %(n)s jours", days)
        return ui.Tag(words % n, "no", "triangle-alert")
    if clock.standing is Standing.KEPT:
        return ui.Tag(_("Promesse tenue"), "yes", "circle-check")
    if clock.standing is Standing.PAUSED:
        return ui.Tag(_("En pause"), "info", "clock")
    if clock.standing is Standing.KEPT_LATE:
        words = ngettext("Tenue avec %(n)s jour de retard", "Tenue avec %(n)s jours de retard", days)
        return ui.Tag(words % n, "mixed", "clock")
    if days == 0:
        return ui.Tag(_("Dernier jour"), "mixed", "clock")
    words = ngettext("Dans %(n)s jour", "Dans %(n)s jours", days) % n
    return ui.Tag(words, "mixed" if clock.standing is Standing.SOON else "info", "calendar")
