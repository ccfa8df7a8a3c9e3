"""Bringing a consultation held on another platform into the portal: one action, one transaction, run again at will.

Each row remembers the key it had over there: a second run writes nothing, a changed text is updated, and what residents
wrote here on an imported contribution stays.
"""

import datetime as dt
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import islice
from typing import Any, TypeVar

from django.db import connection, transaction
from django.db.models import Count, F, Q

from city.models import Service, Theme
from consultations import items, participation
from consultations.capcollectif import (
    ImportedComment,
    ImportedOpinion,
    ImportedSection,
    ImportedSource,
    Problem,
    Reading,
)
from consultations.models import Comment, Consultation, Contribution, Phase, ResidencyLevel, Section, Source
from consultations.phases import MAX_PHASES, midnight
from desk.models import Channel
from mulhouse import markup
from mulhouse.errors import DomainError
from transparency import register

ACT = "consultation.imported"
BATCH = 500

Row = TypeVar("Row", Contribution, Comment, Source)


@dataclass(frozen=True)
class Target:
    """Which consultation receives the file, and what is said of its origin.

    Shape: `slug` names the consultation here and prefixes the keys of its rows. Everything else is read only when the
    consultation is created: what staff changed since is theirs. Days are the last ones of their phase, None for no phase.
    """

    slug: str
    title: str = ""
    theme: Theme | None = None
    service: Service | None = None
    service_function: str = ""
    summary: str = ""
    description: str = ""
    decider: str = ""
    origin: str = ""
    licence: str = ""
    analyse_until: dt.date | None = None
    decide_until: dt.date | None = None
    has_follow_up: bool = False


@dataclass
class Tally:
    """How many rows of one sort were new, changed, and as they were."""

    created: int = 0
    updated: int = 0
    unchanged: int = 0

    @property
    def written(self) -> int:
        """Rows that this run wrote."""
        return self.created + self.updated


@dataclass
class Report:
    """What a run did, row by row and line by line."""

    slug: str
    is_new: bool = False
    contributions: Tally = field(default_factory=Tally)
    comments: Tally = field(default_factory=Tally)
    sources: Tally = field(default_factory=Tally)
    skipped_contributions: int = 0
    skipped_comments: int = 0
    problems: list[Problem] = field(default_factory=list)

    @property
    def wrote(self) -> bool:
        """Whether anything changed."""
        return self.is_new or any(tally.written for tally in (self.contributions, self.comments, self.sources))


def nothing_to_show(_count: int) -> None:
    """Stand for a progress bar where nobody looks."""


@transaction.atomic(durable=True)
def import_reading(
    *,
    reading: Reading,
    target: Target,
    actor: Any = None,
    dry_run: bool = False,
    progress: Callable[[int], object] = nothing_to_show,
) -> Report:
    """Write what was read: the consultation, its sections, contributions, comments and sources, and their counts.

    Shape: `progress` is told how many contributions were dealt with, batch after batch. A dry run does everything and
    takes it back.
    Raises: DomainError "import_empty", "import_slug_taken", "import_incomplete" or "import_dates".
    Locks: one import of a consultation at a time; residents wait only for the last statements, not for the whole run.
    """
    if not reading.opinions:
        raise DomainError("import_empty", "Le fichier ne contient aucune contribution lisible.")
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(hashtextextended(%s, 0))", [f"import:{target.slug}"])
    consultation, is_new = _consultation(target, reading)
    report = Report(
        slug=target.slug,
        is_new=is_new,
        skipped_contributions=reading.skipped_opinions,
        skipped_comments=reading.skipped_comments,
        problems=reading.problems,
    )
    sections = _sections(consultation, reading.opinions)
    debated: set[int] = set()
    for batch in _batches(reading.opinions, BATCH):
        debated |= _write(consultation, sections, batch, report)
        progress(len(batch))
    _recount_debates(debated)
    if report.contributions.written or report.comments.written:
        _recount_whole(consultation)
        participation.catch_up([consultation.pk])
    if report.wrote and not dry_run:
        register.record(ACT, role="agent", subject=target.slug, facts=_facts(target, report), actor=actor)
    transaction.set_rollback(dry_run)
    return report


# --- The consultation ----------------------------------------------------------------------------------------------


def _consultation(target: Target, reading: Reading) -> tuple[Consultation, bool]:
    """Find the consultation of a former run, or create it, published, its days read from the file."""
    key = f"import:{target.slug}"
    existing = Consultation.objects.filter(slug=target.slug).first()
    if existing is not None:
        if existing.source_key != key:
            raise DomainError(
                "import_slug_taken",
                f"L’adresse «\u00a0{target.slug}\u00a0» est celle d’une consultation qui ne vient pas d’un import. "
                "Choisissez-en une autre avec --slug.",
            )
        return existing, False
    if not (target.title and target.theme and target.service):
        raise DomainError(
            "import_incomplete", "Pour créer la consultation, donnez son titre, son thème et son service responsable."
        )
    phases = _phases(target, reading)
    consultation = Consultation.objects.create(
        slug=target.slug,
        source_key=key,
        source_note=_source_note(target),
        title=target.title,
        summary=target.summary or _default_summary(target, reading),
        description=markup.clean_html(target.description or _default_description(target), staff=True),
        theme=target.theme,
        service=target.service,
        service_function=target.service_function,
        decider=target.decider,
        residency_level=ResidencyLevel.NONE,
        published_at=midnight(phases[0].starts_on),
    )
    for phase in phases:
        phase.consultation = consultation
    Phase.objects.bulk_create(phases)
    return consultation, True


