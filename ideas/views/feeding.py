"""The feeds of the box."""

from django.http import HttpRequest, HttpResponse
from django.views.decorators.http import require_safe

from ideas import feeds
from mulhouse import syndication
from mulhouse.access import public
from transparency.pages import cached_for_visitors


@public
@require_safe
@cached_for_visitors
def feed(request: HttpRequest, kind: str) -> HttpResponse:
    """Send the feed of the ideas."""
    return syndication.response(kind, feeds.ideas)
