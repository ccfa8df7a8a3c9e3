"""What residents type around an idea: a comment, a reply. Forms check, actions write."""

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy

from ideas.models import Comment
from ideas.models.studies import CriterionCode
from mulhouse.masked_forms import MaskingForm
from mulhouse.typed import ProseField

COMMENT_LENGTH = 1500
STANCE_ASKED = gettext_lazy("Dites si vous êtes pour, contre ou sans avis tranché.")


class CommentForm(MaskingForm):
    """A word in the debate of an idea, for, against or neutral; or a question to its author, which takes no side.

    `asks_author`: the idea has an author who can be asked; `is_read`: a first reading, whose criteria can be commented.
    """

    masked_fields = ("body",)

    criterion = forms.ChoiceField(
        label=gettext_lazy("Sur quoi porte votre commentaire\u00a0?"),
        choices=[("", gettext_lazy("L’idée dans son ensemble")), *CriterionCode.choices],
        required=False,
        error_messages={"invalid_choice": gettext_lazy("Choisissez un critère de la liste.")},
    )
    stance = forms.ChoiceField(
        label=gettext_lazy("Votre commentaire est plutôt…"),
        choices=Comment.Stance.choices,
        required=False,
        error_messages={"invalid_choice": STANCE_ASKED},
    )
    is_question = forms.BooleanField(
        label=gettext_lazy("C’est une question à l’auteur de l’idée"),
        help_text=gettext_lazy("Une question n’est ni pour ni contre. L’auteur la reçoit et peut répondre ici."),
        required=False,
    )
    body = ProseField(
        label=gettext_lazy("Votre commentaire"),
        max_length=COMMENT_LENGTH,
        rows=4,
        error_messages={
            "required": gettext_lazy("Écrivez votre commentaire."),
            "max_length": gettext_lazy("Votre commentaire dépasse 1\u00a0500 caractères. Raccourcissez-le."),
        },
    )

    def __init__(self, *args: Any, asks_author: bool, is_read: bool, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if not asks_author:
            del self.fields["is_question"]
        if not is_read:
            del self.fields["criterion"]

    def clean(self) -> dict[str, Any]:
        """Ask which way it leans, unless it is a question."""
        given = super().clean()
        if not given.get("stance") and not given.get("is_question") and "stance" not in self.errors:
            self.add_error("stance", forms.ValidationError(str(STANCE_ASKED), code="required"))
        return given

    def words(self) -> dict[str, Any]:
        """Give what the action takes, valid."""
        given = self.cleaned_data
        return {
            "stance": given["stance"],
            "body": given["body"],
            "is_question": given.get("is_question", False),
            "criterion": given.get("criterion", ""),
        }


class ReplyForm(MaskingForm):
    """A reply to a comment."""

    masked_fields = ("body",)

    body = ProseField(
        label=gettext_lazy("Votre réponse"),
        max_length=COMMENT_LENGTH,
        rows=3,
        error_messages={
            "required": gettext_lazy("Écrivez votre réponse."),
            "max_length": gettext_lazy("Votre réponse dépasse 1\u00a0500 caractères. Raccourcissez-la."),
        },
    )

    def words(self) -> dict[str, Any]:
        """Give what the action takes, valid."""
        return {"stance": Comment.Stance.NEUTRAL.value, "body": self.cleaned_data["body"]}
