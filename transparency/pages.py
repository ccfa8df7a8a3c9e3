"""Pages kept for visitors and never out of date: the number of the last line of the register is their version.

Source: docs/decisions/0002-page-cache-by-register.md.
"""

import copy
import gzip
import hashlib
import json
from collections.abc import Callable
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from functools import partial, wraps
from typing import Any, TypeVar, cast, overload

from django.conf import settings
from django.contrib.auth.models import AnonymousUser
from django.http import HttpRequest, HttpResponse, HttpResponseBase, HttpResponseNotModified
from django.middleware.gzip import re_accepts_gzip
from django.shortcuts import render
from django.template.response import SimpleTemplateResponse
from django.utils import timezone
from django.utils.cache import patch_vary_headers
from django.utils.http import parse_etags
from django.utils.safestring import mark_safe
from django.utils.translation import get_language

from mulhouse import memory, release
from transparency import register

View = TypeVar("View", bound=Callable[..., HttpResponseBase])
Until = Callable[[datetime], datetime | None]

KEEP_SECONDS = 3600
# An address with a query can be invented without end: kept for less time, and not at all when it is long.
KEEP_QUERY_SECONDS = 300
LONGEST_QUERY = 300
LARGEST_BYTES = 512_000
VARY = ("Cookie", "HX-Request", "Accept-Encoding")
# What shows that a request belongs to somebody: a session, or a message on its way to one person.
PERSONAL_COOKIES = (settings.SESSION_COOKIE_NAME, "messages")
# The blocks of base.html that a shared page fills, in the order of parts.html, and what stands between them: no text of
# anybody holds it, since a comment of HTML is escaped or cleaned away.
PARTS = ("title", "description", "og_title", "og_image", "canonical", "head", "content")
BETWEEN = "<!-- part -->"


@dataclass(frozen=True)
class Kept:
    """A page as kept: the version it shows, until when, and its compressed body."""

    etag: str
    content_type: str
    body: bytes

    def pack(self) -> bytes:
        """Write it for Redis: a line of JSON, then the body."""
        head = {name: value for name, value in asdict(self).items() if name != "body"}
        return json.dumps(head).encode() + b"\n" + self.body

    @classmethod
    def unpack(cls, packed: bytes) -> "Kept":
        """Read it back."""
        head, _, body = packed.partition(b"\n")
        return cls(body=body, **json.loads(head))


@overload
def cached_for_visitors(view: View) -> View: ...
@overload
def cached_for_visitors(*, until: Until | None = None, shared: bool = False) -> Callable[[View], View]: ...
def cached_for_visitors(
    view: View | None = None, *, until: Until | None = None, shared: bool = False
) -> View | Callable[[View], View]:
    """Render a page once for all visitors, until the register grows, the day changes in Paris, or the site is deployed.

    `until` says, for a page that changes within the day (a phase that ends at noon), at which instant after `at` it does;
    it is asked only when the page is rendered. People who are signed in always get their own page. `shared` says that it
    differs by its frame alone (the account, the colours, the messages): then what a visitor would read is made once for
    residents too, under the same version, and each gets it in their own frame. Its template begins with
    `{% extends frame %}`.

    Shape: wraps a view whose page holds, for a visitor, no token, no cookie and nothing of the request but its address
    and `HX-Request`; what does not is served and not kept.
    """
    if view is None:
        return lambda wrapped: _keep_for_visitors(wrapped, until, shared=shared)
    return _keep_for_visitors(view, until, shared=shared)


