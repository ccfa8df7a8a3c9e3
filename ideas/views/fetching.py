"""Fetching what a page is about: unknown and not for this person are the same 404."""

from typing import Any

from django.contrib.postgres.expressions import ArraySubquery
from django.db.models import Exists, OuterRef, Value
from django.db.models.functions import Concat, JSONObject
from django.http import HttpRequest
from django.shortcuts import get_object_or_404

from ideas import beside, invitations, thresholds
from ideas.models import Campaign, CoAuthor, Comment, Idea, Photo, Support
from notifications import subscriptions

TOPIC = "idea:"


def idea(request: HttpRequest, reference: str, *, whole: bool = False) -> Any:
    """Fetch a published idea, or one whose address keeps a sentence once it is withdrawn or hidden; with its `goals`.

    `whole`: also its photos, and whether this person supports and follows it.
    """
    rows: Any = Idea.objects.filter(published_at__isnull=False).annotate(goals=thresholds.of_campaign("campaign"))
    if whole:
        rows = rows.annotate(shown_photos=_photos(), coauthor_names=invitations.named(), **beside.said())
        if request.user.is_authenticated:
            rows = rows.annotate(
                is_supported=Exists(Support.objects.filter(idea=OuterRef("pk"), person__user=request.user)),
                is_coauthored=Exists(CoAuthor.objects.accepted().filter(idea=OuterRef("pk"), user=request.user)),
                is_followed=subscriptions.followed_by(request.user, Concat(Value(TOPIC), OuterRef("reference"))),
            )
    people = ("campaign", "author", "district", "theme", "place_district")
    return get_object_or_404(rows.select_related(*people).defer("search"), reference=reference.upper())


def _photos() -> ArraySubquery:
    rows = Photo.objects.visible().filter(idea=OuterRef("pk")).order_by("position", "pk")
    columns = ("key", "alt", "width", "height")
    return ArraySubquery(rows.values(json=JSONObject(**{name: name for name in columns})))


def campaign(request: HttpRequest, slug: str) -> Any:
    """Fetch a campaign this person may see, with its `goals`."""
    rows = Campaign.objects.visible_to(request.user).annotate(goals=thresholds.of_campaign("pk"))
    return get_object_or_404(rows, slug=slug)


def comment(request: HttpRequest, reference: str, comment_reference: str) -> Comment:
    """Fetch a comment of a visible idea, withdrawn or not."""
    rows = Comment.objects.select_related("idea__campaign", "parent", "author").defer("idea__search")
    return get_object_or_404(
        rows,
        idea__in=Idea.objects.visible().filter(reference=reference.upper()),
        reference=comment_reference.upper(),
    )
