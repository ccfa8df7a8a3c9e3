"""What one can still take part in, or whose result is still awaited: nothing is archived nor reported before that is over."""

import datetime as dt
from dataclasses import dataclass
from typing import Any

from django.contrib.postgres.expressions import ArraySubquery
from django.db.models import Exists, OuterRef, QuerySet

from consultations import phases
from consultations.models import Consultation, ConsultationQuestionnaire, ConsultationVote
from mulhouse import typography


@dataclass(frozen=True)
class Missing:
    """Something that stands in the way, and the page of the workspace where it is seen to."""

    message: str
    part: str


def still_open(consultation: Consultation, *, at: dt.datetime) -> list[Missing]:
    """Say what is not over, in the order of the workspace (prefetch `phases`); two queries."""
    found = []
    if any(still_takes_part(span, at=at) for span in consultation.spans()):
        found.append(Missing("La phase d’avis n’est pas finie. Attendez son dernier jour.", "phases"))
    asked = consultation.questionnaire_links.filter(questionnaire__published_at__isnull=False)
    for questionnaire in (link.questionnaire for link in asked.select_related("questionnaire")):
        if questionnaire.last_day is not None and not questionnaire.is_over(at=at):
            day = typography.day(questionnaire.last_day)
            message = f"Le questionnaire «\u00a0{questionnaire.title}\u00a0» reçoit des réponses jusqu’au {day}."
            found.append(Missing(message, "questionnaires"))
    voted = consultation.vote_links.filter(
        votation__published_at__isnull=False, votation__counted_at__isnull=True, votation__cancelled_at__isnull=True
    )
    for votation in (link.votation for link in voted.select_related("votation")):
        message = f"Le vote «\u00a0{votation.question}\u00a0» n’est pas encore dépouillé."
        found.append(Missing(message, "votes"))
    return found


def with_parts(rows: QuerySet[Consultation]) -> QuerySet[Any]:
    """Add to each consultation `has_parts` (a vote or a questionnaire is prepared or more), `has_draft_parts` (one is no more)."""
    asked = ConsultationQuestionnaire.objects.filter(consultation=OuterRef("pk"))
    voted = ConsultationVote.objects.filter(consultation=OuterRef("pk"))
    found: QuerySet[Any] = rows.annotate(
        has_parts=Exists(asked) | Exists(voted),
        has_draft_parts=Exists(asked.filter(questionnaire__published_at__isnull=True))
        | Exists(voted.filter(votation__published_at__isnull=True)),
    )
    return found


def has_parts(consultation: Consultation) -> bool:
    """Tell whether a vote or a questionnaire is prepared there; no query when it was read `with_parts`."""
    if hasattr(consultation, "has_parts"):
        return bool(consultation.has_parts)
    return consultation.questionnaire_links.exists() or consultation.vote_links.exists()


def with_unpublished(rows: QuerySet[Consultation]) -> QuerySet[Any]:
    """Add to each consultation what `unpublished` says, as values of its row: no query more on a page."""
    asked = ConsultationQuestionnaire.objects.filter(
        consultation=OuterRef("pk"), questionnaire__published_at__isnull=True
    )
    voted = ConsultationVote.objects.filter(consultation=OuterRef("pk"), votation__published_at__isnull=True)
    found: QuerySet[Any] = rows.annotate(
        draft_questionnaires=ArraySubquery(asked.order_by("position", "pk").values("questionnaire__title")),
        draft_votes=ArraySubquery(voted.order_by("pk").values("votation__question")),
    )
    return found


def unpublished(consultation: Any) -> list[Missing]:
    """Say which votes and questionnaires are prepared and seen by nobody, in the order of the workspace (`with_unpublished`)."""
    return [
        *(
            Missing(f"Le questionnaire «\u00a0{title}\u00a0» n’est pas publié.", "questionnaires")
            for title in consultation.draft_questionnaires
        ),
        *(
            Missing(f"Le vote «\u00a0{question}\u00a0» n’est pas publié.", "votes")
            for question in consultation.draft_votes
        ),
    ]


def still_takes_part(span: phases.Span, *, at: dt.datetime) -> bool:
    """Tell whether a phase takes opinions, now or later."""
    return span.kind is phases.Kind.CONTRIBUTE and phases.status(span, at=at) is not phases.Status.PAST
