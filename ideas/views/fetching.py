"""Fetching what a page is about: unknown and not for this person are the same 404."""

from typing import Any

from django.http import HttpRequest
from django.shortcuts import get_object_or_404

from ideas.models import Comment, Idea


def idea(request: HttpRequest, reference: str, *, whole: bool = False) -> Any:
    """Fetch a published idea, or one whose address keeps a sentence once it is withdrawn or hidden."""
    rows = Idea.objects.filter(published_at__isnull=False)
    people = ("campaign", "author", "district", "theme", "place_district")
    return get_object_or_404(rows.select_related(*people).defer("search"), reference=reference.upper())


def comment(request: HttpRequest, reference: str, comment_reference: str) -> Comment:
    """Fetch a comment of a visible idea, withdrawn or not."""
    rows = Comment.objects.select_related("idea__campaign", "parent", "author").defer("idea__search")
    return get_object_or_404(
        rows,
        idea__in=Idea.objects.visible().filter(reference=reference.upper()),
        reference=comment_reference.upper(),
    )
