"""What the city does of an idea, as everybody reads it: its reading, its study, its answers, its realisation and their days.

One file in four queries, whatever happened. The staff space shows the same, with what agents write between themselves.
"""

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from django.contrib.postgres.expressions import ArraySubquery
from django.db.models import CharField, OuterRef, Subquery, Value
from django.db.models.functions import Concat, JSONObject
from django.urls import reverse
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import gettext as _

from ideas import clocks, presentation
from ideas.models import (
    Answer,
    Criterion,
    Event,
    EventPhoto,
    Idea,
    Milestone,
    Reaction,
    Reading,
    Stage,
    StudyPart,
    ThresholdPassing,
)
from ideas.models.studies import CriterionCode
from ideas.models.writing import ANSWERED
from mulhouse import typography
from mulhouse.templatetags import ui
from transparency import clocks as standings
from transparency import promises
from transparency.models import Promise, PromisePause

# More news than that is read from the feed.
EVENTS_SHOWN = 50
OUTCOME_TAGS: dict[str, tuple[ui.Tone, str]] = {
    Answer.Outcome.KEPT: ("yes", "circle-check"),
    Answer.Outcome.PARTLY: ("mixed", "circle-check"),
    Answer.Outcome.DECLINED: ("no", "x"),
    Answer.Outcome.ALREADY: ("info", "check"),
    Answer.Outcome.TRANSFERRED: ("info", "arrow-right"),
}
FEASIBILITY_TONES: dict[str, ui.Tone] = {
    StudyPart.Feasibility.YES: "yes",
    StudyPart.Feasibility.IF: "mixed",
    StudyPart.Feasibility.NO: "no",
}
LEVEL_TONES: tuple[ui.Tone, ...] = ("no", "no", "mixed", "info", "yes")


@dataclass(frozen=True)
class ShownClock:
    """A promise on its day: in a pill, in a sentence, with a word more where one is due; why it stands still; the day first told."""

    kind: str
    tag: ui.Tag
    sentence: str
    due_on: dt.date
    pause: str = ""
    first: str = ""
    is_kept: bool = False
    text: str = ""


@dataclass(frozen=True)
class ShownPromise:
    """What a threshold that the idea reached promises, by when, and whether it is kept."""

    key: int
    supports: int
    name: str
    promise: str
    due_on: dt.date
    tag: ui.Tag
    is_kept: bool


@dataclass(frozen=True)
class ShownCriterion:
    """What a reading says of a criterion."""

    code: str
    label: str
    tag: ui.Tag
    reason: str
    # Where one comments it; "" for a reading that was replaced, and for agents.
    comment_url: str = ""


@dataclass(frozen=True)
class ShownReading:
    """A reading of the city."""

    number: int
    score: int
    at: dt.datetime
    power: str
    handed_to: str
    criteria: list[ShownCriterion]


@dataclass(frozen=True)
class ShownPart:
    """What a service said; `feasibility` is None as long as it waits."""

    key: int
    service: str
    feasibility: ui.Tag | None
    facts: list[ui.Fact]
    asked_on: dt.date
    given_on: dt.date | None


@dataclass(frozen=True)
class ShownStudy:
    """A study: since when, why this idea, its parts, and the synthesis, which is for agents."""

    opened_on: dt.date
    closed_on: dt.date | None
    ground: str
    parts: list[ShownPart]
    synthesis: str


@dataclass(frozen=True)
class ShownAnswer:
    """An answer, and what the author said of it."""

    key: int
    reference: str
    number: int
    tag: ui.Tag
    html: SafeString
    detail: SafeString
    act_url: str
    facts: list[ui.Fact]
    signatory: str
    at: dt.datetime
    correction: str
    reaction: SafeString | None = None
    reacted_at: dt.datetime | None = None
    has_reaction: bool = False


@dataclass(frozen=True)
class ShownPhoto:
    """A photo of the city."""

    url: str
    alt: str
    width: int | None
    height: int | None


@dataclass(frozen=True)
class ShownEvent:
    """A dated word of the city."""

    reference: str
    title: str
    day: dt.date
    tag: ui.Tag
    html: SafeString
    budget: str
    photos: list[ShownPhoto]


@dataclass(frozen=True)
class Step:
    """A stage of the realisation, for those who work on it."""

    key: int
    step: str
    label: str
    planned_on: dt.date
    first_planned_on: dt.date
    done_on: dt.date | None


