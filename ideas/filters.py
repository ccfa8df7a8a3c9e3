"""The questions one can ask of the lists of ideas: GET forms, each answer has an address."""

import datetime as dt
from collections.abc import Callable, Mapping, Sequence
from typing import Any, ClassVar

import django_filters as filters
from django.db.models import QuerySet
from django.utils.translation import gettext_lazy as _

from city.models import District, Theme
from ideas import clocks, exports, search
from ideas.models import Campaign, Idea, Stage
from ideas.models.writing import ANSWERED, SHUFFLE_BITS
from mulhouse.asking import Asked
from mulhouse.lists import Order, Ring
from mulhouse.typography import local_day
from transparency.models import Promise

RECENT, RISING, SUPPORTED, NEAR = "recent", "montent", "soutenues", "seuil"
WAITING, LATE, SHUFFLED = "attente", "retard", "hasard"
ORDERS = {
    RECENT: Order("published_at"),
    RISING: Order("heat"),
    SUPPORTED: Order("support_total"),
    NEAR: Order("missing", descending=False),
    WAITING: Order("stage_at", descending=False),
    LATE: Order("stage_at", descending=False),
}
ORDER_LABELS = {
    RECENT: _("Récentes"),
    RISING: _("Qui montent"),
    SUPPORTED: _("Les plus soutenues"),
    NEAR: _("Proches d’un seuil"),
    WAITING: _("En attente de réponse"),
    LATE: _("Réponse en retard"),
    SHUFFLED: _("Au hasard"),
}
# What a list shows and the others do not say.
ORDER_NOTES = {
    RISING: _("Chaque soutien compte pour un le jour même, puis pour moitié moins chaque semaine."),
    NEAR: _("D’abord les idées à qui il manque le moins de soutiens pour leur prochain seuil."),
    WAITING: _("Les idées que la Ville étudie, la plus ancienne étude d’abord."),
    LATE: _("Les idées dont la première lecture ou la réponse n’est pas venue au jour promis."),
    SHUFFLED: _("Un ordre tiré au sort, pour que chaque idée ait sa chance. L’adresse de la page le garde."),
}
# Places from which the order at random may begin: enough to be fair, few enough for pages to be kept.
SEEDS = 1000


def ring(seed: int) -> Ring:
    """Give the order at random that begins at one of SEEDS places."""
    return Ring("shuffle", descending=False, start=(seed << SHUFFLE_BITS) // SEEDS)


class IdeaFilter(Asked):
    """Search, theme, district of the place, stage and campaign of ideas.

    Themes, districts and campaigns are given, as the page reads them anyway: their names cost nothing more, and each filter
    stays on one column, which an index leads to.
    """

    foreign: ClassVar[frozenset[str]] = frozenset({"theme", "quartier", "campagne"})

    q = filters.CharFilter(label=_("Rechercher"), method="keep", max_length=search.LONGEST)
    theme = filters.ChoiceFilter(label=_("Thème"), method="by_row", empty_label=_("Tous"))
    quartier = filters.ChoiceFilter(label=_("Quartier"), method="by_row", empty_label=_("Tous"))
    etape = filters.ChoiceFilter(
        label=_("Étape"),
        method="by_stage",
        # The words of the open data, in addresses too.
        choices=[(exports.STAGES[value], label) for value, label in Stage.choices],
        empty_label=_("Toutes les étapes"),
    )
    campagne = filters.ChoiceFilter(label=_("Campagne"), method="by_row", empty_label=_("Toutes"))
    # By default: the newest first, and the closest to the words of a search.
    tri = filters.ChoiceFilter(label=_("Trier par"), method="keep", choices=list(ORDER_LABELS.items()))

    class Meta:
        model = Idea
        fields: Sequence[str] = ()

    COLUMNS: ClassVar[Mapping[str, str]] = {"theme": "theme", "quartier": "place_district", "campagne": "campaign"}

    def __init__(
        self,
        *args: Any,
        themes: Sequence[Theme],
        districts: Sequence[District],
        campaigns: Sequence[Campaign],
        **kwargs: Any,
    ) -> None:
        super().__init__(*args, **kwargs)
        self.rows: dict[str, dict[str, Any]] = {
            "theme": {row.slug: row for row in themes},
            "quartier": {row.slug: row for row in districts},
            "campagne": {row.slug: row for row in campaigns},
        }
        for name, rows in self.rows.items():
            self.filters[name].extra["choices"] = [(slug, str(row)) for slug, row in rows.items()]

    def by_row(self, queryset: QuerySet[Idea], name: str, value: str) -> QuerySet[Idea]:
        """Keep the ideas of a theme, a district or a campaign."""
        return queryset.filter(**{self.COLUMNS[name]: self.rows[name][value].pk})

    def by_stage(self, queryset: QuerySet[Idea], name: str, value: str) -> QuerySet[Idea]:
        """Keep the ideas of a stage."""
        return queryset.filter(stage=next(stage for stage, word in exports.STAGES.items() if word == value))


def narrowed(rows: QuerySet[Idea], sort: str, *, at: dt.datetime) -> QuerySet[Idea]:
    """Keep what a list is about: near a threshold, under study, late. The others show everything."""
    narrow: Callable[[QuerySet[Idea]], QuerySet[Idea]] | None = {
        NEAR: lambda rows: rows.filter(
            stage=Stage.SUPPORT, next_supports__isnull=False, supports_until__gte=local_day(at)
        ),
        WAITING: lambda rows: rows.filter(stage=Stage.STUDY),
        LATE: lambda rows: rows.filter(reference__in=late(at=at)).exclude(stage__in=ANSWERED),
    }.get(sort)
    return narrow(rows) if narrow else rows


def late(*, at: dt.datetime) -> QuerySet[Promise, str]:
    """Name the ideas whose first reading or answer is past its day; a clock that stands still is not late."""
    kinds = [kind.code for kind in clocks.KINDS]
    owed = Promise.objects.owed().filter(kind__in=kinds, paused_on__isnull=True, due_on__lt=local_day(at))
    return owed.values_list("key", flat=True)
