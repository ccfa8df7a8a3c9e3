"""The audience of the demonstration: forty days of invented readings, quieter on Sundays."""

import datetime as dt

from django.db import transaction
from django.utils import timezone

from audience.models import DailyPageCount, Device

DAYS = 40
SUNDAY = 6
# A page and how often it is read on an ordinary day.
PAGES = {
    "home": 120,
    "consultations:list": 80,
    "commitments:list": 35,
    "transparency:promises": 12,
    "audience:figures": 3,
}


@transaction.atomic(durable=True)
def seed(*, at: dt.datetime) -> bool:
    """Write the readings once; tell whether it did."""
    if DailyPageCount.objects.exists():
        return False
    today = timezone.localdate(at)
    DailyPageCount.objects.bulk_create(
        DailyPageCount(day=on, route=route, language="fr", device=device, views=_views(usual, on, rank))
        for on in (today - dt.timedelta(days=each) for each in range(1, DAYS + 1))
        for route, usual in PAGES.items()
        for rank, device in enumerate(Device.values)
    )
    return True


def _views(usual: int, on: dt.date, rank: int) -> int:
    """Vary a number from day to day, always alike."""
    quiet = 0.5 if on.weekday() == SUNDAY else 1.0
    return max(int(usual * quiet * (0.7 + (on.toordinal() * 7 + rank * 3) % 10 / 15)), 1)
