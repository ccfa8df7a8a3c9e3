"""The first reading of an idea by the city, then its feasibility study by the services. Locks: the idea, its study, then the register.

What agents write between themselves (notes, synthesis) leaves on the register that somebody worked, and not a word of it.
"""

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.db import transaction
from django.db.models import Max

from city.models import Service
from ideas import actions, choosing, city_rules, clocks, realism
from ideas.models import Criterion, Idea, InternalNote, Reading, Stage, Study, StudyPart
from ideas.models.studies import CriterionCode
from mulhouse import queue, reasons
from mulhouse.errors import DomainError, require
from transparency import promising, register

AGENT = "agent"
# Leaves room for what the rule says before it, in the column `ground`.
LONGEST_GROUND_REASON = 150


# --- First reading -----------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Judgement:
    """What a reading says of one criterion."""

    level: int
    reason: str


@transaction.atomic(durable=True)
def publish_reading(
    *,
    actor: Any,
    idea: Idea,
    power: str,
    handed_to: str,
    judgements: Mapping[str, Judgement],
    seen: int,
    at: dt.datetime,
) -> Reading:
    """Publish the first reading of an idea, or one that replaces it: the former stays readable.

    Shape: `judgements` holds every criterion; `seen` is the number of the last reading the agent had under the eyes, 0 for none.
    Raises: RefusedError; DomainError "stale" when somebody was faster, "handed_to" when nobody is named for what is beyond the
    powers of the city, "powers" when the level of that criterion says otherwise, or the criterion that lacks a reason.
    Locks: the idea.
    """
    held = actions.locked(idea)
    require(city_rules.read_refusal(actor, held))
    last = Reading.objects.filter(idea=held).aggregate(last=Max("number"))["last"] or 0
    if last != seen:
        raise DomainError(
            "stale", "Quelqu’un a publié une lecture pendant ce temps. Rechargez la page, puis reportez la vôtre."
        )
    _check(power, handed_to, judgements)
    score = realism.score({code: judgement.level for code, judgement in judgements.items()})
    reading = Reading.objects.create(
        idea=held,
        number=last + 1,
        agent=actor,
        power=power,
        handed_to="" if power == Reading.Power.CITY else handed_to.strip(),
        score=score,
        published_at=at,
    )
    Criterion.objects.bulk_create(
        Criterion(reading=reading, code=code, level=judgements[code].level, reason=judgements[code].reason.strip())
        for code in CriterionCode.values
    )
    Idea.objects.filter(pk=held.pk).update(realism=score)
    clocks.keep(clocks.READING, idea=held, at=at)
    register.record(
        "idea.read",
        role=AGENT,
        subject=held.reference,
        facts={
            "lecture": reading.number,
            "realisme": score,
            "niveaux": {code: judgements[code].level for code in CriterionCode.values},
            "competence": power,
        },
        actor=actor,
    )
    return reading


def _check(power: str, handed_to: str, judgements: Mapping[str, Judgement]) -> None:
    is_ours = power == Reading.Power.CITY
    if not is_ours and not handed_to.strip():
        raise DomainError("handed_to", "Dites à qui l’idée revient.")
    if not is_ours and judgements[CriterionCode.POWERS].level > realism.BEYOND_POWERS:
        raise DomainError(
            "powers",
            "La Ville n’est pas compétente\u00a0: «\u00a0Empêche le projet\u00a0» ou «\u00a0Très difficile\u00a0».",
        )
    for code in CriterionCode.values:
        if not judgements[code].reason.strip():
            raise DomainError(code, "Donnez une raison en une phrase\u00a0: elle est publique.")


# --- Study -----------------------------------------------------------------------------------------------------------------


@transaction.atomic(durable=True)
def open_study(*, actor: Any, idea: Idea, services: Sequence[Service], at: dt.datetime, reason: str = "") -> Study:
    """Open the study of an idea and ask services for their part; why it is its turn is written for everybody.

    From then on it gathers no support, its text stays, and the city owes an answer within clocks.STUDY_DAYS.

    Raises: RefusedError; DomainError "services" without any, "reason" when another idea comes first and nobody says why.
    Locks: the idea.
    """
    held = actions.locked(idea)
    require(city_rules.open_study_refusal(actor, held))
    if not services:
        raise DomainError("services", "Choisissez au moins un service.")
    seen = choosing.with_rule(Idea.objects.filter(pk=held.pk).select_related("campaign").defer("search")).get()
    why = reason.strip()
    if choosing.rank_of(held)[0] != 1:
        why = reasons.sentence(
            reason, missing="Ce n’est pas son tour\u00a0: dites publiquement pourquoi elle est étudiée."
        )
        if len(why) > LONGEST_GROUND_REASON:
            raise DomainError("reason", f"{LONGEST_GROUND_REASON} caractères au plus.")
    study = Study.objects.create(idea=held, opened_at=at, ground=choosing.ground(seen, reason=why, at=at))
    StudyPart.objects.bulk_create(StudyPart(study=study, service=service, asked_at=at) for service in services)
    held.stage, held.stage_at = Stage.STUDY, at
    held.save(update_fields=["stage", "stage_at", "saved_at"])
    clocks.keep(clocks.ELIGIBLE, idea=held, at=at)
    clocks.begin(clocks.STUDY, idea=held, at=at)
    register.record(
        "idea.study_opened",
        role=AGENT,
        subject=held.reference,
        facts={"pourquoi": study.ground, "services": [service.name for service in services]},
        actor=actor,
    )
    queue.after_commit("ideas.tell_study", study_id=study.pk)
    return study


