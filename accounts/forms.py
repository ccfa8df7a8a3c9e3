"""The forms about an account: allauth's with our words, and those of « Mon espace »."""

import math
import time
from typing import TYPE_CHECKING, Any, ClassVar

from allauth.account import forms as account_forms
from allauth.account.internal.flows.signup import prevent_enumeration
from allauth.core import context
from allauth.mfa.base import forms as mfa_forms
from allauth.mfa.totp import forms as totp_forms
from allauth.mfa.webauthn import forms as webauthn_forms
from allauth.socialaccount import forms as social_forms
from django import forms
from django.conf import settings
from django.core.exceptions import ValidationError
from django.db import transaction
from django.http import HttpRequest
from django.utils import translation
from django.utils.functional import Promise
from django.utils.translation import gettext as _now
from django.utils.translation import gettext_lazy as _

from accounts import consents, documents, passwords, rules
from accounts.middleware import PASSWORD_TOO_SHORT
from accounts.models import Consent, Scheme, User
from city.models import District
from mulhouse import memory, proof_of_work, throttle
from mulhouse.db import ConstraintViolatedError, named_constraint

if TYPE_CHECKING:
    from django.core.files.uploadedfile import UploadedFile

Words = tuple[str | Promise, str | Promise]
EMAIL: Words = (_("Adresse électronique"), "")
PASSWORD: Words = (_("Mot de passe"), "")
NEW_PASSWORD: Words = (
    _("Nouveau mot de passe"),
    _("12 caractères au moins. Une phrase de quelques mots convient très bien."),
)
# What is said of a field left empty, whatever form it stands in.
MISSING = {
    "email": _("Indiquez votre adresse électronique."),
    "login": _("Indiquez votre adresse électronique."),
    "password": _("Tapez votre mot de passe."),
    "oldpassword": _("Tapez votre mot de passe actuel."),
    "password1": _("Choisissez un mot de passe."),
    "code": _("Tapez le code."),
}
MAILED_CODE: Words = (_("Code à six chiffres"), _("Il est dans le courriel que nous venons de vous envoyer."))
APP_CODE: Words = (_("Code de l’application"), _("Les six chiffres que montre votre application."))


class Worded:
    """Our words in a form of allauth: no placeholder, a label and a help that say what to type."""

    WORDS: ClassVar[dict[str, Words]] = {}

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        fields: dict[str, forms.Field] = self.fields  # type: ignore[attr-defined] # a mixin of forms
        # Typed once: the page can show it, and the reset by code is there for who mistypes it.
        fields.pop("password2", None)
        for name, field in fields.items():
            field.widget.attrs.pop("placeholder", None)
            if name in self.WORDS:
                field.label, field.help_text = self.WORDS[name]  # type: ignore[assignment] # lazy texts are texts
            if name in MISSING:
                field.error_messages["required"] = MISSING[name]
            if isinstance(field, forms.EmailField):
                field.widget.attrs |= {"autocapitalize": "none", "spellcheck": "false"}
            if name == "code":
                field.widget.attrs |= {"inputmode": "numeric", "spellcheck": "false"}


# --- Sign-in, sign-up ------------------------------------------------------------------------------------------------


class LoginForm(Worded, account_forms.LoginForm):  # type: ignore[misc] # allauth comes without types
    """Sign-in by address and password."""

    WORDS: ClassVar = {"login": EMAIL, "password": PASSWORD}

    def login(self, request: HttpRequest, redirect_url: str | None = None) -> Any:
        """Open the session; a password from before a role is noted, and changed before the role is used."""
        response = super().login(request, redirect_url)
        if self.user is not None and passwords.is_too_short(self.cleaned_data["password"], self.user):
            request.session[PASSWORD_TOO_SHORT] = True
        return response


class CharterField(forms.BooleanField):
    """The charter, accepted by whoever opens an account."""

    def __init__(self) -> None:
        super().__init__(label=_("J’ai lu la charte de la participation et je l’accepte"), required=True)
        self.error_messages["required"] = _("Acceptez la charte pour ouvrir un compte.")


