"""Reminding a service of the answers it owes: at half, at four fifths and at the end of the delay, each once.

Source: features-and-rules §2, feature 6. A consultation reminds of its own promise, whose day follows its phases.
"""

import datetime as dt
from typing import Any

from django.conf import settings
from django.db import transaction
from django.urls import reverse

from mulhouse import letters, typography
from transparency import clocks, deadlines, register
from transparency.clocks import Standing
from transparency.models import Promise, PromiseReminder

# Parts of the delay; the last one is reached when the day has passed.
STEPS = (50, 80, 100)


def reached(*, made_on: dt.date, due_on: dt.date, today: dt.date) -> list[int]:
    """Give the steps reached on a day, in order.

    Units: parts in a hundred of the delay, in calendar days; the last one the day after the promised day.
    """
    gone, whole = (today - made_on).days, (due_on - made_on).days
    return [step for step in STEPS if (gone > whole if step == STEPS[-1] else gone * 100 >= step * whole)]


def due(*, at: dt.datetime) -> list[Promise]:
    """List the promises whose service is to be reminded; a clock that stands still reminds nobody."""
    owed = (
        Promise.objects.owed().filter(paused_on__isnull=True, service__isnull=False).exclude(service__contact_email="")
    )
    today, rows = deadlines.day_of(at), owed.select_related("service").prefetch_related("reminders").order_by("pk")
    return [row for row in rows if _new_steps(row, {sent.percent for sent in row.reminders.all()}, today)]


@transaction.atomic(durable=True)
def remind(*, promise: Promise, at: dt.datetime) -> bool:
    """Write to the service; steps missed while the site was down count as one.

    Shape: False when another worker reminded first, or the answer came meanwhile.
    Locks: the promise.
    """
    held = Promise.objects.owed().select_for_update(of=("self",), no_key=True).filter(pk=promise.pk).first()
    if held is None or held.service is None or held.paused_on is not None:
        return False
    today = deadlines.day_of(at)
    done = set(PromiseReminder.objects.filter(promise=held).values_list("percent", flat=True))
    new = _new_steps(held, done, today)
    if not new:
        return False
    PromiseReminder.objects.bulk_create(PromiseReminder(promise=held, percent=step, sent_at=at) for step in new)
    letters.send(
        kind="transparency.promise_due",
        to=held.service.contact_email,
        template="transparency/promise_due",
        context=_words(held, today),
    )
    facts = {"sorte": held.kind, "part_du_delai": new[-1], "echeance": held.due_on.isoformat()}
    register.record("promise.reminded", role="système", subject=held.key, facts=facts)
    return True


def _new_steps(promise: Promise, done: set[int], today: dt.date) -> list[int]:
    steps = reached(made_on=promise.made_on, due_on=promise.due_on, today=today)
    return [step for step in steps if step not in done]


def _words(promise: Promise, today: dt.date) -> dict[str, Any]:
    clock = clocks.read(due_on=promise.due_on, done_on=None, given_up=False, today=today)
    return {
        "title": promise.title,
        "due": typography.day(promise.due_on),
        "days": clock.days,
        "is_late": clock.standing is Standing.LATE,
        "address": settings.SITE_URL + reverse("admin:index"),
    }
