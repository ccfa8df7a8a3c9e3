"""How late the city is on a day it named: computed from dates, never a state that somebody sets."""

import datetime as dt
from dataclasses import dataclass
from enum import StrEnum

# So many days before its day, a promise is « soon ».
SOON_DAYS = 14


class Standing(StrEnum):
    """Where a dated commitment stands on a day."""

    COMING = "coming"
    SOON = "soon"
    PAUSED = "paused"
    LATE = "late"
    KEPT = "kept"
    KEPT_LATE = "kept_late"
    GIVEN_UP = "given_up"


@dataclass(frozen=True)
class Clock:
    """A standing and its days: left before the day (0 on the day itself), or gone since; stopped for, when paused."""

    standing: Standing
    days: int


def read(
    *, due_on: dt.date, done_on: dt.date | None, given_up: bool, today: dt.date, paused_on: dt.date | None = None
) -> Clock:
    """Read the clock of a commitment.

    Shape: the promised day is included: late begins the day after. A clock that stands still is not late.
    Units: calendar days.
    """
    if given_up:
        return Clock(Standing.GIVEN_UP, 0)
    gone = ((done_on or today) - due_on).days
    if done_on is not None:
        return Clock(Standing.KEPT_LATE, gone) if gone > 0 else Clock(Standing.KEPT, -gone)
    if paused_on is not None:
        return Clock(Standing.PAUSED, (today - paused_on).days)
    if gone > 0:
        return Clock(Standing.LATE, gone)
    return Clock(Standing.SOON if -gone <= SOON_DAYS else Standing.COMING, -gone)


def median_days(counts: dict[int, int]) -> int | None:
    """Give the median of days counted as {days: how many}, the lower one of two; None of nothing.

    Units: days after the promised one, negative before it.
    """
    total = sum(counts.values())
    seen = 0
    for days in sorted(counts):
        seen += counts[days]
        if seen * 2 >= total:
            return days
    return None
