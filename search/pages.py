"""The site's own pages, as visitors read them: the charter, how it works, the rules on data, the published methods."""

import html
import re
from typing import TYPE_CHECKING
from zlib import crc32

from django.contrib.auth.models import AnonymousUser
from django.contrib.sessions.backends.db import SessionStore
from django.test import RequestFactory
from django.urls import NoReverseMatch, Resolver404, resolve, reverse
from django.utils import translation

from search.actions import SitePage

if TYPE_CHECKING:
    from django.http import HttpRequest

# Each is asked as a visitor asks it; what has no address on this site is left out.
ROUTES = (
    "how_it_works",
    "approach",
    "charter",
    "legal",
    "privacy",
    "accessibility",
    "contact",
    "security",
    "transparency:method",
    "search:method",
)
LONGEST = 50_000
_MAIN = re.compile(r"<main\b[^>]*>(.*)</main>", re.DOTALL)
_HEADING = re.compile(r"<h1\b[^>]*>(.*?)</h1>", re.DOTALL)
_LEFT_OUT = re.compile(r"<(nav|svg|script|style)\b.*?</\1>", re.DOTALL)
_TAGS = re.compile(r"<[^>]*>")


def read() -> list[SitePage]:
    """Read every page in French."""
    found = []
    with translation.override("fr"):
        for route in ROUTES:
            try:
                address = reverse(route)
                whole = _ask(address)
            except (NoReverseMatch, Resolver404):
                continue
            main = _MAIN.search(whole)
            heading = _HEADING.search(whole)
            if main and heading:
                body = _words(_LEFT_OUT.sub(" ", main[1].replace(heading[0], " ")))
                found.append(SitePage(crc32(route.encode()), route, _words(heading[1]), body[:LONGEST]))
    return found


def _ask(address: str) -> str:
    """Ask a page as nobody, past the middleware: nothing of anybody can be in it."""
    request: HttpRequest = RequestFactory().get(address)
    request.user = AnonymousUser()
    request.session = SessionStore()
    match = resolve(address)
    request.resolver_match = match
    response = match.func(request, *match.args, **match.kwargs)
    return response.content.decode() if response.status_code == 200 else ""  # noqa: PLR2004 (HTTP)


def _words(text: str) -> str:
    return " ".join(html.unescape(_TAGS.sub(" ", text)).split())
