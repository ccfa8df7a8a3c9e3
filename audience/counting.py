"""Counting a page that was read: one more in Redis, written nowhere else, and nothing about who read it.

Shape of a count: day, route, public name of what the page shows, language, phone or computer.
"""

import json
import re

from django.conf import settings
from django.http import HttpRequest, HttpResponseBase
from django.urls import ResolverMatch
from django.utils import timezone
from django.utils.translation import get_language

from audience.models import Device
from mulhouse import memory

COUNTS = "audience:counts"
COOKIE = "sans-mesure"
# The parts of an address that name something public: never a key, a private reference nor a number of a page.
SUBJECTS = ("slug", "code")
LONGEST_SUBJECT = 120
# Whoever says what they are is left out, nobody else is studied: a program that passes for a browser counts. CUBOT makes phones.
ROBOT = re.compile(
    r"(?<!cu)bot|crawl|spider|slurp|scan|monitor|headless|lighthouse|preview|facebookexternalhit|whatsapp|feed|rss"
    r"|curl|wget|python|httpx|java/|okhttp|libwww|perl|go-http|node|axios",
    re.IGNORECASE,
)
HAND_HELD = ("mobi", "android", "iphone", "ipad")


def is_counted(request: HttpRequest, response: HttpResponseBase) -> bool:
    """Tell whether a reading counts: a public page, whole or unchanged, read by somebody who did not say no and is no agent."""
    if request.method != "GET" or response.status_code not in {200, 304}:
        return False
    match = request.resolver_match
    if match is None or getattr(match.func, "access", "") != "public" or "HX-Request" in request.headers:
        return False
    if response.status_code == 200 and not response.get("Content-Type", "").startswith("text/html"):  # noqa: PLR2004 (HTTP)
        return False
    if response.status_code == 304 and not _is_a_page(request):  # noqa: PLR2004 (HTTP)
        return False
    return not (refuses(request) or is_robot(request) or is_ahead(request) or is_staff(request))


def refuses(request: HttpRequest) -> bool:
    """Tell whether this browser asks not to be counted: by its settings, or by the choice made on the page about it."""
    asked = request.headers.get("Sec-GPC") == "1" or request.headers.get("DNT") == "1"
    return asked or request.COOKIES.get(COOKIE) == "1"


def is_robot(request: HttpRequest) -> bool:
    """Tell whether a program says that it is one."""
    agent = request.headers.get("User-Agent", "")
    return not agent or ROBOT.search(agent) is not None


def is_ahead(request: HttpRequest) -> bool:
    """Tell whether a browser fetches a page in case somebody opens it: nobody reads it yet."""
    return "prefetch" in (request.headers.get("Sec-Purpose", "") + request.headers.get("Purpose", "")).lower()


def is_staff(request: HttpRequest) -> bool:
    """Tell whether an agent reads: they open drafts, whose names nobody else may read, and their work is no audience."""
    # Asked of who has a session only: the others are never looked up.
    return settings.SESSION_COOKIE_NAME in request.COOKIES and getattr(request.user, "is_staff", False)


def _is_a_page(request: HttpRequest) -> bool:
    """Tell whether an answer without content stands for a page: a browser that asks for one says so."""
    return "text/html" in request.headers.get("Accept", "") and "." not in request.path.rpartition("/")[2]


def count(request: HttpRequest) -> None:
    """Add one to the count of a page; when Redis does not answer, the reading is not counted."""
    match = request.resolver_match
    if match is None:
        return
    agent = request.headers.get("User-Agent", "").lower()
    device = Device.PHONE if any(word in agent for word in HAND_HELD) else Device.COMPUTER
    name = [timezone.localdate().isoformat(), match.view_name, subject(match), get_language() or "fr", device.value]
    try:
        with memory.asking():
            memory.client().hincrby(COUNTS, json.dumps(name, ensure_ascii=False, separators=(",", ":")), 1)
    except memory.MemoryUnavailableError:
        return


def subject(match: ResolverMatch) -> str:
    """Give the public name of what a page shows, "" for a page that stands alone."""
    return next((str(match.kwargs[name])[:LONGEST_SUBJECT] for name in SUBJECTS if name in match.kwargs), "")
