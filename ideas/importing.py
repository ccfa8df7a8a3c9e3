"""Bringing the projects of another city into a closed campaign, batch by batch: run again, it writes only what is new or changed.

Each idea keeps the key it had over there. What residents wrote here around it, and what moderation decided, stays.
"""

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from django.db import connection, transaction
from django.db.models import QuerySet
from django.utils.text import slugify

from city.models import District, Theme
from desk.models import Channel
from ideas import heat
from ideas.mapped import Declared, Project, Step
from ideas.models import Campaign, Event, Idea, Milestone, Stage
from mulhouse.errors import DomainError
from mulhouse.markup import render_markdown
from mulhouse.workdays import PARIS
from transparency import register

BATCH = 200
# What the file says of an idea, in its columns.
WRITTEN = (
    "title",
    "need",
    "need_html",
    "proposal",
    "proposal_html",
    "place",
    "cost",
    "author_label",
    "source_url",
    "theme_id",
    "place_district_id",
    "stage",
    "published_at",
)


@dataclass
class Report:
    """How many ideas were new, changed, and as they were; what else was made."""

    created: int = 0
    updated: int = 0
    unchanged: int = 0
    themes: list[str] = field(default_factory=list)

    @property
    def written(self) -> int:
        """Ideas that this run wrote."""
        return self.created + self.updated


@dataclass(frozen=True)
class Place:
    """The rows of this city that the projects point at, by the address form of their name."""

    themes: dict[str, Theme]
    districts: dict[str, District]


@transaction.atomic(durable=True)
def open_campaign(*, mapping: Declared, at: dt.datetime) -> Campaign:
    """Find the campaign of a former run, or make it: dated, published and over.

    Raises: DomainError "import_slug_taken" for a campaign that was not made by an import, "import_dates" for one that is not over.
    """
    said = mapping.campaign
    last = said.get("supports_end_on", said["closes_on"])
    if last >= at.astimezone(PARIS).date():
        raise DomainError("import_dates", "La campagne importée doit être terminée : son dernier jour est à venir.")
    campaign, is_new = Campaign.objects.get_or_create(
        slug=said["slug"],
        defaults={
            "kind": Campaign.Kind.EDITION,
            "title": said["title"],
            "summary": said["summary"],
            "opens_on": said["opens_on"],
            "closes_on": said["closes_on"],
            "supports_end_on": last,
            "published_at": at,
        },
    )
    if not is_new and campaign.ideas.filter(source_key__isnull=True).exists():
        raise DomainError("import_slug_taken", f"L’adresse « {campaign.slug} » est celle d’une campagne d’ici.")
    return campaign


@transaction.atomic(durable=True)
def write_batch(*, campaign: Campaign, projects: Sequence[Project], report: Report, at: dt.datetime) -> None:
    """Write some projects whole, or none of them.

    Locks: one import of a campaign at a time; the ideas that change, in the order of their keys.
    """
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(hashtextextended(%s, 0))", [f"import:{campaign.slug}"])
    place = _place(projects, report)
    keys = {f"{campaign.slug}:{project.key}": project for project in projects}
    held = Idea.objects.select_for_update(of=("self",), no_key=True).defer("search")
    known = {idea.source_key: idea for idea in held.filter(source_key__in=keys).order_by("pk")}
    new = [_idea(campaign, key, project, place, at=at) for key, project in keys.items() if key not in known]
    Idea.objects.bulk_create(new)
    changed = set()
    for key, idea in known.items():
        values = _columns(keys[str(key)], place)
        if any(getattr(idea, name) != value for name, value in values.items()):
            if values["stage"] != idea.stage:
                values["stage_at"] = at
            Idea.objects.filter(pk=idea.pk).update(**values)
            changed.add(idea.pk)
    rows = {**known, **{idea.source_key: idea for idea in new}}
    changed |= _write_steps({rows[key]: project for key, project in keys.items()}, at=at) - {idea.pk for idea in new}
    report.created += len(new)
    report.updated += len(changed)
    report.unchanged += len(projects) - len(new) - len(changed)


@transaction.atomic(durable=True)
def finish(*, campaign: Campaign, mapping: Declared, report: Report, left_out: int, actor: Any = None) -> None:
    """Count the ideas of the campaign and say on the register what the run did; nothing when it wrote nothing.

    Locks: the campaign, the register.
    """
    if not report.written:
        return
    Campaign.objects.filter(pk=campaign.pk).update(idea_count=Idea.objects.visible().filter(campaign=campaign).count())
    register.record(
        "idea.imported",
        role="agent",
        subject=campaign.slug,
        facts={
            "correspondance": mapping.name,
            "ajoutees": report.created,
            "mises_a_jour": report.updated,
            "ecartees": left_out,
        },
        actor=actor,
    )


