"""The questionnaires of a consultation: who may answer here, counted among its participants; how one is made, announced, put off."""

import datetime as dt
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from django.conf import settings
from django.db import transaction
from django.urls import reverse
from django.utils.translation import gettext as _

from accounts.models import User
from city.models import District
from consultations import amendments, analysis_rules, answer_hiding, editing_rules, participation, presentation
from consultations.models import Consultation, ConsultationQuestionnaire, Item
from desk.models import Person
from mulhouse import looking, typography
from mulhouse.db import assert_in_transaction
from mulhouse.errors import Refusal, require
from mulhouse.templatetags import ui
from notifications import outbox
from questionnaires import actions, editing
from questionnaires import rules as questionnaire_rules
from questionnaires.models import Amendment, Answer, Questionnaire, Response, ResponseFile
from transparency import register


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
        note=_noting(link, birth_year, at, user),
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
        note=_noting(link, birth_year, at),
    )


def _noting(link: ConsultationQuestionnaire, birth_year: int | None, at: dt.datetime, user: Any = None) -> actions.Note:
    """Count a person among those who took part, and write to whoever has an account the reference of what they sent."""

    def note(response: Response) -> None:
        if response.person is not None:
            participation.note(
                link.consultation,
                response.person,
                channel=response.channel,
                at=at,
                district=response.district,
                birth_year=birth_year,
            )
        if isinstance(user, User) and response.submitted_at == at:
            _acknowledge(link, response, user)

    return note


def _acknowledge(link: ConsultationQuestionnaire, response: Response, user: User) -> None:
    """Put a receipt in the outbox: what was answered is not in it."""
    row = link.questionnaire
    outbox.enqueue_template(
        kind="consultations.questionnaire",
        to=user.email,
        template="consultations/questionnaire",
        context={
            "consultation": link.consultation,
            "questionnaire": row,
            "reference": response.reference,
            "last_day": row.last_day,
            "address": settings.SITE_URL
            + reverse("consultations:questionnaire", args=[link.consultation.slug, row.reference]),
        },
        user=user,
        once_key=f"questionnaire:{response.pk}",
        language=user.language,
    )


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


def own_response(row: Response, *, at: dt.datetime) -> presentation.OwnLine:
    """Make the line of somebody's own response in their space (select `questionnaire__consultation_link__consultation`)."""
    link = row.questionnaire.consultation_link
    is_open = _host_refusal(link.consultation) is None and row.questionnaire.is_open(at=at)
    if row.submitted_at is None:
        tag, when = ui.Tag(_("Non envoyée"), "mixed", "pencil"), typography.instant(row.saved_at)
        when = _("Gardée le %(day)s") % {"day": when}
    else:
        tag, when = ui.Tag(_("Envoyée"), "yes", "check"), typography.day(row.submitted_at)
        when = _("Envoyée le %(day)s") % {"day": when}
    until = ""
    if is_open and row.questionnaire.last_day is not None:
        until = _("modifiable jusqu’au %(day)s inclus") % {"day": typography.day(row.questionnaire.last_day)}
    return presentation.OwnLine(
        title=row.questionnaire.title,
        url=reverse("consultations:questionnaire", args=[link.consultation.slug, row.questionnaire.reference]),
        tag=tag,
        context=link.consultation.title,
        when=when,
        reference=row.reference if row.submitted_at else "",
        counts=until,
    )


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


# --- Announcing, putting off, cancelling -----------------------------------------------------------------------------------

# Why the rules of the consultation changed, the day a questionnaire joins them.
ANNOUNCED = "Un questionnaire est publié\u00a0: ses règles sont fixées."


def _held(actor: Any, consultation: Consultation) -> Consultation:
    held = amendments.hold(consultation)
    require(editing_rules.edit_refusal(actor, held))
    return held


def _amending(consultation: Consultation, reason: str, at: dt.datetime) -> editing.Note:
    return lambda _questionnaire: amendments.amend_and_seal(consultation, reason=reason, at=at)


@transaction.atomic(durable=True)
def publish(*, actor: Any, consultation: Consultation, questionnaire: Questionnaire, at: dt.datetime) -> None:
    """Make a questionnaire public: its rules join those of the consultation.

    Raises: RefusedError.
    Locks: the consultation, the questionnaire, then the register.
    """
    held = _held(actor, consultation)
    editing.publish(actor=actor, questionnaire=questionnaire, at=at, note=_amending(held, ANNOUNCED, at))


