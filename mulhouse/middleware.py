"""What surrounds every request: its id in the logs, health answers, limits, and the pages for a busy or refusing site."""

from collections.abc import Callable
from http import HTTPStatus

from django.conf import settings
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse, HttpResponseBase, QueryDict
from django.utils.cache import patch_cache_control

from mulhouse import db, errorpages, health, plain_text, throttle
from mulhouse.errors import RefusedError
from mulhouse.tracing import new_id, request_id

GetResponse = Callable[[HttpRequest], HttpResponseBase]


class RequestIdMiddleware:
    """Number each request, or keep the number a trusted proxy gave it, and send it back for the help desk."""

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        current = new_id(request.headers.get("X-Request-ID", "") if settings.TRUSTED_PROXIES else "")
        token = request_id.set(current)
        try:
            response = self.get_response(request)
        finally:
            request_id.reset(token)
        response["X-Request-ID"] = current
        return response


class PermissionsPolicyMiddleware:
    """Close the browser features the site never uses. Passkeys need `publickey-credentials-*`, left to the site itself."""

    VALUE = "camera=(), microphone=(), geolocation=(), payment=(), usb=(), browsing-topics=()"

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        response = self.get_response(request)
        response["Permissions-Policy"] = self.VALUE
        return response


class GoneMiddleware:
    """Have browsers ask again for a text that is gone: without a word they keep a 410 for ever, and moderation gives texts back."""

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        response = self.get_response(request)
        if response.status_code == HTTPStatus.GONE:
            patch_cache_control(response, no_cache=True)
        return response


class PlainTextMiddleware:
    """Clean what people send before any form reads it: one place, so that no field is forgotten. A password stays as it is typed."""

    AS_TYPED = ("password", "csrfmiddlewaretoken")

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        request.GET = self._cleaned(request.GET)  # type: ignore[assignment] # the same immutable kind of table
        if request.method == "POST":
            # Read here for the first time: one too long, or of too many fields, is refused before any view (400).
            request.POST = self._cleaned(request.POST)  # type: ignore[assignment] # the same immutable kind of table
        return self.get_response(request)

    def _cleaned(self, sent: QueryDict) -> QueryDict:
        texts = (value for name, values in sent.lists() for value in (name, *values) if isinstance(value, str))
        if not any(plain_text.SUSPECT.search(text) for text in texts):
            return sent
        cleaned = QueryDict(mutable=True, encoding=sent.encoding)
        for name, values in sent.lists():
            as_typed = any(word in name for word in self.AS_TYPED)
            kept = values if as_typed else [plain_text.clean(str(value)) for value in values]
            cleaned.setlist(plain_text.clean(name), kept)
        cleaned._mutable = False  # noqa: SLF001 (as Django closes it)
        return cleaned


class HealthMiddleware:
    """Answer `/healthz` and `/readyz` before sessions, limits and host redirection can get in the way."""

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        if request.path == "/healthz":
            return HttpResponse("ok", content_type="text/plain")
        if request.path == "/readyz":
            problems = health.problems()
            return HttpResponse("\n".join(problems) or "ok", content_type="text/plain", status=503 if problems else 200)
        return self.get_response(request)


class BusyMiddleware:
    """Turn what a resident can do nothing about into a page that says so: 503 when busy, 403 with its sentence when refused."""

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        response = self.get_response(request)
        # Django answers with an empty page: a resident who signed out on another tab ends there after signing in again.
        if response.status_code == HTTPStatus.METHOD_NOT_ALLOWED and request.method == "GET":
            page = errorpages.not_opened(request)
            page["Allow"] = response["Allow"]
            return page
        return response

    def process_exception(self, request: HttpRequest, exception: Exception) -> HttpResponseBase | None:
        """Answer the failures that have a page of their own; the others stay 500 and are seen."""
        if isinstance(exception, RefusedError):
            return errorpages.refused(request, PermissionDenied(exception.message))
        if isinstance(exception, throttle.ThrottledError):
            return errorpages.throttled(request, exception)
        return errorpages.busy(request, exception) if db.is_unavailable(exception) else None


class ThrottleMiddleware:
    """The general limit per address; reading stays open when the counter can not be reached. The API has its own."""

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        if request.path.startswith("/api/"):
            return self.get_response(request)
        try:
            throttle.check(throttle.Limit.REQUEST, throttle.client_ip(request))
        except throttle.ThrottledError as error:
            response = errorpages.throttled(request, error)
            patch_cache_control(response, no_store=True)
            return response
        return self.get_response(request)
