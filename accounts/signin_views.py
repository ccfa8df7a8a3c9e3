"""The pages of django-allauth where ours does something more; the others are used as they are (see `signin_urls`)."""

from typing import Any

from allauth.account import views as account_views
from allauth.account.internal.flows.login import record_authentication
from allauth.mfa import app_settings as mfa_settings
from allauth.mfa.base import views as mfa_views
from allauth.mfa.models import Authenticator
from allauth.mfa.recovery_codes import views as recovery_views
from allauth.mfa.totp import views as totp_views
from allauth.mfa.webauthn import views as webauthn_views
from django.conf import settings
from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.decorators import method_decorator
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache

from accounts.adapters import SecondFactorAdapter
from accounts.franceconnect.views import end_session_url
from accounts.middleware import PASSWORD_TOO_SHORT


class LogoutView(account_views.LogoutView):  # type: ignore[misc] # allauth comes without types
    """Sign out here and, for who came that way, from FranceConnect (FC-03)."""

    def post(self, *args: Any, **kwargs: Any) -> HttpResponse:
        """End the session."""
        elsewhere = end_session_url(self.request) if settings.FRANCECONNECT else None
        response: HttpResponse = super().post(*args, **kwargs)
        return redirect(elsewhere) if elsewhere else response


class PasswordChangeView(account_views.PasswordChangeView):  # type: ignore[misc]
    """Change password; what a role asked is done."""

    def form_valid(self, form: Any) -> HttpResponse:
        """Keep the new password."""
        self.request.session.pop(PASSWORD_TOO_SHORT, None)
        response: HttpResponse = super().form_valid(form)
        return response


class ActivateTOTPView(totp_views.ActivateTOTPView):  # type: ignore[misc]
    """Activating an application proves that one holds it: the session counts as signed in with it."""

    def form_valid(self, form: Any) -> HttpResponse:
        """Keep the application."""
        response: HttpResponse = super().form_valid(form)
        _count_as_second_factor(self.request, Authenticator.Type.TOTP)
        return response


class AddWebAuthnView(webauthn_views.AddWebAuthnView):  # type: ignore[misc]
    """So does adding a passkey."""

    def form_valid(self, form: Any) -> HttpResponse:
        """Keep the passkey."""
        response: HttpResponse = super().form_valid(form)
        _count_as_second_factor(self.request, Authenticator.Type.WEBAUTHN)
        return response


def _count_as_second_factor(request: HttpRequest, kind: str) -> None:
    added = Authenticator.objects.filter(user=request.user, type=kind).order_by("-pk").first()
    if added is not None:
        record_authentication(request, request.user, "mfa", id=added.pk, type=kind)


class IndexView(mfa_views.IndexView):  # type: ignore[misc]
    """How one's account is protected."""

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        """Count what there is."""
        found = list(Authenticator.objects.filter(user=self.request.user).order_by("pk"))
        kinds = [row.type for row in found]
        codes = next((row for row in found if row.type == Authenticator.Type.RECOVERY_CODES), None)
        return {
            "has_application": Authenticator.Type.TOTP in kinds,
            "passkey_count": kinds.count(Authenticator.Type.WEBAUTHN),
            "is_protected": bool(set(kinds) - {Authenticator.Type.RECOVERY_CODES}),
            "code_count": len(codes.wrap().get_unused_codes()) if codes else None,
        }


class RemoveWebAuthnView(webauthn_views.RemoveWebAuthnView):  # type: ignore[misc]
    """Remove a passkey, unless it is the last second factor of somebody who needs one."""

    def form_valid(self, form: Any) -> HttpResponse:
        """Remove it, or say why not."""
        if not SecondFactorAdapter().can_delete_authenticator(self.get_object()):
            messages.error(self.request, str(SecondFactorAdapter.error_messages["cannot_delete_authenticator"]))
            return redirect("mfa_index")
        response: HttpResponse = super().form_valid(form)
        return response


@method_decorator(never_cache, name="dispatch")
class RecoveryCodesView(recovery_views.ViewRecoveryCodesView):  # type: ignore[misc]
    """Show the recovery codes. allauth notes on this GET that they were seen, which nothing here needs: not kept."""

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        """Read the codes that were not used."""
        codes = Authenticator.objects.filter(user=self.request.user, type=Authenticator.Type.RECOVERY_CODES).first()
        if codes is None:
            raise Http404
        return {"unused_codes": codes.wrap().get_unused_codes(), "total_count": mfa_settings.RECOVERY_CODE_COUNT}


class LoginWebAuthnView(webauthn_views.LoginWebAuthnView):  # type: ignore[misc]
    """Sign in with a passkey, and come back where one was."""

    def form_invalid(self, form: Any) -> HttpResponse:
        """Say it in a sentence, whatever the library found wrong."""
        messages.error(self.request, _("Cette clé d’accès n’est pas reconnue ici. Choisissez une autre façon."))
        return redirect("account_login")
