"""What people write about their rights, and what staff fill in; staff words are plain French."""

from typing import TYPE_CHECKING, Any, ClassVar

from django import forms
from django.utils.text import capfirst
from django.utils.translation import gettext_lazy as _

from mulhouse.reasons import ReasonField
from privacy import archives
from privacy.models import DataRequest

if TYPE_CHECKING:
    RequestModelForm = forms.ModelForm[DataRequest]
else:
    RequestModelForm = forms.ModelForm

LARGEST_SLIP = 5 * 1024 * 1024


class RequestForm(RequestModelForm):
    """Which right, and what is asked, from an account."""

    class Meta:
        model = DataRequest
        fields = ("kind", "words")
        widgets: ClassVar[dict[str, Any]] = {
            "kind": forms.RadioSelect,
            "words": forms.Textarea(attrs={"rows": 6}),
        }
        help_texts: ClassVar[dict[str, Any]] = {
            "words": _(
                "Ce que vous voulez savoir, corriger ou arrêter. Pour une opposition, dites ce qui, dans votre situation, la justifie."
            ),
        }
        error_messages: ClassVar[dict[str, Any]] = {
            "kind": {"required": _("Choisissez votre demande.")},
            "words": {"required": _("Dites ce que vous demandez, avec vos mots.")},
        }

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["words"].required = True
        self.fields["kind"].choices = DataRequest.Kind.choices  # type: ignore[attr-defined] # a field of choices


class OpenRequestForm(RequestForm):
    """The same without an account: a name to know who asks, an address to answer; both are checked before anything is given."""

    # A trap for programs that fill every field; people do not see it, and are told to leave it when they hear it.
    website = forms.CharField(
        label=_("Laissez ce champ vide"),
        required=False,
        widget=forms.TextInput(attrs={"autocomplete": "off", "tabindex": "-1"}),
    )

    class Meta(RequestForm.Meta):
        fields = ("kind", "words", "name", "email")  # type: ignore[assignment] # more of them
        widgets: ClassVar[dict[str, Any]] = {
            **RequestForm.Meta.widgets,
            "name": forms.TextInput(attrs={"autocomplete": "name"}),
            "email": forms.EmailInput(attrs={"autocomplete": "email", "autocapitalize": "none", "spellcheck": "false"}),
        }
        help_texts: ClassVar[dict[str, Any]] = {
            **RequestForm.Meta.help_texts,
            "name": _("Pour vérifier que la demande vient de vous. Nous pourrons vous demander de passer au guichet."),
            "email": _("Nous y envoyons un code, puis la réponse."),
        }
        error_messages: ClassVar[dict[str, Any]] = {
            **RequestForm.Meta.error_messages,
            "name": {"required": _("Indiquez vos nom et prénom.")},
            "email": {"required": _("Indiquez votre adresse électronique.")},
        }

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["name"].required = True
        self.fields["email"].required = True

    def clean_website(self) -> str:
        """Stop what fills the trap. Raises: ValidationError."""
        if self.cleaned_data["website"]:
            raise forms.ValidationError(_("Laissez ce champ vide."))
        return ""


class CodeForm(forms.Form):
    """The code that the mail gave."""

    code = forms.RegexField(
        r"^\s*\d{3}\s?\d{3}\s*$",
        label=_("Code à six chiffres"),
        help_text=_("Il est dans le courriel que nous venons de vous envoyer."),
        widget=forms.TextInput(attrs={"inputmode": "numeric", "autocomplete": "one-time-code", "spellcheck": "false"}),
        error_messages={"required": _("Tapez le code."), "invalid": _("Le code a six chiffres.")},
    )

    def clean_code(self) -> str:
        """Take the spaces out."""
        return "".join(self.cleaned_data["code"].split())


# --- Staff ---------------------------------------------------------------------------------------------------------------


class IdentityForm(forms.Form):
    """How the identity was established."""

    identity = forms.ChoiceField(
        label="Comment l’identité est établie",
        choices=[
            (value, capfirst(label))
            for value, label in DataRequest.Identity.choices
            if value != DataRequest.Identity.ACCOUNT
        ],
        widget=forms.RadioSelect,
    )


