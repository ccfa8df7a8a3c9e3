"""Everything written about a vote.

`cast` and `enter_on_roll` run in the transaction of the service that holds the vote, which adds its own rows to it. Rows are
locked in one order: the line of the roll, the box, then the register.

Coming on the roll leaves no line on the register, on the web or at the desk: with the instant it bears, a line written in the
same transaction would say at which second each person voted. The register says each day how many did, and at the count
by which channels.
"""

import datetime as dt
import secrets
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.db import IntegrityError, transaction
from django.utils.translation import gettext as _
from django.views.decorators.debug import sensitive_variables

from accounts.models import User
from ballots import codes, counting, dates, rules, sealing, tally
from ballots.models import Box, BoxLine, Option, PaperCount, Receipt, RollLine, Votation
from desk import people
from desk.models import Channel, Person
from mulhouse import reasons
from mulhouse.db import assert_in_transaction, constraint_of
from mulhouse.errors import DomainError, Refusal, require
from mulhouse.queue import after_commit
from transparency import purging, register
from transparency.models import RegisterLine

BATCH = 1000
FIELDS = (
    "question",
    "intro",
    "kind",
    "most",
    "winners",
    "amount_cents",
    "opens_on",
    "ends_on",
    "residency_level",
    "minimum_age",
    "blank_allowed",
    "quorum",
    "majority",
    "tie",
)


# What the service that holds a vote writes beside a change of its rules, and adds to the line of the register.
Note = Callable[[Votation], Mapping[str, Any]]


@dataclass(frozen=True)
class OptionEdit:
    """An option as an agent wrote it, in the order of the page."""

    label: str
    description: str = ""
    cost_cents: int | None = None


# --- Preparing -----------------------------------------------------------------------------------------------------


def save(
    *, actor: Any, votation: Votation | None, values: Mapping[str, Any], options: Sequence[OptionEdit]
) -> Votation:
    """Write a vote that is not published, whole. The register says that an agent worked, not on what.

    Shape: `values` holds FIELDS.
    Raises: RefusedError once published; RuntimeError outside a transaction.
    Locks: the vote, then the register.
    """
    assert_in_transaction()
    if votation is None:
        votation = Votation.objects.create(**values)
    else:
        votation = Votation.objects.select_for_update(of=("self",)).get(pk=votation.pk)
        require(rules.edit_refusal(votation))
        for name in FIELDS:
            setattr(votation, name, values[name])
        votation.save()
        votation.options.all().delete()
    Option.objects.bulk_create(
        Option(
            votation=votation,
            number=number,
            label=edit.label,
            description=edit.description,
            cost_cents=edit.cost_cents,
        )
        for number, edit in enumerate(options, start=1)
    )
    register.record("vote.draft", role="agent", actor=actor)
    return votation


def publish(*, actor: Any, votation: Votation, at: dt.datetime, note: Note | None = None) -> Votation:
    """Declare the question, the dates and the rules, and close an empty box.

    Shape: `note` is called inside the transaction, before the register.
    Raises: RefusedError; RuntimeError outside a transaction.
    Locks: the vote, then the register.
    """
    assert_in_transaction()
    held = _held(votation)
    require(rules.publish_refusal(held, at=at))
    held.published_at = at
    held.save(update_fields=["published_at", "updated_at"])
    Box.objects.create(votation=held, sealed=sealing.seal({}, reference=held.reference))
    facts = {**_declared(held), **(note(held) if note else {})}
    register.record("vote.published", role="agent", subject=held.reference, facts=facts, actor=actor)
    return held


def extend(
    *, actor: Any, votation: Votation, ends_on: dt.date, reason: str, at: dt.datetime, note: Note | None = None
) -> Votation:
    """Put off the last day of a vote, in public and with a reason; it is never brought forward.

    Shape: `note` as in `publish`.
    Raises: RefusedError; DomainError "reason" without one, "shorter" for a day that is not later; RuntimeError outside a
    transaction.
    Locks: the vote, then the register.
    """
    assert_in_transaction()
    held = _held(votation)
    require(rules.extend_refusal(held, at=at))
    reason = reasons.sentence(reason)
    if ends_on <= held.ends_on:
        raise DomainError("shorter", "Choisissez un jour plus tard\u00a0: un délai annoncé ne se raccourcit pas.")
    before = held.ends_on
    held.first_ends_on = held.first_ends_on or before
    held.ends_on = ends_on
    held.save(update_fields=["first_ends_on", "ends_on", "updated_at"])
    facts = {"avant": before.isoformat(), "apres": ends_on.isoformat(), "motif": reason, **(note(held) if note else {})}
    register.record("vote.extended", role="agent", subject=held.reference, facts=facts, actor=actor)
    return held


