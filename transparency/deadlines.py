"""Until when the city promised to answer: counted in Paris, whatever the season."""

from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

PARIS = ZoneInfo("Europe/Paris")
# Source: RGAA, and mediation-law-places A11Y-04: an answer within a week.
ACCESSIBILITY_ANSWER_DAYS = 7


def due_at(received_at: datetime, days: int) -> datetime:
    """Give the same hour in Paris, `days` later.

    Shape: across a change of hour the promise is an hour shorter or longer, never another hour of the day.
    """
    local = received_at.astimezone(PARIS)
    return datetime.combine(local.date() + timedelta(days=days), local.time(), PARIS)


def is_late(due: datetime, answered_at: datetime | None, *, at: datetime) -> bool:
    """Tell whether the answer came, or still waits, after the promised instant."""
    return (answered_at or at) > due
