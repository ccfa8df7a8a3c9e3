"""The questions one can ask of the list of answers: a GET form, each answer has an address."""

from collections.abc import Sequence
from typing import Any, ClassVar

import django_filters as filters
from django.db.models import Exists, OuterRef, QuerySet
from django.utils.translation import gettext_lazy as _

from consultations import search
from consultations.models import Decision, Item, ItemOutcome
from mulhouse.asking import Asked

WAITING = "en-attente"
# The words of the addresses.
DECISIONS = {
    "retenus": Decision.KEPT,
    "retenus-en-partie": Decision.PARTLY_KEPT,
    "non-retenus": Decision.NOT_KEPT,
    "hors-perimetre": Decision.OUT_OF_SCOPE,
    "transmis": Decision.FORWARDED,
    "deja-faits": Decision.ALREADY_DONE,
}


class OutcomeFilter(Asked):
    """Words, decision and theme of the opinions of one consultation."""

    foreign: ClassVar[frozenset[str]] = frozenset({"theme"})

    q = filters.CharFilter(label=_("Rechercher"), method="by_words", max_length=search.LONGEST)
    suite = filters.ChoiceFilter(
        label=_("Suite"),
        method="by_decision",
        choices=[*((name, decision.label) for name, decision in DECISIONS.items()), (WAITING, _("En attente"))],
        empty_label=_("Toutes"),
    )
    theme = filters.ChoiceFilter(label=_("Thème"), method="by_theme", empty_label=_("Tous"))

    class Meta:
        model = Item
        fields: Sequence[str] = ()

    def __init__(self, *args: Any, themes: Sequence[tuple[str, str]], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.filters["theme"].extra["choices"] = list(themes)

    def by_words(self, queryset: QuerySet[Item], name: str, value: str) -> QuerySet[Item]:
        """Keep what holds these words, whatever their accents and endings, or whose title holds something like them."""
        return search.items(queryset, value)

    def by_decision(self, queryset: QuerySet[Item], name: str, value: str) -> QuerySet[Item]:
        """Keep the opinions that a decision reached, or those that none did."""
        current = ItemOutcome.objects.current().filter(item=OuterRef("pk"))
        if value == WAITING:
            return queryset.filter(~Exists(current))
        return queryset.filter(Exists(current.filter(outcome__decision=DECISIONS[value])))

    def by_theme(self, queryset: QuerySet[Item], name: str, value: str) -> QuerySet[Item]:
        """Keep the opinions that the answer to a theme reached."""
        current = ItemOutcome.objects.current().filter(item=OuterRef("pk"))
        return queryset.filter(Exists(current.filter(outcome__theme__reference=value)))
