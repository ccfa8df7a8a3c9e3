"""Where django-allauth meets the house: our words, our mails, our door for those who hold a role."""

import base64
import hashlib
import time
from typing import Any, ClassVar

from allauth.account.adapter import DefaultAccountAdapter
from allauth.core.exceptions import ImmediateHttpResponse
from allauth.mfa.adapter import DefaultMFAAdapter
from allauth.mfa.models import Authenticator
from allauth.socialaccount.adapter import DefaultSocialAccountAdapter
from cryptography.fernet import Fernet, InvalidToken, MultiFernet
from django.conf import settings
from django.core.exceptions import ImproperlyConfigured
from django.db import transaction
from django.db.models.functions import Lower
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils import timezone, translation
from django.utils.translation import gettext_lazy as _

from accounts import devices, roles
from accounts.middleware import PASSWORD_TOO_SHORT, SEEN
from accounts.models import User
from mulhouse import access, typography
from notifications import outbox

# allauth's name of a mail, ours, and whether it holds what opens an account.
MAILS = {
    "account/email/account_already_exists": ("accounts/account_already_exists", False),
    "account/email/email_changed": ("accounts/email_changed", False),
    "account/email/email_confirmation": ("accounts/email_code", True),
    "account/email/email_confirmation_signup": ("accounts/sign_up_code", True),
    "account/email/login_code": ("accounts/sign_in_code", True),
    "account/email/password_changed": ("accounts/password_changed", False),
    "account/email/password_reset": ("accounts/password_changed", False),
    "account/email/password_reset_code": ("accounts/password_code", True),
    "account/email/password_set": ("accounts/password_changed", False),
    "account/email/unknown_account": ("accounts/unknown_account", False),
    "mfa/email/recovery_codes_generated": ("accounts/recovery_codes_generated", False),
    "mfa/email/totp_activated": ("accounts/second_factor_added", False),
    "mfa/email/totp_deactivated": ("accounts/second_factor_removed", False),
    "mfa/email/webauthn_added": ("accounts/second_factor_added", False),
    "mfa/email/webauthn_removed": ("accounts/second_factor_removed", False),
    "socialaccount/email/account_connected": ("accounts/franceconnect_linked", False),
    "socialaccount/email/account_disconnected": ("accounts/franceconnect_unlinked", False),
}


def person_of(address: str) -> User | None:
    """Find the person who signs in with an address."""
    people = User.objects.alias(lowered=Lower("email"))
    return people.filter(lowered=address.lower()).order_by("pk").first()


def post(template: str, address: str, user: User | None, context: dict[str, Any], *, secret: bool = False) -> None:
    """Queue a mail about an account, in the language of its person, else in the language of the page."""
    language = user.language if user is not None else translation.get_language() or settings.LANGUAGE_CODE
    with transaction.atomic():
        outbox.enqueue_template(
            kind=template.replace("/", "."),
            to=address,
            template=template,
            context=context,
            user=user,
            language=language,
            secret=secret,
        )


class AccountAdapter(DefaultAccountAdapter):  # type: ignore[misc] # allauth comes without types
    """Sign-up and sign-in."""

    error_messages: ClassVar[dict[str, Any]] = {
        **DefaultAccountAdapter.error_messages,
        "account_inactive": _("Ce compte est suspendu."),
        "duplicate_email": _("C’est déjà l’adresse de votre compte."),
        "email_password_mismatch": _("L’adresse ou le mot de passe n’est pas le bon."),
        "email_taken": _("Cette adresse a déjà un compte."),
        "enter_current_password": _("Ce n’est pas votre mot de passe actuel."),
        "incorrect_code": _("Ce code n’est pas le bon. Vérifiez-le, puis réessayez."),
        "incorrect_password": _("Ce n’est pas le bon mot de passe."),
        "invalid_login": _("Indiquez une adresse électronique."),
        "too_many_login_attempts": _(
            "Trop d’essais. Attendez un quart d’heure, ou choisissez un nouveau mot de passe\u00a0: "
            "vous pourrez vous connecter aussitôt."
        ),
        "rate_limited": _("Vous allez trop vite. Attendez un instant, puis réessayez."),
        "same_as_current": _("C’est déjà votre adresse."),
    }

    def send_mail(self, template_prefix: str, email: str, context: dict[str, Any]) -> None:
        """Queue our own mail in place of allauth's."""
        template, secret = MAILS[template_prefix]
        user = context.get("user") or person_of(email)
        given = ("code", "from_email", "to_email")
        words: dict[str, str] = {key: str(context.get(key, "")) for key in given}
        # Never built from the request: whoever asks chooses its host.
        words["signup_url"] = f"{settings.SITE_URL}{reverse('account_signup')}"
        words["password_reset_url"] = f"{settings.SITE_URL}{reverse('account_reset_password')}"
        words["security_url"] = f"{settings.SITE_URL}{reverse('mfa_index')}"
        words["code_url"] = f"{settings.SITE_URL}{reverse('account_email_verification_sent')}"
        post(template, email, user, words, secret=secret)

    def send_notification_mail(
        self, template_prefix: str, user: Any, context: dict[str, Any] | None = None, email: str | None = None
    ) -> None:
        """Tell the person themselves what changed, at the address that knew them before."""
        self.send_mail(template_prefix, email or user.email, {**(context or {}), "user": user})

    def login(self, request: HttpRequest, user: Any) -> None:
        """Open the session, and start to measure how long it stays idle.

        Raises: ImmediateHttpResponse, back to the page, for an account that closes at this very instant.
        Locks: the person: a closing comes before, or waits and finds them there.
        """
        with transaction.atomic():
            is_there = User.objects.select_for_update(of=("self",), no_key=True).filter(pk=user.pk).exists()
            if is_there:
                super().login(request, user)
        if not is_there:
            request.session.flush()
            raise ImmediateHttpResponse(redirect("account_login"))
        request.session[SEEN] = int(time.time())

    def post_login(self, request: HttpRequest, user: Any, **kwargs: Any) -> HttpResponse:
        """Write to staff who sign in from a browser that does not know them."""
        response: HttpResponse = super().post_login(request, user, **kwargs)
        if roles.needs_second_factor(user):
            if not devices.is_known(request, user):
                with translation.override(user.language):
                    when = typography.instant(timezone.now())
                context = {"when": when, "security_url": f"{settings.SITE_URL}{reverse('usersessions_list')}"}
                post("accounts/new_device", user.email, user, context)
            devices.remember(request, response, user)
        return response

    def get_login_redirect_url(self, request: HttpRequest) -> str:
        """Lead those who hold a role to what they miss, or to their work."""
        if request.user.is_authenticated and request.user.is_staff:
            if request.session.get(PASSWORD_TOO_SHORT) or not access.used_second_factor(request):
                return reverse("accounts:second_factor")
            return reverse("admin:index")
        return str(super().get_login_redirect_url(request))

    def get_password_change_redirect_url(self, request: HttpRequest) -> str:
        """Go back to the person's own page."""
        return reverse("accounts:home")

    def get_reauthentication_methods(self, user: Any) -> list[dict[str, Any]]:
        """Name the ways to prove it is you, in our words."""
        words = {
            "reauthenticate": _("Avec votre mot de passe"),
            "mfa_reauthenticate": _("Avec un code de votre application"),
            "mfa_reauthenticate:webauthn": _("Avec une clé d’accès"),
        }
        return [{**way, "description": words[way["id"]]} for way in super().get_reauthentication_methods(user)]


