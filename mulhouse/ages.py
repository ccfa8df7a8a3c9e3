"""Age bands: the only precision about age that is kept beside a participation, and the same everywhere it is counted."""

import datetime as dt

from django.db import models
from django.utils.translation import gettext_lazy as _


class AgeBand(models.TextChoices):
    """The six bands."""

    UNDER_18 = "0-17", _("moins de 18 ans")
    FROM_18 = "18-24", _("18 à 24 ans")
    FROM_25 = "25-39", _("25 à 39 ans")
    FROM_40 = "40-59", _("40 à 59 ans")
    FROM_60 = "60-74", _("60 à 74 ans")
    FROM_75 = "75+", _("75 ans et plus")


# The first age of each band, oldest first.
FIRST_AGES = (
    (75, AgeBand.FROM_75),
    (60, AgeBand.FROM_60),
    (40, AgeBand.FROM_40),
    (25, AgeBand.FROM_25),
    (18, AgeBand.FROM_18),
    (0, AgeBand.UNDER_18),
)


def of_age(age: int) -> AgeBand:
    """Give the band of an age.

    Units: whole years.
    Raises: ValueError for an age below zero.
    """
    for first, band in FIRST_AGES:
        if age >= first:
            return band
    raise ValueError(age)


def of_birth_year(birth_year: int | None, *, on: dt.date) -> str:
    """Give the band of somebody whose year of birth alone is known, by the age reached in the year.

    Shape: empty when the year is not known, or is still to come.
    """
    if birth_year is None or birth_year > on.year:
        return ""
    return of_age(on.year - birth_year).value