def _keep_for_visitors(view: View, until: Until | None, *, shared: bool) -> View:
    @wraps(view)
    def keeping(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        if not _is_for_a_visitor(request):
            framed = shared and _is_for_a_resident(request)
            answer = partial(view, *args, **kwargs)
            response = _in_own_frame(request, answer, until) if framed else answer(request)
            patch_vary_headers(response, VARY[:2])
            return response
        at = timezone.now()
        address = _address(request)
        version = _version(address, at)
        known = _known_version(request, version, at)
        if known:
            return _with_headers(HttpResponseNotModified(), known)
        kept = _recall(address, version, at)
        if kept is None:
            response = _finished(view(request, *args, **kwargs))
            if not isinstance(response, HttpResponse) or not _may_be_kept(request, response):
                patch_vary_headers(response, VARY[:2])
                return response
            kept = Kept(
                etag=_etag(version, until(at) if until else None),
                content_type=response["Content-Type"],
                body=gzip.compress(response.content, compresslevel=6, mtime=0),
            )
            _keep(address, kept, seconds=_seconds(request))
        return _with_headers(_unpacked(request, kept), kept.etag)

    return cast("View", keeping)


def forget_kept() -> None:
    """Take every kept page away. One whose version is over is never shown again, but would lie there until its time."""
    memory.forget("page:*", "parts:*")


def _is_for_a_visitor(request: HttpRequest) -> bool:
    return (
        request.method in {"GET", "HEAD"}
        and not settings.DEBUG
        and not any(cookie in request.COOKIES for cookie in PERSONAL_COOKIES)
        and len(request.META.get("QUERY_STRING", "")) <= LONGEST_QUERY
    )


def _is_for_a_resident(request: HttpRequest) -> bool:
    """Tell whether a whole page is asked by somebody to whom it says what it says to visitors: staff may see drafts."""
    return (
        request.method in {"GET", "HEAD"}
        and not settings.DEBUG
        and "HX-Request" not in request.headers
        and request.user.is_authenticated
        and not request.user.is_staff
        and len(request.META.get("QUERY_STRING", "")) <= LONGEST_QUERY
    )


def _in_own_frame(
    request: HttpRequest, view: Callable[[HttpRequest], HttpResponseBase], until: Until | None
) -> HttpResponseBase:
    """Answer with the parts that a visitor would read, made once for everybody, in the frame of who asks."""
    at = timezone.now()
    address = _address(request, kind="parts")
    version = _version(address, at)
    kept = _recall(address, version, at)
    if kept is None:
        asked = _as_a_visitor(request)
        made = _finished(view(asked))
        if not isinstance(made, HttpResponse) or not _may_be_kept(asked, made):
            return view(request)
        body = gzip.compress(made.content, compresslevel=1, mtime=0)
        kept = Kept(_etag(version, until(at) if until else None), made["Content-Type"], body)
        _keep(address, kept, seconds=_seconds(request))
    # The last line of the file of parts.html ends like any other.
    parts = gzip.decompress(kept.body).decode().removesuffix("\n").split(BETWEEN)
    return render(request, "framed.html", {"parts": dict(zip(PARTS, map(mark_safe, parts), strict=True))})


def _as_a_visitor(request: HttpRequest) -> HttpRequest:
    """Ask for the same page as nobody: what is made of it can hold nothing of who asks."""
    asked = copy.copy(request)
    asked.user = AnonymousUser()
    asked.session = type(request.session)()
    asked.COOKIES = {}
    asked.META = {name: value for name, value in request.META.items() if not name.startswith(("CSRF_", "HTTP_COOKIE"))}
    asked.frame = "parts.html"  # type: ignore[attr-defined] # read by the templates of shared pages
    return asked


def _seconds(request: HttpRequest) -> int:
    return KEEP_QUERY_SECONDS if request.META.get("QUERY_STRING") else KEEP_SECONDS


def _address(request: HttpRequest, *, kind: str = "page") -> str:
    """Name the place where a page is kept: one for each address, so that a new version replaces the old one."""
    parts = [
        request.scheme or "",
        request.get_host(),
        request.get_full_path(),
        get_language() or "",
        request.headers.get("HX-Request", ""),
    ]
    return f"{kind}:" + hashlib.sha256("\n".join(parts).encode()).hexdigest()[:32]


def _version(address: str, at: datetime) -> str:
    """Name what the page shows now. The head is read first: what is rendered after is at least as recent."""
    parts = [address, str(register.head()), timezone.localdate(at).isoformat(), release.identity()]
    return hashlib.sha256("\n".join(parts).encode()).hexdigest()[:24]


def _etag(version: str, until: datetime | None) -> str:
    """Write the version, and the second at which the page stops being true, where a 304 can be decided on it alone."""
    return f'W/"{version}.{int(until.timestamp())}"' if until else f'W/"{version}"'


def _is_true(etag: str, version: str, at: datetime) -> bool:
    found, _, until = etag.removeprefix("W/").strip('"').partition(".")
    return found == version and (not until or (until.isdigit() and at.timestamp() < int(until)))


def _known_version(request: HttpRequest, version: str, at: datetime) -> str:
    """Find among the visitor's copies the one that is still true."""
    etags = parse_etags(request.headers.get("If-None-Match", ""))
    return next((etag for etag in etags if _is_true(etag, version, at)), "")


def _finished(response: HttpResponseBase) -> HttpResponseBase:
    if isinstance(response, SimpleTemplateResponse) and not response.is_rendered:
        return response.render()
    return response


def _may_be_kept(request: HttpRequest, response: HttpResponse) -> bool:
    """Tell whether a page is everybody's: whole, and made without token, cookie, session or message."""
    return (
        response.status_code == 200  # noqa: PLR2004 (HTTP)
        and not response.cookies
        and not response.has_header("Set-Cookie")
        and not response.has_header("Content-Encoding")
        and not request.META.get("CSRF_COOKIE_NEEDS_UPDATE")
        and not request.session.modified
        and not getattr(getattr(request, "_messages", None), "added_new", False)
        and len(response.content) <= LARGEST_BYTES
    )


def _recall(address: str, version: str, at: datetime) -> Kept | None:
    try:
        with memory.asking():
            packed = memory.client().get(address)
    except memory.MemoryUnavailableError:
        return None
    kept = Kept.unpack(packed) if isinstance(packed, bytes) else None
    return kept if kept and _is_true(kept.etag, version, at) else None


def _keep(address: str, kept: Kept, *, seconds: int) -> None:
    try:
        with memory.asking():
            memory.client().set(address, kept.pack(), ex=timedelta(seconds=seconds))
    except memory.MemoryUnavailableError:
        return


def _unpacked(request: HttpRequest, kept: Kept) -> HttpResponse:
    """Send the body compressed as it was kept (it holds no secret to guess), or whole to the few who can not read that."""
    if re_accepts_gzip.search(request.headers.get("Accept-Encoding", "")):
        response = HttpResponse(kept.body, content_type=kept.content_type)
        response["Content-Encoding"] = "gzip"
        return response
    return HttpResponse(gzip.decompress(kept.body), content_type=kept.content_type)


def _with_headers(response: HttpResponse, etag: str) -> HttpResponse:
    response["ETag"] = etag
    response["Cache-Control"] = "no-cache"
    patch_vary_headers(response, VARY)
    return response
