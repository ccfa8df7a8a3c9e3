"""The questions one can ask of the lists: GET forms, each answer has an address."""

import datetime as dt
from collections.abc import Sequence
from typing import Any, ClassVar

import django_filters as filters
from django.db.models import Case, Exists, IntegerField, OuterRef, Q, QuerySet, Value, When
from django.utils.translation import gettext_lazy as _

from city.models import District, Theme
from consultations import phases, search
from consultations.models import Consultation, Contribution, Phase, Section
from mulhouse.asking import Asked
from mulhouse.lists import Order

RECENT, SUPPORTED, DISCUSSED, UNSEEN = "recent", "soutenu", "debattu", "decouvrir"
ORDERS = {
    RECENT: Order("published_at"),
    SUPPORTED: Order("agree_total"),
    DISCUSSED: Order("comment_count"),
    UNSEEN: Order("reaction_total", descending=False),
}
ORDER_LABELS = {
    RECENT: _("Plus récentes"),
    SUPPORTED: _("Plus soutenues"),
    DISCUSSED: _("Plus débattues"),
    UNSEEN: _("À découvrir"),
}
COMMENT_ORDERS = {RECENT: Order("published_at"), SUPPORTED: Order("support_total"), DISCUSSED: Order("reply_count")}
COMMENT_ORDER_LABELS = {RECENT: _("Plus récents"), SUPPORTED: _("Plus soutenus"), DISCUSSED: _("Plus débattus")}

OPEN, COMING, FINISHED = "ouvertes", "a-venir", "terminees"
STATE_LABELS = {OPEN: _("Ouvertes"), COMING: _("À venir"), FINISHED: _("Avis clos")}
STATE_RANKS = {OPEN: 0, COMING: 1, FINISHED: 2}


NAMED_BY_THE_CITY = frozenset({"partie", "quartier", "theme"})


class ContributionFilter(Asked):
    """Search, section, kind and district of the contributions of one consultation.

    Sections and districts are given, as they are shown on the page anyway: nothing is read twice. A section is named by
    its rank, a district by its address form: no key of the database stands in an address.
    """

    foreign: ClassVar[frozenset[str]] = NAMED_BY_THE_CITY

    q = filters.CharFilter(label=_("Rechercher"), method="keep", max_length=search.LONGEST)
    partie = filters.ChoiceFilter(label=_("Partie"), method="by_section", empty_label=_("Toutes"))
    sorte = filters.ChoiceFilter(
        label=_("Sorte"), field_name="kind", choices=Contribution.Kind.choices, empty_label=_("Toutes")
    )
    quartier = filters.ChoiceFilter(label=_("Quartier"), field_name="district__slug", empty_label=_("Tous"))
    # By default: the newest first, and the closest to the words of a search.
    tri = filters.ChoiceFilter(
        label=_("Trier par"), method="keep", choices=list(ORDER_LABELS.items()), empty_label=_("Par défaut")
    )

    class Meta:
        model = Contribution
        fields: Sequence[str] = ()

    def __init__(self, *args: Any, sections: Sequence[Section], districts: Sequence[District], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.sections = {str(rank): section for rank, section in enumerate(sections, start=1)}
        self.filters["partie"].extra["choices"] = [(rank, section.title) for rank, section in self.sections.items()]
        self.filters["quartier"].extra["choices"] = [(district.slug, district.name) for district in districts]

    def by_section(self, queryset: QuerySet[Contribution], name: str, value: str) -> QuerySet[Contribution]:
        """Keep the contributions of a section, named by its rank."""
        return queryset.filter(section=self.sections[value])


class ConsultationFilter(Asked):
    """Search, theme, district and state of consultations."""

    foreign: ClassVar[frozenset[str]] = NAMED_BY_THE_CITY

    q = filters.CharFilter(label=_("Rechercher"), method="by_text", max_length=search.LONGEST)
    theme = filters.ChoiceFilter(label=_("Thème"), field_name="theme__slug", empty_label=_("Tous"))
    quartier = filters.ChoiceFilter(label=_("Quartier"), method="by_district", empty_label=_("Tous"))
    etat = filters.ChoiceFilter(
        label=_("État"), method="by_state", choices=list(STATE_LABELS.items()), empty_label=_("Tous")
    )

    class Meta:
        model = Consultation
        fields: Sequence[str] = ()

    def __init__(self, *args: Any, themes: Sequence[Theme], districts: Sequence[District], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.filters["theme"].extra["choices"] = [(theme.slug, theme.name) for theme in themes]
        self.filters["quartier"].extra["choices"] = [(district.slug, district.name) for district in districts]

    def by_text(self, queryset: QuerySet[Consultation], name: str, value: str) -> QuerySet[Consultation]:
        """Keep what holds the words."""
        return search.consultations(queryset, value)

    def by_district(self, queryset: QuerySet[Consultation], name: str, value: str) -> QuerySet[Consultation]:
        """Keep what concerns a district: those that name it, and those of the whole city."""
        named = Consultation.districts.through.objects.filter(consultation=OuterRef("pk"))
        return queryset.filter(Exists(named.filter(district__slug=value)) | ~Exists(named))

    def by_state(self, queryset: QuerySet[Consultation], name: str, value: str) -> QuerySet[Consultation]:
        """Keep those in a state (the view has ranked them)."""
        return queryset.filter(Q(state=STATE_RANKS[value]))


def with_state(rows: QuerySet[Consultation], *, at: dt.datetime) -> QuerySet[Consultation]:
    """Rank consultations: 0 residents can contribute now, 1 they will, 2 it is over."""
    today = at.astimezone(phases.PARIS).date()
    asking = Phase.objects.filter(consultation=OuterRef("pk"), kind=phases.Kind.CONTRIBUTE)
    running = asking.filter(Q(ends_on__isnull=True) | Q(ends_on__gte=today), starts_on__lte=today)
    return rows.annotate(
        state=Case(
            When(archived_at__isnull=False, then=Value(STATE_RANKS[FINISHED])),
            When(Exists(running), then=Value(STATE_RANKS[OPEN])),
            When(Exists(asking.filter(starts_on__gt=today)), then=Value(STATE_RANKS[COMING])),
            default=Value(STATE_RANKS[FINISHED]),
            output_field=IntegerField(),
        )
    )
