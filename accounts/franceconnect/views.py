"""The three addresses FranceConnect knows: leave, come back, and come back from signing out."""

import requests
from allauth.socialaccount.providers.oauth2.views import OAuth2LoginView
from django.conf import settings
from django.contrib import messages
from django.core import signing
from django.http import HttpRequest, HttpResponseBase
from django.shortcuts import redirect, resolve_url
from django.urls import reverse
from django.utils.http import urlencode
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from accounts.franceconnect.adapter import (
    ID_TOKEN_SESSION_KEY,
    FranceConnectAdapter,
    FranceConnectCallbackView,
)
from mulhouse.access import public

LOGOUT_SALT = "franceconnect.logout"
LOGOUT_SECONDS = 600


@public
def login(request: HttpRequest) -> HttpResponseBase:
    """Ask before leaving for FranceConnect (GET), then leave (POST)."""
    response: HttpResponseBase = OAuth2LoginView.adapter_view(FranceConnectAdapter(request))(request)
    return response


@public
@require_safe
def callback(request: HttpRequest) -> HttpResponseBase:
    """Come back from FranceConnect."""
    response: HttpResponseBase = FranceConnectCallbackView.adapter_view(FranceConnectAdapter(request))(request)
    return response


@public
@require_safe
def logged_out(request: HttpRequest) -> HttpResponseBase:
    """Come back from FranceConnect's own sign-out; a state that is not ours says nothing."""
    try:
        signing.loads(request.GET.get("state", ""), salt=LOGOUT_SALT, max_age=LOGOUT_SECONDS)
    except signing.BadSignature:
        return redirect("home")
    messages.success(request, _("Vous êtes déconnecté de ce site et de FranceConnect."))
    return redirect(resolve_url(settings.LOGOUT_REDIRECT_URL))


def end_session_url(request: HttpRequest) -> str | None:
    """Give the address that closes the FranceConnect session too (FC-03), for somebody who came through it.

    Call it before the session is closed: the token it needs is there. None for everybody else, and when FranceConnect
    does not answer (signing out of this site must always work).
    """
    token = request.session.get(ID_TOKEN_SESSION_KEY)
    if not token:
        return None
    try:
        endpoint = FranceConnectAdapter(request).openid_config.get("end_session_endpoint")
    except requests.RequestException:
        return None
    if not endpoint:
        return None
    query = urlencode(
        {
            "id_token_hint": token,
            "state": signing.dumps("out", salt=LOGOUT_SALT),
            "post_logout_redirect_uri": request.build_absolute_uri(reverse("franceconnect_logged_out")),
        }
    )
    return f"{endpoint}?{query}"