def _place(projects: Sequence[Project], report: Report) -> Place:
    """Find the themes and the districts that are named; a theme that this city has not is added to its list."""
    themes = _by_name(Theme.objects.order_by("pk"))
    for name in dict.fromkeys(project.theme for project in projects):
        slug = slugify(name)
        if slug not in themes:
            themes[slug] = Theme.objects.create(name=name, slug=slug, position=len(themes) + 1)
            report.themes.append(name)
    return Place(themes, _by_name(District.objects.order_by("pk")))


def _by_name(rows: QuerySet[Any]) -> dict[str, Any]:
    """Give rows by their address form, and by that of their name."""
    found = list(rows)
    return {**{slugify(row.name): row for row in found}, **{row.slug: row for row in found}}


def _columns(project: Project, place: Place) -> dict[str, Any]:
    district = place.districts.get(slugify(project.district))
    values = (
        project.title,
        project.need,
        render_markdown(project.need),
        project.proposal,
        render_markdown(project.proposal),
        project.place,
        project.cost,
        project.author,
        project.url,
        place.themes[slugify(project.theme)].pk,
        district.pk if district else None,
        project.stage,
        _noon(project.published_on),
    )
    return dict(zip(WRITTEN, values, strict=True))


def _noon(day: dt.date) -> dt.datetime:
    return dt.datetime.combine(day, dt.time(12), tzinfo=PARIS)


def _idea(campaign: Campaign, key: str, project: Project, place: Place, *, at: dt.datetime) -> Idea:
    values = _columns(project, place)
    return Idea(
        campaign=campaign,
        source_key=key,
        channel=Channel.IMPORT,
        submitted_at=values["published_at"],
        stage_at=_noon(max((step.done_on for step in project.steps if step.done_on), default=project.published_on)),
        supports_until=campaign.supports_end_on,
        heat=heat.COLD,
        **values,
    )


def _write_steps(projects: dict[Idea, Project], *, at: dt.datetime) -> set[int]:
    """Write the stages and what was done of them, each told as news once; give the keys of the ideas that changed.

    Nobody is written to: it happened over there.
    """
    known = {(row.idea_id, row.step): row for row in Milestone.objects.filter(idea__in=projects).order_by("pk")}
    told = set(Event.objects.filter(idea__in=projects).order_by("pk").values_list("idea_id", "kind", "step"))
    milestones: list[Milestone] = []
    events: list[Event] = []
    changed: set[int] = set()
    for idea, project in projects.items():
        before = len(milestones) + len(events)
        for step in project.steps:
            row = known.get((idea.pk, step.step))
            if row is None:
                milestones.append(_milestone(idea, step))
            elif (row.planned_on, row.done_on) != (step.planned_on, step.done_on):
                Milestone.objects.filter(pk=row.pk).update(planned_on=step.planned_on, done_on=step.done_on)
                changed.add(idea.pk)
            if step.done_on and (idea.pk, Event.Kind.STEP, step.step) not in told:
                events.append(_event(idea, Event.Kind.STEP, step.done_on, step=step.step))
        if project.stage == Stage.ABANDONED and (idea.pk, Event.Kind.ABANDONED, "") not in told:
            day = max((step.done_on for step in project.steps if step.done_on), default=project.published_on)
            events.append(_event(idea, Event.Kind.ABANDONED, day, text=project.abandoned))
        if len(milestones) + len(events) > before:
            changed.add(idea.pk)
            if events and events[-1].idea_id == idea.pk:
                events[-1].budget_cents = project.budget_cents
    Milestone.objects.bulk_create(milestones)
    Event.objects.bulk_create(events)
    return changed


def _milestone(idea: Idea, step: Step) -> Milestone:
    return Milestone(
        idea=idea, step=step.step, first_planned_on=step.planned_on, planned_on=step.planned_on, done_on=step.done_on
    )


def _event(idea: Idea, kind: Event.Kind, day: dt.date, *, step: str = "", text: str = "") -> Event:
    at = _noon(day)
    return Event(
        idea=idea,
        kind=kind,
        step=step,
        happened_on=day,
        text=text,
        text_html=render_markdown(text) if text else "",
        published_at=at,
        told_at=at,
    )
