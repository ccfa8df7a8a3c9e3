"""Following and no longer following. Nothing of it is public, so nothing of it is on the register."""

from django.contrib.auth.base_user import AbstractBaseUser
from django.db import transaction

from notifications import subscriptions


@transaction.atomic(durable=True)
def follow(*, user: AbstractBaseUser, topic: str) -> bool:
    """Send somebody a mail at each step of a topic.

    Shape: False when they already followed it.
    """
    return subscriptions.add(user, topic)


@transaction.atomic(durable=True)
def unfollow(*, user: AbstractBaseUser, topic: str) -> bool:
    """Stop those mails.

    Shape: False when there was nothing to stop.
    """
    return subscriptions.remove(user.pk, topic)


@transaction.atomic(durable=True)
def unsubscribe(*, link: subscriptions.Unsubscription) -> bool:
    """Stop those mails from the link in one of them, without signing in.

    Shape: False when there was nothing to stop.
    """
    return subscriptions.remove(link.user_id, link.topic)
