"""How long this room remembers: codes a day, texts a month, what was told half a year; a farewell, until it has left.

Source: features-and-rules §3 (notifications kept 180 days).
"""

from collections import Counter
from collections.abc import Mapping
from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import Q

from notifications.models import AddressState, Broadcast, Notification, OutboundMail
from transparency import purging

# This runs every hour: a code is gone within a day.
SECRETS_KEPT = timedelta(hours=23)
TEXTS_KEPT = timedelta(days=30)
ROWS_KEPT = timedelta(days=180)
# The last word to somebody who closed their account: nothing of them stays, their address neither.
FAREWELLS = ("accounts.account_closed", "privacy.inactive_closed")
BATCH = 5_000
ERASED = {"text": "", "html": "", "headers": {}}
SETTLED = (OutboundMail.State.SENT, OutboundMail.State.FAILED)
HAS_TEXT = ~Q(text="") | ~Q(html="")


def forget(*, at: datetime) -> None:
    """Erase the codes that can serve no more, and the last word to a closed account once it has left.

    Shape: no line on the register: it has the act that closed the account, and nobody is accountable for a code.
    """
    OutboundMail.objects.filter(secret=True, created_at__lt=at - SECRETS_KEPT).exclude(state__in=SETTLED).update(
        state=OutboundMail.State.FAILED, claim=None, lease_until=None, last_error="too late to be of use"
    )
    while _update(Q(secret=True, created_at__lt=at - SECRETS_KEPT), {**ERASED, "subject": ""}):
        pass
    while _delete(OutboundMail, Q(kind__in=FAREWELLS, state__in=SETTLED)):
        pass


def purge(*, at: datetime) -> None:
    """Erase what is no longer needed, in batches.

    Shape: a line on the register when something went, even when the run fails half-way: how much of each, never whose.
    """
    erased: Counter[str] = Counter()
    try:
        _purge(erased, at=at)
    finally:
        with transaction.atomic(durable=True):
            purging.note(**erased)


def _purge(erased: Counter[str], *, at: datetime) -> None:
    while count := _update(Q(created_at__lt=at - TEXTS_KEPT, state__in=SETTLED), ERASED):
        erased["textes_de_courriels"] += count
    while count := _delete(OutboundMail, Q(created_at__lt=at - ROWS_KEPT)):
        erased["courriels"] += count
    while count := _delete(Notification, Q(created_at__lt=at - ROWS_KEPT)):
        erased["notifications"] += count
    erased["annonces"] += Broadcast.objects.filter(finished_at__lt=at - ROWS_KEPT).delete()[0]
    # With an account, as long as it: the address would be written to again.
    addresses = AddressState.objects.filter(user__isnull=True, updated_at__lt=at - ROWS_KEPT)
    erased["adresses"] += addresses.delete()[0]


def _update(which: Q, values: Mapping[str, object]) -> int:
    batch = OutboundMail.objects.filter(which & HAS_TEXT).order_by().values("pk")[:BATCH]
    return OutboundMail.objects.filter(pk__in=batch).update(**values)


def _delete(model: type[OutboundMail | Notification], which: Q) -> int:
    rows = model._default_manager  # noqa: SLF001 (its documented name)
    batch = rows.filter(which).order_by().values("pk")[:BATCH]
    return rows.filter(pk__in=batch).delete()[0]
