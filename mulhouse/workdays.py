"""Worked days at Mulhouse: Monday to Friday, less the public holidays of Alsace (Good Friday and 26 December among them)."""

import datetime as dt
from functools import cache
from itertools import count, islice
from zoneinfo import ZoneInfo

import holidays

# The European Collectivity of Alsace in ISO 3166-2.
ALSACE = "6AE"
SATURDAY = 5


# An hour is worked from nine to five, in Paris: eight to a worked day.
OPENS, DAY_HOURS = 9, 8
PARIS = ZoneInfo("Europe/Paris")


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


def after_hours(at: dt.datetime, hours: int) -> dt.datetime:
    """Give the instant when so many worked hours have gone by; what comes in the night or on a Sunday starts when the day opens.

    Shape: the last hour ends at five rather than at nine on the next worked day.
    Units: worked hours, DAY_HOURS from OPENS in Paris on each worked day.
    """
    left = dt.timedelta(hours=hours)
    local = at.astimezone(PARIS)
    for day in (local.date() + dt.timedelta(days=n) for n in count()):
        if not is_worked(day):
            continue
        opens, closes = (dt.datetime.combine(day, dt.time(hour), PARIS) for hour in (OPENS, OPENS + DAY_HOURS))
        start = min(max(local, opens), closes) if day == local.date() else opens
        # Both are the same day in Paris, and no clock changes between nine and five.
        if left <= closes - start:
            return start + left
        left -= closes - start
    raise AssertionError  # the days never end
