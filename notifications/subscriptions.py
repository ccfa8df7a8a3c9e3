"""Who follows what, and the link that stops it: reads, and helpers for actions that are already in a transaction."""

from dataclasses import dataclass
from typing import Any

from django.conf import settings
from django.contrib.auth import get_user_model
from django.contrib.auth.base_user import AbstractBaseUser
from django.core import signing
from django.db.models import Exists, QuerySet
from django.db.models.expressions import Combinable
from django.urls import reverse
from django.utils import translation

from mulhouse.db import assert_in_transaction
from notifications.models import Subscription

SALT = "notifications.unsubscribe"
# What a link stops is a topic, or every mail of a kind.
KIND = "kind:"


@dataclass(frozen=True)
class Unsubscription:
    """What a link of a mail stops: whose subscription, to what."""

    user_id: int
    topic: str


def is_following(user: AbstractBaseUser, topic: str) -> bool:
    """Tell whether somebody follows a topic."""
    return bool(user.pk) and Subscription.objects.filter(user_id=user.pk, topic=topic).exists()


def followed_by(user: AbstractBaseUser, topic: Combinable) -> Exists:
    """Tell it of each row of a query, `topic` being an expression over the row."""
    return Exists(Subscription.objects.filter(user_id=user.pk, topic=topic))


def followers(topic: str) -> QuerySet[Any]:
    """People who follow a topic and whose account is open, in the order of their accounts."""
    return get_user_model().objects.filter(subscriptions__topic=topic, is_active=True).order_by("pk")


def add(user: AbstractBaseUser, topic: str) -> bool:
    """Make somebody follow a topic, inside the transaction of an action (taking part makes one follow).

    Shape: False when they already did.
    Raises: RuntimeError outside a transaction.
    """
    assert_in_transaction()
    return Subscription.objects.get_or_create(user_id=user.pk, topic=topic)[1]


def topics_of(user: AbstractBaseUser) -> list[str]:
    """List what somebody follows, the newest first."""
    rows = Subscription.objects.filter(user_id=user.pk).order_by("-created_at", "-pk")
    return list(rows.values_list("topic", flat=True))


def remove(user_id: int, topic: str) -> bool:
    """Stop following, inside the transaction of an action.

    Shape: False when there was nothing to stop.
    Raises: RuntimeError outside a transaction.
    """
    assert_in_transaction()
    return bool(Subscription.objects.filter(user_id=user_id, topic=topic).delete()[0])


def unsubscribe_url(user: AbstractBaseUser, topic: str, *, language: str = "fr") -> str:
    """Give the whole address that stops a subscription without signing in; it never expires."""
    token = signing.dumps([user.pk, topic], salt=SALT)
    with translation.override(language):
        return settings.SITE_URL + reverse("notifications:unsubscribe", args=[token])


def unsubscribe_headers(url: str) -> dict[str, str]:
    """Give the headers that let a mail program offer « Se désabonner » (RFC 2369 and 8058)."""
    return {"List-Unsubscribe": f"<{url}>", "List-Unsubscribe-Post": "List-Unsubscribe=One-Click"}


def read_token(token: str) -> Unsubscription | None:
    """Read the link of a mail; None when it is not ours."""
    try:
        user_id, topic = signing.loads(token, salt=SALT)
    except (signing.BadSignature, ValueError):
        return None
    return Unsubscription(user_id=user_id, topic=topic)
