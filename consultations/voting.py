"""The secret votes of a consultation, written: each gesture is one transaction that the room of ballots and the ledger share."""

import datetime as dt
from collections.abc import Mapping, Sequence
from typing import Any

from django.db import transaction
from django.views.decorators.debug import sensitive_variables

from accounts.models import User
from ballots import actions as ballots
from ballots import rules as ballots_rules
from ballots.models import Votation
from ballots.tally import Count
from consultations import amendments, editing_rules, participation
from consultations.models import Consultation, ConsultationVote
from desk.models import Channel
from mulhouse.errors import Refusal, require

# Why the rules of the consultation changed, the day a vote joins them.
ANNOUNCED = "Un vote secret est annoncé\u00a0: ses règles sont fixées avant son ouverture."
DRAFT = "Publiez d’abord la consultation\u00a0: un vote s’annonce avec elle."


@transaction.atomic(durable=True)
def save(
    *,
    actor: Any,
    consultation: Consultation,
    votation: Votation | None,
    values: Mapping[str, Any],
    options: Sequence[ballots.OptionEdit],
) -> Votation:
    """Prepare a vote of a consultation, or change one that is not published.

    Raises: RefusedError.
    Locks: the vote, then the register.
    """
    require(editing_rules.edit_refusal(actor, consultation))
    saved = ballots.save(actor=actor, votation=votation, values=values, options=options)
    if votation is None:
        ConsultationVote.objects.create(consultation=consultation, votation=saved)
    return saved


def publish_refusal(user: Any, consultation: Consultation, votation: Votation, *, at: dt.datetime) -> Refusal | None:
    """Tell whether somebody may publish a vote (prefetch `options`)."""
    if refusal := editing_rules.edit_refusal(user, consultation):
        return refusal
    if not user.has_perm("consultations.publish_consultation"):
        return Refusal("not_allowed", "Votre rôle ne permet pas de publier. Prévenez la personne qui publie.")
    if consultation.published_at is None:
        return Refusal("not_published", DRAFT)
    return ballots_rules.publish_refusal(votation, at=at)


@transaction.atomic(durable=True)
def publish(*, actor: Any, consultation: Consultation, votation: Votation, at: dt.datetime) -> Votation:
    """Declare a vote and its rules, which join those of the consultation.

    Raises: RefusedError.
    Locks: the consultation, the vote, then the register.
    """
    held = amendments.hold(consultation)
    require(publish_refusal(actor, held, votation, at=at))
    return ballots.publish(actor=actor, votation=votation, at=at, note=_amending(held, ANNOUNCED, at))


def _amending(consultation: Consultation, reason: str, at: dt.datetime) -> ballots.Note:
    return lambda _votation: amendments.amend_and_seal(consultation, reason=reason, at=at)


def run_refusal(user: Any, consultation: Consultation) -> Refusal | None:
    """Tell whether somebody may put off the end of a published vote, or cancel it."""
    if refusal := editing_rules.edit_refusal(user, consultation):
        return refusal
    if not user.has_perm("consultations.publish_consultation"):
        return Refusal("not_allowed", "Votre rôle ne permet pas de prolonger ni d’annuler un vote.")
    return None


def extend_refusal(user: Any, consultation: Consultation, votation: Votation, *, at: dt.datetime) -> Refusal | None:
    """Tell whether somebody may put off the last day of a vote."""
    return run_refusal(user, consultation) or ballots_rules.extend_refusal(votation, at=at)


def cancel_refusal(user: Any, consultation: Consultation, votation: Votation, *, at: dt.datetime) -> Refusal | None:
    """Tell whether somebody may cancel a vote."""
    return run_refusal(user, consultation) or ballots_rules.cancel_refusal(votation, at=at)


@transaction.atomic(durable=True)
def extend(
    *, actor: Any, consultation: Consultation, votation: Votation, ends_on: dt.date, reason: str, at: dt.datetime
) -> Votation:
    """Put off the last day of a vote: a public amendment, of which everybody who takes part is told.

    Raises: RefusedError; DomainError "reason", "shorter".
    Locks: the consultation, the vote, then the register.
    """
    held = amendments.hold(consultation)
    require(run_refusal(actor, held))
    note = _amending(held, reason, at)
    return ballots.extend(actor=actor, votation=votation, ends_on=ends_on, reason=reason, at=at, note=note)


@transaction.atomic(durable=True)
def cancel(*, actor: Any, consultation: Consultation, votation: Votation, reason: str, at: dt.datetime) -> Votation:
    """Cancel a vote: a public amendment, of which everybody who takes part is told; the box is destroyed unopened.

    Raises: RefusedError; DomainError "reason".
    Locks: the consultation, the vote, its box, then the register.
    """
    held = amendments.hold(consultation)
    require(run_refusal(actor, held))
    return ballots.cancel(actor=actor, votation=votation, reason=reason, at=at, note=_amending(held, reason, at))


@transaction.atomic(durable=True)
def discard(*, actor: Any, consultation: Consultation, votation: Votation) -> None:
    """Throw away a vote that nobody saw.

    Raises: RefusedError.
    Locks: the vote, then the register.
    """
    require(editing_rules.edit_refusal(actor, consultation))
    ballots.discard(actor=actor, votation=votation)


def paper_refusal(user: Any, votation: Votation, *, at: dt.datetime) -> Refusal | None:
    """Tell whether somebody may enter what they counted of the paper; archived or not, the result is owed."""
    if not user.has_perm("consultations.change_consultation"):
        return Refusal("not_allowed", "Votre rôle ne permet pas de dépouiller un vote.")
    return ballots_rules.paper_refusal(votation, at=at)


@transaction.atomic(durable=True)
def enter_paper_count(*, actor: User, votation: Votation, sheet: Count, at: dt.datetime) -> bool:
    """Keep what one agent counted of the paper ballots; when two found the same, the vote is counted.

    Shape: True when the two agree.
    Raises: RefusedError; DomainError "sheet" for numbers that can not be right.
    Locks: the vote, then the box and the register when the two agree.
    """
    require(paper_refusal(actor, votation, at=at))
    return ballots.enter_paper_count(agent=actor, votation=votation, sheet=sheet, at=at)


@sensitive_variables("choices", "code")
@transaction.atomic(durable=True)
def cast(*, actor: User, link: ConsultationVote, choices: Sequence[int], code: str, at: dt.datetime) -> bool:
    """Put a ballot in the box, and the voter on the roll and in the ledger of the consultation, all or nothing.

    Shape: False for somebody who had voted already: nothing is written.
    Raises: RefusedError; DomainError for a ballot that the rules do not allow.
    Locks: the line of the roll, the box, then the line of the ledger.
    """
    person = ballots.cast(actor=actor, votation=link.votation, choices=choices, code=code, at=at)
    if person is None:
        return False
    participation.note(
        link.consultation,
        person,
        channel=Channel.WEB,
        at=at,
        district=actor.district,
        birth_year=actor.birth_year,
    )
    return True
