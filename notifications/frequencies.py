"""How often each person wants each kind of mail: reads, and the limit of a week."""

import datetime as dt
from collections.abc import Collection
from zoneinfo import ZoneInfo

from django.db.models import Count

from notifications import kinds
from notifications.kinds import Frequency
from notifications.models import Notification, Preference

PARIS = ZoneInfo("Europe/Paris")
# From Monday to Sunday, the mails about subjects and the digests of the day together; the rest waits for the weekly digest.
WEEKLY_LIMIT = 7


def week_of(at: dt.datetime) -> dt.datetime:
    """Give the instant at which the week of an instant began in Mulhouse, Monday at midnight."""
    today = at.astimezone(PARIS).date()
    return dt.datetime.combine(today - dt.timedelta(days=today.weekday()), dt.time.min, tzinfo=PARIS)


def of_kind(code: str, people: Collection[int]) -> dict[int, Frequency]:
    """Give the frequency that each person wants for a kind; one query."""
    rows = Preference.objects.filter(kind=code, user__in=people).values_list("user_id", "frequency")
    chosen = {user: Frequency(frequency) for user, frequency in rows.order_by()}
    usual = kinds.default(code)
    return {user: chosen.get(user, usual) for user in people}


def of_person(user_id: int) -> dict[str, Frequency]:
    """Give the frequency that somebody wants for each kind one may choose; one query."""
    chosen = dict(Preference.objects.filter(user_id=user_id).order_by().values_list("kind", "frequency"))
    return {kind.code: Frequency(chosen.get(kind.code, kinds.default(kind.code))) for kind in kinds.chosen()}


def mails_of_the_week(people: Collection[int], *, at: dt.datetime) -> dict[int, int]:
    """Count the mails that the limit counts, since Monday; those who got none are left out. One query."""
    rows = Notification.objects.filter(
        user__in=people, mailed_at__gte=week_of(at), mailed_as__in=(Frequency.NOW, Frequency.DAILY)
    )
    return dict(
        rows.order_by().values("user").annotate(mails=Count("mailed_in", distinct=True)).values_list("user", "mails")
    )
