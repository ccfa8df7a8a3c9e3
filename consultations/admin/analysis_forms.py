"""Forms of the analysis of opinions, and the questions one can ask of the work list."""

from collections.abc import Sequence
from typing import Any

import django_filters as filters
from django import forms
from django.db.models import Exists, OuterRef, QuerySet

from city.models import District
from consultations import search
from consultations.analysis import Decided, Words
from consultations.models import AnalysisTheme, Decision, Item, ItemTheme, Section
from desk.models import Channel
from mulhouse.asking import Asked
from mulhouse.reasons import ReasonField

WITHOUT = "sans"
TITLE_LENGTH = 160


class ItemFilter(Asked):
    """Search, theme, place, section, kind, channel and district of the opinions of one consultation."""

    q = filters.CharFilter(label="Rechercher", method="by_text", max_length=search.LONGEST)
    theme = filters.ChoiceFilter(label="Thème", method="by_theme", empty_label="Tous")
    place = filters.ChoiceFilter(label="Où il en est", choices=Item.Place.choices, empty_label="Partout")
    partie = filters.ChoiceFilter(label="Partie", method="by_section", empty_label="Toutes")
    sorte = filters.ChoiceFilter(label="Sorte", field_name="kind", choices=Item.Kind.choices, empty_label="Toutes")
    canal = filters.ChoiceFilter(label="Canal", field_name="channel", choices=Channel.choices, empty_label="Tous")
    quartier = filters.ChoiceFilter(label="Quartier", field_name="district__slug", empty_label="Tous")

    class Meta:
        model = Item
        fields: Sequence[str] = ()

    def __init__(
        self,
        *args: Any,
        themes: Sequence[AnalysisTheme],
        sections: Sequence[Section],
        districts: Sequence[District],
        **kwargs: Any,
    ) -> None:
        super().__init__(*args, **kwargs)
        self.sections = {str(rank): section for rank, section in enumerate(sections, start=1)}
        self.filters["theme"].extra["choices"] = [
            (WITHOUT, "Sans thème"),
            *((theme.reference, theme.title) for theme in themes),
        ]
        self.filters["partie"].extra["choices"] = [(rank, section.title) for rank, section in self.sections.items()]
        self.filters["quartier"].extra["choices"] = [(district.slug, district.name) for district in districts]

    def by_text(self, queryset: QuerySet[Item], name: str, value: str) -> QuerySet[Item]:
        """Keep what holds the words, whatever their accents and endings, or whose title looks like them."""
        return search.items(queryset, value)

    def by_theme(self, queryset: QuerySet[Item], name: str, value: str) -> QuerySet[Item]:
        """Keep the opinions of a theme, or those that have none."""
        links = ItemTheme.objects.filter(item=OuterRef("pk"))
        if value == WITHOUT:
            return queryset.filter(~Exists(links), grouped_with__isnull=True)
        return queryset.filter(Exists(links.filter(theme__reference=value)))

    def by_section(self, queryset: QuerySet[Item], name: str, value: str) -> QuerySet[Item]:
        """Keep the opinions of a section, named by its rank."""
        return queryset.filter(section=self.sections[value])


class DecidedForm(forms.Form):
    """A decision that is being prepared; half of one may be kept."""

    seen = forms.IntegerField(widget=forms.HiddenInput)
    decision = forms.ChoiceField(
        label="Décision", required=False, choices=[("", "Pas encore décidée"), *Decision.choices]
    )
    forwarded_to = forms.CharField(
        label="Transmis à", required=False, max_length=160, help_text="Seulement pour «\u00a0Transmis\u00a0»."
    )
    explanation = forms.CharField(
        label="Explication",
        required=False,
        max_length=4000,
        widget=forms.Textarea(attrs={"rows": 6}),
        help_text="Ce que la personne lira\u00a0: ce que la Ville fait, ou pourquoi elle ne le fait pas. Gras et listes possibles.",
    )

    def decided(self) -> Decided:
        """Give the decision as actions take it."""
        given = self.cleaned_data
        return Decided(given["decision"], given["explanation"], given["forwarded_to"])


