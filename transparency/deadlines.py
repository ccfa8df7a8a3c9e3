"""Until when the city promised to answer: counted in Paris, whatever the season."""

from datetime import date, datetime, time, timedelta
from enum import StrEnum
from zoneinfo import ZoneInfo

from mulhouse import workdays

PARIS = ZoneInfo("Europe/Paris")
# Source: RGAA, and mediation-law-places A11Y-04: an answer within a week.
ACCESSIBILITY_ANSWER_DAYS = 7


class Unit(StrEnum):
    """What a delay is counted in."""

    CALENDAR = "calendar"
    WORKED = "worked"


def day_of(at: datetime) -> date:
    """Give the day in Paris."""
    return at.astimezone(PARIS).date()


def due_at(received_at: datetime, days: int) -> datetime:
    """Give the same hour in Paris, `days` later.

    Shape: across a change of hour the promise is an hour shorter or longer, never another hour of the day.
    """
    local = received_at.astimezone(PARIS)
    return datetime.combine(local.date() + timedelta(days=days), local.time(), PARIS)


def due_on(made_on: date, days: int, unit: Unit) -> date:
    """Give the last day of a delay; the day on which it was promised does not count.

    Units: `days` in `unit`.
    """
    return workdays.after(made_on, days) if unit is Unit.WORKED else made_on + timedelta(days=days)


def pushed(due: date, *, paused_on: date, resumed_on: date, unit: Unit) -> date:
    """Put a day off by as many days as the clock stood still.

    Shape: stopped and started again on one day, it stays.
    """
    still = workdays.between(paused_on, resumed_on) if unit is Unit.WORKED else (resumed_on - paused_on).days
    return due_on(due, still, unit)


def is_late(due: datetime, answered_at: datetime | None, *, at: datetime) -> bool:
    """Tell whether the answer came, or still waits, after the promised day: the last day is a day to answer, whole."""
    return day_of(answered_at or at) > day_of(due)


def day_begins_at(at: datetime) -> datetime:
    """Give the first instant of the day in Paris: what was due before it, and waits, is late."""
    return datetime.combine(day_of(at), time(), PARIS)


def moved(due: datetime, to: date) -> datetime:
    """Give the same hour in Paris on another day."""
    return datetime.combine(to, due.astimezone(PARIS).time(), PARIS)
