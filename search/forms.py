"""The days between which a search looks, both included: the one question that can be asked wrongly."""

import datetime as dt
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

# As browsers send a day, and as people write one where the browser has no calendar.
FORMATS = ("%Y-%m-%d", "%d/%m/%Y", "%d.%m.%Y", "%d-%m-%Y")
# What the database can compare in any time zone.
YEARS = range(1900, 2101)


def _day(label: Any) -> forms.DateField:
    return forms.DateField(
        label=label,
        required=False,
        input_formats=FORMATS,
        widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"),
        error_messages={"invalid": _("Écrivez un jour qui existe, par exemple 31/12/2026.")},
    )


class PeriodForm(forms.Form):
    """From a day, to a day; what is wrong narrows nothing, and is said beside its field."""

    du = _day(_("Du"))
    au = _day(_("Au"))

    def clean_du(self) -> dt.date | None:
        """Refuse years that nothing here was written in."""
        return self._within("du")

    def clean_au(self) -> dt.date | None:
        """Refuse the same years, and a day before the first."""
        last, first = self._within("au"), self.cleaned_data.get("du")
        if first and last and last < first:
            raise ValidationError(_("Ce jour vient avant celui du début."))
        return last

    def _within(self, name: str) -> dt.date | None:
        day: dt.date | None = self.cleaned_data.get(name)
        if day is not None and day.year not in YEARS:
            raise ValidationError(
                _("Écrivez une année entre %(first)s et %(last)s.") % {"first": YEARS[0], "last": YEARS[-1]}
            )
        return day

    def day(self, name: str) -> dt.date | None:
        """Give a day that was asked and is right."""
        self.is_valid()
        found: dt.date | None = self.cleaned_data.get(name)
        return found

    @property
    def since(self) -> dt.datetime | None:
        """Give the first instant of the first day, in Paris."""
        day = self.day("du")
        return _midnight(day) if day else None

    @property
    def until(self) -> dt.datetime | None:
        """Give the first instant after the last day, in Paris."""
        day = self.day("au")
        return _midnight(day + dt.timedelta(days=1)) if day else None


def _midnight(day: dt.date) -> dt.datetime:
    return timezone.make_aware(dt.datetime.combine(day, dt.time.min))
