"""From an account or an identity to the one person behind it."""

import datetime as dt

from django.conf import settings
from django.utils import timezone

from accounts.models import User
from desk import identities
from desk.models import Person
from mulhouse.db import assert_in_transaction


def identity_hash(family_name: str, given_names: str, birth_date: dt.date) -> str:
    """Compute the fingerprint of an identity with this installation's key.

    Raises: ValueError when a name has no letter.
    """
    return identities.fingerprint(family_name, given_names, birth_date, key=settings.IDENTITY_KEY)


def finer_hash(family_name: str, given_names: str, birth_date: dt.date, birth_place: str) -> str:
    """Compute the finer fingerprint of an identity, which tells namesakes apart, with this installation's key.

    Raises: ValueError when a name or the place has no letter.
    """
    return identities.finer(family_name, given_names, birth_date, birth_place, key=settings.IDENTITY_KEY)


def is_shared(fingerprint: str) -> bool:
    """Tell whether an agent found two people of this fingerprint."""
    return Person.objects.filter(namesake_hash=fingerprint).exists()


def told_apart(fingerprint: str, finer: str) -> str:
    """Give the fingerprint that holds for somebody whose fingerprint is shared: the finer one of whoever was told apart.

    Shape: whoever was never told apart, or whose papers were typed otherwise, is the first person: a mistake never gives a
    second turn.
    """
    known = Person.objects.filter(identity_hash=finer, namesake_hash=fingerprint).exists()
    return finer if known else fingerprint


def of_user(user: User) -> Person:
    """Give the person of an account, made at their first gesture.

    Locks: the row is made inside the caller's transaction; two first gestures at once end with one row.
    """
    assert_in_transaction()
    return Person.objects.get_or_create(user=user)[0]


def of_identity(fingerprint: str) -> Person:
    """Give the person of an identity, with or without an account.

    Locks: as `of_user`.
    """
    assert_in_transaction()
    today = timezone.localdate()
    person, is_new = Person.objects.get_or_create(identity_hash=fingerprint, defaults={"identity_on": today})
    if not is_new and person.identity_on != today:
        Person.objects.filter(pk=person.pk).update(identity_on=today)
        person.identity_on = today
    return person