@dataclass(frozen=True)
class File:
    """Everything the city did of an idea. What is last is first in each list."""

    stage: ui.Tag
    clocks: list[ShownClock]
    promises: list[ShownPromise]
    readings: list[ShownReading]
    study: ShownStudy | None
    answers: list[ShownAnswer]
    steps: list[Step]
    timeline: list[ui.Milestone]
    events: list[ShownEvent]
    is_answered: bool

    @property
    def reading(self) -> ShownReading | None:
        """Give the reading that stands."""
        return self.readings[0] if self.readings else None

    @property
    def former_readings(self) -> list[ShownReading]:
        """Give those it replaced."""
        return self.readings[1:]

    @property
    def answer(self) -> ShownAnswer | None:
        """Give the answer that stands."""
        return self.answers[0] if self.answers else None

    @property
    def former_answers(self) -> list[ShownAnswer]:
        """Give those it corrected."""
        return self.answers[1:]

    @property
    def parts(self) -> list[ShownPart]:
        """Give what the services said: published with the answer, not before."""
        given = self.study.parts if self.study and self.is_answered else []
        return [part for part in given if part.feasibility]

    @property
    def news(self) -> list[ShownEvent]:
        """Give the events that say more than the stages, which show what is done and when."""
        return [event for event in self.events if event.html or event.budget or event.photos]

    @property
    def is_empty(self) -> bool:
        """Tell whether there is nothing to show yet but a day."""
        return not (self.readings or self.study or self.answers or self.events)


def public_file(idea: Idea, *, today: dt.date, is_debated: bool = False) -> File:
    """Read what the city did of an idea; four queries. `is_debated`: each criterion leads to the debate of the page."""
    head = _head(idea)
    return File(
        stage=presentation.stage_tag(idea.stage),
        clocks=[_clock(row, idea, today=today) for row in head["owed"]],
        promises=[_kept_promise(row, today=today) for row in head["reached"] if row["owed"]],
        readings=_readings(idea, is_debated=is_debated),
        study=_study(head),
        answers=_answers(idea),
        steps=[_step(row) for row in head["planned"]],
        timeline=_timeline([_step(row) for row in head["planned"]], is_given_up=idea.stage == Stage.ABANDONED),
        events=_events(idea),
        is_answered=idea.stage in ANSWERED,
    )


def _head(idea: Idea) -> dict[str, Any]:
    """Read in one query what hangs on the row of an idea and is short: its study, its parts, its stages, its promises."""
    steps = Milestone.objects.filter(idea=OuterRef("pk")).order_by("planned_on", "pk")
    parts = StudyPart.objects.filter(study__idea=OuterRef("pk")).order_by("service__position", "service__name")
    owed = Promise.objects.standing().filter(key=OuterRef("reference"), kind__in=[kind.code for kind in clocks.KINDS])
    reached = ThresholdPassing.objects.filter(idea=OuterRef("pk"), percent=ThresholdPassing.Percent.WHOLE)
    there = Concat(OuterRef("idea__reference"), Value("-"), OuterRef("threshold__supports"), output_field=CharField())
    of_threshold = Promise.objects.standing().filter(kind=clocks.THRESHOLD, key=there)
    why = PromisePause.objects.filter(promise=OuterRef("pk"), resumed_on__isnull=True).values("reason")[:1]
    rows: Any = Idea.objects.filter(pk=idea.pk).annotate(
        planned=ArraySubquery(
            steps.values(
                line=JSONObject(
                    key="pk",
                    step="step",
                    first_planned_on="first_planned_on",
                    planned_on="planned_on",
                    done_on="done_on",
                )
            )
        ),
        said=ArraySubquery(
            parts.values(
                line=JSONObject(
                    key="pk",
                    service="service__name",
                    feasibility="feasibility",
                    condition="condition",
                    cost_cents="cost_cents",
                    upkeep_cents="upkeep_cents",
                    delay_months="delay_months",
                    constraint="constraint",
                    asked_at="asked_at",
                    given_at="given_at",
                )
            )
        ),
        owed=ArraySubquery(
            owed.order_by("made_on", "pk").values(
                line=JSONObject(
                    kind="kind",
                    due_on="due_on",
                    first_due_on="first_due_on",
                    met_on="met_on",
                    paused_on="paused_on",
                    pause=Subquery(why),
                )
            )
        ),
        reached=ArraySubquery(
            reached.order_by("threshold__supports").values(
                line=JSONObject(
                    key="threshold",
                    supports="threshold__supports",
                    name="threshold__name",
                    promise="threshold__promise",
                    owed=Subquery(of_threshold.values(line=JSONObject(due_on="due_on", met_on="met_on"))),
                )
            )
        ),
    )
    names = (
        "study__opened_at",
        "study__closed_at",
        "study__ground",
        "study__synthesis",
        "planned",
        "said",
        "owed",
        "reached",
    )
    found: dict[str, Any] = rows.order_by().values(*names).get()
    return found


