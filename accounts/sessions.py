"""Ending sessions: those of a person whose rights changed, and everything of them when an account closes."""

from allauth.usersessions.models import UserSession
from django.contrib.auth import SESSION_KEY
from django.contrib.sessions.models import Session
from django.utils import timezone

from accounts.models import User
from mulhouse.db import assert_in_transaction


def end_all(user: User) -> None:
    """Sign a person out everywhere.

    The list of sessions names those opened by the sign-in page; the others are found by reading every live session,
    which is done only here, when an account closes or changes hands.

    Raises: RuntimeError outside a transaction.
    """
    assert_in_transaction()
    listed = UserSession.objects.filter(user=user)
    Session.objects.filter(session_key__in=listed.values("session_key")).delete()
    listed.delete()
    live = Session.objects.filter(expire_date__gt=timezone.now()).order_by("session_key")
    theirs = [row.pk for row in live.iterator(500) if row.get_decoded().get(SESSION_KEY) == str(user.pk)]
    Session.objects.filter(pk__in=theirs).delete()
