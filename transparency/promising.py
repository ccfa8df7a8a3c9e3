"""The promises of an answer, as rows: made, paused for a public reason, resumed, kept. One service for every room.

Each function runs in the transaction of the act that it is part of, whose own line on the register tells of it. A room whose
promise follows from its own dates (a consultation, whose phases an amendment may move) gives it to `promises` as a query
instead: nothing to keep in step.
"""

import datetime as dt
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from django.db.models import F, QuerySet
from django.urls import reverse
from django.utils.functional import Promise as Lazy

from city.models import Service
from mulhouse import reasons
from mulhouse.db import assert_in_transaction
from mulhouse.errors import DomainError
from transparency import deadlines, promises
from transparency.deadlines import Unit
from transparency.models import Promise, PromisePause

# Who runs the portal answers for it: a slug of the city's services.
PORTAL_SERVICE = "agence-participation"


@dataclass(frozen=True)
class Kind:
    """A sort of promise: its code, its name in lists, its delay, and where those who hold `permission` answer (a route of the admin).

    `work_query` is what that address asks. `service` is the slug of the service of the city that owes the answer: counted under its
    name, and reminded. A room that has a queue of its own leaves `permission` empty. Units: `days` in `unit`.
    """

    code: str
    label: str | Lazy
    days: int
    unit: Unit = Unit.CALENDAR
    service: str = PORTAL_SERVICE
    permission: str = ""
    work_route: str = ""
    work_query: str = ""
    work_label: str = ""


_kinds: dict[str, Kind] = {}


def declare(*kinds: Kind) -> None:
    """Add a room's kinds; called from AppConfig.ready()."""
    for kind in kinds:
        _kinds[kind.code] = kind


def kinds() -> list[Kind]:
    """Give the kinds in the order of their declaration."""
    return list(_kinds.values())


def make(
    *,
    kind: str,
    key: str,
    title: str,
    at: dt.datetime,
    service: Service | None = None,
    route: str = "",
    due: dt.date | None = None,
    days: int | None = None,
) -> Promise:
    """Promise an answer. Repeating it gives the promise that stands: a clock is never set back.

    `title` is public and names nobody; `service` is another than the one of the kind; `route` leads to the public page that
    `key` names, "" where there is none; `due` is the day that a law counts otherwise than the kind does; `days` is a delay of its own.

    Shape: without a service when the city has none by the slug of the kind.
    Raises: RuntimeError outside a transaction; KeyError for a kind that is not declared.
    """
    assert_in_transaction()
    declared, made_on = _kinds[kind], deadlines.day_of(at)
    delay = days or declared.days
    promised = due or deadlines.due_on(made_on, delay, declared.unit)
    values = {
        "title": title,
        "route": route,
        "service": service or Service.objects.filter(slug=declared.service).first(),
        "days": delay,
        "unit": declared.unit.value,
        "made_on": made_on,
        "first_due_on": promised,
        "due_on": promised,
    }
    return Promise.objects.get_or_create(kind=kind, key=key, defaults=values)[0]


def pause(*, kind: str, key: str, reason: str, at: dt.datetime) -> Promise:
    """Stop the clock of a promise, for a reason that is public.

    Raises: DomainError "no_promise", "late" (a pause is no excuse), "paused", or "reason" without one.
    Locks: the promise.
    """
    why = reasons.sentence(reason, missing="Dites pourquoi le délai s’arrête, en une phrase publique.")
    promise, today = _held(kind, key), deadlines.day_of(at)
    if promise.paused_on is not None:
        raise DomainError("paused", "Ce délai est déjà arrêté.")
    if today > promise.due_on:
        raise DomainError("late", "Le jour promis est passé\u00a0: un délai ne s’arrête pas après coup.")
    PromisePause.objects.create(promise=promise, reason=why, paused_on=today)
    promise.paused_on = today
    promise.save(update_fields=["paused_on"])
    return promise


def resume(*, kind: str, key: str, at: dt.datetime) -> Promise:
    """Start the clock again: the promised day moves by as many days as it stood still.

    Raises: DomainError "no_promise", or "running" for a clock that does not stand still.
    Locks: the promise.
    """
    promise = _held(kind, key)
    if promise.paused_on is None:
        raise DomainError("running", "Ce délai court déjà.")
    _start_again(promise, on=deadlines.day_of(at))
    return promise


