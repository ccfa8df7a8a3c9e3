"""The site's own pages, as visitors read them: the charter, how it works, the rules on data, the published methods."""

import html
import re
from collections.abc import Sequence
from urllib.parse import urlsplit
from zlib import crc32

from django.conf import settings
from django.contrib.auth.models import AnonymousUser
from django.contrib.sessions.backends.db import SessionStore
from django.http import HttpRequest
from django.urls import NoReverseMatch, Resolver404, resolve, reverse
from django.utils import translation

from search.actions import SitePage
from transparency import algorithms

# What has no address on this site is left out.
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
    "transparency:promises",
    "search:method",
    "privacy:processings",
    "privacy:who_sees",
    "moderation:figures",
    "opendata:catalogue",
    "opendata:api",
    "audience:figures",
)
# Methods that have a page of their own above.
ELSEWHERE = {"registre", "recherche"}
LONGEST = 50_000
_MAIN = re.compile(r"<main\b[^>]*>(.*)</main>", re.DOTALL)
_HEADING = re.compile(r"<h1\b[^>]*>(.*?)</h1>", re.DOTALL)
_LEFT_OUT = re.compile(r"<(nav|svg|script|style|form)\b.*?</\1>", re.DOTALL)
_TAGS = re.compile(r"<[^>]*>")


def read() -> list[SitePage]:
    """Read every page in French."""
    methods = [("transparency:method_page", name) for name, _title in algorithms.names() if name not in ELSEWHERE]
    found = []
    with translation.override("fr"):
        for parts in [*((route,) for route in ROUTES), *methods]:
            try:
                whole = _ask(address(parts))
            except (NoReverseMatch, Resolver404):
                continue
            main = _MAIN.search(whole)
            heading = _HEADING.search(whole)
            if main and heading:
                body = _words(_LEFT_OUT.sub(" ", main[1].replace(heading[0], " ")))
                found.append(SitePage(crc32(" ".join(parts).encode()), parts, _words(heading[1]), body[:LONGEST]))
    return found


def address(parts: Sequence[str]) -> str:
    """Give the address of a page: the name of its route, then what the route takes."""
    return reverse(parts[0], args=parts[1:])


def _ask(path: str) -> str:
    """Have a page written for nobody, at the declared address of the site: nothing of anybody can be in it.

    The view is called as it is: no middleware counts, keeps or limits what the site asks of itself.
    """
    site = urlsplit(settings.SITE_URL)
    request = HttpRequest()
    request.method, request.path, request.path_info = "GET", path, path
    request.META |= {
        "REQUEST_METHOD": "GET",
        "PATH_INFO": path,
        "SERVER_NAME": site.hostname or "localhost",
        "SERVER_PORT": str(site.port or (443 if site.scheme == "https" else 80)),
        "HTTP_HOST": site.netloc,
        "wsgi.url_scheme": site.scheme,
    }
    request.user = AnonymousUser()
    request.session = SessionStore()
    match = resolve(path)
    request.resolver_match = match
    response = match.func(request, *match.args, **match.kwargs)
    return response.content.decode() if response.status_code == 200 else ""  # noqa: PLR2004 (HTTP)


def _words(text: str) -> str:
    return " ".join(html.unescape(_TAGS.sub(" ", text)).split())
