"""The error pages, in the site's design, without a query: they must show when the database does not answer.

Each template (400, 403, 404, 405, 429, 500, 503) is given `message`, the sentence of a refusal or "", and `request_id`, which the
help desk finds in the logs.
"""

import logging
import sys

from django.http import HttpRequest, HttpResponse
from django.template import loader
from django.utils.translation import gettext as _
from django.views.decorators.csrf import requires_csrf_token

from mulhouse import db, throttle
from mulhouse.errors import DomainError
from mulhouse.tracing import request_id

logger = logging.getLogger(__name__)


def _page(request: HttpRequest, status: int, message: str = "") -> HttpResponse:
    template = loader.get_template(f"{status}.html")
    return HttpResponse(
        template.render({"message": message, "request_id": request_id.get()}, request=None), status=status
    )


@requires_csrf_token
def refused(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
    """403, with the sentence of the rule that refused."""
    return _page(request, 403, str(exception or ""))


@requires_csrf_token
def not_found(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
    """404: no such page, or not for this person."""
    return _page(request, 404)


@requires_csrf_token
def not_understood(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
    """400: too long, too many fields, cut in the middle. Nothing of it was kept."""
    return _page(request, 400)


def not_opened(request: HttpRequest) -> HttpResponse:
    """405 for somebody who opened the address of a form: what it did is behind a button of another page."""
    return _page(request, 405)


def throttled(request: HttpRequest, error: DomainError) -> HttpResponse:
    """429: too many gestures in a short time."""
    response = _page(request, 429, error.message)
    response["Retry-After"] = "60"
    return response


def too_fast(request: HttpRequest) -> HttpResponse:
    """429 from django-allauth, which looks for `handler429` in the addresses of the site."""
    return throttled(request, throttle.ThrottledError())


def failed(request: HttpRequest) -> HttpResponse:
    """500: our fault, seen in the logs; 503 when a middleware met a server that does not answer."""
    error = sys.exc_info()[1]
    return busy(request, error) if db.is_unavailable(error) else _page(request, 500)


def busy(request: HttpRequest, error: BaseException | None) -> HttpResponse:
    """503: the site is up but overloaded, or one of its servers does not answer."""
    logger.warning("busy: %s", type(error).__name__)
    response = _page(request, 503)
    response["Retry-After"] = "10"
    return response


def csrf_failure(request: HttpRequest, reason: str = "") -> HttpResponse:
    """403 for a form opened too long ago: says what to do rather than « CSRF »."""
    return _page(
        request,
        403,
        _(
            "Cette page est restée ouverte trop longtemps. Revenez en arrière, rechargez-la, puis renvoyez le formulaire."
        ),
    )