class SignupForm(Worded, account_forms.SignupForm):  # type: ignore[misc] # allauth comes without types
    """Sign-up: an address, a password, the charter. Two quiet traps for programs, no riddle for people."""

    WORDS: ClassVar = {
        "email": (_("Adresse électronique"), _("Nous y envoyons un code. Elle n’est jamais affichée.")),
        "password1": (
            _("Mot de passe"),
            _("12 caractères au moins. Une phrase de quelques mots convient très bien."),
        ),
    }
    # Units: seconds. A person reads the page: nobody fills it in less.
    FASTEST_SECONDS = 4
    # Units: seconds. Without the work of the browser, patience is asked instead, and fewer are taken from one address.
    FASTEST_WITHOUT_PROOF_SECONDS = 20
    PURPOSE = "sign-up"

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["charter"] = CharterField()
        # Hidden from people by the page, not by its type: programs fill it.
        self.fields["website"] = forms.CharField(
            label=_("Ne remplissez pas ce champ"),
            required=False,
            widget=forms.TextInput(attrs={"tabindex": "-1", "autocomplete": "off"}),
        )
        self.fields["opened"] = forms.CharField(
            required=False, widget=forms.HiddenInput, initial=lambda: proof_of_work.issue(self.PURPOSE)
        )
        self.fields["proof"] = forms.CharField(
            required=False, widget=forms.HiddenInput(attrs={"data-bits": proof_of_work.BITS, "autocomplete": "off"})
        )

    @property
    def real_fields(self) -> list[forms.BoundField]:
        """Give the fields that people see."""
        return [bound for bound in self.visible_fields() if bound.name != "website"]

    def clean(self) -> Any:
        """Ask again whoever was faster than reading allows, or whose page has served: a second press of the button passes."""
        cleaned = super().clean()
        token = self.cleaned_data.get("opened", "")
        try:
            challenge = proof_of_work.read(token, self.PURPOSE)
        except proof_of_work.ExpiredError as error:
            self._renew()
            raise ValidationError(_now("Cette page a expiré. Relisez ce que vous avez écrit, puis envoyez.")) from error
        # What is to correct is said alone: correcting it takes longer than the wait.
        if self.errors:
            return cleaned
        elapsed = time.time() - challenge.opened_at
        is_solved = proof_of_work.is_solved(token, self.cleaned_data.get("proof", ""))
        if is_solved and elapsed < self.FASTEST_SECONDS:
            raise ValidationError(_now("Vous avez été très rapide. Relisez, puis envoyez de nouveau."))
        if not is_solved and elapsed < self.FASTEST_WITHOUT_PROOF_SECONDS:
            raise ValidationError(
                _now(
                    "Sans JavaScript, ce site vérifie par l’attente que vous n’êtes pas un programme. Patientez "
                    "%(seconds)s\u00a0secondes, puis envoyez de nouveau."
                )
                % {"seconds": math.ceil(self.FASTEST_WITHOUT_PROOF_SECONDS - elapsed)}
            )
        # Last, and only when nothing else is to correct: a challenge serves once.
        self._spend(challenge, is_solved=is_solved)
        return cleaned

    def _spend(self, challenge: proof_of_work.Challenge, *, is_solved: bool) -> None:
        if not is_solved:
            try:
                throttle.check(throttle.Limit.SIGN_UP_WITHOUT_PROOF, throttle.client_ip(context.request))
            except throttle.ThrottledError as error:
                raise ValidationError(
                    _now(
                        "Plusieurs comptes viennent d’être ouverts depuis votre réseau. Réessayez dans une heure, activez "
                        "JavaScript, ou demandez à l’accueil de vous ouvrir un compte."
                    )
                ) from error
        try:
            is_first = proof_of_work.spend(challenge)
        except memory.MemoryUnavailableError as error:
            raise ValidationError(
                _now(
                    "L’inscription est arrêtée pour quelques minutes. Rien n’est perdu\u00a0: envoyez de nouveau bientôt."
                )
            ) from error
        if not is_first:
            self._renew()
            raise ValidationError(_now("Cette page a déjà servi à ouvrir un compte. Relisez, puis envoyez de nouveau."))

    def _renew(self) -> None:
        """Give the page that comes back a new challenge."""
        self.data = self.data.copy()
        self.data["opened"], self.data["proof"] = proof_of_work.issue(self.PURPOSE), ""

    account_already_exists: bool
    data: Any

    def try_save(self, request: HttpRequest) -> Any:
        """Open the account; an address that has one gets a mail, and the page says nothing of it.

        The transaction is here because allauth writes the rows: the account, its address and the agreement stand together.
        """
        email = self.cleaned_data["email"]
        if self.cleaned_data["website"]:
            return None, prevent_enumeration_silently(request)
        if not self.account_already_exists:
            try:
                with named_constraint("user_email_once"):
                    return self.save(request), None
            except ConstraintViolatedError:
                # Another request opened it a moment ago: the answer is the one of an address that has an account.
                self.account_already_exists = True
        return None, prevent_enumeration(request, email=email)

    def custom_signup(self, request: HttpRequest, user: User) -> None:
        """Keep the language of the page and the agreement to the charter."""
        _welcome(user)


def _welcome(user: User) -> None:
    user.language = (translation.get_language() or settings.LANGUAGE_CODE).split("-")[0]
    user.save(update_fields=["language"])
    consents.give(user, Consent.Purpose.CHARTER)


