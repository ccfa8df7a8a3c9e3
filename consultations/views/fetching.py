"""Fetching what a page is about: unknown and not for this person are the same 404."""

from typing import Any

from django.db.models import Exists, OuterRef
from django.http import HttpRequest
from django.shortcuts import get_object_or_404

from consultations.models import Comment, Consultation, ConsultationQuestionnaire, Contribution


def consultation(request: HttpRequest, slug: str, *prefetched: str) -> Consultation:
    """Fetch a consultation this person may see, with its phases; it knows whether it has a questionnaire."""
    rows = Consultation.objects.visible_to(request.user).select_related("theme", "service")
    asked = ConsultationQuestionnaire.objects.filter(
        consultation=OuterRef("pk"), questionnaire__published_at__isnull=False
    )
    found: Consultation = get_object_or_404(
        rows.prefetch_related("phases", *prefetched).annotate(has_questionnaire=Exists(asked)), slug=slug
    )
    return found


def contribution(request: HttpRequest, slug: str, reference: str, **conditions: Any) -> Contribution:
    """Fetch a contribution that this person may open, or whose address keeps a sentence once it is withdrawn."""
    rows = Contribution.objects.select_related(
        "consultation__theme", "section", "author", "district", "place_district"
    ).defer("search")
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