def cancel(*, actor: Any, votation: Votation, reason: str, at: dt.datetime, note: Note | None = None) -> Votation:
    """Stop a vote for good, in public and with a reason: its box is destroyed unopened, nobody ever knows what it held.

    Shape: `note` as in `publish`.
    Raises: RefusedError once somebody can know the result; DomainError "reason" without one; RuntimeError outside a transaction.
    Locks: the vote, the box, then the register.
    """
    assert_in_transaction()
    held = _held(votation)
    require(rules.cancel_refusal(held, at=at))
    held.cancelled_at, held.cancel_reason = at, reasons.sentence(reason)
    held.save(update_fields=["cancelled_at", "cancel_reason", "updated_at"])
    Box.objects.filter(votation=held).delete()
    after_commit("ballots.sweep_boxes")
    facts = {"question": held.question, "motif": held.cancel_reason, **(note(held) if note else {})}
    register.record("vote.cancelled", role="agent", subject=held.reference, facts=facts, actor=actor)
    return held


def discard(*, actor: Any, votation: Votation) -> None:
    """Throw away a vote that nobody saw.

    Raises: RefusedError once published; RuntimeError outside a transaction.
    Locks: the vote, then the register.
    """
    assert_in_transaction()
    held = Votation.objects.select_for_update(of=("self",)).get(pk=votation.pk)
    require(rules.edit_refusal(held))
    held.delete()
    register.record("vote.draft", role="agent", actor=actor)


def _declared(votation: Votation) -> dict[str, Any]:
    """Say on the register what was declared (prefetch `options`)."""
    options = list(votation.options.all())
    budget = {
        "budget_centimes": votation.amount_cents,
        "couts_centimes": [option.cost_cents for option in options],
    }
    return {
        "question": votation.question,
        "propositions": [option.label for option in options],
        **(budget if votation.amount_cents else {}),
        "forme": votation.kind,
        "choix_au_plus": votation.most,
        "retenues_au_plus": votation.winners,
        "du": votation.opens_on.isoformat(),
        "au": votation.ends_on.isoformat(),
        "qui": votation.residency_level,
        "age_minimum": votation.minimum_age or 0,
        "vote_blanc": votation.blank_allowed,
        "quorum": votation.quorum,
        "majorite": votation.majority,
        "egalite": votation.tie,
    }


# --- Voting --------------------------------------------------------------------------------------------------------


@sensitive_variables("choices", "one", "code")
def cast(*, actor: User, votation: Votation, choices: Sequence[int], code: str, at: dt.datetime) -> Person | None:
    """Write that somebody voted, put their ballot in the box and keep the fingerprint of their receipt, all or nothing.

    Shape: the person who voted; None when they had voted before, in which case nothing is written and nothing is said of it.
    Raises: RefusedError; DomainError for a ballot that the rules do not allow; RuntimeError outside a transaction.
    Locks: the line of the roll, then the box, which every voter of this vote takes in turn.
    """
    assert_in_transaction()
    require(_but_voted(rules.vote_refusal(actor, votation, at=at)))
    one = _valid(choices, votation)
    person = people.of_user(actor)
    if not _sign(votation, person, Channel.WEB, at):
        return None
    box = Box.objects.select_for_update(of=("self",), no_key=True).filter(votation=votation).first()
    if box is None:
        raise _closed()
    box.sealed = sealing.with_one_more(bytes(box.sealed), one, reference=votation.reference)
    box.save(update_fields=["sealed"])
    Receipt.objects.create(fingerprint=codes.fingerprint(code, reference=votation.reference), votation=votation)
    return person


def _but_voted(refusal: Refusal | None) -> Refusal | None:
    """Let through whoever voted already: the unique line of the roll answers for them, without a race."""
    return None if refusal is not None and refusal.code == "voted" else refusal


