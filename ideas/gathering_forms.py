"""What is typed to gather ideas, to propose a change, to give news. Forms check, actions write."""

import re
from collections.abc import Sequence
from typing import Any, ClassVar

from django import forms
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from ideas.amending import Change
from ideas.gathering import Text
from ideas.gathering_rules import MOST
from ideas.models import Idea
from ideas.models.amending import NEWS_LENGTH, REASON_LENGTH
from ideas.models.writing import TEXT_LENGTH, TITLE_LENGTH
from mulhouse.masked_forms import MaskingForm
from mulhouse.references import ALPHABET, LENGTH
from mulhouse.typed import MARKDOWN_HELP, ProseField

SHORTEST_TITLE = 10
# A reference alone, or at the end of an address.
_REFERENCE = re.compile(rf"(?<![{ALPHABET}\w])[{ALPHABET}]{{{LENGTH}}}(?!\w)", re.IGNORECASE)


def _prose(label: Any, missing: Any, *, rows: int = 7, **more: Any) -> ProseField:
    too_long = gettext_lazy("Ce texte dépasse 3\u00a0000 caractères. Raccourcissez-le.")
    return ProseField(
        label=label,
        help_text=MARKDOWN_HELP,
        max_length=TEXT_LENGTH,
        rows=rows,
        error_messages={"required": missing, "max_length": too_long},
        **more,
    )


def _title() -> forms.CharField:
    return forms.CharField(
        label=gettext_lazy("Titre"),
        help_text=gettext_lazy("Une phrase qui dit l’essentiel, de 10 à 120 caractères."),
        min_length=SHORTEST_TITLE,
        max_length=TITLE_LENGTH,
        error_messages={
            "required": gettext_lazy("Donnez un titre."),
            "min_length": gettext_lazy("Ce titre est trop court\u00a0: il faut au moins 10 caractères."),
            "max_length": gettext_lazy("Ce titre dépasse 120 caractères. Raccourcissez-le."),
        },
    )


class TextForm(MaskingForm):
    """The words of an idea: title, need, proposal."""

    masked_fields: ClassVar[Sequence[str]] = ("title", "need", "proposal")

    title = _title()
    need = _prose(gettext_lazy("Le besoin"), gettext_lazy("Dites à quel besoin cette idée répond."))
    proposal = _prose(gettext_lazy("La proposition"), gettext_lazy("Dites ce que vous proposez."))


class GatherForm(TextForm):
    """A proposal to gather ideas, named by their references or their addresses."""

    others = forms.CharField(
        label=gettext_lazy("Les autres idées"),
        help_text=gettext_lazy(
            "Leur adresse ou leur référence (huit lettres et chiffres, sous le titre de chaque idée), séparées par un espace."
        ),
        max_length=1000,
        error_messages={
            "required": gettext_lazy("Indiquez au moins une autre idée."),
            "max_length": gettext_lazy("C’est trop long\u00a0: indiquez seulement les références."),
        },
    )
    field_order = ("others", "title", "need", "proposal")

    def __init__(self, *args: Any, own: Idea | None = None, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.own = own
        if own is None:
            self.fields["others"].label = "Les idées à regrouper"

    def clean_others(self) -> list[Idea]:
        """Find the ideas, each once, that of the page first."""
        given: str = self.cleaned_data["others"]
        references = list(dict.fromkeys(found.upper() for found in _REFERENCE.findall(given)))[: MOST + 1]
        rows = Idea.objects.visible().filter(reference__in=references).select_related("campaign").defer("search")
        found = {idea.reference: idea for idea in rows.order_by("pk")}
        unknown = [reference for reference in references if reference not in found]
        if unknown or not references:
            raise forms.ValidationError(
                _("Aucune idée publique n’a cette référence\u00a0: %(found)s.")
                % {"found": ", ".join(unknown) or given[:60]}
            )
        chosen = [
            found[reference] for reference in references if self.own is None or found[reference].pk != self.own.pk
        ]
        return [self.own, *chosen] if self.own is not None else chosen

    def text(self) -> Text:
        """Give what the idea that gathers will say."""
        given = self.cleaned_data
        return Text(given["title"], given["need"], given["proposal"])


class AmendForm(TextForm):
    """A change to the words of an idea, with its reason: what is left as it is does not change."""

    masked_fields = ("title", "need", "proposal", "reason")

    reason = forms.CharField(
        label=gettext_lazy("Pourquoi ce changement\u00a0?"),
        max_length=REASON_LENGTH,
        error_messages={
            "required": gettext_lazy("Dites pourquoi, en une phrase\u00a0: l’auteur décide d’après elle."),
            "max_length": gettext_lazy("Votre raison dépasse 300 caractères. Raccourcissez-la."),
        },
    )

    def __init__(self, *args: Any, idea: Idea, **kwargs: Any) -> None:
        super().__init__(*args, initial={name: getattr(idea, name) for name in ("title", "need", "proposal")}, **kwargs)
        self.idea = idea
        # An idea imported from elsewhere may be shorter or longer than ours: what does not change is not refused.
        for name in ("title", "need", "proposal"):
            if self.data.get(self.add_prefix(name)) == getattr(idea, name):
                self.fields[name].validators = []

    def change(self) -> Change:
        """Give what the action takes."""
        given = self.cleaned_data
        return Change(given["title"], given["need"], given["proposal"], given["reason"])


class AnswerForm(MaskingForm):
    """What the author of an idea answers to a change: yes or no, with a word."""

    masked_fields = ("word",)

    accepts = forms.ChoiceField(
        label=gettext_lazy("Retenez-vous cette modification\u00a0?"),
        choices=[
            ("oui", gettext_lazy("Oui, elle remplace mon texte")),
            ("non", gettext_lazy("Non, mon texte reste comme il est")),
        ],
        widget=forms.RadioSelect,
        error_messages={
            "required": gettext_lazy("Répondez par oui ou par non."),
            "invalid_choice": gettext_lazy("Répondez par oui ou par non."),
        },
    )
    word = forms.CharField(
        label=gettext_lazy("Un mot pour qui l’a proposée"),
        help_text=gettext_lazy("Tout le monde le lira."),
        max_length=REASON_LENGTH,
        required=False,
        error_messages={"max_length": gettext_lazy("Votre mot dépasse 300 caractères. Raccourcissez-le.")},
    )


class NewsForm(MaskingForm):
    """News that the author of an idea gives."""

    masked_fields = ("body",)

    body = ProseField(
        label=gettext_lazy("Vos nouvelles"),
        help_text=MARKDOWN_HELP,
        max_length=NEWS_LENGTH,
        rows=7,
        error_messages={
            "required": gettext_lazy("Écrivez vos nouvelles."),
            "max_length": gettext_lazy("Votre texte dépasse 1\u00a0500 caractères. Raccourcissez-le."),
        },
    )


class SeparateForm(forms.Form):
    """Why an agent separates ideas."""

    reason = forms.CharField(
        label="Motif",
        help_text="Une phrase, que tout le monde lira sur la page et au registre. Ne nommez personne.",
        max_length=REASON_LENGTH,
        error_messages={"required": "Dites pourquoi, en une phrase."},
    )