def prevent_enumeration_silently(request: HttpRequest) -> Any:
    """Answer a program that fell in the trap as if its sign-up had worked."""
    from allauth.account.adapter import get_adapter  # noqa: PLC0415 (reads settings that name this app)

    return get_adapter(request).respond_email_verification_sent(request, None)


class SocialSignupForm(Worded, social_forms.SignupForm):  # type: ignore[misc] # allauth comes without types
    """The first time somebody comes from FranceConnect: the charter, and an address when it gave none."""

    WORDS: ClassVar = {"email": (_("Adresse électronique"), _("Pour vous écrire. Elle n’est jamais affichée."))}

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        # The address that FranceConnect gave is not asked again, hence not changed here.
        self.fields["email"].disabled = bool(self.sociallogin.email_addresses)
        self.fields["charter"] = CharterField()

    def save(self, request: HttpRequest) -> Any:
        """Open the account, its link and the agreement together."""
        with transaction.atomic():
            return super().save(request)

    def custom_signup(self, request: HttpRequest, user: User) -> None:
        """Keep the language of the page and the agreement to the charter."""
        _welcome(user)


# --- Codes, passwords, address ---------------------------------------------------------------------------------------


class RequestLoginCodeForm(Worded, account_forms.RequestLoginCodeForm):  # type: ignore[misc]
    """Ask for a code to sign in."""

    WORDS: ClassVar = {"email": EMAIL}


class ConfirmLoginCodeForm(Worded, account_forms.ConfirmLoginCodeForm):  # type: ignore[misc]
    """Type the code that signs in."""

    WORDS: ClassVar = {"code": MAILED_CODE}


class ConfirmEmailVerificationCodeForm(Worded, account_forms.ConfirmEmailVerificationCodeForm):  # type: ignore[misc]
    """Type the code that proves an address."""

    WORDS: ClassVar = {"code": MAILED_CODE}


class ConfirmPasswordResetCodeForm(Worded, account_forms.ConfirmPasswordResetCodeForm):  # type: ignore[misc]
    """Type the code that lets a new password be chosen."""

    WORDS: ClassVar = {"code": MAILED_CODE}


class AddEmailForm(Worded, account_forms.AddEmailForm):  # type: ignore[misc]
    """Change address."""

    WORDS: ClassVar = {"email": (_("Nouvelle adresse électronique"), _("Nous y envoyons un code."))}


class ChangeEmailForm(Worded, account_forms.ChangeEmailForm):  # type: ignore[misc]
    """Correct the address while signing up."""

    WORDS: ClassVar = {"email": (_("Bonne adresse électronique"), "")}


class ChangePasswordForm(Worded, account_forms.ChangePasswordForm):  # type: ignore[misc]
    """Change password, knowing the present one."""

    WORDS: ClassVar = {"oldpassword": (_("Mot de passe actuel"), ""), "password1": NEW_PASSWORD}


class SetPasswordForm(Worded, account_forms.SetPasswordForm):  # type: ignore[misc]
    """Choose a first password."""

    WORDS: ClassVar = {"password1": NEW_PASSWORD}


class ResetPasswordForm(Worded, account_forms.ResetPasswordForm):  # type: ignore[misc]
    """Ask for a code to choose a new password."""

    WORDS: ClassVar = {"email": EMAIL}


class ResetPasswordKeyForm(Worded, account_forms.ResetPasswordKeyForm):  # type: ignore[misc]
    """Choose a new password."""

    WORDS: ClassVar = {"password1": NEW_PASSWORD}


class ReauthenticateForm(Worded, account_forms.ReauthenticateForm):  # type: ignore[misc]
    """Prove it is you, by password."""

    WORDS: ClassVar = {"password": PASSWORD}


class AuthenticateForm(Worded, mfa_forms.AuthenticateForm):  # type: ignore[misc]
    """The second factor at sign-in."""

    WORDS: ClassVar = {"code": (_("Code de l’application, ou code de secours"), "")}


class MFAReauthenticateForm(Worded, mfa_forms.ReauthenticateForm):  # type: ignore[misc]
    """Prove it is you, by second factor."""

    WORDS: ClassVar = {"code": (_("Code de l’application, ou code de secours"), "")}


class ActivateTOTPForm(Worded, totp_forms.ActivateTOTPForm):  # type: ignore[misc]
    """Type a first code, to show that the application works."""

    WORDS: ClassVar = {"code": APP_CODE}


PASSKEY_NAME: Words = (_("Nom de la clé"), _("Pour la reconnaître\u00a0: « Mon téléphone », « Clé du bureau »."))


