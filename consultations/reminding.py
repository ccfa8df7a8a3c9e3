"""Reminding the city of its promise, until it is kept: so many days after the end of the opinions, and once it is late.

Each step once. What a reminder says is read from the clock: a promise of 60 days is not late after 30.
"""

import datetime as dt
from typing import Any

from django.conf import settings
from django.db import transaction
from django.db.models import Q
from django.urls import reverse

from accounts.models import User
from consultations import promises
from consultations.models import Consultation, PromiseReminder
from mulhouse import typography
from notifications import outbox
from transparency import clocks, register
from transparency.clocks import Standing

STEPS = (7, 20, 30)


def due(*, at: dt.datetime) -> list[Consultation]:
    """List the consultations that owe an answer and reached a step that was not reminded.

    Shape: rows of `promises.rows`, with `asked_until` and `promise_due_on`.
    """
    today = promises.day_of(at)
    owing = promises.rows().filter(promise_met_on__isnull=True, asked_until__lt=today)
    found = list(owing.select_related("service").order_by("pk"))
    done = set(
        PromiseReminder.objects.filter(consultation__in=found).values_list("consultation_id", "ended_on", "days")
    )
    return [
        row
        for row in found
        if any(
            (row.pk, _ended(row), days) not in done for days in reached(_ended(row), row.promise_due_on, today=today)
        )
    ]


def reached(ended_on: dt.date, due_on: dt.date, *, today: dt.date) -> list[int]:
    """Give the steps reached on a day: the usual ones, and the first day of lateness.

    Units: whole days after the last day of the opinions, in order.
    """
    late = (due_on - ended_on).days + 1
    return [days for days in sorted({*STEPS, late}) if (today - ended_on).days >= days]


@transaction.atomic(durable=True)
def remind(*, consultation: Any, at: dt.datetime) -> bool:
    """Write to the service and to the agents that an answer is owed; steps missed while the site was down count as one.

    Shape: `consultation` is a row of `due`; False when another worker reminded first.
    """
    today, ended_on = promises.day_of(at), _ended(consultation)
    new = [
        days
        for days in reached(ended_on, consultation.promise_due_on, today=today)
        if PromiseReminder.objects.get_or_create(
            consultation_id=consultation.pk, ended_on=ended_on, days=days, defaults={"sent_at": at}
        )[1]
    ]
    if not new:
        return False
    step = new[-1]
    context = _words(consultation, today)
    people = {consultation.service.contact_email: None, **{agent.email: agent for agent in agents()}}
    for email, person in people.items():
        if email:
            outbox.enqueue_template(
                kind="consultations.promise",
                to=email,
                template="consultations/promise",
                context=context,
                user=person,
                once_key=f"promise:{consultation.pk}:{ended_on.isoformat()}:{step}:{email}",
            )
    facts = {"jours_apres_la_fin": step, "echeance": consultation.promise_due_on.isoformat()}
    register.record("consultation.answer_reminded", role="système", subject=consultation.slug, facts=facts)
    return True


def agents() -> list[User]:
    """List the people who publish consultations, by their own right or by their role."""
    codename, app = "publish_consultation", "consultations"
    own = Q(user_permissions__codename=codename, user_permissions__content_type__app_label=app)
    role = Q(groups__permissions__codename=codename, groups__permissions__content_type__app_label=app)
    return list(User.objects.filter(own | role, is_active=True, is_staff=True).order_by("pk").distinct())


def _ended(consultation: Any) -> dt.date:
    ended_on: dt.date = consultation.asked_until
    return ended_on


def _words(consultation: Any, today: dt.date) -> dict[str, Any]:
    clock = clocks.read(due_on=consultation.promise_due_on, done_on=None, given_up=False, today=today)
    work = reverse("admin:consultations_consultation_publication", args=[consultation.pk])
    return {
        "consultation": consultation,
        "ended": typography.day(_ended(consultation)),
        "due": typography.day(consultation.promise_due_on),
        "days": clock.days,
        "is_late": clock.standing is Standing.LATE,
        "address": settings.SITE_URL + work,
    }
