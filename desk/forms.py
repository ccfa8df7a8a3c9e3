"""What an agent types about somebody: checked here, made into a fingerprint, and gone with the request."""

import datetime as dt
from typing import Any

from django import forms
from django.forms.boundfield import BoundField
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from accounts.models import Residency, User
from city.models import District
from desk import identities, people
from desk.models import Channel, Namesake

# Nobody lived longer (122 years), and a wrong century is the common mistake.
OLDEST_YEARS = 122
CHANNELS = [(channel.value, channel.label) for channel in (Channel.DESK, Channel.PAPER, Channel.PHONE)]
NAME_LENGTH = 100
# What is never kept, nor shown in a report of error.
IDENTITY = ("family_name", "given_names", "birth_date", "birth_place", "email")


class IdentityForm(forms.Form):
    """An identity, for the time of the request. The browser is asked to remember none of it."""

    family_name = forms.CharField(
        label="Nom de naissance",
        max_length=NAME_LENGTH,
        help_text="Tel qu’il est écrit sur la pièce d’identité. Accents, majuscules et traits d’union ne comptent pas.",
        widget=forms.TextInput(attrs={"autocomplete": "off", "spellcheck": "false"}),
    )
    given_names = forms.CharField(
        label="Prénoms",
        max_length=NAME_LENGTH,
        help_text="Dans l’ordre de l’état civil\u00a0: le premier suffit.",
        widget=forms.TextInput(attrs={"autocomplete": "off", "spellcheck": "false"}),
    )
    birth_date = forms.DateField(
        label="Date de naissance",
        widget=forms.DateInput(attrs={"type": "date", "autocomplete": "off"}, format="%Y-%m-%d"),
    )

    # Asked when an agent has found that two people share this identity, and in no other case.
    birth_place = forms.CharField(
        label="Lieu de naissance",
        max_length=NAME_LENGTH,
        required=False,
        help_text="La commune, telle qu’elle est écrite sur la pièce d’identité.",
        widget=forms.TextInput(attrs={"autocomplete": "off", "spellcheck": "false"}),
    )

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self.place_field = self.fields["birth_place"]
        if self.add_prefix("birth_place") not in self.data:
            del self.fields["birth_place"]

    def clean_family_name(self) -> str:
        """Refuse what holds no letter."""
        return _named(self.cleaned_data["family_name"])

    def clean_given_names(self) -> str:
        """Refuse what holds no letter."""
        return _named(self.cleaned_data["given_names"])

    def clean_birth_date(self) -> dt.date:
        """Refuse a day to come, or longer ago than anybody lived."""
        day: dt.date = self.cleaned_data["birth_date"]
        today = timezone.localdate()
        if day > today or day.year < today.year - OLDEST_YEARS:
            raise forms.ValidationError("Vérifiez la date de naissance\u00a0: personne n’est né ce jour-là.")
        return day

    def clean_birth_place(self) -> str:
        """Refuse what holds no letter."""
        place: str = self.cleaned_data["birth_place"]
        return _named(place) if place else ""

    def clean(self) -> dict[str, Any]:
        """Ask for the place of birth when two people share this identity."""
        given: dict[str, Any] = super().clean() or {}
        if given.keys() >= {"family_name", "given_names", "birth_date"} and people.is_shared(self.shared()):
            self.ask_place()
            if not given.get("birth_place") and "birth_place" not in self.errors:
                self.add_error(
                    "birth_place",
                    "Deux personnes portent ce nom et sont nées ce jour-là. Écrivez le lieu de naissance, et tous les prénoms, "
                    "pour savoir laquelle participe.",
                )
        return given

    def ask_place(self) -> None:
        """Ask for the place of birth, and for every given name."""
        self.fields["birth_place"] = self.place_field
        self.fields["given_names"].help_text = "Tous, dans l’ordre de la pièce d’identité."
        self.order_fields(self.field_order)

    @property
    def asked_place(self) -> BoundField | None:
        """Give the place of birth when it is asked."""
        return self["birth_place"] if "birth_place" in self.fields else None

    def shared(self) -> str:
        """Give the fingerprint of what was typed, which namesakes share."""
        given = self.cleaned_data
        return people.identity_hash(given["family_name"], given["given_names"], given["birth_date"])

    def finer(self) -> str:
        """Give the finer fingerprint of what was typed, which namesakes do not share."""
        given = self.cleaned_data
        return people.finer_hash(given["family_name"], given["given_names"], given["birth_date"], given["birth_place"])

    def fingerprint(self) -> str:
        """Give the fingerprint of the person."""
        place = self.cleaned_data.get("birth_place")
        return people.told_apart(self.shared(), self.finer()) if place else self.shared()


def _named(name: str) -> str:
    if not identities.words(name):
        raise forms.ValidationError("Écrivez un nom, avec des lettres.")
    return name


