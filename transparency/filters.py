"""The questions one can ask of the register; each answer has an address."""

import datetime as dt
from collections.abc import Sequence

import django_filters as filters
from django import forms
from django.db.models import QuerySet
from django.utils.translation import gettext_lazy as _

from transparency import register
from transparency.deadlines import PARIS
from transparency.models import RegisterLine


def _acts() -> list[tuple[str, str]]:
    return [(act.code, act.label) for act in register.acts()]


def _day_input() -> forms.DateInput:
    return forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d")


class RegisterFilter(filters.FilterSet):  # type: ignore[misc] # django-filter has no types
    """By act, subject, role and day in Paris (both days included)."""

    # The acts are named in French, as on the register.
    acte = filters.ChoiceFilter(
        label=_("Acte"),
        field_name="act",
        choices=_acts,
        empty_label=_("Tous"),
        widget=forms.Select(attrs={"lang": "fr"}),
    )
    objet = filters.CharFilter(label=_("Référence"), method="by_subject", max_length=80)
    par = filters.ChoiceFilter(
        label=_("En qualité de"), field_name="role", choices=list(register.ROLES.items()), empty_label=_("Toutes")
    )
    du = filters.DateFilter(label=_("Du"), method="from_day", widget=_day_input())
    au = filters.DateFilter(label=_("Au"), method="to_day", widget=_day_input())

    class Meta:
        model = RegisterLine
        fields: Sequence[str] = ()

    def by_subject(self, queryset: QuerySet[RegisterLine], name: str, value: str) -> QuerySet[RegisterLine]:
        """Keep what concerns a reference, whatever its capitals."""
        typed = value.strip()
        return queryset.filter(subject__in={typed, typed.upper(), typed.lower()})

    def from_day(self, queryset: QuerySet[RegisterLine], name: str, value: dt.date) -> QuerySet[RegisterLine]:
        """Keep what was written that day or later."""
        return queryset.filter(at__gte=_midnight(value))

    def to_day(self, queryset: QuerySet[RegisterLine], name: str, value: dt.date) -> QuerySet[RegisterLine]:
        """Keep what was written that day or before."""
        return queryset.filter(at__lt=_midnight(value + dt.timedelta(days=1)))


def _midnight(day: dt.date) -> dt.datetime:
    return dt.datetime.combine(day, dt.time(), PARIS)
