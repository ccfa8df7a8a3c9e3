"""What one can still take part in, or whose result is still awaited: nothing is archived nor reported before that is over."""

import datetime as dt
from dataclasses import dataclass

from consultations import phases
from consultations.models import Consultation
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


def still_takes_part(span: phases.Span, *, at: dt.datetime) -> bool:
    """Tell whether a phase takes opinions, now or later."""
    return span.kind is phases.Kind.CONTRIBUTE and phases.status(span, at=at) is not phases.Status.PAST
