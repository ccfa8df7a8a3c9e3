"""What waits for the agents who run consultations."""

import datetime as dt
import itertools
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from django.db.models import BooleanField, Exists, ExpressionWrapper, F, OuterRef, Q, QuerySet, Value
from django.db.models.functions import Coalesce
from django.urls import reverse

from consultations import coverage, openings, phases, promises
from consultations.models import Consultation, Phase
from consultations.phases import Span
from mulhouse import typography, work
from mulhouse.work import Share, WorkItem

# A phase of contribution that ends within this is worth a reminder to those who have not answered.
SOON_DAYS = 7


def consultations(user: Any, at: dt.datetime) -> list[WorkItem]:
    """List the drafts, the votes and questionnaires left in a draft, the phases that end soon, the consultations that are over.

    Shape: no line where nothing waits; one query, whatever the number of consultations.
    """
    rows = openings.with_parts(Consultation.objects.filter(archived_at__isnull=True)).select_related("service")
    running = _with_spans(rows.defer("description"))
    drafts = [row for row, _ in running if row.published_at is None]
    public = [(row, spans) for row, spans in running if row.published_at is not None]
    late = [row for row, spans in running if row.published_at is None and _has_begun(spans, at=at)]
    partial = [row for row, _ in public if row.has_draft_parts]
    soon = [row for row, spans in public if _ends_soon(spans, at=at)]
    over = [row for row, spans in public if _is_over(spans, at=at)]
    found = (
        _Found(
            "Consultation enregistrée, non publiée", "Consultations enregistrées, non publiées", drafts, "brouillon"
        ),
        _Found(
            "Phase d’avis qui finit dans la semaine", "Phases d’avis qui finissent dans la semaine", soon, "publiee"
        ),
        _Found(
            "Consultation publiée, avec un vote ou un questionnaire qui ne l’est pas",
            "Consultations publiées, avec un vote ou un questionnaire qui ne l’est pas",
            partial,
            "publiee",
        ),
        _Found("Consultation finie, à archiver", "Consultations finies, à archiver", over, "publiee"),
    )
    return [_line(each, late if each.rows is drafts else []) for each in found if each.rows]


def answers(user: Any, at: dt.datetime) -> list[WorkItem]:
    """List the answers that the city owes: what it promised and when, and the opinions without one once all are in.

    Shape: no line where nothing waits; late beyond the day that was promised; each to those who deal with it; one query,
    whatever the number of consultations, and none for who holds neither permission.
    """
    writes, analyses = (user.has_perm(f"consultations.{name}_consultation") for name in ("change", "analyse"))
    if not (writes or analyses):
        return []
    asking = Phase.objects.filter(consultation=OuterRef("pk"), kind=phases.Kind.CONTRIBUTE)
    today = typography.local_day(at)
    rows = promises.with_answers(Consultation.objects.published()).annotate(
        is_owed=_told(promises.is_owed(today)),
        is_over=_told(
            Q(archived_at__isnull=True, asked_until__isnull=False) & Q(~Exists(asking.exclude(ends_on__lt=today)))
        ),
    )
    found = coverage.with_counts(rows.filter(Q(is_owed=True) | Q(is_over=True))).select_related("service")
    shown = list(found.order_by("promise_due_on", "pk").defer("description"))
    lines = promises.waiting([row for row in shown if row.is_owed], at=at) if writes else []
    if analyses:
        over = [(row, coverage.of(row).without_outcome) for row in shown if row.is_over]
        lines += [_opinion_line(row, number, at=at) for row, number in over if number]
    return lines


def _told(condition: Q) -> Coalesce:
    """Say whether a condition holds; what is not known does not."""
    return Coalesce(ExpressionWrapper(condition, output_field=BooleanField()), Value(False))  # noqa: FBT003 (a value of SQL)


def _opinion_line(consultation: Any, number: int, *, at: dt.datetime) -> WorkItem:
    due = consultation.promise_due_on
    url = reverse("admin:consultations_consultation_analysis_themes", args=[consultation.pk])
    label = "Avis sans réponse de la Ville"
    promised = "" if due is None else f" Réponse promise pour le {typography.day(due)}."
    detail = f"«\u00a0{consultation.title}\u00a0».{promised}"
    is_late = due is not None and typography.local_day(at) > due
    late = number if is_late else 0
    return WorkItem(
        label, number, url, late=late, detail=detail, shares=(Share(consultation.service.name, number, late),)
    )


@dataclass(frozen=True)
class _Found:
    """Consultations that wait for the same thing: in words for one, for several, and the filter of the list."""

    one: str
    several: str
    rows: Sequence[Consultation]
    state: str


def _line(found: _Found, late: Sequence[Consultation]) -> WorkItem:
    """Lead to the one that waits, or to the list."""
    words = ["La première phase devrait avoir commencé."] if late else []
    shares = work.shares((row.service.name, row in late) for row in found.rows)
    if len(found.rows) == 1:
        row = found.rows[0]
        url = reverse("admin:consultations_consultation_publication", args=[row.pk])
        detail = " ".join([f"«\u00a0{row.title}\u00a0»", *words])
        return WorkItem(found.one, 1, url, late=len(late), detail=detail, shares=shares)
    url = f"{reverse('admin:consultations_consultation_changelist')}?etat={found.state}"
    return WorkItem(found.several, len(found.rows), url, late=len(late), detail=" ".join(words), shares=shares)


def _with_spans(rows: QuerySet[Any]) -> list[tuple[Any, list[Span]]]:
    """Read consultations with their phases, in order, as plain dates: one query, a row for each phase."""
    of_phase = {f"span_{name}": F(f"phases__{name}") for name in ("kind", "name", "starts_on", "ends_on")}
    found = []
    joined = rows.annotate(**of_phase).order_by("pk", "phases__position")
    for _pk, lines in itertools.groupby(joined, key=lambda row: row.pk):
        held = list(lines)
        spans = [
            Span(phases.Kind(row.span_kind), row.span_name, row.span_starts_on, row.span_ends_on)
            for row in held
            if row.span_kind is not None
        ]
        found.append((held[0], spans))
    return found


def _has_begun(spans: Sequence[Span], *, at: dt.datetime) -> bool:
    return any(phases.status(span, at=at) is not phases.Status.UPCOMING for span in spans)


def _ends_soon(spans: Sequence[Span], *, at: dt.datetime) -> bool:
    span = phases.current(spans, at=at)
    if span is None or span.kind is not phases.Kind.CONTRIBUTE:
        return False
    left = phases.days_left(span, at=at)
    return left is not None and left <= SOON_DAYS


def _is_over(spans: Sequence[Span], *, at: dt.datetime) -> bool:
    return bool(spans) and all(phases.status(span, at=at) is phases.Status.PAST for span in spans)
