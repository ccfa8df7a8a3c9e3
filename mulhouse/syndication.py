"""Feeds in Atom and RSS: how one begins, and how it is sent; each room says its entries."""

from collections.abc import Callable, Iterable, Mapping
from typing import Any

from django.conf import settings
from django.http import Http404, HttpResponse
from django.utils import feedgenerator
from django.utils.translation import get_language

FORMATS: dict[str, type[feedgenerator.SyndicationFeed]] = {
    "atom": feedgenerator.Atom1Feed,
    "rss": feedgenerator.Rss201rev2Feed,
}


def write(
    kind: str, *, title: str, description: str, path: str, feed_path: str, entries: Iterable[Mapping[str, Any]]
) -> tuple[str, str]:
    """Write a feed of this site, its entries in the order they come.

    Shape: (XML text, content type).
    Raises: KeyError for a form that is neither of FORMATS.
    """
    feed = FORMATS[kind](
        title=title,
        link=settings.SITE_URL + path,
        description=description,
        language=get_language(),
        feed_url=settings.SITE_URL + feed_path,
        author_name=settings.SITE_NAME,
    )
    for entry in entries:
        feed.add_item(**entry)
    return feed.writeString("utf-8"), str(feed.content_type)  # type: ignore[attr-defined] # each format has one


def response(kind: str, written: Callable[[str], tuple[str, str]]) -> HttpResponse:
    """Answer with a feed.

    Raises: Http404 for a form that does not exist.
    """
    if kind not in FORMATS:
        raise Http404
    text, content_type = written(kind)
    return HttpResponse(text, content_type=content_type)
