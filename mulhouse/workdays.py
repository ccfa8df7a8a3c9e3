"""Worked days at Mulhouse: Monday to Friday, less the public holidays of Alsace (Good Friday and 26 December among them)."""

import datetime as dt
from functools import cache
from itertools import count, islice

import holidays

# The European Collectivity of Alsace in ISO 3166-2.
ALSACE = "6AE"
SATURDAY = 5


@cache
def _holidays(year: int) -> frozenset[dt.date]:
    """Give the public holidays of a year.

    Source: Code du travail, art. L3133-1, and the ordinance of 16 August 1892 for Alsace, as the package `holidays` has them.
    """
    return frozenset(holidays.country_holidays("FR", subdiv=ALSACE, years=year))


def is_worked(day: dt.date) -> bool:
    """Tell whether the services of the city work on a day."""
    return day.weekday() < SATURDAY and day not in _holidays(day.year)


def after(day: dt.date, days: int) -> dt.date:
    """Give the last of so many worked days, the first being the worked day that follows `day`; `day` itself for none.

    Units: worked days.
    """
    if days == 0:
        return day
    following = (day + dt.timedelta(days=n) for n in count(1))
    return next(islice(filter(is_worked, following), days - 1, None))


def between(first: dt.date, last: dt.date) -> int:
    """Count the worked days after `first`, up to and with `last`; 0 when `last` comes before.

    Units: worked days.
    """
    return sum(is_worked(first + dt.timedelta(days=n)) for n in range(1, (last - first).days + 1))
