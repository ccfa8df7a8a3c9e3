"""How long a session may stay idle: 8 hours for residents, 30 minutes for those who hold a role."""

from collections.abc import Callable

from django.conf import settings
from django.http import HttpRequest, HttpResponseBase


class IdleSessionMiddleware:
    """Shorten and renew the session of people who hold a role, at most once a minute."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        if settings.SESSION_COOKIE_NAME in request.COOKIES and request.user.is_authenticated and request.user.is_staff:
            request.session.set_expiry(settings.STAFF_SESSION_SECONDS)
        return self.get_response(request)
