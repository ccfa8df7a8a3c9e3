"""Fetching what a page is about: unknown and not for this person are the same 404."""

from typing import Any

from django.db.models import Exists, OuterRef
from django.http import HttpRequest
from django.shortcuts import get_object_or_404

from consultations import participation
from consultations.models import (
    Comment,
    Consultation,
    ConsultationQuestionnaire,
    ConsultationVote,
    Contribution,
    Report,
)


def consultation(request: HttpRequest, slug: str, *prefetched: str, counted: bool = False) -> Consultation:
    """Fetch a consultation this person may see, with its phases; it knows whether it has a map, a questionnaire, a vote and a report."""
    rows = Consultation.objects.visible_to(request.user).select_related("theme", "service")
    placed = Contribution.objects.placed().filter(consultation=OuterRef("pk"))
    asked = ConsultationQuestionnaire.objects.filter(
        consultation=OuterRef("pk"), questionnaire__published_at__isnull=False
    )
    reported = Report.objects.published().filter(consultation=OuterRef("pk")).order_by()
    voted = ConsultationVote.objects.filter(consultation=OuterRef("pk"), votation__published_at__isnull=False)
    found: Consultation = get_object_or_404(
        (participation.with_counts(rows) if counted else rows)
        .prefetch_related("phases", *prefetched)
        .annotate(
            has_places=Exists(placed),
            has_questionnaire=Exists(asked),
            has_votes=Exists(voted),
            has_report=Exists(reported),
        ),
        slug=slug,
    )
    return found


def contribution(request: HttpRequest, slug: str, reference: str, **conditions: Any) -> Contribution:
    """Fetch a contribution that this person may open, or whose address keeps a sentence once it is withdrawn."""
    rows = Contribution.objects.select_related(
        "consultation__theme", "section", "author", "district", "place_district", "item__grouped_with"
    ).defer("search", "item__search", "item__words", "item__grouped_with__search", "item__grouped_with__words")
    return get_object_or_404(
        rows.prefetch_related("consultation__phases"),
        consultation__in=Consultation.objects.visible_to(request.user),
        consultation__slug=slug,
        reference=reference.upper(),
        **conditions,
    )


def comment(request: HttpRequest, slug: str, reference: str, comment_reference: str) -> Comment:
    """Fetch a comment of a visible contribution, withdrawn or not."""
    rows = Comment.objects.select_related("contribution__consultation", "parent", "author")
    return get_object_or_404(
        rows.prefetch_related("contribution__consultation__phases"),
        contribution__in=Contribution.objects.visible().filter(reference=reference.upper()),
        contribution__consultation__in=Consultation.objects.visible_to(request.user).filter(slug=slug),
        reference=comment_reference.upper(),
    )