class AssistanceForm(IdentityForm):
    """What opens an assistance: who, how they came, where they live, and that they agreed."""

    field_order = (
        "channel",
        "family_name",
        "given_names",
        "birth_date",
        "birth_place",
        "district",
        "is_residence_checked",
        "consent",
    )

    channel = forms.ChoiceField(label="Comment la personne participe", choices=CHANNELS, widget=forms.RadioSelect)
    district = forms.ModelChoiceField(
        label="Quartier",
        queryset=District.objects.order_by("name"),
        required=False,
        empty_label="Hors de Mulhouse, ou non dit",
    )
    is_residence_checked = forms.BooleanField(label="J’ai vu un justificatif de domicile à Mulhouse", required=False)
    consent = forms.BooleanField(
        label="La personne a lu ou entendu ce texte, et elle est d’accord",
        error_messages={"required": "Sans son accord, rien ne peut être écrit pour elle."},
    )


class NamesakeForm(AssistanceForm):
    """What tells somebody apart from the person counted under their name: their papers, and why there are two."""

    reason = forms.ChoiceField(label="Qui est l’autre personne", choices=Namesake.choices, widget=forms.RadioSelect)
    is_seen = forms.BooleanField(
        label="J’ai sa pièce d’identité sous les yeux, et la photo est la sienne",
        error_messages={"required": "Sans pièce d’identité, personne ne peut être distingué."},
    )

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        # Always face to face: a form or a call shows no paper.
        del self.fields["channel"]
        self.place_field.required = True
        self.ask_place()


class SeenForm(IdentityForm):
    """The identity of the holder of an account, which the agent has before their eyes."""

    field_order: tuple[str, ...] = ("family_name", "given_names", "birth_date", "birth_place", "is_seen")

    is_seen = forms.BooleanField(
        label="J’ai la pièce d’identité sous les yeux, et la personne est d’accord",
        error_messages={"required": "Le rattachement se fait pièce d’identité en main."},
    )

    def clean(self) -> dict[str, Any]:
        """Add the fingerprint of what was typed."""
        given = super().clean()
        if not self.errors:
            given["fingerprint"] = self.fingerprint()
        return given


class VerifyForm(SeenForm):
    """How a residency was checked, and the identity that the agent saw: always at the desk, perhaps on a document."""

    field_order = ("method", *SeenForm.field_order)

    method = forms.ChoiceField(label="Vérifiée", choices=Residency.Method.choices, widget=forms.RadioSelect)

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        typed = any(self.data.get(name) for name in IDENTITY)
        self.is_asked = typed or self.data.get("method") != Residency.Method.DOCUMENT
        if not self.is_asked:
            for name in set(self.fields) - {"method"}:
                del self.fields[name]

    def clean(self) -> dict[str, Any]:
        """Give an empty fingerprint when no identity was seen."""
        return super().clean() if self.is_asked else {**self.cleaned_data, "fingerprint": ""}


class AddressForm(forms.Form):
    """The address of who stands at the desk, to find where they said they live."""

    email = forms.EmailField(
        label="Adresse électronique",
        help_text="Celle que la personne vous donne.",
        widget=forms.EmailInput(attrs={"autocomplete": "off"}),
    )


class LinkForm(SeenForm):
    """Whose account, and which identity the agent has before their eyes."""

    field_order = ("email", *SeenForm.field_order)

    email = forms.EmailField(
        label="Adresse électronique du compte",
        help_text="Celle que la personne vous donne.",
        widget=forms.EmailInput(attrs={"autocomplete": "off"}),
    )

    def clean_email(self) -> str:
        """Find the open account of this address."""
        email: str = self.cleaned_data["email"]
        self.user = account_of(email)
        return email


class AccountForm(forms.Form):
    """Whether somebody who is given a paper ballot has an account too, and which."""

    has_account = forms.ChoiceField(
        label="La personne a-t-elle un compte sur ce site\u00a0?",
        choices=[("non", "Non"), ("oui", "Oui")],
        widget=forms.RadioSelect,
        help_text="Posez-lui la question. Si oui, son compte est rattaché à son identité\u00a0: il ne pourra plus voter en ligne.",
    )
    email = forms.EmailField(
        label="Adresse électronique du compte",
        required=False,
        widget=forms.EmailInput(attrs={"autocomplete": "off"}),
    )

    def clean(self) -> dict[str, Any]:
        """Find the account of who has one."""
        given: dict[str, Any] = super().clean() or {}
        given["user"] = None
        if given.get("has_account") == "oui" and "email" not in self.errors:
            try:
                given["user"] = account_of(given["email"])
            except forms.ValidationError as error:
                self.add_error("email", error)
        return given


def account_of(email: str) -> User:
    """Find the open account of an address.

    Raises: ValidationError when there is none.
    """
    user = User.objects.filter(email__iexact=email, is_active=True).first()
    if user is None:
        raise forms.ValidationError("Aucun compte ouvert n’a cette adresse.")
    return user


class FollowForm(forms.Form):
    """The number of a receipt, or a public reference, however it is typed."""

    reference = forms.CharField(
        label=_("Numéro du reçu"),
        max_length=20,
        help_text=_("Huit signes, lettres et chiffres. Il est écrit en haut de votre reçu."),
        widget=forms.TextInput(attrs={"autocomplete": "off", "autocapitalize": "characters", "spellcheck": "false"}),
        error_messages={"required": _("Écrivez le numéro de votre reçu.")},
    )

    def clean_reference(self) -> str:
        """Read what is written on the paper: capitals, no space; the letters nobody uses are the digits they look like."""
        typed = "".join(self.cleaned_data["reference"].upper().split()).replace("-", "")
        return typed.translate(str.maketrans("OIL", "011"))
