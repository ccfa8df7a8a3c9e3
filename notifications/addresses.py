"""What is known of addresses: those that refuse our mails, those whose holder complained."""

import datetime as dt
from collections.abc import Collection
from typing import Any

from django.contrib.auth import get_user_model
from django.db.models.functions import Lower

from mulhouse.db import assert_in_transaction
from notifications.models import AddressState


def refusing(addresses: Collection[str]) -> set[str]:
    """Keep, in lower case, the addresses that refuse mails; one query."""
    rows = AddressState.objects.annotate(lowered=Lower("address")).filter(
        lowered__in={address.lower() for address in addresses}, bounced_at__isnull=False
    )
    return set(rows.order_by().values_list("lowered", flat=True))


def refusal_of(user: Any) -> AddressState | None:
    """Give what is known when the address of somebody refuses mails; one query."""
    rows = AddressState.objects.alias(lowered=Lower("address"))
    return rows.filter(lowered=user.email.lower(), bounced_at__isnull=False).first()


def note(address: str, *, at: dt.datetime, reported_by: str, **facts: Any) -> AddressState:
    """Keep what a server said of an address, inside the transaction of an action.

    Locks: the row of the address.
    Raises: RuntimeError outside a transaction.
    """
    assert_in_transaction()
    # ON CONFLICT DO NOTHING: two reports of one address at the same instant make one row.
    AddressState.objects.bulk_create(
        [AddressState(address=address.lower(), reported_by=reported_by, updated_at=at)], ignore_conflicts=True
    )
    lowered = AddressState.objects.alias(lowered=Lower("address")).filter(lowered=address.lower())
    row = lowered.select_for_update(of=("self",), no_key=True).get()
    people = get_user_model().objects.alias(lowered=Lower("email"))
    row.user = people.filter(lowered=address.lower()).order_by("pk").first()
    row.reported_by, row.updated_at = reported_by, at
    for name, value in facts.items():
        setattr(row, name, value)
    row.save(update_fields=["user", "reported_by", "updated_at", *facts])
    return row