def extend(*, kind: str, key: str, due_on: dt.date) -> Promise:
    """Put a promised day off, where the law lets the city do so and the person was told why; the first day stays written.

    Raises: DomainError "no_promise", or "earlier" for a day before the promised one.
    Locks: the promise.
    """
    promise = _held(kind, key)
    if due_on < promise.due_on:
        raise DomainError("earlier", "Un délai prolongé ne finit pas plus tôt.")
    promise.due_on = due_on
    promise.save(update_fields=["due_on"])
    return promise


def keep(*, kind: str, key: str, at: dt.datetime) -> Promise:
    """Note that the answer was given; what the clock stood still is counted. Repeating it keeps the first day.

    Raises: DomainError "no_promise".
    Locks: the promise.
    """
    promise, today = _held(kind, key), deadlines.day_of(at)
    if promise.met_on is None:
        _start_again(promise, on=today)
        promise.met_on = today
        promise.save(update_fields=["met_on"])
    return promise


def drop(*, kind: str, key: str, at: dt.datetime) -> bool:
    """Note that nothing is to be answered any more (withdrawn, joined to another). What was kept stays kept.

    Shape: False when there was nothing to drop.
    Raises: RuntimeError outside a transaction.
    """
    assert_in_transaction()
    owed = Promise.objects.owed().filter(kind=kind, key=key)
    dropped = owed.update(dropped_on=deadlines.day_of(at), paused_on=None)
    PromisePause.objects.filter(promise__kind=kind, promise__key=key, resumed_on__isnull=True).update(
        resumed_on=F("paused_on")
    )
    return bool(dropped)


def take_back(*, kind: str, key: str) -> bool:
    """Owe again what was dropped: the thing it was about is given back. The promised day stays the one that was told.

    Shape: False when nothing was dropped.
    Raises: RuntimeError outside a transaction.
    """
    assert_in_transaction()
    return bool(Promise.objects.filter(kind=kind, key=key, dropped_on__isnull=False).update(dropped_on=None))


def standing_still(kind: str, keys: Iterable[str]) -> dict[str, PromisePause]:
    """Give the pause of each promise whose clock stands still, by its key: since when, and the public reason. One query."""
    found = PromisePause.objects.filter(promise__kind=kind, promise__key__in=list(keys), resumed_on__isnull=True)
    return {pause.promise.key: pause for pause in found.select_related("promise")}


def _held(kind: str, key: str) -> Promise:
    """Read a promise that stands, and hold it until the end of the transaction."""
    assert_in_transaction()
    found = Promise.objects.standing().select_for_update(of=("self",), no_key=True).filter(kind=kind, key=key).first()
    if found is None:
        raise DomainError("no_promise", "Il n’y a pas de délai à cet endroit.")
    return found


def _start_again(promise: Promise, *, on: dt.date) -> None:
    if promise.paused_on is None:
        return
    promise.due_on = deadlines.pushed(
        promise.due_on, paused_on=promise.paused_on, resumed_on=on, unit=Unit(promise.unit)
    )
    promise.paused_on = None
    promise.pauses.filter(resumed_on__isnull=True).update(resumed_on=on)
    promise.save(update_fields=["due_on", "paused_on"])


# --- On the public page ----------------------------------------------------------------------------------------------


def _rows() -> QuerySet[Any]:
    """Give what stands, under the names that the page knows."""
    days = {f"promise_{name}": F(name) for name in ("made_on", "due_on", "met_on", "paused_on")}
    found: QuerySet[Any] = Promise.objects.standing().select_related("service").annotate(**days)
    return found


def _read(rows: Iterable[Any]) -> list[promises.Promise]:
    """Make promises of rows; one more query for why some stand still."""
    found = list(rows)
    paused = [row.pk for row in found if row.paused_on is not None]
    open_pauses = PromisePause.objects.filter(promise__in=paused, resumed_on__isnull=True)
    why = dict(open_pauses.values_list("promise_id", "reason")) if paused else {}
    return [
        promises.Promise(
            kind=row.kind,
            key=row.key,
            title=row.title,
            url=reverse(row.route, args=[row.key]) if row.route else "",
            service=row.service.name if row.service else "",
            due_on=row.due_on,
            met_on=row.met_on,
            paused_on=row.paused_on,
            pause=why.get(row.pk, ""),
        )
        for row in found
    ]


SOURCE = promises.PromiseSource(
    kinds=lambda: {kind.code: kind.label for kind in kinds()},
    rows=_rows,
    read=_read,
    key_column="key",
    kind_column="kind",
)
