"""What a person agreed to, in which version, until when: rows are added and dated, never changed back."""

import datetime as dt

from accounts.models import Consent, User
from mulhouse import charter
from mulhouse.db import assert_in_transaction

# The version of each text; the charter has its own module.
VERSIONS = {Consent.Purpose.NEWSLETTER: "2026-11", Consent.Purpose.DOCUMENT: "2026-11"}


def version(purpose: Consent.Purpose) -> str:
    """Name the version of the text that is shown today."""
    return charter.CURRENT.number if purpose is Consent.Purpose.CHARTER else VERSIONS[purpose]


def given(user: User, purpose: Consent.Purpose) -> str:
    """Name the version a person agreed to last and has not withdrawn; "" when there is none."""
    standing = Consent.objects.filter(user=user, purpose=purpose, withdrawn_at__isnull=True)
    return standing.order_by("-given_at", "-pk").values_list("version", flat=True).first() or ""


def give(user: User, purpose: Consent.Purpose) -> Consent:
    """Date an agreement to the version shown today; giving it twice is not an error.

    Raises: RuntimeError outside a transaction.
    """
    assert_in_transaction()
    consent, _created = Consent.objects.get_or_create(
        user=user, purpose=purpose, version=version(purpose), withdrawn_at=None
    )
    return consent


def withdraw(user: User, purpose: Consent.Purpose, *, at: dt.datetime) -> bool:
    """Date the end of an agreement, whatever its version.

    Shape: False when there was none.
    Raises: RuntimeError outside a transaction.
    """
    assert_in_transaction()
    standing = Consent.objects.filter(user=user, purpose=purpose, withdrawn_at__isnull=True)
    return standing.update(withdrawn_at=at) > 0
