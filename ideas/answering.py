"""The answer of the city to an idea, its corrections, and what its author says of it. Locks: person, idea, then the register.

An answer is never rewritten: a later number says what it corrects, and everybody still reads the former.
"""

import datetime as dt
from dataclasses import asdict, dataclass
from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _

from accounts import consents
from accounts.models import Consent, User
from ideas import actions, city_rules, clocks, review
from ideas.models import Answer, HeldText, Idea, Reaction, Stage, Study
from ideas.models.campaigns import ModerationMode
from mulhouse import queue, reasons
from mulhouse.errors import DomainError, Refusal, RefusedError, require
from mulhouse.markup import render_markdown
from mulhouse.typography import local_day
from transparency import register

STAGES = {
    Answer.Outcome.KEPT: Stage.KEPT,
    Answer.Outcome.PARTLY: Stage.KEPT,
    Answer.Outcome.DECLINED: Stage.DECLINED,
    Answer.Outcome.ALREADY: Stage.ALREADY,
    Answer.Outcome.TRANSFERRED: Stage.TRANSFERRED,
}
# An answer is read whole; what it takes to explain it further is behind a heading of its own. Source: ux.md §1.3, 4.
LONGEST_REASON, LONGEST_DETAIL = 600, 6000
# The realisation moves on by its own gestures; a correction of the answer leaves it where it is.
UNDER_WAY = frozenset({Stage.GOING_ON, Stage.DONE, Stage.ABANDONED})


@dataclass(frozen=True)
class Said:
    """What an agent wrote. Units: euro cents."""

    outcome: str
    reason: str
    signatory: str
    cost_cents: int | None = None
    next_step: str = ""
    next_on: dt.date | None = None
    handed_to: str = ""
    remedy: str = ""
    detail: str = ""
    act_url: str = ""
    correction: str = ""


@transaction.atomic(durable=True)
def publish(*, actor: Any, idea: Idea, said: Said, seen: int, at: dt.datetime) -> Answer:
    """Publish the answer of the city: the idea takes its stage, its study ends, its promise is kept, its followers are told.

    Shape: `seen` is the number of the last answer the agent had under the eyes, 0 for none.
    Raises: RefusedError; DomainError "stale" when somebody was faster, or the name of the field that lacks something.
    Locks: the idea.
    """
    held = actions.locked(idea)
    require(city_rules.answer_refusal(actor, held))
    last = Answer.objects.filter(idea=held).order_by("-number").first()
    number = last.number if last else 0
    if number != seen:
        raise DomainError(
            "stale", "Quelqu’un a publié une réponse pendant ce temps. Rechargez la page, puis reportez la vôtre."
        )
    check(said, idea=held, is_correction=number > 0, at=at)
    answer = Answer.objects.create(
        **{**asdict(said), "correction": said.correction if number else ""},
        idea=held,
        number=number + 1,
        reason_html=render_markdown(said.reason),
        detail_html=render_markdown(said.detail) if said.detail else "",
        published_at=at,
    )
    if held.stage not in UNDER_WAY:
        held.stage, held.stage_at = STAGES[Answer.Outcome(said.outcome)], at
        held.save(update_fields=["stage", "stage_at", "saved_at"])
    Study.objects.running().filter(idea=held).update(closed_at=at)
    for kind in (clocks.ELIGIBLE, clocks.STUDY):
        clocks.keep(kind, idea=held, at=at)
    facts: dict[str, Any] = {"reponse": answer.reference, "decision": said.outcome, "signataire": said.signatory}
    if number:
        facts["corrige"] = said.correction
    register.record(
        "idea.answer_corrected" if number else "idea.answered",
        role="agent",
        subject=held.reference,
        facts=facts,
        actor=actor,
    )
    queue.after_commit("ideas.tell_answer", answer_id=answer.pk)
    return answer


def check(said: Said, *, idea: Idea, is_correction: bool, at: dt.datetime) -> None:
    """Ask for what each outcome owes to residents.

    Raises: RefusedError "outcome", or DomainError with the name of the field that lacks something.
    """
    require(city_rules.outcome_refusal(idea, said.outcome))
    for name, words in lacking(said, at=at):
        raise DomainError(name, words)
    if is_correction:
        try:
            reasons.sentence(said.correction, missing="Dites ce que cette réponse corrige\u00a0: c’est public.")
        except DomainError as error:
            raise DomainError("correction", error.message) from error


