"""What the author of an idea types about the answer of the city."""

from django import forms
from django.utils.translation import gettext_lazy

from mulhouse.masked_forms import MaskingForm

REACTION_LENGTH = 1500


class ReactionForm(MaskingForm):
    """A reaction: once, in public."""

    masked_fields = ("body",)

    body = forms.CharField(
        label=gettext_lazy("Votre réaction"),
        max_length=REACTION_LENGTH,
        widget=forms.Textarea(attrs={"rows": 7}),
        help_text=gettext_lazy(
            "Tout le monde la lira sous la réponse. Vous ne pourrez pas la changer, seulement la retirer."
        ),
        error_messages={
            "required": gettext_lazy("Écrivez votre réaction."),
            "max_length": gettext_lazy("Votre texte dépasse 1\u00a0500 caractères. Raccourcissez-le."),
        },
    )

    def clean_body(self) -> str:
        """Read line breaks as one character."""
        return str(self.cleaned_data["body"]).replace("\r\n", "\n")