def _day(text: str | None) -> dt.date | None:
    """Read a day of JSON."""
    return dt.date.fromisoformat(text) if text else None


def _that_day(text: str) -> dt.date:
    return dt.date.fromisoformat(text)


def _instant_day(text: str | None) -> dt.date | None:
    return typography.local_day(dt.datetime.fromisoformat(text)) if text else None


# --- Promises ----------------------------------------------------------------------------------------------------------


def _clock(row: dict[str, Any], idea: Idea, *, today: dt.date) -> ShownClock:
    due, first, met, paused = (_day(row[name]) for name in ("due_on", "first_due_on", "met_on", "paused_on"))
    assert due is not None  # noqa: S101 (the column holds a day)
    words = {
        clocks.READING: _("Première lecture promise pour le %(day)s"),
        clocks.ELIGIBLE: _("Étude ouverte, ou réponse donnée, au plus tard le %(day)s"),
        clocks.STUDY: _("Réponse promise pour le %(day)s"),
    }
    read = standings.read(due_on=due, done_on=met, given_up=False, today=today, paused_on=paused)
    return ShownClock(
        kind=row["kind"],
        tag=promises.tag(read),
        sentence=words[row["kind"]] % {"day": typography.day(due)},
        due_on=due,
        pause=row["pause"] or "",
        first=typography.day(first) if first and first != due else "",
        is_kept=met is not None,
        text=_unreal_words(idea) if row["kind"] == clocks.ELIGIBLE and met is None else "",
    )


def _kept_promise(row: dict[str, Any], *, today: dt.date) -> ShownPromise:
    due, met = _that_day(row["owed"]["due_on"]), _day(row["owed"]["met_on"])
    read = standings.read(due_on=due, done_on=met, given_up=False, today=today)
    return ShownPromise(
        key=row["key"],
        supports=row["supports"],
        name=row["name"],
        promise=row["promise"],
        due_on=due,
        tag=promises.tag(read),
        is_kept=met is not None,
    )


def _unreal_words(idea: Idea) -> str:
    """Say why an idea that has its supports is not studied, and what it is owed; "" when nothing is against it (select `campaign`)."""
    if idea.realism is None or idea.realism >= idea.campaign.least_realism:
        return ""
    return _(
        "Elle a réuni les soutiens demandés, mais son réalisme est de %(score)s sur 100\u00a0: il en faut %(least)s pour être "
        "étudiée. La Ville lui doit quand même une réponse, avec ses raisons."
    ) % {"score": idea.realism, "least": idea.campaign.least_realism}


# --- Readings and study --------------------------------------------------------------------------------------------------


def _readings(idea: Idea, *, is_debated: bool) -> list[ShownReading]:
    rows = Criterion.objects.filter(reading__idea=idea).select_related("reading").order_by("-reading__number", "pk")
    by_reading: dict[int, tuple[Reading, list[ShownCriterion]]] = {}
    for row in rows:
        is_last = not by_reading or row.reading_id in list(by_reading)[:1]
        url = f"{idea.get_absolute_url()}?critere={row.code}#debat" if is_debated and is_last else ""
        by_reading.setdefault(row.reading_id, (row.reading, []))[1].append(_criterion(row, url))
    return [
        ShownReading(
            number=reading.number,
            score=reading.score,
            at=reading.published_at,
            power=str(reading.get_power_display()),
            handed_to=reading.handed_to,
            criteria=criteria,
        )
        for reading, criteria in by_reading.values()
    ]


def _criterion(row: Criterion, comment_url: str) -> ShownCriterion:
    tag = ui.Tag(row.get_level_display(), LEVEL_TONES[row.level])
    return ShownCriterion(row.code, str(CriterionCode(row.code).label), tag, row.reason, comment_url)


