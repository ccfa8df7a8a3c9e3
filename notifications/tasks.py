"""What the worker does with the outbox."""

import uuid

from celery import shared_task
from django.utils import timezone

from notifications import delivery, digests, retention
from notifications.kinds import Frequency


@shared_task(name="notifications.deliver")
def deliver(*, mail_id: str) -> None:
    """Send one mail, just after the act that tells of it."""
    delivery.deliver(uuid.UUID(mail_id), at=timezone.now())


@shared_task(name="notifications.sweep")
def sweep() -> None:
    """Send what is due and has no task of its own: retries, mails for later, claims and tasks that were lost."""
    delivery.sweep(at=timezone.now())


@shared_task(name="notifications.send_digests")
def send_digests() -> None:
    """Write the digests that are due, batch after batch; run again, it finds what was left."""
    at = timezone.now()
    # What the limit puts off to the week is in time for the Monday that begins.
    for digest in (Frequency.DAILY, Frequency.WEEKLY):
        for people in digests.batches(digest, at=at):
            digests.send(digest=digest, people=people, at=at)


@shared_task(name="notifications.forget")
def forget() -> None:
    """Erase codes after a day, and a farewell once it has left."""
    retention.forget(at=timezone.now())


@shared_task(name="notifications.purge")
def purge() -> None:
    """Erase texts after a month, mails and notifications after half a year."""
    retention.purge(at=timezone.now())