def lacking(said: Said, *, at: dt.datetime) -> list[tuple[str, str]]:
    """Give what an outcome owes to residents and is not there, or is past: the name of each field, and what to do."""
    kept = {Answer.Outcome.KEPT, Answer.Outcome.PARTLY}
    asked = (
        ("reason", True, "Donnez les raisons de la décision."),
        ("signatory", True, "Dites la fonction de qui signe, sans son nom."),
        ("next_step", said.outcome in kept, "Dites quelle est la prochaine étape."),
        ("next_on", said.outcome in kept, "Donnez la date de la prochaine étape."),
        ("remedy", said.outcome == Answer.Outcome.DECLINED, "Dites ce que l’auteur peut faire ensuite."),
        ("handed_to", said.outcome == Answer.Outcome.TRANSFERRED, "Dites à qui l’idée est transmise."),
    )
    found = []
    for name, is_asked, words in asked:
        given = getattr(said, name)
        if is_asked and not (given.strip() if isinstance(given, str) else given):
            found.append((name, words))
    for name, longest in (("reason", LONGEST_REASON), ("detail", LONGEST_DETAIL)):
        if len(getattr(said, name) or "") > longest:
            found.append((name, f"{longest} caractères au plus."))
    if said.act_url and not said.act_url.startswith(("https://", "http://")):
        found.append(("act_url", "Donnez une adresse qui commence par https://."))
    if said.next_on is not None and said.next_on < local_day(at):
        found.append(("next_on", "Cette date est passée. La prochaine étape est à venir."))
    return found


# --- The author's reaction -------------------------------------------------------------------------------------------------


@transaction.atomic(durable=True)
def react(*, actor: User, answer: Answer, body: str, at: dt.datetime) -> Reaction:
    """Say once, in public, what the author thinks of the answer; the same words again are no error.

    Nobody reads a reaction before it appears: what moderation would read first is not taken here.

    Raises: RefusedError; DomainError "body" for words that look like personal data, or the link of a new account.
    Locks: the person, the idea.
    """
    person = actions.acting(actor)
    held = actions.locked(answer.idea)
    answer.idea = held
    known = Reaction.objects.filter(answer=answer).first()
    if known is not None and known.author_id == person.pk and known.body == body:
        return known
    require(react_refusal(person, answer, at=at))
    if cause := review.cause_of(person, held.campaign, [body], at=at):
        raise DomainError("body", _unread_words(cause))
    consents.give(actor, Consent.Purpose.CHARTER)
    reaction = Reaction.objects.create(
        answer=answer, author=person, body=body, body_html=render_markdown(body), published_at=at
    )
    register.record(
        "idea.reacted", role=actions.RESIDENT, subject=held.reference, facts={"reponse": answer.reference}, actor=actor
    )
    return reaction


def react_refusal(user: Any, answer: Answer, *, at: dt.datetime) -> Refusal | None:
    """Tell whether somebody may react to an answer (with its idea and campaign); two queries at most."""
    if refusal := city_rules.react_refusal(user, answer, has_later=False, has_reaction=False, at=at):
        return refusal
    if refusal := unread_refusal(answer.idea):
        return refusal
    later = Answer.objects.filter(idea_id=answer.idea_id, number__gt=answer.number)
    return city_rules.react_refusal(
        user,
        answer,
        has_later=later.exists(),
        has_reaction=Reaction.objects.filter(answer=answer).exists(),
        at=at,
    )


def unread_refusal(idea: Idea) -> Refusal | None:
    """Tell whether a reaction would go online unread, where everything is read first (the idea with its campaign). No query."""
    if idea.campaign.moderation != ModerationMode.PRIOR:
        return None
    return Refusal(
        "prior",
        _(
            "Dans cette campagne, tout est relu avant de paraître\u00a0: dites ce que vous pensez de la réponse dans un commentaire."
        ),
    )


def _unread_words(cause: HeldText.Cause) -> str:
    if cause == HeldText.Cause.MASKING:
        return _(
            "Votre texte contient ce qui ressemble à des données personnelles. Masquez-les\u00a0: cette réaction paraît tout de suite."
        )
    return _(
        "Votre compte est récent\u00a0: une réaction ne peut pas encore contenir de lien. Retirez-le, ou donnez l’adresse en mots."
    )


@transaction.atomic(durable=True)
def withdraw_reaction(*, actor: User, reaction: Reaction, at: dt.datetime) -> None:
    """Take a reaction back; repeating it is no error.

    Raises: RefusedError when it is not theirs.
    """
    if reaction.author_id != actor.pk:
        raise RefusedError(Refusal("not_author", _("Cette réaction n’est pas la vôtre.")))
    if Reaction.objects.filter(pk=reaction.pk, withdrawn_at=None).update(withdrawn_at=at):
        reference = reaction.answer.idea.reference
        register.record("idea.reaction_withdrawn", role=actions.RESIDENT, subject=reference, actor=actor)