class ItemForm(DecidedForm):
    """The themes of one opinion, and its own decision when theirs does not fit."""

    themes = forms.MultipleChoiceField(label="Thèmes", required=False, widget=forms.CheckboxSelectMultiple)
    field_order = ("seen", "themes", "decision", "forwarded_to", "explanation")

    def __init__(self, *args: Any, themes: Sequence[AnalysisTheme], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        field = self.fields["themes"]
        assert isinstance(field, forms.MultipleChoiceField)  # noqa: S101 (declared above)
        field.choices = [(str(theme.pk), theme.title) for theme in themes]


class ThemeForm(DecidedForm):
    """What is said of a theme, and its decision."""

    title = forms.CharField(
        label="Titre de travail",
        max_length=TITLE_LENGTH,
        help_text="Pour les agents.",
        error_messages={"required": "Donnez un titre au thème."},
    )
    public_title = forms.CharField(
        label="Titre public",
        required=False,
        max_length=TITLE_LENGTH,
        help_text="Ce que les habitants lisent. Il en faut un pour publier la réponse.",
    )
    public_summary = forms.CharField(
        label="Ce qui est demandé",
        required=False,
        max_length=1500,
        widget=forms.Textarea(attrs={"rows": 3}),
        help_text="En une ou deux phrases, dans les mots des habitants.",
    )
    is_minority = forms.BooleanField(
        label="Point de vue minoritaire", required=False, help_text="Le bilan le montre à part\u00a0: il compte aussi."
    )
    field_order = (
        "seen",
        "title",
        "public_title",
        "public_summary",
        "is_minority",
        "decision",
        "forwarded_to",
        "explanation",
    )

    def words(self) -> Words:
        """Give what is said of the theme as actions take it."""
        given = self.cleaned_data
        return Words(given["title"], given["public_title"], given["public_summary"], given["is_minority"])


class NewThemeForm(forms.Form):
    """A theme that begins with a title."""

    title = forms.CharField(
        label="Nouveau thème", max_length=TITLE_LENGTH, error_messages={"required": "Donnez un titre au thème."}
    )


class NoteForm(forms.Form):
    """A note for the other agents."""

    body = forms.CharField(
        label="Nouvelle note",
        max_length=4000,
        widget=forms.Textarea(attrs={"rows": 3}),
        help_text="Entre agents. Elle n’apparaît sur aucune page publique, dans aucun courriel ni aucun fichier.",
        error_messages={"required": "Écrivez la note."},
    )


class ReturnForm(forms.Form):
    """Why an opinion leaves the answer of its own for those of its themes."""

    reason = ReasonField(
        label="Pourquoi",
        help_text="Une phrase. Elle est publique.",
        error_messages={"required": "Dites pourquoi, en une phrase\u00a0: le motif est public."},
    )


class DeleteForm(forms.Form):
    """A theme goes: as the agent had it under the eyes, and on purpose."""

    seen = forms.IntegerField(widget=forms.HiddenInput)
    sure = forms.BooleanField(
        label="Ses avis n’auront plus ce thème\u00a0: je le sais",
        error_messages={"required": "Cochez la case pour confirmer."},
    )


class MergeForm(DeleteForm):
    """Where the opinions of a theme go."""

    field_order = ("seen", "into", "sure")
    into = forms.ChoiceField(label="Fusionner dans")

    def __init__(self, *args: Any, themes: Sequence[AnalysisTheme], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["sure"].label = "Ce thème disparaît\u00a0: ses avis, ses notes et ses textes vont dans l’autre"
        field = self.fields["into"]
        assert isinstance(field, forms.ChoiceField)  # noqa: S101 (declared above)
        field.choices = [(theme.reference, theme.title) for theme in themes]
