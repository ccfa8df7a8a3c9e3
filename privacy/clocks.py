"""When things are due in this room: months of the law, hours of a breach, days before an unused account closes. Pure."""

import calendar
import datetime as dt
from dataclasses import dataclass

# Source: RGPD, art. 12.3: one month, and two more for what is complex or comes in numbers.
ANSWER_MONTHS = 1
EXTENSION_MONTHS = 2
# Source: RGPD, art. 33.1.
BREACH_HOURS = 72
# Source: features-and-rules §3; CNIL, comptes inactifs.
IDLE_MONTHS = 24
GRACE_DAYS = 60
SECOND_DAYS = 30
LAST_DAYS = 7


def months_later(day: dt.date, months: int) -> dt.date:
    """Give the same day, so many months later; the last day of the month where there is none."""
    years, month = divmod(day.month - 1 + months, 12)
    year, month = day.year + years, month + 1
    return dt.date(year, month, min(day.day, calendar.monthrange(year, month)[1]))


def answer_due_on(received_on: dt.date, *, extended: bool = False) -> dt.date:
    """Give the last day to answer a request about data, included.

    Source: RGPD, art. 12.3.
    """
    return months_later(received_on, ANSWER_MONTHS + (EXTENSION_MONTHS if extended else 0))


def breach_due_at(discovered_at: dt.datetime) -> dt.datetime:
    """Give the instant until which the CNIL is told of a breach: hours that pass, whatever the season.

    Source: RGPD, art. 33.1.
    """
    return (discovered_at.astimezone(dt.UTC) + dt.timedelta(hours=BREACH_HOURS)).astimezone(discovered_at.tzinfo)


@dataclass(frozen=True)
class Notice:
    """What was told of an account that nobody uses: the step, and the day announced for its closing."""

    step: int
    closes_on: dt.date


def next_step(*, last_active_on: dt.date, told: Notice | None, today: dt.date) -> Notice | None:
    """Say what is due today for an account that nobody uses; None when nothing is.

    The person has always the announced days before them: a command that did not run for a month moves the closing, never
    shortens the time to come back.

    Shape: steps 1 (24 months), 2 (30 days before), 3 (7 days before), 4 (closing); the day of the closing with each.
    Source: features-and-rules §3, « Inactive account ».
    """
    if today < months_later(last_active_on, IDLE_MONTHS):
        return None
    if told is None:
        return Notice(1, today + dt.timedelta(days=GRACE_DAYS))
    left = (told.closes_on - today).days
    if told.step == 1:
        return Notice(2, max(told.closes_on, today + dt.timedelta(days=SECOND_DAYS))) if left <= SECOND_DAYS else None
    if told.step == 2:  # noqa: PLR2004 (the second of three letters)
        return Notice(3, max(told.closes_on, today + dt.timedelta(days=LAST_DAYS))) if left <= LAST_DAYS else None
    return Notice(4, told.closes_on) if left <= 0 else None
