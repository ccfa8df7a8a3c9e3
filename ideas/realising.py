"""What becomes of an idea that the city kept: stages with their days, dated events that everybody reads. Locks: the idea, its stage.

Every gesture is an event, never rewritten, told to those who follow the idea.
"""

import datetime as dt
from collections.abc import Mapping, Sequence
from itertools import pairwise
from typing import Any

from django.db import transaction

from commitments.photos import Photo
from ideas import actions, city_rules, clocks
from ideas.models import Event, EventPhoto, Idea, Milestone, Stage, Threshold, ThresholdPassing
from mulhouse import queue, reasons, typography
from mulhouse.errors import DomainError, Refusal, require
from mulhouse.markup import render_markdown
from mulhouse.typography import local_day
from transparency import register

FOLDER = "idees"
STEPS = tuple(Milestone.Step)


@transaction.atomic(durable=True)
def plan(*, actor: Any, idea: Idea, days: Mapping[str, dt.date], at: dt.datetime) -> Event:
    """Announce the days of the stages that have none: the realisation is under way.

    Shape: `days` by stage; a stage left out has no day yet, and the days announced already stay.
    Raises: RefusedError; DomainError with the stage whose day comes before that of an earlier stage, or "days" without any.
    Locks: the idea.
    """
    held = actions.locked(idea)
    require(city_rules.realise_refusal(actor, held))
    known = dict(Milestone.objects.filter(idea=held).values_list("step", "planned_on"))
    new = {step: day for step, day in days.items() if step not in known}
    if not new:
        raise DomainError("days", "Donnez le jour d’une étape au moins.")
    _in_order({**known, **new})
    Milestone.objects.bulk_create(
        Milestone(idea=held, step=step, first_planned_on=new[step], planned_on=new[step])
        for step in STEPS
        if step in new
    )
    _move(held, Stage.GOING_ON, at=at)
    said = ", ".join(f"{step.label.lower()} le {typography.day(new[step])}" for step in STEPS if step in new)
    event = _tell(
        held, kind=Event.Kind.NEWS, text=f"Le calendrier est annoncé\u00a0: {said}.", happened_on=local_day(at), at=at
    )
    facts = {"etapes": {step: day.isoformat() for step, day in new.items()}, "nouvelle": event.reference}
    register.record("idea.planned", role="agent", subject=held.reference, facts=facts, actor=actor)
    return event


def _in_order(days: Mapping[str, dt.date]) -> None:
    dated = [(step, days[step]) for step in STEPS if step in days]
    for (_earlier, before), (later, after) in pairwise(dated):
        if after < before:
            raise DomainError(later.value, f"«\u00a0{later.label}\u00a0» ne peut pas venir avant l’étape d’avant.")


@transaction.atomic(durable=True)
def change_date(*, actor: Any, milestone: Milestone, planned_on: dt.date, reason: str, at: dt.datetime) -> Event:
    """Give a stage another day, in public and with the reason; the first one stays in sight.

    Raises: RefusedError; DomainError "reason" without one, "planned_on" when the day does not change or is out of order.
    Locks: the idea, the stage.
    """
    why = reasons.sentence(reason, missing="Dites pourquoi la date change\u00a0: le motif est public.")
    held, stage = _held(milestone)
    require(city_rules.milestone_refusal(actor, stage))
    if planned_on == stage.planned_on:
        raise DomainError("planned_on", "C’est déjà sa date.")
    days = dict(Milestone.objects.filter(idea=held).values_list("step", "planned_on"))
    try:
        _in_order({**days, stage.step: planned_on})
    except DomainError as error:
        raise DomainError("planned_on", error.message) from error
    before, stage.planned_on = stage.planned_on, planned_on
    stage.save(update_fields=["planned_on"])
    event = _tell(
        held,
        kind=Event.Kind.DATE,
        step=stage.step,
        text=why,
        happened_on=local_day(at),
        date_before=before,
        date_after=planned_on,
        at=at,
    )
    facts = {"etape": stage.step, "avant": before.isoformat(), "apres": planned_on.isoformat(), "motif": why}
    register.record("idea.date_changed", role="agent", subject=held.reference, facts=facts, actor=actor)
    return event


@transaction.atomic(durable=True)
def finish_step(
    *,
    actor: Any,
    milestone: Milestone,
    done_on: dt.date,
    text: str,
    at: dt.datetime,
    photos: Sequence[Photo] = (),
) -> Event:
    """Say that a stage is done; the last one realises the idea.

    Raises: RefusedError; DomainError "done_on" for a day to come.
    Locks: the idea, the stage.
    """
    held, stage = _held(milestone)
    require(city_rules.milestone_refusal(actor, stage))
    _not_to_come("done_on", done_on, at=at)
    stage.done_on = done_on
    stage.save(update_fields=["done_on"])
    _move(held, Stage.DONE if stage.step == Milestone.Step.DONE else Stage.GOING_ON, at=at)
    event = _tell(
        held, kind=Event.Kind.STEP, step=stage.step, text=text.strip(), happened_on=done_on, photos=photos, at=at
    )
    facts = {"etape": stage.step, "date": done_on.isoformat(), "nouvelle": event.reference, **_sealed(photos)}
    register.record("idea.step_done", role="agent", subject=held.reference, facts=facts, actor=actor)
    return event