def _phases(target: Target, reading: Reading) -> list[Phase]:
    """Lay the phases end to end: from the first to the last day somebody wrote, then what the options say."""
    first, last = reading.days()
    steps = [
        (Phase.Kind.CONTRIBUTE, last),
        (Phase.Kind.ANALYSE, target.analyse_until),
        (Phase.Kind.DECIDE, target.decide_until),
    ]
    phases: list[Phase] = []
    for kind, ends_on in steps:
        if ends_on is None:
            continue
        if ends_on < first:
            raise DomainError(
                "import_dates", "Les phases se suivent : analyser finit avant décider, après la dernière contribution."
            )
        phases.append(_phase(kind, first, ends_on, len(phases) + 1))
        first = ends_on + dt.timedelta(days=1)
    if target.has_follow_up:
        phases.append(_phase(Phase.Kind.FOLLOW, first, None, len(phases) + 1))
    return phases[:MAX_PHASES]


def _phase(kind: Phase.Kind, starts_on: dt.date, ends_on: dt.date | None, position: int) -> Phase:
    # The end of an imported phase is long past: nobody is to be told of it.
    return Phase(
        position=position,
        kind=kind,
        name=str(kind.label),
        starts_on=starts_on,
        ends_on=ends_on,
        announced_at=midnight(starts_on),
    )


def _source_note(target: Target) -> str:
    origin = target.origin or "une autre plateforme"
    licence = f"Licence\u00a0: {target.licence}." if target.licence else "Licence non précisée."
    return f"Données reprises de {origin}. {licence} Les votes d’origine sont des totaux\u00a0: personne n’y est nommé."


def _default_summary(target: Target, reading: Reading) -> str:
    comments = sum(len(opinion.comments) for opinion in reading.opinions)
    return (
        f"Cette consultation a déjà eu lieu, sur {target.origin or 'une autre plateforme'}. Elle est terminée.\n"
        f"Le public y a écrit {len(reading.opinions)} contributions et {comments} commentaires.\n"
        "Vous pouvez tout lire ici. Vous ne pouvez plus y écrire."
    )


def _default_description(target: Target) -> str:
    return f"<p>{_source_note(target)}</p><p>Les noms affichés sont des pseudonymes. Les textes sont tels qu’ils ont été écrits.</p>"


def _facts(target: Target, report: Report) -> dict[str, Any]:
    return {
        "origine": target.origin,
        "contributions": report.contributions.created,
        "commentaires": report.comments.created,
        "textes mis à jour": report.contributions.updated + report.comments.updated,
        "mis de côté": report.skipped_contributions + report.skipped_comments,
        "illisibles": len(report.problems),
    }


def _sections(consultation: Consultation, opinions: Sequence[ImportedOpinion]) -> dict[str, Section]:
    """Find or create the sections, in the order of their number over there."""
    wanted = {opinion.section.key: opinion.section for opinion in opinions}
    sections = {section.source_key or "": section for section in consultation.sections.all()}
    missing = sorted((section for key, section in wanted.items() if key not in sections), key=_rank)
    last = max((section.position for section in sections.values()), default=0)
    created = Section.objects.bulk_create(
        Section(
            consultation=consultation,
            position=last + rank,
            title=section.title,
            question=section.question,
            source_key=section.key,
        )
        for rank, section in enumerate(missing, start=1)
    )
    return sections | {section.source_key or "": section for section in created}


def _rank(section: ImportedSection) -> tuple[int, str]:
    number = section.key.partition(":")[2]
    return (int(number), "") if number.isdecimal() else (0, number)


# --- What people wrote ---------------------------------------------------------------------------------------------


def _write(
    consultation: Consultation, sections: dict[str, Section], batch: Sequence[ImportedOpinion], report: Report
) -> set[int]:
    """Write a batch of contributions with their comments and sources; give the ids of those whose debate changed."""
    contributions = _put(
        Contribution,
        [_contribution(consultation, sections[opinion.section.key], opinion) for opinion in batch],
        (
            "section_id",
            "title",
            "body",
            "body_html",
            "imported_agree_count",
            "imported_mixed_count",
            "imported_disagree_count",
        ),
        report.contributions,
    )
    items.write_contributions([row.pk for row in contributions.values()])
    # The dates are the ones of over there, on the columns that Django fills by itself as well.
    Contribution.objects.filter(
        pk__in=[row.pk for row in contributions.values()], created_at__gt=F("published_at")
    ).update(created_at=F("published_at"), saved_at=F("published_at"))
    here = {opinion.key: contributions[_key(consultation, opinion)] for opinion in batch}
    before = report.comments.written
    comments = _put(
        Comment,
        [_comment(consultation, here[opinion.key], comment) for opinion in batch for comment in opinion.comments],
        ("stance", "body", "body_html", "imported_support_count"),
        report.comments,
    )
    _put(
        Source,
        [_source(consultation, here[opinion.key], source) for opinion in batch for source in opinion.sources],
        ("title", "url", "body_html"),
        report.sources,
    )
    return {comment.contribution_id for comment in comments.values()} if report.comments.written > before else set()


