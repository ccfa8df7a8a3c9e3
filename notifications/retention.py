"""How long the outbox remembers: codes a day, texts a month, that a mail was sent half a year; a farewell, until it has left.

Source: features-and-rules §3 (notifications kept 180 days).
"""

from collections.abc import Mapping
from datetime import datetime, timedelta

from django.db.models import Q

from notifications.models import OutboundMail

# The purge runs every hour: a code is gone within a day.
SECRETS_KEPT = timedelta(hours=23)
TEXTS_KEPT = timedelta(days=30)
ROWS_KEPT = timedelta(days=180)
# The last word to somebody who closed their account: nothing of them stays, their address neither.
FAREWELLS = ("accounts.account_closed",)
BATCH = 5_000
ERASED = {"text": "", "html": "", "headers": {}}
SETTLED = (OutboundMail.State.SENT, OutboundMail.State.FAILED)
HAS_TEXT = ~Q(text="") | ~Q(html="")


def purge(*, at: datetime) -> None:
    """Erase what is no longer needed, in batches."""
    OutboundMail.objects.filter(secret=True, created_at__lt=at - SECRETS_KEPT).exclude(state__in=SETTLED).update(
        state=OutboundMail.State.FAILED, claim=None, lease_until=None, last_error="too late to be of use"
    )
    while _update(Q(secret=True, created_at__lt=at - SECRETS_KEPT), {**ERASED, "subject": ""}):
        pass
    while _update(Q(created_at__lt=at - TEXTS_KEPT, state__in=SETTLED), ERASED):
        pass
    while _delete(Q(kind__in=FAREWELLS, state__in=SETTLED) | Q(created_at__lt=at - ROWS_KEPT)):
        pass


def _update(which: Q, values: Mapping[str, object]) -> int:
    batch = OutboundMail.objects.filter(which & HAS_TEXT).order_by().values("pk")[:BATCH]
    return OutboundMail.objects.filter(pk__in=batch).update(**values)


def _delete(which: Q) -> int:
    batch = OutboundMail.objects.filter(which).order_by().values("pk")[:BATCH]
    return OutboundMail.objects.filter(pk__in=batch).delete()[0]