class SecondFactorAdapter(DefaultMFAAdapter):  # type: ignore[misc] # allauth comes without types
    """Codes, passkeys, recovery codes. Their secrets are encrypted with the keys of the site."""

    error_messages: ClassVar[dict[str, Any]] = {
        **DefaultMFAAdapter.error_messages,
        "cannot_delete_authenticator": _(
            "Votre rôle demande un deuxième facteur. Ajoutez-en un autre avant de retirer celui-ci."
        ),
        "incorrect_code": _("Ce code n’est pas le bon. Attendez le suivant, puis réessayez."),
        "unverified_email": _("Confirmez d’abord votre adresse électronique."),
    }

    def get_totp_issuer(self) -> str:
        """Name the site in the application of the person."""
        return settings.SITE_NAME

    def _get_site_name(self) -> str:
        return settings.SITE_NAME

    def encrypt(self, text: str) -> str:
        """Encrypt a secret before it is stored."""
        return _cipher().encrypt(text.encode()).decode()

    def decrypt(self, encrypted_text: str) -> str:
        """Read a stored secret. Raises: ImproperlyConfigured when the site lost the key it was written with."""
        try:
            return _cipher().decrypt(encrypted_text.encode()).decode()
        except InvalidToken as error:
            raise ImproperlyConfigured(
                "A second factor was stored with another SECRET_KEY: put the former one in SECRET_KEY_FALLBACKS."
            ) from error

    def can_delete_authenticator(self, authenticator: Authenticator) -> bool:
        """Keep one second factor to those whose role asks for it."""
        if not roles.needs_second_factor(authenticator.user):
            return True
        others = Authenticator.objects.filter(user=authenticator.user).exclude(pk=authenticator.pk)
        return bool(others.exclude(type=Authenticator.Type.RECOVERY_CODES).exists())

    def generate_authenticator_name(self, user: Any, type: Authenticator.Type) -> str:  # noqa: A002 (allauth's name)
        """Name a passkey until its person does."""
        number = Authenticator.objects.filter(user=user, type=type).count() + 1
        return str(_("Clé d’accès %(number)s") % {"number": number})


def _cipher() -> MultiFernet:
    keys = (settings.SECRET_KEY, *settings.SECRET_KEY_FALLBACKS)
    derived = (hashlib.sha256(b"accounts.second-factor" + key.encode()).digest() for key in keys)
    return MultiFernet([Fernet(base64.urlsafe_b64encode(key)) for key in derived])


class SocialAccountAdapter(DefaultSocialAccountAdapter):  # type: ignore[misc] # allauth comes without types
    """FranceConnect: an address that has an account here is linked only by who signs in to that account."""

    error_messages: ClassVar[dict[str, Any]] = {
        **DefaultSocialAccountAdapter.error_messages,
        "connected_other": _("Cette identité FranceConnect est déjà reliée à un autre compte."),
        "disconnect_last": _(
            "Choisissez d’abord un mot de passe\u00a0: sans FranceConnect, vous ne pourriez plus vous connecter."
        ),
        "no_password": _("Choisissez d’abord un mot de passe\u00a0: sans lui, vous ne pourriez plus vous connecter."),
    }

    def pre_social_login(self, request: HttpRequest, sociallogin: Any) -> None:
        """Stop before an account is made for an address that has one, and write to that address what to do.

        Only the mail says that there is an account: who is at the keyboard may have typed somebody's address over there.
        """
        if sociallogin.is_existing or sociallogin.state.get("process") == "connect":
            return
        address = sociallogin.email_addresses[0].email if sociallogin.email_addresses else ""
        owner = person_of(address) if address else None
        if owner is not None:
            sign_in_url = f"{settings.SITE_URL}{reverse('account_login')}"
            post("accounts/franceconnect_link_first", address, owner, {"sign_in_url": sign_in_url})
            raise ImmediateHttpResponse(redirect("accounts:link_first"))