@transaction.atomic(durable=True)
def extend(
    *,
    actor: Any,
    consultation: Consultation,
    questionnaire: Questionnaire,
    last_day: dt.date,
    reason: str,
    at: dt.datetime,
) -> None:
    """Put off the last day of a questionnaire: a public amendment, of which everybody who takes part is told.

    Raises: RefusedError; DomainError "reason", "shorter".
    Locks: the consultation, the questionnaire, then the register.
    """
    held = _held(actor, consultation)
    editing.extend(
        actor=actor,
        questionnaire=questionnaire,
        last_day=last_day,
        reason=reason,
        at=at,
        note=_amending(held, reason, at),
    )


@transaction.atomic(durable=True)
def cancel(
    *, actor: Any, consultation: Consultation, questionnaire: Questionnaire, reason: str, at: dt.datetime
) -> None:
    """Cancel a questionnaire: a public amendment, of which everybody who takes part is told.

    Raises: RefusedError; DomainError "reason".
    Locks: the consultation, the questionnaire, then the register.
    """
    held = _held(actor, consultation)
    editing.cancel(actor=actor, questionnaire=questionnaire, reason=reason, at=at, note=_amending(held, reason, at))


@transaction.atomic(durable=True)
def amend(
    *,
    actor: Any,
    consultation: Consultation,
    questionnaire: Questionnaire,
    target: str,
    pk: int,
    after: str,
    reason: str,
    at: dt.datetime,
) -> Amendment:
    """Correct a wording of a questionnaire: a public amendment, of which everybody who takes part is told.

    Shape: `target` and `pk` as in `questionnaires.editing.amend`.
    Raises: RefusedError; DomainError "reason", "same", "too_long", "twice".
    Locks: the consultation, the questionnaire, then the register.
    """
    held = _held(actor, consultation)
    return editing.amend(
        actor=actor,
        questionnaire=questionnaire,
        target=target,
        pk=pk,
        after=after,
        reason=reason,
        at=at,
        note=_amending(held, reason, at),
    )


# --- Free texts --------------------------------------------------------------------------------------------------------


def show_text(*, actor: Any, item: Item, is_shown: bool, at: dt.datetime) -> bool:
    """Show a free text in the public list of opinions, or take it back; hidden until an agent decides.

    Shape: False when it was so already, or for an opinion that is no free text (select `consultation`, `answer`).
    Raises: RefusedError.
    """
    require(analysis_rules.analyse_refusal(actor, item.consultation))
    if item.answer is None:
        return False
    if is_shown:
        require(answer_hiding.show_refusal(item))
        return actions.show_text(actor=actor, answer=item.answer, subject=item.reference, at=at)
    return actions.hide_text(actor=actor, answer=item.answer, subject=item.reference)


# --- Taking texts and files away -------------------------------------------------------------------------------------------


def texts_refusal(user: Any, questionnaire: Questionnaire, *, at: dt.datetime) -> Refusal | None:
    """Tell whether somebody may download what was written in free words and the files that were joined.

    They can say who wrote them: for those who read the opinions, once the questionnaire is over.
    """
    if not user.has_perm(analysis_rules.ANALYSE):
        return Refusal(
            "not_allowed", "Votre rôle ne permet pas de télécharger les textes libres ni les fichiers joints."
        )
    return questionnaire_rules.files_refusal(questionnaire, at=at)


@transaction.atomic(durable=True)
def take_texts(*, actor: Any, questionnaire: Questionnaire, form: str, at: dt.datetime) -> None:
    """Keep that an agent downloads the responses with their free texts, before they leave.

    Raises: RefusedError.
    Locks: the register.
    """
    require(texts_refusal(actor, questionnaire, at=at))
    facts = {"format": form}
    register.record(
        "questionnaire.texts_taken", role="agent", subject=questionnaire.reference, facts=facts, actor=actor
    )


@transaction.atomic(durable=True)
def take_file(*, actor: Any, questionnaire: Questionnaire, kept: ResponseFile, at: dt.datetime) -> None:
    """Keep that an agent downloads a file that somebody joined, before it leaves; the line says neither which nor whose.

    Its person, when it came from an account, sees that it was opened; the agent does not learn whose it was.

    Raises: RefusedError.
    Locks: the register.
    """
    require(texts_refusal(actor, questionnaire, at=at))
    looking.note(
        actor=actor,
        person=User.objects.filter(person__questionnaire_responses=kept.response_id).first(),
        category=looking.Category.FILE,
        why="Lire les réponses à un questionnaire terminé",
        subject=questionnaire.reference,
    )
    register.record("questionnaire.file_taken", role="agent", subject=questionnaire.reference, actor=actor)
