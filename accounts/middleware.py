"""What surrounds the requests of people who are signed in: how long a session may stay idle, and the second factor of staff."""

import time
from collections.abc import Callable
from typing import Any

from django.conf import settings
from django.contrib.auth import logout
from django.contrib.auth.middleware import LoginRequiredMiddleware
from django.contrib.auth.views import redirect_to_login
from django.http import HttpRequest, HttpResponse, HttpResponseBase, HttpResponseRedirect
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.http import url_has_allowed_host_and_scheme, urlencode

from mulhouse import access

GetResponse = Callable[[HttpRequest], HttpResponseBase]

# In the session: when its person was last seen (seconds), and whether their password is older than their role.
SEEN = "seen"
PASSWORD_TOO_SHORT = "password_too_short"  # noqa: S105 (a name)
RENEWAL_SECONDS = 60


def idle_limit(user: Any) -> int:
    """Give how long a session may stay idle, in seconds: 8 hours for residents, 30 minutes for those who hold a role."""
    return settings.STAFF_SESSION_SECONDS if user.is_staff else settings.RESIDENT_SESSION_SECONDS


class SignInMiddleware(LoginRequiredMiddleware):
    """Lead visitors to the sign-in page, and from there back to a page: a button has an address that only answers to it.

    A button of htmx would put the sign-in page inside the page: the browser is told to go there instead.
    """

    def handle_no_permission(  # type: ignore[override] # htmx is told in a header, which a redirection would hide
        self, request: HttpRequest, view_func: Any
    ) -> HttpResponseBase:
        """Answer in place of a view that is not open to everybody."""
        is_button = request.method not in {"GET", "HEAD"}
        back = _page_of_the_form(request, default=request.get_full_path()) if is_button else request.get_full_path()
        answer = redirect_to_login(back, self.get_login_url(view_func))
        return HttpResponse(headers={"HX-Redirect": answer.url}) if request.headers.get("HX-Request") else answer


class IdleSessionMiddleware:
    """End a session that stayed idle, and say so; note that its person is there at most once a minute."""

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        if settings.SESSION_COOKIE_NAME in request.COOKIES and request.user.is_authenticated:
            now = int(time.time())
            seen = request.session.get(SEEN)
            if seen is not None and now - seen > idle_limit(request.user):
                logout(request)
                return _session_ended(request)
            if seen is None or now - seen >= RENEWAL_SECONDS:
                request.session[SEEN] = now
        return self.get_response(request)


def _session_ended(request: HttpRequest) -> HttpResponseBase:
    """Lead to the page that says so, and from there back to where one was."""
    back = (
        request.get_full_path()
        if request.method in {"GET", "HEAD"}
        else _page_of_the_form(request, default=reverse("accounts:home"))
    )
    url = f"{reverse('accounts:session_ended')}?{urlencode({'next': back})}"
    if request.headers.get("HX-Request"):
        return HttpResponse(headers={"HX-Redirect": url})
    return HttpResponseRedirect(url)


def _page_of_the_form(request: HttpRequest, *, default: str) -> str:
    referer = request.headers.get("Referer", "")
    if url_has_allowed_host_and_scheme(referer, allowed_hosts={request.get_host()}):
        return referer
    return default


class SecondFactorMiddleware:
    """Leave to those who hold a role, until they used a second factor, only the pages that lead there.

    Everything is closed and not only what their role opens: many reads ask `has_perm`, which knows nothing of the session.
    """

    OPEN = frozenset(
        {
            "accounts:second_factor",
            "accounts:session_ended",
            "accounts:stay",
            "account_logout",
            "account_change_password",
            "account_set_password",
            "account_reauthenticate",
            "security_txt",
            "demo_enter",
            "demo_mailbox",
        }
    )

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        return self.get_response(request)

    def process_view(self, request: HttpRequest, view: Any, args: Any, kwargs: Any) -> HttpResponseBase | None:
        """Lead to the page that says what is missing."""
        if settings.SESSION_COOKIE_NAME not in request.COOKIES or not request.user.is_authenticated:
            return None
        if not request.user.is_staff or not (missing(request)):
            return None
        name = request.resolver_match.view_name if request.resolver_match else ""
        if name in self.OPEN or name.startswith("mfa_"):
            return None
        return redirect("accounts:second_factor")


def missing(request: HttpRequest) -> str:
    """Tell what somebody who holds a role still has to do in this session.

    Shape: "", "second_factor" or "password".
    """
    if not access.used_second_factor(request):
        return "second_factor"
    return "password" if request.session.get(PASSWORD_TOO_SHORT) else ""