def _study(head: dict[str, Any]) -> ShownStudy | None:
    if head["study__opened_at"] is None:
        return None
    closed = head["study__closed_at"]
    return ShownStudy(
        opened_on=typography.local_day(head["study__opened_at"]),
        closed_on=typography.local_day(closed) if closed else None,
        ground=head["study__ground"],
        parts=[_part(row) for row in head["said"]],
        synthesis=head["study__synthesis"],
    )


def _part(row: dict[str, Any]) -> ShownPart:
    is_given, told = row["given_at"] is not None, row["feasibility"]
    tag = ui.Tag(StudyPart.Feasibility(told).label, FEASIBILITY_TONES[told]) if is_given else None
    found = [
        (_("À quelle condition"), row["condition"]),
        (_("Coût"), _money(row["cost_cents"])),
        (_("Entretien par an"), _money(row["upkeep_cents"])),
        (_("Délai"), _("%(n)s mois") % {"n": row["delay_months"]} if row["delay_months"] else ""),
        (_("Contrainte"), row["constraint"]),
    ]
    asked = _instant_day(row["asked_at"])
    assert asked is not None  # noqa: S101 (the column holds an instant)
    return ShownPart(
        key=row["key"],
        service=row["service"],
        feasibility=tag,
        facts=[ui.Fact(label, value, foreign=True) for label, value in found if value] if is_given else [],
        asked_on=asked,
        given_on=_instant_day(row["given_at"]),
    )


def _money(cents: int | None) -> str:
    return "" if cents is None else typography.amount(cents)


# --- Answers ---------------------------------------------------------------------------------------------------------------


def _answers(idea: Idea) -> list[ShownAnswer]:
    rows = Answer.objects.filter(idea=idea).select_related("reaction").order_by("-number")
    return [answer(row) for row in rows]


def answer(row: Answer) -> ShownAnswer:
    """Make what pages show of an answer (select `reaction`)."""
    tone, icon = OUTCOME_TAGS[row.outcome]
    found = [
        (_("Coût"), _money(row.cost_cents)),
        (_("Prochaine étape"), f"{row.next_step} ({typography.day(row.next_on)})" if row.next_on else row.next_step),
        (_("Transmise à"), row.handed_to),
        (_("Ce que l’on peut faire ensuite"), row.remedy),
    ]
    said: Reaction | None = getattr(row, "reaction", None)
    is_shown = said is not None and said.withdrawn_at is None and said.hidden_at is None
    return ShownAnswer(
        key=row.pk or 0,
        reference=row.reference,
        number=row.number,
        tag=ui.Tag(row.get_outcome_display(), tone, icon),
        html=mark_safe(row.reason_html),  # noqa: S308 (cleaned by the action that stored it)
        detail=mark_safe(row.detail_html),  # noqa: S308 (idem)
        act_url=row.act_url,
        facts=[ui.Fact(label, value, foreign=True) for label, value in found if value],
        signatory=row.signatory,
        at=row.published_at,
        correction=row.correction,
        reaction=mark_safe(said.body_html) if said and is_shown else None,  # noqa: S308 (cleaned when stored)
        reacted_at=said.published_at if said and is_shown else None,
        has_reaction=said is not None,
    )


def last_answer() -> ArraySubquery:
    """Give the answer that stands in a query of ideas, for `answer_lines`."""
    rows = Answer.objects.filter(idea=OuterRef("pk")).order_by("-number")
    columns = ("outcome", "cost_cents", "next_step", "next_on", "published_at")
    return ArraySubquery(rows.values(line=JSONObject(**{name: name for name in columns}))[:1])


def answer_lines(found: Sequence[dict[str, Any]]) -> dict[str, str]:
    """Say in three short lines what the city answered, at what cost and by when; "" for what it did not say."""
    row: dict[str, Any] = (
        found[0] if found else dict.fromkeys(("outcome", "cost_cents", "next_step", "next_on", "published_at"))
    )
    answered, next_on = _instant_day(row["published_at"]), _day(row["next_on"])
    step = [row["next_step"] or "", f"({typography.day(next_on)})" if next_on else ""]
    return {
        _("Réponse de la Ville"): _("%(outcome)s, le %(day)s")
        % {"outcome": Answer.Outcome(row["outcome"]).label, "day": typography.day(answered)}
        if answered
        else "",
        _("Coût selon la Ville"): _money(row["cost_cents"]),
        _("Prochaine étape"): " ".join(filter(None, step)),
    }


