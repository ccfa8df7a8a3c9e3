"""What visitors write: an accessibility fault."""

from typing import TYPE_CHECKING, Any, ClassVar

from django import forms
from django.utils.translation import gettext_lazy as _

from mulhouse.reasons import ReasonField
from transparency.models import AccessibilityFault

if TYPE_CHECKING:
    FaultModelForm = forms.ModelForm[AccessibilityFault]
else:
    FaultModelForm = forms.ModelForm


class FaultForm(FaultModelForm):
    """Which page, what is in the way, and where to answer. No account, no puzzle."""

    # A trap for programs that fill every field; people do not see it, and are told to leave it when they hear it.
    website = forms.CharField(
        label=_("Laissez ce champ vide"),
        required=False,
        widget=forms.TextInput(attrs={"autocomplete": "off", "tabindex": "-1"}),
    )

    class Meta:
        model = AccessibilityFault
        fields = ("page", "description", "email")
        help_texts: ClassVar[dict[str, Any]] = {
            "page": _("Son titre ou son adresse."),
            "description": _(
                "Ce que vous vouliez faire, ce qui s’est passé. Si vous le souhaitez, dites avec quel appareil ou quelle aide "
                "technique. N’indiquez rien sur votre santé."
            ),
            "email": _("Pour l’accusé de réception et la réponse. Nous l’effaçons un mois après."),
        }
        widgets: ClassVar[dict[str, Any]] = {
            "description": forms.Textarea(attrs={"rows": 6}),
            "email": forms.EmailInput(attrs={"autocomplete": "email"}),
        }

    def clean_website(self) -> str:
        """Stop what fills the trap. Raises: ValidationError."""
        if self.cleaned_data["website"]:
            raise forms.ValidationError(_("Laissez ce champ vide."))
        return ""


class PauseForm(forms.Form):
    """Why the clock of a promise stops, in the staff space."""

    reason = ReasonField(
        help_text="Tout le monde le lit sur la page des promesses\u00a0: n’y mettez rien de personnel."
    )


class AnswerForm(forms.Form):
    """The answer to a fault, in the staff space."""

    answer = forms.CharField(
        label="Réponse",
        max_length=3000,
        widget=forms.Textarea(attrs={"rows": 6}),
        help_text="Elle est publiée sur la page du signalement : n’y mettez rien de personnel.",
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.label_suffix = ""
