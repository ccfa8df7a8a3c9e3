"""The addresses of django-allauth, in French, under the names it knows; each says who may enter.

`allauth.urls` is not included: what is not in this table does not exist on this site.
"""

from collections.abc import Callable
from typing import Any, Literal

from allauth.account import views as account_views
from allauth.account.decorators import reauthentication_required
from allauth.mfa.base import views as mfa_views
from allauth.mfa.recovery_codes import views as recovery_views
from allauth.mfa.totp import views as totp_views
from allauth.mfa.webauthn import views as webauthn_views
from allauth.usersessions import views as session_views
from django.urls import URLPattern, path

from accounts import signin_views
from mulhouse import access


def _page(address: str, view: Callable[..., Any], name: str, entry: Literal["public", "resident"]) -> URLPattern:
    return path(address, (access.public if entry == "public" else access.resident)(view), name=name)


_reauthenticated = reauthentication_required(app="allauth.mfa")

urlpatterns = [
    # Signing in, signing up, signing out
    _page("connexion/", account_views.login, "account_login", "public"),
    _page("connexion/code/", account_views.request_login_code, "account_request_login_code", "public"),
    _page("connexion/code/confirmer/", account_views.confirm_login_code, "account_confirm_login_code", "public"),
    _page("connexion/cle/", signin_views.LoginWebAuthnView.as_view(), "mfa_login_webauthn", "public"),
    _page("connexion/deuxieme-facteur/", mfa_views.authenticate, "mfa_authenticate", "public"),
    _page("deconnexion/", signin_views.LogoutView.as_view(), "account_logout", "public"),
    _page("inscription/", account_views.signup, "account_signup", "public"),
    _page("inscription/cle/", account_views.signup_by_passkey, "account_signup_by_passkey", "public"),
    _page("inscription/cle/creer/", webauthn_views.signup_webauthn, "mfa_signup_webauthn", "public"),
    _page("suspendu/", account_views.account_inactive, "account_inactive", "public"),
    # Password
    _page("mot-de-passe/oublie/", account_views.password_reset, "account_reset_password", "public"),
    _page(
        "mot-de-passe/oublie/code/",
        account_views.confirm_password_reset_code,
        "account_confirm_password_reset_code",
        "public",
    ),
    _page(
        "mot-de-passe/oublie/choisir/",
        account_views.complete_password_reset,
        "account_complete_password_reset",
        "public",
    ),
    _page(
        "mot-de-passe/oublie/fait/",
        account_views.password_reset_from_key_done,
        "account_password_reset_completed",
        "public",
    ),
    _page("mot-de-passe/", signin_views.PasswordChangeView.as_view(), "account_change_password", "resident"),
    _page("mot-de-passe/choisir/", account_views.password_set, "account_set_password", "resident"),
    # Address
    _page("adresse/", account_views.email, "account_email", "resident"),
    _page("adresse/confirmer/", account_views.email_verification_sent, "account_email_verification_sent", "public"),
    # Proving again that it is you
    _page("confirmer/", account_views.reauthenticate, "account_reauthenticate", "resident"),
    _page("confirmer/code/", mfa_views.reauthenticate, "mfa_reauthenticate", "resident"),
    _page("confirmer/cle/", webauthn_views.reauthenticate_webauthn, "mfa_reauthenticate_webauthn", "resident"),
    # Second factor
    _page("securite/", signin_views.IndexView.as_view(), "mfa_index", "resident"),
    _page("securite/application/activer/", signin_views.ActivateTOTPView.as_view(), "mfa_activate_totp", "resident"),
    _page("securite/application/retirer/", totp_views.deactivate_totp, "mfa_deactivate_totp", "resident"),
    _page(
        "securite/codes-de-secours/",
        _reauthenticated(signin_views.RecoveryCodesView.as_view()),
        "mfa_view_recovery_codes",
        "resident",
    ),
    _page(
        "securite/codes-de-secours/nouveaux/",
        recovery_views.generate_recovery_codes,
        "mfa_generate_recovery_codes",
        "resident",
    ),
    _page("securite/cles/", webauthn_views.list_webauthn, "mfa_list_webauthn", "resident"),
    _page("securite/cles/ajouter/", signin_views.AddWebAuthnView.as_view(), "mfa_add_webauthn", "resident"),
    _page(
        "securite/cles/<int:pk>/retirer/", signin_views.RemoveWebAuthnView.as_view(), "mfa_remove_webauthn", "resident"
    ),
    _page("securite/cles/<int:pk>/renommer/", webauthn_views.edit_webauthn, "mfa_edit_webauthn", "resident"),
    _page("securite/sessions/", session_views.list_usersessions, "usersessions_list", "resident"),
]