# --- Realisation -------------------------------------------------------------------------------------------------------------


def _step(row: dict[str, Any]) -> Step:
    return Step(
        key=row["key"],
        step=row["step"],
        label=str(Milestone.Step(row["step"]).label),
        planned_on=_that_day(row["planned_on"]),
        first_planned_on=_that_day(row["first_planned_on"]),
        done_on=_day(row["done_on"]),
    )


def _timeline(steps: Sequence[Step], *, is_given_up: bool) -> list[ui.Milestone]:
    """Show the stages in order: done, the one that is going on, then those to come."""
    shown: list[ui.Milestone] = []
    for step in sorted(steps, key=lambda step: list(Milestone.Step).index(Milestone.Step(step.step))):
        is_first_left = step.done_on is None and all(other.state == "done" for other in shown)
        state: Any = "done" if step.done_on else "current" if is_first_left and not is_given_up else "next"
        # « Réalisée » is not said of what is not.
        title = _("Fin prévue") if step.step == Milestone.Step.DONE and not step.done_on else step.label
        shown.append(ui.Milestone(title=title, state=state, at=step.done_on or step.planned_on, text=_moved(step)))
    return shown


def _moved(step: Step) -> str:
    if step.done_on and step.done_on != step.planned_on:
        return _("Prévue pour le %(day)s.") % {"day": typography.day(step.planned_on)}
    if step.planned_on != step.first_planned_on:
        return _("Annoncée d’abord pour le %(day)s.") % {"day": typography.day(step.first_planned_on)}
    return ""


def photos_of(event: str) -> ArraySubquery:
    """Give the photos of events in their own query; `event` is the column that names them."""
    rows = EventPhoto.objects.filter(event=OuterRef(event)).order_by("pk")
    return ArraySubquery(rows.values(line=JSONObject(key="key", alt="alt", width="width", height="height")))


def photo(row: dict[str, Any]) -> ShownPhoto:
    """Make a photo of a line of `photos_of`."""
    url = reverse("ideas:event_photo", args=[row["key"]])
    return ShownPhoto(url, row["alt"], row["width"], row["height"])


def _events(idea: Idea) -> list[ShownEvent]:
    rows: Any = (
        Event.objects.filter(idea=idea)
        .select_related("threshold")
        .order_by("-happened_on", "-pk")
        .annotate(shown_photos=photos_of("pk"))
    )
    return [_event(row) for row in rows[:EVENTS_SHOWN]]


def _event(row: Any) -> ShownEvent:
    title, tone, icon = event_words(row)
    return ShownEvent(
        reference=row.reference,
        title=title,
        day=row.happened_on,
        tag=ui.Tag(row.get_kind_display(), tone, icon),
        html=mark_safe(row.text_html),  # noqa: S308 (cleaned by the action that stored it)
        budget=_money(row.budget_cents),
        photos=[photo(each) for each in row.shown_photos],
    )


def event_words(row: Event) -> tuple[str, ui.Tone, str]:
    """Say an event in a title, with the tone and the icon of its pill."""
    step = str(row.get_step_display()) if row.step else ""
    if row.kind == Event.Kind.STEP:
        title = (
            _("C’est fait") if row.step == Milestone.Step.DONE else _("Étape faite\u00a0: %(step)s") % {"step": step}
        )
        return title, "yes", "circle-check"
    if row.kind == Event.Kind.DATE and row.date_before and row.date_after:
        words = (
            _("%(step)s\u00a0: date repoussée du %(before)s au %(after)s")
            if row.date_after > row.date_before
            else _("%(step)s\u00a0: date avancée du %(before)s au %(after)s")
        )
        values = {"step": step, "before": typography.day(row.date_before), "after": typography.day(row.date_after)}
        return words % values, "mixed", "calendar"
    if row.kind == Event.Kind.PROMISE and row.threshold:
        return row.threshold.name, "yes", "circle-check"
    if row.kind == Event.Kind.ABANDONED:
        return _("La Ville y renonce"), "no", "x"
    return _("Des nouvelles"), "info", "info"
