"""The questionnaires of a consultation: who may answer here, counted among its participants; how one is made or copied."""

import datetime as dt
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

from django.db import transaction
from django.urls import reverse
from django.utils.translation import gettext as _

from city.models import District
from consultations import editing_rules, participation
from consultations.models import Consultation, ConsultationQuestionnaire
from desk.models import Channel, Person
from mulhouse import typography
from mulhouse.db import assert_in_transaction
from mulhouse.errors import Refusal, require
from questionnaires import actions, editing
from questionnaires import rules as questionnaire_rules
from questionnaires.models import Answer, Questionnaire, Response


def answer_refusal(user: Any, link: ConsultationQuestionnaire, *, at: dt.datetime) -> Refusal | None:
    """Tell whether somebody may answer a questionnaire of a consultation: the consultation first, then the questionnaire."""
    if refusal := _host_refusal(link.consultation):
        return refusal
    return questionnaire_rules.answer_refusal(user, link.questionnaire, at=at)


def _host_refusal(consultation: Consultation) -> Refusal | None:
    if consultation.published_at is None:
        return Refusal("not_published", _("Cette consultation n’est pas encore publiée."))
    if consultation.archived_at is not None:
        return Refusal("archived", _("Cette consultation est archivée. Vous pouvez toujours la lire."))
    return None


def send(
    *, user: Any, token: str, link: ConsultationQuestionnaire, answers: Iterable[Answer], at: dt.datetime
) -> Response:
    """Send a response from the web, and count its person among those who took part.

    Raises: RefusedError.
    Locks: the response, the count, then the register (`questionnaires.actions.submit` opens the transaction).
    """
    require(_host_refusal(link.consultation))
    birth_year = user.birth_year if user.is_authenticated else None
    return actions.submit(
        user=user,
        token=token,
        questionnaire=link.questionnaire,
        answers=answers,
        at=at,
        note=_counting(link.consultation, Channel.WEB, birth_year, at),
    )


def send_within(
    *,
    link: ConsultationQuestionnaire,
    answers: Iterable[Answer],
    person: Person,
    channel: str,
    at: dt.datetime,
    district: District | None = None,
    birth_year: int | None = None,
) -> Response:
    """Send a response for somebody who is at the desk, on the phone or on paper, inside the caller's transaction.

    Raises: RefusedError when the consultation or the questionnaire takes no answer.
    Locks: the response, the count, then the register, so call it last.
    """
    assert_in_transaction()
    require(_host_refusal(link.consultation))
    return actions.submit_within(
        questionnaire=link.questionnaire,
        answers=answers,
        person=person,
        channel=channel,
        district=district,
        birth_year=birth_year,
        at=at,
        note=_counting(link.consultation, channel, birth_year, at),
    )


def _counting(
    consultation: Consultation, channel: str, birth_year: int | None, at: dt.datetime
) -> Callable[[Person | None, District | None], None]:
    def note(person: Person | None, district: District | None) -> None:
        if person is not None:
            participation.note(consultation, person, channel=channel, at=at, district=district, birth_year=birth_year)

    return note


@dataclass(frozen=True)
class Card:
    """A questionnaire as its consultation announces it: where it stands in words, and what can be done."""

    title: str
    words: str
    url: str
    results_url: str
    is_open: bool


def cards(consultation: Consultation, *, at: dt.datetime) -> list[Card]:
    """Give the published questionnaires of a consultation; no query when it is known to have none."""
    if not getattr(consultation, "has_questionnaire", True):
        return []
    rows = Questionnaire.objects.published().filter(consultation_link__consultation=consultation)
    found = []
    for row in rows.order_by("consultation_link__position", "pk"):
        base = reverse("consultations:questionnaire", args=[consultation.slug, row.reference])
        refusal = _host_refusal(consultation) or questionnaire_rules.window_refusal(row, at=at)
        words = refusal.message if refusal else ""
        if refusal is None and row.last_day is not None:
            words = _("Vous pouvez répondre jusqu’au %(day)s inclus.") % {"day": typography.day(row.last_day)}
        has_results = questionnaire_rules.results_refusal(row, at=at) is None
        found.append(Card(row.title, words, base, f"{base}resultats/" if has_results else "", refusal is None))
    return found


@transaction.atomic(durable=True)
def create(*, actor: Any, consultation: Consultation, title: str, source: Questionnaire | None = None) -> Questionnaire:
    """Begin a questionnaire in a consultation, empty or copied from another; nobody sees it before it is published.

    Raises: RefusedError.
    """
    require(editing_rules.edit_refusal(actor, consultation))
    questionnaire = (
        editing.copy(source=source, title=title)
        if source
        else editing.begin(
            title=title, residency_level=consultation.residency_level, minimum_age=consultation.minimum_age
        )
    )
    ConsultationQuestionnaire.objects.create(
        consultation=consultation,
        questionnaire=questionnaire,
        position=consultation.questionnaire_links.count() + 1,
    )
    editing.record_draft(actor, "création")
    return questionnaire