def _put(model: type[Row], wanted: Sequence[Row], compared: tuple[str, ...], tally: Tally) -> dict[str, Row]:
    """Create the rows that are missing, update those that differ on `compared`; give all of them by key."""
    rows: dict[str, Row] = {
        str(row.source_key): row for row in model.objects.filter(source_key__in=[row.source_key for row in wanted])
    }
    missing, changed = [], []
    for row in wanted:
        existing = rows.get(str(row.source_key))
        if existing is None:
            missing.append(row)
        elif any(getattr(existing, name) != getattr(row, name) for name in compared):
            for name in compared:
                setattr(existing, name, getattr(row, name))
            changed.append(existing)
    model.objects.bulk_create(missing, batch_size=BATCH)
    model.objects.bulk_update(changed, compared, batch_size=BATCH)
    tally.created += len(missing)
    tally.updated += len(changed)
    tally.unchanged += len(wanted) - len(missing) - len(changed)
    return rows | {str(row.source_key): row for row in missing}


def _contribution(consultation: Consultation, section: Section, opinion: ImportedOpinion) -> Contribution:
    return Contribution(
        consultation=consultation,
        section=section,
        author_label=opinion.author,
        kind=Contribution.Kind.PROPOSAL,
        title=opinion.title,
        body=opinion.body,
        body_html=opinion.body_html,
        channel=Channel.IMPORT,
        source_key=_key(consultation, opinion),
        published_at=opinion.published_at,
        imported_agree_count=opinion.agree,
        imported_mixed_count=opinion.mixed,
        imported_disagree_count=opinion.disagree,
    )


def _comment(consultation: Consultation, contribution: Contribution, comment: ImportedComment) -> Comment:
    return Comment(
        contribution=contribution,
        author_label=comment.author,
        stance=comment.stance,
        body=comment.body,
        body_html=comment.body_html,
        channel=Channel.IMPORT,
        source_key=_key(consultation, comment),
        published_at=comment.published_at,
        imported_support_count=comment.supports,
    )


def _source(consultation: Consultation, contribution: Contribution, source: ImportedSource) -> Source:
    return Source(
        contribution=contribution,
        title=source.title,
        url=source.url,
        body_html=source.body_html,
        source_key=_key(consultation, source),
    )


def _key(consultation: Consultation, item: ImportedOpinion | ImportedComment | ImportedSource) -> str:
    return f"{consultation.slug}:{item.key}"


def _recount_debates(contribution_ids: set[int]) -> None:
    """Count the visible comments of some contributions again.

    Locks: their rows first, so that a comment being written here is either counted or adds itself after.
    """
    locked = (
        Contribution.objects.filter(pk__in=contribution_ids).order_by("pk").select_for_update(of=("self",), no_key=True)
    )
    counts = {
        row["contribution"]: row
        for row in Comment.objects.visible()
        .filter(contribution__in=[row.pk for row in locked])
        .values("contribution")
        .annotate(
            comments=Count("pk"),
            favourable=Count("pk", filter=Q(stance=Comment.Stance.FOR)),
            opposed=Count("pk", filter=Q(stance=Comment.Stance.AGAINST)),
        )
        .order_by("contribution")
    }
    for row in locked:
        found = counts.get(row.pk, {"comments": 0, "favourable": 0, "opposed": 0})
        row.comment_count, row.for_count, row.against_count = found["comments"], found["favourable"], found["opposed"]
    Contribution.objects.bulk_update(locked, ("comment_count", "for_count", "against_count"), batch_size=BATCH)


def _recount_whole(consultation: Consultation) -> None:
    """Count the visible contributions of each section, and the contributions and comments of the consultation, again.

    Locks: the sections, then the consultation, for the reason above.
    """
    visible = Contribution.objects.visible().filter(consultation=consultation)
    sections = consultation.sections.order_by("pk").select_for_update(of=("self",), no_key=True)
    locked = list(sections)
    counts = Counter(visible.order_by("pk").values_list("section_id", flat=True))
    for section in locked:
        section.contribution_count = counts[section.pk]
    Section.objects.bulk_update(locked, ("contribution_count",))
    whole = Consultation.objects.select_for_update(of=("self",), no_key=True).get(pk=consultation.pk)
    comments = Comment.objects.visible().filter(contribution__in=visible)
    Consultation.objects.filter(pk=whole.pk).update(contribution_count=visible.count(), comment_count=comments.count())


def _batches(opinions: Sequence[ImportedOpinion], size: int) -> Iterator[Sequence[ImportedOpinion]]:
    rest = iter(opinions)
    while batch := list(islice(rest, size)):
        yield batch
