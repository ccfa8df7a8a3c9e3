"""Accounts that nobody uses: warned at 24 months, 30 and 7 days before, then closed as their person would have closed them.

The last activity is known without following anybody: the last sign-in, the last act of the register while its author is kept,
the last verification of a residency; days, never hours.
"""

import datetime as dt
from collections import Counter
from dataclasses import dataclass, field

from django.conf import settings
from django.db import transaction
from django.db.models import Max, Q, QuerySet
from django.urls import reverse
from django.utils import translation

from accounts import actions as accounts
from accounts.models import Residency, User
from mulhouse import typography
from mulhouse.typography import local_day
from notifications import outbox
from privacy import clocks
from privacy.models import InactivityNotice, Limitation
from transparency import register
from transparency.deadlines import PARIS
from transparency.models import LineActor

LETTERS = {1: "privacy/inactive_first", 2: "privacy/inactive_second", 3: "privacy/inactive_last"}
CLOSING = 4


@dataclass
class Report:
    """What a run did, or would do: how many accounts for each step, how many came back, how many of staff sleep."""

    steps: Counter[int] = field(default_factory=Counter)
    returned: int = 0
    staff: int = 0


def last_active_on(user: User) -> dt.date:
    """Give the last day on which the site knows that somebody was there."""
    days = [local_day(user.date_joined)]
    if user.last_login is not None:
        days.append(local_day(user.last_login))
    acted = LineActor.objects.filter(user=user).aggregate(last=Max("line__at"))["last"]
    if acted is not None:
        days.append(local_day(acted))
    verified = Residency.objects.filter(user=user).aggregate(last=Max("verified_on"))["last"]
    if verified is not None:
        days.append(verified)
    return max(days)


def _idle_before(today: dt.date) -> dt.datetime:
    """Give the instant before which a last sign-in is 24 months old on a day."""
    return dt.datetime.combine(clocks.months_later(today, -clocks.IDLE_MONTHS) + dt.timedelta(days=1), dt.time(), PARIS)


def _idle(*, today: dt.date) -> QuerySet[User]:
    """Find the accounts without a sign-in for 24 months: few, and each is looked at again under its lock."""
    before = _idle_before(today)
    return User.objects.filter(Q(last_login__lt=before) | Q(last_login__isnull=True), date_joined__lt=before)


def sleeping_staff(*, today: dt.date) -> QuerySet[User]:
    """Find the accounts of staff that nobody used for 24 months: never closed by the clock, an administrator takes the role back."""
    return _idle(today=today).filter(Q(is_staff=True) | Q(is_superuser=True))


def run(*, at: dt.datetime, write: bool) -> Report:
    """Do what is due today, account by account, each in its own transaction: a run that is killed goes on where it stopped.

    Shape: without `write`, only says what would be done. The register gets the numbers, never who.
    """
    today, report = local_day(at), Report()
    report.staff = sleeping_staff(today=today).count()
    told = InactivityNotice.objects.order_by("user_id").values_list("user_id", flat=True)
    people = _idle(today=today).filter(is_staff=False, is_superuser=False)
    limited = Limitation.objects.filter(lifted_at__isnull=True).values("user")
    keys = people.exclude(pk__in=limited).order_by("pk").values_list("pk", flat=True)
    for key in sorted({*keys, *told}):
        step = _look(user_pk=key, at=at, write=write)
        if step == 0:
            report.returned += 1
        elif step is not None:
            report.steps[step] += 1
    letters = sum(report.steps[step] for step in LETTERS)
    if write and letters:
        record_letters(count=letters)
    return report


@transaction.atomic(durable=True)
def record_letters(*, count: int) -> None:
    """Write on the register how many people were warned today."""
    register.record("accounts.warned", role="système", facts={"personnes": count})


@transaction.atomic(durable=True)
def _look(*, user_pk: int, at: dt.datetime, write: bool) -> int | None:
    """Read an account again and do its step.

    Shape: the step, 0 when its person came back, None when nothing is due.
    Locks: the person's row: a sign-in waits, or comes first and cancels.
    """
    people = User.objects.select_for_update(of=("self",), no_key=True)
    person = people.filter(pk=user_pk, is_staff=False, is_superuser=False).first()
    if person is None or Limitation.objects.filter(user_id=user_pk, lifted_at__isnull=True).exists():
        return None
    active_on, today = last_active_on(person), local_day(at)
    notice = InactivityNotice.objects.filter(user=person).first()
    if notice is not None and notice.active_on != active_on:
        if write:
            notice.delete()
        return 0
    told = clocks.Notice(notice.step, notice.closes_on) if notice else None
    due = clocks.next_step(last_active_on=active_on, told=told, today=today)
    if due is None:
        return None
    if write:
        _close(person) if due.step == CLOSING else _warn(person, due, active_on, today)
    return due.step


def _warn(person: User, due: clocks.Notice, active_on: dt.date, today: dt.date) -> None:
    values = {"active_on": active_on, "step": due.step, "closes_on": due.closes_on, "told_on": today}
    InactivityNotice.objects.update_or_create(user=person, defaults=values)
    with translation.override(person.language):
        words = {
            "closes_on": typography.day(due.closes_on),
            "active_on": typography.day(active_on),
            "sign_in_url": settings.SITE_URL + reverse("account_login"),
            "data_url": settings.SITE_URL + reverse("accounts:data"),
        }
    outbox.enqueue_template(
        kind=LETTERS[due.step].replace("/", "."),
        to=person.email,
        template=LETTERS[due.step],
        context=words,
        user=person,
        language=person.language,
        once_key=f"inactive:{person.pk}:{active_on.isoformat()}:{due.step}",
    )


def _close(person: User) -> None:
    address, language = person.email, person.language
    accounts.erase_person(person=person, write_line=lambda: register.record("account.expired", role="système"))
    outbox.enqueue_template(
        kind="privacy.inactive_closed", to=address, template="privacy/inactive_closed", context={}, language=language
    )