@transaction.atomic(durable=True)
def add_news(
    *,
    actor: Any,
    idea: Idea,
    text: str,
    happened_on: dt.date,
    at: dt.datetime,
    budget_cents: int | None = None,
    photos: Sequence[Photo] = (),
) -> Event:
    """Say what happened, with photos, or what it costs from then on.

    Raises: RefusedError; DomainError "text" without words, "happened_on" for a day to come.
    Locks: the idea.
    """
    held = actions.locked(idea)
    require(city_rules.news_refusal(actor, held))
    if not text.strip():
        raise DomainError("text", "Dites en quelques mots ce qui s’est passé\u00a0: c’est ce que les habitants liront.")
    _not_to_come("happened_on", happened_on, at=at)
    event = _tell(
        held,
        kind=Event.Kind.NEWS,
        text=text.strip(),
        happened_on=happened_on,
        budget_cents=budget_cents,
        photos=photos,
        at=at,
    )
    facts: dict[str, Any] = {"date": happened_on.isoformat(), "nouvelle": event.reference, **_sealed(photos)}
    if budget_cents is not None:
        facts["budget_centimes"] = budget_cents
    register.record("idea.realisation_news", role="agent", subject=held.reference, facts=facts, actor=actor)
    return event


@transaction.atomic(durable=True)
def keep_promise(
    *,
    actor: Any,
    idea: Idea,
    threshold: Threshold,
    text: str,
    happened_on: dt.date,
    at: dt.datetime,
    photos: Sequence[Photo] = (),
) -> Event:
    """Say that what a threshold promised is done: a meeting held, a workshop, a vote. It counts as kept on the day this is said.

    Raises: RefusedError; DomainError "text" without words, "happened_on" for a day to come.
    Locks: the idea, its promise.
    """
    held = actions.locked(idea)
    require(promise_refusal(actor, held, threshold))
    if not text.strip():
        raise DomainError("text", "Dites en quelques mots ce qui a été fait\u00a0: c’est ce que les habitants liront.")
    _not_to_come("happened_on", happened_on, at=at)
    clocks.keep_threshold(idea=held, threshold=threshold, at=at)
    event = _tell(
        held,
        kind=Event.Kind.PROMISE,
        threshold=threshold,
        text=text.strip(),
        happened_on=happened_on,
        photos=photos,
        at=at,
    )
    facts = {
        "seuil": threshold.supports,
        "date": happened_on.isoformat(),
        "nouvelle": event.reference,
        **_sealed(photos),
    }
    register.record("idea.promise_kept", role="agent", subject=held.reference, facts=facts, actor=actor)
    return event


def promise_refusal(user: Any, idea: Idea, threshold: Threshold) -> Refusal | None:
    """Tell whether somebody may say that a promise is kept; two queries at most."""
    whole = ThresholdPassing.objects.filter(idea=idea, threshold=threshold, percent=ThresholdPassing.Percent.WHOLE)
    return city_rules.promise_refusal(
        user,
        idea,
        is_reached=whole.exists(),
        is_kept=Event.objects.filter(idea=idea, threshold=threshold).exists(),
    )


@transaction.atomic(durable=True)
def abandon(*, actor: Any, idea: Idea, reason: str, at: dt.datetime) -> Event:
    """Give an idea up, with the reasons: for ever.

    Raises: RefusedError; DomainError "reason" without one.
    Locks: the idea.
    """
    if not reason.strip():
        raise DomainError("reason", "Dites pourquoi la Ville y renonce\u00a0: c’est ce que les habitants liront.")
    held = actions.locked(idea)
    require(city_rules.realise_refusal(actor, held))
    _move(held, Stage.ABANDONED, at=at)
    event = _tell(held, kind=Event.Kind.ABANDONED, text=reason.strip(), happened_on=local_day(at), at=at)
    facts = {"motif": reason.strip(), "nouvelle": event.reference}
    register.record("idea.abandoned", role="agent", subject=held.reference, facts=facts, actor=actor)
    return event


def _held(milestone: Milestone) -> tuple[Idea, Milestone]:
    held = actions.locked(milestone.idea)
    stage = Milestone.objects.select_for_update(of=("self",), no_key=True).get(pk=milestone.pk)
    stage.idea = held
    return held, stage


def _not_to_come(name: str, day: dt.date, *, at: dt.datetime) -> None:
    if day > local_day(at):
        raise DomainError(name, "Cette date est à venir. Une nouvelle dit ce qui est fait.")


def _move(idea: Idea, stage: str, *, at: dt.datetime) -> None:
    if idea.stage != stage:
        idea.stage, idea.stage_at = stage, at
        idea.save(update_fields=["stage", "stage_at", "saved_at"])


def _sealed(photos: Sequence[Photo]) -> dict[str, Any]:
    return {"photos_sha256": [photo.sha256 for photo in photos]} if photos else {}


def _tell(idea: Idea, *, kind: str, text: str, at: dt.datetime, photos: Sequence[Photo] = (), **parts: Any) -> Event:
    event = Event.objects.create(
        idea=idea, kind=kind, text=text, text_html=render_markdown(text), published_at=at, **parts
    )
    EventPhoto.objects.bulk_create(
        EventPhoto(
            event=event,
            file=photo.name,
            alt=photo.alt,
            content_type="image/webp",
            width=photo.width,
            height=photo.height,
        )
        for photo in photos
    )
    queue.after_commit("ideas.tell_event", event_id=event.pk)
    return event