@sensitive_variables()
def _valid(choices: Sequence[int], votation: Votation) -> tally.Ballot:
    try:
        return tally.ballot(choices, votation.rules())
    except tally.WrongBallotError as error:
        sentences = {
            "blank": _("Choisissez une proposition\u00a0: ce vote n’a pas de vote blanc."),
            "too_many": _("Vous avez choisi trop de propositions."),
            "over": _("Votre panier dépasse le budget."),
        }
        raise DomainError(error.code, sentences.get(error.code, _("Ce bulletin n’est pas valable."))) from None


def _sign(votation: Votation, person: Person, channel: str, at: dt.datetime) -> bool:
    """Write a line of the roll; tell whether it is new.

    Raises: DomainError "closed" when the vote was counted or cancelled meanwhile.
    """
    try:
        return RollLine.objects.get_or_create(
            votation=votation,
            person=person,
            defaults={"channel": channel, "voted_on": at.astimezone(dates.PARIS).date()},
        )[1]
    except IntegrityError as error:
        if constraint_of(error) == "vote_is_over":
            raise _closed() from error
        raise


def _closed() -> DomainError:
    return DomainError("closed", _("Le vote est terminé\u00a0: l’urne ne reçoit plus de bulletin."))


def enter_on_roll(
    *,
    votation: Votation,
    person: Person,
    channel: str,
    at: dt.datetime,
    note: Callable[[], None] | None = None,
) -> bool:
    """Write that somebody came to an agent and was given a paper ballot; what they put on it is never typed in.

    The agent checked who they are, where they live and how old they are. As for a ballot of the web, nothing is said on the
    register but the number of voters of whole days.

    Shape: False when this person had voted, by whatever channel: they get no ballot. `note` is called once they are on the roll,
    for the host's own count of people, in the order in which `cast` lets it count.
    Raises: RefusedError outside the days of the vote; ValueError for a channel without paper; RuntimeError outside a
    transaction.
    Locks: the line of the roll.
    """
    assert_in_transaction()
    if channel not in rules.BY_HAND:
        raise ValueError(channel)
    require(rules.days_refusal(votation, at=at))
    if not _sign(votation, person, channel, at):
        return False
    if note is not None:
        note()
    return True


@transaction.atomic(durable=True)
def record_turnout(*, votation: Votation, at: dt.datetime) -> bool:
    """Put on the register how many people had voted by the end of a day, once enough more did.

    Shape: False when there is nothing new to say.
    """
    known = counting.turnout(votation, at=at)
    if not known.voters or known.until is None:
        return False
    facts = {"jusqu_au": known.until.isoformat(), "votants": known.voters}
    said = RegisterLine.objects.filter(act="vote.turnout", subject=votation.reference)
    if said.filter(content__contains=f'"jusqu_au":"{facts["jusqu_au"]}"').exists():
        return False
    register.record("vote.turnout", role="système", subject=votation.reference, facts=facts)
    return True


# --- Counting ------------------------------------------------------------------------------------------------------


def enter_paper_count(*, agent: User, votation: Votation, sheet: tally.Count, at: dt.datetime) -> bool:
    """Keep what one agent counted, or counted again; when two agents found the same, the vote is counted.

    Shape: True when the two agree.
    Raises: RefusedError; DomainError "sheet" for numbers that can not be right; RuntimeError outside a transaction.
    Locks: the vote, then the box and the register when the two agree.
    """
    assert_in_transaction()
    held = _held(votation)
    require(rules.paper_refusal(held, at=at))
    if wrong := tally.problem(sheet, held.rules()):
        raise DomainError("sheet", SHEET_PROBLEMS[wrong])
    values = {
        "ballots": sheet.ballots,
        "blank": sheet.blank,
        "spoiled": sheet.spoiled,
        "scores": {str(number): [score.yes, score.no] for number, score in sheet.scores.items()},
        "entered_at": at,
    }
    PaperCount.objects.update_or_create(votation=held, agent=agent, defaults=values)
    if counting.agreed(list(held.paper_counts.order_by("pk"))) is None:
        register.record("vote.paper_counted", role="agent", subject=held.reference, actor=agent)
        return False
    _count(held, at=at)
    return True


