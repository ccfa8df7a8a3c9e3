"""The promises of an answer that the services made to residents: each fills this registry, one page shows them all.

A service gives its promises as a queryset, so that the page reads them from the database, a few at a time.
"""

import datetime as dt
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from django.db.models import Count, F, Q, QuerySet
from django.utils.functional import Promise as Lazy
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from mulhouse import typography
from mulhouse.templatetags import ui
from transparency import clocks
from transparency.clocks import Clock, Standing
from transparency.deadlines import PARIS


@dataclass(frozen=True)
class Promise:
    """An answer that is due: to what, by which service, on which day, and since when it is there."""

    kind: str
    key: str
    title: str
    url: str
    service: str
    due_on: dt.date
    met_on: dt.date | None

    def clock(self, *, today: dt.date) -> Clock:
        """Say where it stands on a day."""
        return clocks.read(due_on=self.due_on, done_on=self.met_on, given_up=False, today=today)


@dataclass(frozen=True)
class PromiseSource:
    """What a service promises: `rows` annotates `promise_due_on` and `promise_met_on`, dates in Paris; `read` makes one of a row.

    Shape: `key_column` orders and names the rows, uniquely within the source; `service_column` leads to the service.
    """

    kind: str
    label: str | Lazy
    rows: Callable[[], QuerySet[Any]]
    read: Callable[[Any], Promise]
    key_column: str = "slug"
    service_column: str = "service"


_sources: dict[str, PromiseSource] = {}


def register(source: PromiseSource) -> None:
    """Add a service's promises to the page; called from AppConfig.ready()."""
    _sources[source.kind] = source


def sources() -> list[PromiseSource]:
    """Give the services in the order of their registration."""
    return list(_sources.values())


@dataclass(frozen=True)
class Tally:
    """How the promises of an answer are kept."""

    waiting: int
    late: int
    kept: int
    kept_late: int
    median_days: int | None
    median_delay: int | None

    @property
    def total(self) -> int:
        """Count them all."""
        return self.waiting + self.late + self.kept + self.kept_late


STANDINGS = (Standing.COMING, Standing.LATE, Standing.KEPT, Standing.KEPT_LATE)


def condition(standing: Standing, *, on: dt.date) -> Q:
    """Say in the database's terms which promises stand so on a day; those that are soon due are among those to come."""
    if standing is Standing.KEPT:
        return Q(promise_met_on__isnull=False, promise_met_on__lte=F("promise_due_on"))
    if standing is Standing.KEPT_LATE:
        return Q(promise_met_on__isnull=False, promise_met_on__gt=F("promise_due_on"))
    due = Q(promise_due_on__lt=on) if standing is Standing.LATE else Q(promise_due_on__gte=on)
    return due & Q(promise_met_on__isnull=True)


def today(at: dt.datetime) -> dt.date:
    """Give the day in Paris."""
    return at.astimezone(PARIS).date()


def tally(*, at: dt.datetime) -> Tally:
    """Count the promises of every service: one query for each count of days, whatever their number.

    Units: days after the promised one (negative before it) for `median_days`, over those that were kept, late or not;
    `median_delay` over those that are or were late.
    """
    on = today(at)
    counts = dict.fromkeys(STANDINGS, 0)
    days: dict[int, int] = {}
    delays: dict[int, int] = {}
    for source in sources():
        for due_on, met_on, count in _dates(source):
            clock = clocks.read(due_on=due_on, done_on=met_on, given_up=False, today=on)
            standing = Standing.COMING if clock.standing is Standing.SOON else clock.standing
            counts[standing] += count
            if met_on is not None:
                passed = (met_on - due_on).days
                days[passed] = days.get(passed, 0) + count
            if standing in {Standing.LATE, Standing.KEPT_LATE}:
                delays[clock.days] = delays.get(clock.days, 0) + count
    return Tally(
        waiting=counts[Standing.COMING],
        late=counts[Standing.LATE],
        kept=counts[Standing.KEPT],
        kept_late=counts[Standing.KEPT_LATE],
        median_days=clocks.median_days(days),
        median_delay=clocks.median_days(delays),
    )


def _dates(source: PromiseSource) -> Iterator[tuple[dt.date, dt.date | None, int]]:
    """Count by pair of days, in the database."""
    grouped = source.rows().order_by().values("promise_due_on", "promise_met_on").annotate(count=Count("pk"))
    yield from grouped.values_list("promise_due_on", "promise_met_on", "count")


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

    Shape: each service gives at most `size` + 1 rows from its own order, and these are merged: the page costs the same wherever
    it stands.
    """
    on, found = today(at), []
    for source in sources():
        if asked.kind and source.kind != asked.kind:
            continue
        rows = source.rows()
        if asked.standing:
            rows = rows.filter(condition(Standing(asked.standing), on=on))
        if asked.service:
            rows = rows.filter(**{f"{source.service_column}__slug": asked.service})
        if after is not None:
            rows = rows.filter(_beyond(source, after))
        ordered = rows.order_by("-promise_due_on", source.key_column)[: size + 1]
        found += [source.read(row) for row in ordered]
    found.sort(key=lambda promise: (-promise.due_on.toordinal(), promise.kind, promise.key))
    return found[:size], len(found) > size


def _beyond(source: PromiseSource, after: After) -> Q:
    """Keep what comes after a promise, in the order (latest due, kind, key)."""
    earlier = Q(promise_due_on__lt=after.due_on)
    if source.kind < after.kind:
        return earlier
    same_day = Q(promise_due_on=after.due_on)
    if source.kind == after.kind:
        same_day &= Q(**{f"{source.key_column}__gt": after.key})
    return earlier | same_day


def services() -> list[tuple[str, str]]:
    """List the services that promised something: (slug, name), by name."""
    found: dict[str, str] = {}
    for source in sources():
        columns = (f"{source.service_column}__slug", f"{source.service_column}__name")
        found |= dict(source.rows().order_by().values_list(*columns).distinct())
    return sorted(found.items(), key=lambda pair: pair[1])


def tag(clock: Clock) -> ui.Tag:
    """Say in a pill where a promise stands: « Dans 12 jours », « En retard de 6 jours », « Tenue »."""
    days, n = clock.days, {"n": typography.number(clock.days)}
    if clock.standing is Standing.LATE:
        words = ngettext("En retard de %(n)s jour", "En retard de %(n)s jours", days)
        return ui.Tag(words % n, "no", "triangle-alert")
    if clock.standing is Standing.KEPT:
        return ui.Tag(_("Promesse tenue"), "yes", "circle-check")
    if clock.standing is Standing.KEPT_LATE:
        words = ngettext("Tenue avec %(n)s jour de retard", "Tenue avec %(n)s jours de retard", days)
        return ui.Tag(words % n, "mixed", "clock")
    if days == 0:
        return ui.Tag(_("Dernier jour"), "mixed", "clock")
    words = ngettext("Dans %(n)s jour", "Dans %(n)s jours", days) % n
    return ui.Tag(words, "mixed" if clock.standing is Standing.SOON else "info", "calendar")