class AddWebAuthnForm(Worded, webauthn_forms.AddWebAuthnForm):  # type: ignore[misc]
    """Add a passkey."""

    WORDS: ClassVar = {
        "name": PASSKEY_NAME,
        "passwordless": (
            _("Me connecter avec cette clé seule"),
            _("Sans mot de passe. L’appareil demande votre empreinte, votre visage ou son code."),
        ),
    }


class EditWebAuthnForm(Worded, webauthn_forms.EditWebAuthnForm):  # type: ignore[misc]
    """Rename a passkey."""

    WORDS: ClassVar = {"name": PASSKEY_NAME}


class SignupWebAuthnForm(Worded, webauthn_forms.SignupWebAuthnForm):  # type: ignore[misc]
    """Create the passkey of a new account."""

    WORDS: ClassVar = {"name": PASSKEY_NAME}


# --- « Mon espace » --------------------------------------------------------------------------------------------------


class ProfileForm(forms.Form):
    """What a person says about themselves."""

    public_name = forms.CharField(
        label=_("Nom public"),
        max_length=60,
        help_text=_("Votre nom ou un pseudonyme. Tout le monde le voit à côté de vos contributions."),
        widget=forms.TextInput(attrs={"autocomplete": "nickname"}),
    )
    birth_year = forms.IntegerField(
        label=_("Année de naissance"),
        required=False,
        min_value=1900,
        max_value=2100,
        help_text=_("Demandée seulement par les procédures qui ont un âge minimum. Jamais affichée."),
        widget=forms.TextInput(attrs={"inputmode": "numeric", "autocomplete": "bday-year", "class": "court"}),
    )
    language = forms.ChoiceField(label=_("Langue de vos courriels"), choices=settings.LANGUAGES)
    scheme = forms.ChoiceField(
        label=_("Couleurs du site"), choices=Scheme.choices, required=False, widget=forms.RadioSelect
    )

    def __init__(self, *args: Any, user: User, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.user = user

    def clean_public_name(self) -> str:
        """Refuse an address or a number, which everybody would see, and what moderation took away."""
        name: str = " ".join(self.cleaned_data["public_name"].split())
        if refusal := rules.public_name_refusal(self.user, name):
            raise ValidationError(refusal.message, code=refusal.code)
        return name


class NamesSelect(forms.Select):
    """A list of the city's own names: French on a page in another language, its first line excepted."""

    def create_option(self, name: str, value: Any, *args: Any, **kwargs: Any) -> dict[str, Any]:
        """Say that a name is French."""
        option = super().create_option(name, value, *args, **kwargs)
        if value:
            option["attrs"]["lang"] = "fr"
        return option


class ResidencyForm(forms.Form):
    """Where a person lives."""

    district = forms.ModelChoiceField(
        label=_("Quartier"),
        queryset=District.objects.all(),
        empty_label=_("Choisissez votre quartier"),
        widget=NamesSelect,
        help_text=_("Jamais plus précis que le quartier\u00a0: nous ne demandons pas votre adresse."),
    )


class VerificationForm(forms.Form):
    """A proof of residence for an agent to read."""

    document = forms.FileField(
        label=_("Justificatif de domicile"),
        help_text=_(
            "PDF, JPEG ou PNG, 5\u00a0Mo au plus. Facture, quittance de loyer ou attestation de moins de trois mois. "
            "Cachez ce qui n’est ni votre nom, ni votre adresse, ni la date."
        ),
        widget=forms.FileInput(attrs={"accept": ".pdf,.jpg,.jpeg,.png"}),
        error_messages={"required": _("Choisissez un fichier, ou venez au guichet.")},
    )
    consent = forms.BooleanField(
        label=_("J’accepte qu’un agent lise ce document. Il sera effacé dès sa réponse."),
        error_messages={"required": _("Sans votre accord, un agent ne peut pas lire le document.")},
    )

    def clean_document(self) -> tuple[bytes, str]:
        """Give the content of the document, judged by its bytes, and the suffix it deserves."""
        file: UploadedFile[Any] = self.cleaned_data["document"]
        if file.size is None or file.size > documents.LARGEST_BYTES:
            raise ValidationError(_now("Ce fichier dépasse 5\u00a0Mo. Réduisez-le, ou venez au guichet."))
        content = file.read()
        suffix = documents.suffix_of(content)
        if not suffix:
            raise ValidationError(_now("Ce fichier n’est ni un PDF, ni une image JPEG ou PNG lisible."))
        return content, suffix


class CloseAccountForm(forms.Form):
    """The last check before an account closes."""

    understood = forms.BooleanField(
        label=_("Je comprends que c’est définitif\u00a0: mon compte et mes données seront effacés."),
        error_messages={"required": _("Cochez cette case pour confirmer, ou revenez à votre espace.")},
    )
