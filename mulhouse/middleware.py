"""What surrounds every request: its id in the logs, health answers, limits, and the pages for a busy or refusing site."""

import logging
import re
import secrets
from collections.abc import Callable
from contextvars import ContextVar

import redis.exceptions
from django.conf import settings
from django.core.exceptions import PermissionDenied
from django.db import OperationalError
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.utils.cache import patch_cache_control

from mulhouse import db, errorpages, health, throttle
from mulhouse.errors import RefusedError

GetResponse = Callable[[HttpRequest], HttpResponseBase]
request_id: ContextVar[str] = ContextVar("request_id", default="-")
ACCEPTABLE_ID = re.compile(r"[A-Za-z0-9-]{8,64}\Z")


class RequestIdFilter(logging.Filter):
    """Give each log line the id of the request being answered."""

    def filter(self, record: logging.LogRecord) -> bool:
        record.request_id = request_id.get()
        return True


class RequestIdMiddleware:
    """Number each request, or keep the number a trusted proxy gave it, and send it back for the help desk."""

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        given = request.headers.get("X-Request-ID", "") if settings.TRUSTED_PROXIES else ""
        current = given if ACCEPTABLE_ID.match(given) else secrets.token_hex(8)
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


class HealthMiddleware:
    """Answer `/healthz` and `/readyz` before sessions, limits and host redirection can get in the way."""

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        if request.path == "/healthz":
            return HttpResponse("ok", content_type="text/plain")
        if request.path == "/readyz":
            problems = health.problems()
            return HttpResponse(
                "\n".join(problems) or "ok", content_type="text/plain", status=503 if problems else 200
            )
        return self.get_response(request)


class BusyMiddleware:
    """Turn what a resident can do nothing about into a page that says so: 503 when busy, 403 with its sentence when refused."""

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        return self.get_response(request)

    def process_exception(self, request: HttpRequest, exception: Exception) -> HttpResponseBase | None:
        """Answer the failures that have a page of their own; the others stay 500 and are seen."""
        if isinstance(exception, RefusedError):
            return errorpages.refused(request, PermissionDenied(exception.message))
        if isinstance(exception, throttle.ThrottledError):
            return errorpages.throttled(request, exception)
        if isinstance(exception, redis.exceptions.ConnectionError | redis.exceptions.TimeoutError) or (
            isinstance(exception, OperationalError) and (db.is_busy(exception) or _cannot_connect(exception))
        ):
            logging.getLogger(__name__).warning("busy: %s", type(exception).__name__)
            return errorpages.busy(request)
        return None


class ThrottleMiddleware:
    """The general limit per address; reading stays open when the counter can not be reached."""

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        try:
            throttle.check(throttle.Limit.REQUEST, throttle.client_ip(request))
        except throttle.ThrottledError as error:
            response = errorpages.throttled(request, error)
            patch_cache_control(response, no_store=True)
            return response
        return self.get_response(request)


def _cannot_connect(error: OperationalError) -> bool:
    """A failed connection carries no SQLSTATE."""
    return getattr(error.__cause__, "pgcode", None) is None