SHEET_PROBLEMS = {
    "ballots": "Il y a plus de bulletins blancs et nuls que de bulletins trouvés.",
    "blank": "Ce vote n’a pas de vote blanc\u00a0: comptez ces bulletins parmi les nuls.",
    "option": "Une proposition a plus de voix qu’il n’y a de bulletins exprimés.",
    "sum": "Les voix ne correspondent pas au nombre de bulletins exprimés, ou coûtent plus que leurs paniers. Recomptez.",
}


@transaction.atomic(durable=True)
def count(*, votation: Votation, at: dt.datetime) -> bool:
    """Open the box a minute after the closing, lay the ballots out and publish the result; counting again changes nothing.

    Shape: False while paper ballots wait for two agents who agree, and when it is counted already.
    Raises: BrokenSealError when the key is not the one the box was closed with.
    Locks: the vote, the box, the register.
    """
    held = _held(votation)
    if held.counted_at is not None or held.cancelled_at is not None or not dates.may_count(held.ends_on, at=at):
        return False
    if counting.by_hand(held) and counting.agreed(list(held.paper_counts.order_by("pk"))) is None:
        return False
    _count(held, at=at)
    return True


def _held(votation: Votation) -> Votation:
    # Not by its key: who votes at this instant points at it from the roll, and holds the box that is wanted next.
    rows = Votation.objects.select_for_update(of=("self",), no_key=True).prefetch_related("options")
    return rows.get(pk=votation.pk)


@sensitive_variables("ballots", "lines")
def _count(votation: Votation, *, at: dt.datetime) -> None:
    """Turn the sealed box into lines, in an order drawn at random, and put the numbers on the register."""
    box = Box.objects.select_for_update(of=("self",)).get(votation=votation)
    ballots = sealing.unseal(bytes(box.sealed), reference=votation.reference)
    lines = [
        BoxLine(votation=votation, choices=list(one)) for one, times in sorted(ballots.items()) for _n in range(times)
    ]
    secrets.SystemRandom().shuffle(lines)
    BoxLine.objects.bulk_create(lines, batch_size=BATCH)
    box.delete()
    votation.counted_at = at
    votation.save(update_fields=["counted_at", "updated_at"])
    found = counting.whole(votation, ballots)
    register.record("vote.counted", role="système", subject=votation.reference, facts=_numbers(votation, found, at=at))


def _numbers(votation: Votation, found: counting.Result, *, at: dt.datetime) -> dict[str, Any]:
    """Say on the register what was counted; the detail only where it tells nothing of anybody."""
    facts: dict[str, Any] = {
        "votants": found.voters,
        "bulletins": found.count.ballots,
    }
    if channels := counting.turnout(votation, at=at).by_channel:
        facts["canaux"] = channels
    if found.outcome.steps[0].holds:
        scores = found.count.scores
        is_yes_no = votation.kind == Votation.Kind.YES_NO
        facts |= {
            "blancs": found.count.blank,
            "nuls": found.count.spoiled,
            "voix": [
                {"proposition": number, "oui": scores[number].yes, **({"non": scores[number].no} if is_yes_no else {})}
                for number in sorted(scores)
            ],
            "retenues": list(found.outcome.kept),
            "egalite": list(found.outcome.level),
        }
        if found.outcome.turns:
            facts["repartition"] = [
                {"proposition": turn.number, "cout": turn.cost, "reste": turn.left, "retenue": turn.kept}
                for turn in found.outcome.turns
            ]
    return facts


# --- Forgetting ----------------------------------------------------------------------------------------------------


@transaction.atomic(durable=True)
def clear_roll(*, votation: Votation, at: dt.datetime) -> bool:
    """Cut the people from the roll once nobody can contest the vote: the lines and their number stay.

    Shape: False when it was done already, or it is too early.
    Locks: the vote, then the register.
    """
    held = _held(votation)
    if not Votation.objects.to_forget(at=at).filter(pk=held.pk).exists():
        return False
    held.roll_cleared_at = at
    held.save(update_fields=["roll_cleared_at", "updated_at"])
    purging.note(lignes_d_emargement=RollLine.objects.filter(votation=held).update(person=None))
    return True
