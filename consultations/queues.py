"""What waits for the agents who run consultations."""

import datetime as dt
from collections.abc import Sequence
from typing import Any

from django.urls import reverse

from consultations import phases
from consultations.models import Consultation
from mulhouse.work import WorkItem

# A phase of contribution that ends within this is worth a reminder to those who have not answered.
SOON_DAYS = 7


def consultations(user: Any, at: dt.datetime) -> list[WorkItem]:
    """List the drafts, the phases of contribution that end soon, and the consultations whose steps are all over.

    Shape: no line where nothing waits; two queries, whatever the number of consultations.
    """
    running = list(Consultation.objects.filter(archived_at__isnull=True).order_by("pk").prefetch_related("phases"))
    drafts = [row for row in running if row.published_at is None]
    public = [row for row in running if row.published_at is not None]
    late = [row for row in drafts if _has_begun(row, at=at)]
    soon = [row for row in public if _ends_soon(row, at=at)]
    over = [row for row in public if _is_over(row, at=at)]
    lines = (
        _line("Consultations enregistrées, non publiées", drafts, "brouillon", late, _draft_words(len(late))),
        _line(
            "Phases d’avis qui finissent dans la semaine", soon, "publiee", [], "Relancez ceux qui n’ont pas répondu."
        ),
        _line(
            "Consultations dont toutes les étapes sont finies", over, "publiee", [], "Complétez-les, puis archivez-les."
        ),
    )
    return [line for line in lines if line.count]


def _line(label: str, rows: Sequence[Consultation], state: str, late: Sequence[Consultation], detail: str) -> WorkItem:
    """Lead to the one that waits, or to the list."""
    if len(rows) == 1:
        url = reverse("admin:consultations_consultation_publication", args=[rows[0].pk])
        return WorkItem(
            label=label, count=1, url=url, late=len(late), detail=f"«\u00a0{rows[0].title}\u00a0» {detail}".strip()
        )
    url = f"{reverse('admin:consultations_consultation_changelist')}?etat={state}"
    return WorkItem(label=label, count=len(rows), url=url, late=len(late), detail=detail)


def _draft_words(late: int) -> str:
    return "La première phase devrait avoir commencé." if late else ""


def _has_begun(consultation: Consultation, *, at: dt.datetime) -> bool:
    return any(phases.status(span, at=at) is not phases.Status.UPCOMING for span in consultation.spans())


def _ends_soon(consultation: Consultation, *, at: dt.datetime) -> bool:
    span = consultation.current_span(at=at)
    if span is None or span.kind is not phases.Kind.CONTRIBUTE:
        return False
    left = phases.days_left(span, at=at)
    return left is not None and left <= SOON_DAYS


def _is_over(consultation: Consultation, *, at: dt.datetime) -> bool:
    spans = consultation.spans()
    return bool(spans) and all(phases.status(span, at=at) is phases.Status.PAST for span in spans)
