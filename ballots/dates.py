"""When a vote is open: days as a notice prints them, both included, half-open at midnight in Mulhouse."""

import datetime as dt
from enum import StrEnum
from zoneinfo import ZoneInfo

PARIS = ZoneInfo("Europe/Paris")
# Whoever sent their ballot in the last second is still being written: the box is opened once nobody can be.
COUNT_DELAY = dt.timedelta(minutes=1)


class State(StrEnum):
    """Where a vote stands at an instant."""

    UPCOMING = "upcoming"
    OPEN = "open"
    CLOSED = "closed"
    CANCELLED = "cancelled"


def midnight(day: dt.date) -> dt.datetime:
    """Give the instant at which a day begins in Mulhouse, on the days of 23 and 25 hours too."""
    return dt.datetime.combine(day, dt.time.min, tzinfo=PARIS)


def closing(last_day: dt.date) -> dt.datetime:
    """Give the first instant after the last day."""
    return midnight(last_day + dt.timedelta(days=1))


def state(first_day: dt.date, last_day: dt.date, *, at: dt.datetime) -> State:
    """Place an instant before, in or after the days of a vote."""
    if at < midnight(first_day):
        return State.UPCOMING
    return State.OPEN if at < closing(last_day) else State.CLOSED


def may_count(last_day: dt.date, *, at: dt.datetime) -> bool:
    """Tell whether every ballot sent in time is in the box by now."""
    return at >= closing(last_day) + COUNT_DELAY
