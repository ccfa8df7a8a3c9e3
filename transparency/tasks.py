"""What runs by the clock in this room."""

from celery import shared_task
from django.utils import timezone

from transparency import actions, reminding


@shared_task(name="transparency.verify_register")
def verify_register() -> None:
    """Check the whole register every night."""
    actions.verify_register()


@shared_task(name="transparency.purge")
def purge() -> None:
    """Erase the personal part that is no longer needed."""
    actions.purge(at=timezone.now())


@shared_task(name="transparency.remind_promises")
def remind_promises() -> None:
    """Remind the services of the answers they owe."""
    at = timezone.now()
    for promise in reminding.due(at=at):
        reminding.remind(promise=promise, at=at)
