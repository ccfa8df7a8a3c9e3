"""What people fill in: a report, an appeal; and what moderators do."""

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from moderation import clauses
from moderation.models import Appeal, Block, Decision, Report

TEXT, NAME = "text", "name"


class ReportForm(forms.Form):
    """Why, where, by whom, in good faith. Without an account, a name and an address, but for what touches a child.

    Source: DSA, article 16.
    """

    what = forms.ChoiceField(
        label=_("Ce que vous signalez"),
        choices=[(TEXT, _("Le texte")), (NAME, _("Le nom qui le signe"))],
        widget=forms.RadioSelect,
    )
    reason = forms.ChoiceField(
        label=_("Pourquoi\u00a0?"),
        choices=Report.Reason.choices,
        widget=forms.RadioSelect,
        error_messages={"required": _("Choisissez un motif.")},
    )
    words = forms.CharField(
        label=_("Ce qui pose problème"),
        max_length=2000,
        widget=forms.Textarea(attrs={"rows": 4}),
        help_text=_("Le passage, et pourquoi. L’auteur ne lit pas ce que vous écrivez."),
        error_messages={"required": _("Dites ce qui pose problème, en une phrase ou deux.")},
    )
    name = forms.CharField(
        label=_("Votre nom"),
        max_length=120,
        widget=forms.TextInput(attrs={"autocomplete": "name"}),
        error_messages={"required": _("Indiquez votre nom, ou connectez-vous. Le nom n’est pas transmis à l’auteur.")},
    )
    email = forms.EmailField(
        label=_("Votre adresse électronique"),
        error_messages={"required": _("Indiquez une adresse pour recevoir la réponse, ou connectez-vous.")},
        help_text=_("Pour l’accusé de réception et la réponse. Effacée trente jours après."),
        widget=forms.EmailInput(attrs={"autocomplete": "email"}),
    )
    good_faith = forms.BooleanField(
        label=_("Je crois de bonne foi que ce que j’écris ici est exact et complet."),
        error_messages={"required": _("Confirmez votre bonne foi pour envoyer le signalement.")},
    )
    # A trap for programs that fill every field; people do not see it, and are told to leave it when they hear it.
    website = forms.CharField(
        label=_("Laissez ce champ vide"),
        required=False,
        widget=forms.TextInput(attrs={"autocomplete": "off", "tabindex": "-1"}),
    )

    def __init__(self, *args: Any, has_account: bool, has_signer: bool, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.label_suffix = ""
        if has_account:
            del self.fields["name"], self.fields["email"]
        elif self.data.get("reason") == Report.Reason.CHILD_ABUSE:
            self.fields["name"].required = self.fields["email"].required = False
        if not has_signer:
            del self.fields["what"]
        else:
            self.fields["what"].initial = TEXT

    def clean_website(self) -> str:
        """Stop what fills the trap. Raises: ValidationError."""
        if self.cleaned_data["website"]:
            raise forms.ValidationError(_("Laissez ce champ vide."))
        return ""


class AppealForm(forms.Form):
    """Why an author thinks that a decision is wrong."""

    words = forms.CharField(
        label=_("Pourquoi cette décision doit changer, selon vous"),
        max_length=5000,
        widget=forms.Textarea(attrs={"rows": 6}),
        help_text=_("Avec vos mots. Une autre personne que celle qui a décidé les lira."),
        error_messages={"required": _("Dites pourquoi, avec vos mots.")},
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.label_suffix = ""


class _StaffForm(forms.Form):
    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.label_suffix = ""


def _grounds() -> list[tuple[str, str]]:
    return [("", "Choisir l’article…"), *((clause.code, str(clause)) for clause in clauses.current())]


NEVER_A_GROUND = "Être en désaccord avec la Ville, ses élus ou ses services n’est jamais un motif (article 2.5)."
READ_BY_AUTHOR = "L’auteur les lit mot pour mot\u00a0: quel passage, pourquoi il enfreint l’article."
# Nobody reads yet what waits to be published: it is neither left nor taken away.
HELD_CHOICES = (
    (Decision.Action.KEEP.value, "Publier"),
    (Decision.Action.HIDE.value, "Ne pas publier"),
    (Decision.Action.MASK.value, "Masquer des données personnelles, puis publier"),
)


class DecideForm(_StaffForm):
    """What a moderator decides of a case."""

    action = forms.ChoiceField(
        label="Décision",
        choices=[
            (Decision.Action.KEEP.value, "Laisser en ligne"),
            (Decision.Action.HIDE.value, "Retirer"),
            (Decision.Action.MASK.value, "Masquer des données personnelles"),
        ],
        widget=forms.RadioSelect,
        error_messages={"required": "Choisissez une décision."},
    )
    clause = forms.ChoiceField(
        label="Article de la charte",
        choices=_grounds,
        error_messages={"required": "Choisissez l’article de la charte. Sans article, un texte reste en ligne."},
        help_text="Obligatoire pour retirer ou masquer. " + NEVER_A_GROUND,
    )
    facts = forms.CharField(
        label="Les faits",
        max_length=2000,
        error_messages={"required": "Dites les faits, en une phrase ou deux."},
        widget=forms.Textarea(attrs={"rows": 4}),
        help_text="Obligatoire pour retirer ou masquer. " + READ_BY_AUTHOR,
    )
    passages = forms.CharField(
        label="Passages à masquer",
        required=False,
        strip=False,
        widget=forms.Textarea(attrs={"rows": 3}),
        help_text="Un par ligne, tels qu’ils sont dans le texte. Ils sont masqués partout, anciennes versions comprises.",
    )
    seen = forms.CharField(widget=forms.HiddenInput)

    def __init__(self, *args: Any, can_mask: bool, is_held: bool = False, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        choices: Any = self.fields["action"]
        if is_held:
            choices.choices = HELD_CHOICES
            self.fields["clause"].help_text = "Obligatoire pour refuser ou masquer. " + NEVER_A_GROUND
            self.fields["facts"].help_text = "Obligatoire pour refuser ou masquer. " + READ_BY_AUTHOR
            self.fields["clause"].error_messages["required"] = (
                "Choisissez l’article de la charte. Sans article, un texte est publié."
            )
        # Only keeping needs neither: the page does not call optional what nearly every decision needs.
        needs_ground = self.data.get("action") in {Decision.Action.HIDE, Decision.Action.MASK}
        self.fields["clause"].required = self.fields["facts"].required = needs_ground or not self.is_bound
        if not can_mask:
            del self.fields["passages"]
            choices.choices = choices.choices[:2]

    def clean(self) -> dict[str, Any]:
        """Ask for the passages of a masking with the rest."""
        given: dict[str, Any] = super().clean() or {}
        if given.get("action") == Decision.Action.MASK and not self.given_passages():
            self.add_error("passages", "Recopiez chaque passage à masquer tel qu’il est dans le texte, un par ligne.")
        return given

    def given_passages(self) -> list[str]:
        """Give the passages, one by line."""
        return [line.strip() for line in self.cleaned_data.get("passages", "").splitlines() if line.strip()]


class JudgeForm(_StaffForm):
    """What another moderator answers to an appeal."""

    outcome = forms.ChoiceField(
        label="Réponse",
        choices=[
            (Appeal.Outcome.UPHELD.value, "Confirmer la décision"),
            (Appeal.Outcome.OVERTURNED.value, "Annuler la décision"),
        ],
        widget=forms.RadioSelect,
        error_messages={"required": "Choisissez\u00a0: confirmer ou annuler."},
    )
    reasons = forms.CharField(
        label="Pourquoi",
        max_length=5000,
        widget=forms.Textarea(attrs={"rows": 5}),
        help_text="La personne lit cette réponse mot pour mot.",
        error_messages={"required": "Répondez à la personne, en quelques phrases."},
    )


class BlockForm(_StaffForm):
    """How long somebody may not publish, and why."""

    days = forms.TypedChoiceField(
        label="Durée",
        choices=Block.DAYS,
        coerce=int,
        widget=forms.RadioSelect,
        error_messages={"required": "Choisissez une durée."},
    )
    clause = forms.ChoiceField(
        label="Article de la charte",
        choices=_grounds,
        error_messages={"required": "Choisissez l’article de la charte."},
    )
    reason = forms.CharField(
        label="Motif",
        max_length=2000,
        widget=forms.Textarea(attrs={"rows": 4}),
        help_text="La personne le lit mot pour mot, et peut contester.",
        error_messages={"required": "Dites pourquoi, en une phrase ou deux."},
    )
