"""Following and no longer following, which is nobody else's business, and sending again, which is on the register."""

from datetime import datetime
from typing import Any

from django.contrib.auth.base_user import AbstractBaseUser
from django.db import transaction

from mulhouse import queue
from mulhouse.errors import DomainError
from notifications import subscriptions
from notifications.models import OutboundMail
from transparency import register


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


@transaction.atomic(durable=True)
def retry(*, actor: Any, mail: OutboundMail, at: datetime) -> None:
    """Put a mail that failed back in the outbox, for as many attempts as a new one.

    Raises: DomainError "not_failed" when it left, is on its way, or opens an account (a new code is asked for instead).
    """
    if not actor.has_perm("notifications.retry_outboundmail"):
        raise DomainError("not_allowed", "Votre rôle ne permet pas de renvoyer un courriel.")
    failed = OutboundMail.objects.filter(pk=mail.pk, state=OutboundMail.State.FAILED, secret=False)
    if not failed.update(state=OutboundMail.State.QUEUED, send_after=at, attempts=0, claim=None, lease_until=None):
        raise DomainError("not_failed", "Ce courriel n’est pas en échec\u00a0: il n’y a rien à renvoyer.")
    queue.after_commit("notifications.deliver", mail_id=str(mail.pk))
    register.record("mail.retried", role="agent", facts={"sorte": mail.kind}, actor=actor)
