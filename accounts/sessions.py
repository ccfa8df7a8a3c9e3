"""Ending sessions: those of a person whose rights changed, and everything of them when an account closes."""

import json
from typing import Any

from allauth.usersessions.models import UserSession
from django.contrib.auth import SESSION_KEY
from django.contrib.sessions.models import Session
from django.utils import timezone

from accounts.models import User
from mulhouse.db import assert_in_transaction


def end_all(user: User) -> None:
    """Sign a person out everywhere.

    The list of sessions names those opened by the sign-in page; the others, and those that stopped at the second factor or at a
    code, are found by reading every live session, which is done only here, when an account closes or changes hands.

    Raises: RuntimeError outside a transaction.
    """
    assert_in_transaction()
    listed = UserSession.objects.filter(user=user)
    Session.objects.filter(session_key__in=listed.values("session_key")).delete()
    listed.delete()
    live = Session.objects.filter(expire_date__gt=timezone.now()).order_by("session_key")
    theirs = [row.pk for row in live.iterator(500) if _is_of(user, row.get_decoded())]
    Session.objects.filter(pk__in=theirs).delete()


def _is_of(user: User, held: dict[str, Any]) -> bool:
    """Tell whether a session is open for somebody, or names them on the way in: by their key, by their address."""
    if held.get(SESSION_KEY) == str(user.pk):
        return True
    begun = held.get("account_login")
    if isinstance(begun, dict) and str(begun.get("user_pk")) == str(user.pk):
        return True
    return user.email.lower() in json.dumps(held, default=str, ensure_ascii=False).lower()
