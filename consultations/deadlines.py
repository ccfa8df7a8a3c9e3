"""Reminding, three days before the last day, those who follow a consultation and have not taken part. Once for each end."""

import datetime as dt
from collections.abc import Collection, Sequence
from functools import partial

from django.db import transaction
from django.db.models import Exists, OuterRef, QuerySet
from django.utils import translation
from django.utils.translation import gettext as _

from accounts.models import User
from consultations import phases
from consultations.models import Consultation, HeldText, Participation, Phase
from consultations.models.procedure import TOPIC
from mulhouse import typography
from notifications import links, subscriptions, telling

# Seventy-two real hours, on the weekends that have 71 or 73 by the clock as well.
NOTICE = dt.timedelta(hours=72)


def end_of(phase: Phase) -> dt.datetime:
    """Give the instant at which a phase is over: midnight after its last day."""
    if phase.ends_on is None:
        raise ValueError("a phase without a last day has no deadline")
    return phases.midnight(phase.ends_on + dt.timedelta(days=1)).astimezone(dt.UTC)


def is_near(phase: Phase, *, at: dt.datetime) -> bool:
    """Tell whether a phase ends within the notice, and is not over."""
    end = end_of(phase)
    return end - NOTICE <= at < end


def key_of(phase: Phase) -> str:
    """Name a deadline: moved to another day, it is another one."""
    return f"deadline:{phase.pk}:{phase.ends_on}"


def due(*, at: dt.datetime) -> list[Phase]:
    """List the phases of contribution that end soon and of which nobody, or not everybody, was reminded."""
    today = at.astimezone(phases.PARIS).date()
    rows = Phase.objects.filter(
        kind=phases.Kind.CONTRIBUTE,
        starts_on__lte=today,
        ends_on__gte=today,
        ends_on__lte=today + dt.timedelta(days=4),
        consultation__in=Consultation.objects.published(),
        consultation__archived_at__isnull=True,
    )
    near = [phase for phase in rows.select_related("consultation").order_by("pk") if is_near(phase, at=at)]
    done = telling.finished([key_of(phase) for phase in near])
    return [phase for phase in near if key_of(phase) not in done]


def concerned(phase: Phase) -> QuerySet[User]:
    """People who follow a consultation and have not taken part in it, by any channel that knows their account.

    Who handed in a text that waits to be read has done their part.
    """
    took_part = Participation.objects.filter(consultation=phase.consultation_id, person__user=OuterRef("pk"))
    handed_in = HeldText.objects.waiting().filter(consultation=phase.consultation_id, author=OuterRef("pk"))
    return subscriptions.followers(phase.consultation.topic).filter(~Exists(took_part), ~Exists(handed_in))


@transaction.atomic(durable=True)
def remind(*, phase: Phase, people: Sequence[User], at: dt.datetime) -> int:
    """Tell some of them that the end is near; nobody is told twice of one end.

    Shape: how many were told.
    """
    consultation, end = phase.consultation, end_of(phase)
    words = {language: _words(phase, language) for language in sorted({person.language for person in people})}
    letters = [
        telling.Letter(
            person=person,
            once_key=f"{key_of(phase)}:{person.pk}",
            about=consultation.topic,
            topic=consultation.topic,
            line=words[person.language]["line"],
            url=links.path(consultation, person.language),
            words=partial(dict, words[person.language]),
            until=end,
        )
        for person in people
    ]
    return telling.tell(kind="consultations.deadline", letters=letters, at=at)


@transaction.atomic(durable=True)
def finish(*, phase: Phase, people: int, at: dt.datetime) -> bool:
    """Keep that everybody was reminded of an end."""
    return telling.finish(key_of(phase), people=people, at=at)


def settled(pairs: Collection[tuple[int, str]]) -> set[tuple[int, str]]:
    """Find, among (person, consultation) pairs, those who have taken part meanwhile, or handed in a text; one query."""
    slugs = {about.removeprefix(TOPIC) for _person, about in pairs}
    people = {person for person, _about in pairs}
    took_part = Participation.objects.filter(consultation__slug__in=slugs, person__user__in=people)
    handed_in = HeldText.objects.waiting().filter(consultation__slug__in=slugs, author__in=people)
    found = took_part.order_by().values_list("person__user", "consultation__slug")
    rows = found.union(handed_in.order_by().values_list("author", "consultation__slug"))
    return {(user, TOPIC + slug) for user, slug in rows}


def _words(phase: Phase, language: str) -> dict[str, str]:
    consultation: Consultation = phase.consultation
    with translation.override(language):
        day = typography.day(phase.ends_on) if phase.ends_on else ""
        return {
            "title": consultation.title,
            "day": day,
            "address": links.address(consultation, language),
            "line": _("%(title)s\u00a0: vous pouvez participer jusqu’au %(day)s")
            % {"title": consultation.title, "day": day},
        }
