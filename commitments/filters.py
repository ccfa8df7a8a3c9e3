"""The questions one can ask of the list of commitments: a GET form, each answer has an address."""

import datetime as dt
from collections.abc import Mapping, Sequence
from typing import Any, ClassVar

import django_filters as filters
from django.db.models import F, QuerySet, Value
from django.utils.translation import gettext_lazy as _

from commitments.models import SEARCH_CONFIG, Commitment, State
from mulhouse import fulltext
from mulhouse.asking import Asked
from mulhouse.lists import Order

RECENT, DUE = "recent", "echeance"
ORDERS = {RECENT: Order("published_at"), DUE: Order("due_on", descending=False)}
LONGEST = fulltext.LONGEST
LATE = "en-retard"
STATES = {
    "prevus": ([State.PLANNED], _("Prévus")),
    "en-cours": ([State.IN_PROGRESS], _("En cours")),
    "realises": ([State.DONE], _("Réalisés")),
    "abandonnes": ([State.ABANDONED], _("Abandonnés")),
}


# For each question, the (value, words) of its answers.
Names = Mapping[str, Sequence[tuple[str, str]]]


def names(rows: QuerySet[Commitment]) -> Names:
    """Give the services, districts, themes and sources that commitments have, in one query."""
    columns = {
        "service": ("service__slug", "service__name"),
        "quartier": ("district__slug", "district__name"),
        "theme": ("theme__slug", "theme__name"),
        "source": ("topic", "source_title"),
    }
    each = [
        rows.order_by()
        .filter(**{f"{value}__gt": ""})
        .annotate(asked=Value(name), value=F(value), label=F(label))
        .values_list("asked", "value", "label")
        for name, (value, label) in columns.items()
    ]
    found: dict[str, list[tuple[str, str]]] = {name: [] for name in columns}
    for name, value, label in each[0].union(*each[1:]).order_by("asked", "label"):
        if value not in dict(found[name]):
            found[name].append((value, label))
    return found


class CommitmentFilter(Asked):
    """Words, state, lateness, service, district, theme and source of commitments."""

    foreign: ClassVar[frozenset[str]] = frozenset({"service", "quartier", "theme", "source"})

    q = filters.CharFilter(label=_("Rechercher"), method="by_words", max_length=LONGEST)
    etat = filters.ChoiceFilter(
        label=_("État"),
        method="by_state",
        choices=[(LATE, _("En retard")), *((name, label) for name, (_states, label) in STATES.items())],
        empty_label=_("Tous"),
    )
    service = filters.ChoiceFilter(label=_("Service"), field_name="service__slug", empty_label=_("Tous"))
    quartier = filters.ChoiceFilter(label=_("Quartier"), field_name="district__slug", empty_label=_("Tous"))
    theme = filters.ChoiceFilter(label=_("Thème"), field_name="theme__slug", empty_label=_("Tous"))
    source = filters.ChoiceFilter(label=_("Origine"), field_name="topic", empty_label=_("Toutes"))
    tri = filters.ChoiceFilter(
        label=_("Trier par"),
        method="keep",
        choices=[(RECENT, _("Plus récents")), (DUE, _("Échéance la plus proche"))],
        empty_label=_("Par défaut"),
    )

    class Meta:
        model = Commitment
        fields: Sequence[str] = ()

    def __init__(
        self,
        *args: Any,
        today: dt.date,
        names: Names,
        **kwargs: Any,
    ) -> None:
        super().__init__(*args, **kwargs)
        self.today = today
        for name in sorted(self.foreign):
            self.filters[name].extra["choices"] = names.get(name, [])

    def by_words(self, queryset: QuerySet[Commitment], name: str, value: str) -> QuerySet[Commitment]:
        """Keep what holds these words, whatever their accents and endings, or whose title holds something like them."""
        return fulltext.by_likeness(queryset, value, config=SEARCH_CONFIG)

    def by_state(self, queryset: QuerySet[Commitment], name: str, value: str) -> QuerySet[Commitment]:
        """Keep those in a state; « en retard » is computed from the day."""
        if value == LATE:
            return queryset.filter(pk__in=Commitment.objects.late(on=self.today).values("pk"))
        return queryset.filter(state__in=STATES[value][0])