@transaction.atomic(durable=True)
def ask_parts(*, actor: Any, idea: Idea, services: Sequence[Service], at: dt.datetime) -> int:
    """Ask more services for their part; one that was asked already is left as it is.

    Shape: how many are asked anew.
    Raises: RefusedError.
    Locks: the idea.
    """
    held = actions.locked(idea)
    require(city_rules.study_refusal(actor, held))
    known = set(StudyPart.objects.filter(study__idea=held).values_list("service_id", flat=True))
    new = [service for service in services if service.pk not in known]
    StudyPart.objects.bulk_create(StudyPart(study=held.study, service=service, asked_at=at) for service in new)
    if new:
        facts = {"services": [service.name for service in new]}
        register.record("idea.study_part_asked", role=AGENT, subject=held.reference, facts=facts, actor=actor)
    return len(new)


@dataclass(frozen=True)
class Part:
    """What a service says. Units: euro cents, months."""

    feasibility: str
    condition: str = ""
    cost_cents: int | None = None
    upkeep_cents: int | None = None
    delay_months: int | None = None
    constraint: str = ""


@transaction.atomic(durable=True)
def give_part(*, actor: Any, part: StudyPart, said: Part, at: dt.datetime) -> StudyPart:
    """Give the part of a service, or change it as long as the study runs; it is shown with the answer.

    Raises: RefusedError; DomainError "condition" for « feasible if » without saying what.
    Locks: the idea, the part.
    """
    held = actions.locked(part.study.idea)
    part.study.idea = held
    require(city_rules.part_refusal(actor, part))
    if said.feasibility == StudyPart.Feasibility.IF and not said.condition.strip():
        raise DomainError("condition", "Dites à quelle condition c’est faisable.")
    rows = StudyPart.objects.select_for_update(of=("self",), no_key=True).select_related("service")
    given = rows.get(pk=part.pk)
    for name in Part.__dataclass_fields__:
        setattr(given, name, getattr(said, name))
    given.agent, given.given_at = actor, at
    given.save(update_fields=[*Part.__dataclass_fields__, "agent", "given_at"])
    facts = {"service": given.service.name}
    register.record("idea.study_part_given", role=AGENT, subject=held.reference, facts=facts, actor=actor)
    return given


@transaction.atomic(durable=True)
def write_synthesis(*, actor: Any, idea: Idea, text: str, seen: str) -> None:
    """Keep what comes out of the parts, for the one who writes the answer; read by agents alone.

    Shape: `seen` is the text the agent had under the eyes.
    Raises: RefusedError; DomainError "stale".
    Locks: the idea.
    """
    held = actions.locked(idea)
    require(city_rules.study_refusal(actor, held))
    if held.study.synthesis != seen:
        raise DomainError(
            "stale", "Quelqu’un a changé la synthèse pendant ce temps. Rechargez la page, puis reportez la vôtre."
        )
    Study.objects.filter(idea=held).update(synthesis=text.strip())
    _record_work(actor, held)


@transaction.atomic(durable=True)
def note(*, actor: Any, idea: Idea, text: str, at: dt.datetime) -> InternalNote:
    """Write a note that agents alone read.

    Raises: RefusedError; DomainError "text" without words.
    """
    require(city_rules.note_refusal(actor, idea))
    if not text.strip():
        raise DomainError("text", "Écrivez la note.")
    written = InternalNote.objects.create(idea=idea, agent=actor, text=text.strip(), written_at=at)
    _record_work(actor, idea)
    return written


def _record_work(actor: Any, idea: Idea) -> None:
    register.record("idea.study_worked", role=AGENT, subject=idea.reference, actor=actor)


@transaction.atomic(durable=True)
def pause(*, actor: Any, idea: Idea, reason: str, at: dt.datetime) -> None:
    """Stop the clock of a study, for a reason that is public.

    Raises: RefusedError; DomainError "reason", "paused" or "late", as `promising.pause`.
    Locks: the idea, its promise.
    """
    held = actions.locked(idea)
    require(city_rules.study_refusal(actor, held))
    promising.pause(kind=clocks.STUDY, key=held.reference, reason=reason, at=at)
    facts = {"motif": reasons.sentence(reason)}
    register.record("idea.study_paused", role=AGENT, subject=held.reference, facts=facts, actor=actor)


@transaction.atomic(durable=True)
def resume(*, actor: Any, idea: Idea, at: dt.datetime) -> None:
    """Start the clock of a study again: the promised day moves by as many days as it stood still.

    Raises: RefusedError; DomainError "running".
    Locks: the idea, its promise.
    """
    held = actions.locked(idea)
    require(city_rules.study_refusal(actor, held))
    promise = promising.resume(kind=clocks.STUDY, key=held.reference, at=at)
    facts = {"echeance": promise.due_on.isoformat()}
    register.record("idea.study_resumed", role=AGENT, subject=held.reference, facts=facts, actor=actor)
