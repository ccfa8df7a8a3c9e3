"""Fetching what a page is about: unknown and not for this person are the same 404."""

from functools import cache
from typing import Any

from django.db.models import Exists, OuterRef, Subquery, Value
from django.db.models.functions import Concat
from django.http import HttpRequest
from django.shortcuts import get_object_or_404
from django.utils import timezone

from consultations import coverage, participation
from consultations.models import (
    Comment,
    Consultation,
    ConsultationQuestionnaire,
    ConsultationVote,
    Contribution,
    Report,
)
from consultations.models.procedure import TOPIC
from notifications import subscriptions


def consultation(request: HttpRequest, slug: str, *prefetched: str, whole: bool = False) -> Any:
    """Fetch a consultation this person may see, with its phases; it knows whether it has a map, a questionnaire, a vote and a report.

    `whole`: also its districts, who took part, how many opinions have an answer, and whether this person follows it.
    """
    rows: Any = Consultation.objects.visible_to(request.user).select_related("theme", "service")
    if whole:
        rows = participation.with_counts(coverage.with_counts(rows.with_district_names()), at=timezone.now())
        if request.user.is_authenticated:
            topic = Concat(Value(TOPIC), OuterRef("slug"))
            rows = rows.annotate(is_followed=subscriptions.followed_by(request.user, topic))
    return get_object_or_404(rows.prefetch_related("phases", *prefetched).annotate(**_rooms()), slug=slug)


@cache
def _rooms() -> dict[str, Any]:
    """Ask what else a consultation has, each a page of its own. Written once: every page of a consultation asks it."""
    of_it: dict[str, Any] = {"consultation": OuterRef("pk")}
    asked = ConsultationQuestionnaire.objects.filter(**of_it, questionnaire__published_at__isnull=False)
    voted = ConsultationVote.objects.filter(**of_it, votation__published_at__isnull=False)
    reported = Report.objects.published().filter(**of_it).order_by("published_at")
    return {
        "has_places": Exists(Contribution.objects.placed().filter(**of_it)),
        "has_questionnaire": Exists(asked),
        "has_votes": Exists(voted),
        "first_report_at": Subquery(reported.values("published_at")[:1]),
    }


def contribution(request: HttpRequest, slug: str, reference: str, **conditions: Any) -> Contribution:
    """Fetch a contribution that this person may open, or whose address keeps a sentence once it is withdrawn."""
    rows = Contribution.objects.select_related(
        "consultation", "section", "author", "district", "place_district", "item__grouped_with"
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