class AnswerForm(forms.Form):
    """The answer to a request."""

    outcome = forms.ChoiceField(
        label="Issue",
        choices=[(value, capfirst(label)) for value, label in DataRequest.Outcome.choices],
        widget=forms.RadioSelect,
    )
    answer = forms.CharField(
        label="Réponse",
        max_length=5000,
        widget=forms.Textarea(attrs={"rows": 8}),
        help_text="Elle part par courriel. Un refus dit ses raisons ; le courriel rappelle la CNIL et le juge.",
    )


class WhyForm(forms.Form):
    """A reason that the person reads."""

    reason = ReasonField(help_text="La personne le lira.")


class BreachForm(forms.Form):
    """What is known of a breach on the day it is written down."""

    nature = forms.CharField(label="Ce qui s’est passé", max_length=3000, widget=forms.Textarea(attrs={"rows": 5}))
    data_kinds = forms.CharField(label="Données concernées", max_length=300)
    people_count = forms.IntegerField(
        label="Personnes concernées", min_value=0, required=False, help_text="Vide tant qu’on ne sait pas."
    )
    discovered_at = forms.DateTimeField(
        label="Découverte le",
        widget=forms.DateTimeInput(attrs={"type": "datetime-local"}, format="%Y-%m-%dT%H:%M"),
        help_text="Les 72 heures partent de là, jours fériés compris.",
    )


class BreachFollowForm(forms.Form):
    """What became known since."""

    people_count = forms.IntegerField(label="Personnes concernées", min_value=0, required=False)
    consequences = forms.CharField(
        label="Conséquences probables", max_length=2000, required=False, widget=forms.Textarea
    )
    measures = forms.CharField(label="Mesures prises", max_length=3000, widget=forms.Textarea)


class NotifyForm(forms.Form):
    """When the CNIL was told."""

    notified_at = forms.DateTimeField(
        label="Notifiée le", widget=forms.DateTimeInput(attrs={"type": "datetime-local"}, format="%Y-%m-%dT%H:%M")
    )
    delay_reason = forms.CharField(
        label="Motif du retard", max_length=300, required=False, help_text="Obligatoire après 72 heures."
    )


class NoNoticeForm(forms.Form):
    """Why the CNIL is not told."""

    reason = ReasonField(help_text="Par exemple : données chiffrées, aucun risque pour les personnes.")


class PeopleForm(forms.Form):
    """When the people were told, or why not."""

    told_at = forms.DateTimeField(
        label="Personnes prévenues le",
        required=False,
        widget=forms.DateTimeInput(attrs={"type": "datetime-local"}, format="%Y-%m-%dT%H:%M"),
    )
    reason = forms.CharField(label="Sinon, pourquoi elles ne le sont pas", max_length=300, required=False)


class ProposalForm(forms.Form):
    """Which category is looked through."""

    category = forms.ChoiceField(label="Catégorie", widget=forms.RadioSelect)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        named = [(one.code, f"{one.label} ({one.years} ans)") for one in archives.categories()]
        self.fields["category"].choices = named  # type: ignore[attr-defined] # a field of choices


class RefusedForm(forms.Form):
    """Why the Archives refuse."""

    reason = ReasonField(help_text="Tel que les Archives l’ont écrit, sans nommer personne.")


class VisaForm(forms.Form):
    """The signed slip of the Archives."""

    function = forms.CharField(label="Fonction du signataire", max_length=200, help_text="La fonction, pas le nom.")
    signed_on = forms.DateField(label="Visa du", widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"))
    reference = forms.CharField(label="Référence du visa", max_length=80)
    slip = forms.FileField(label="Bordereau signé", help_text="PDF, 5 Mo au plus.")

    def clean_slip(self) -> Any:
        """Take a PDF only, judged by its first bytes. Raises: ValidationError."""
        file = self.cleaned_data["slip"]
        if file.size > LARGEST_SLIP:
            raise forms.ValidationError("5 Mo au plus.")
        if not file.read(5).startswith(b"%PDF-"):
            raise forms.ValidationError("Envoyez le bordereau signé en PDF.")
        file.seek(0)
        return file
