"""What runs by the clock: counts go to the database each hour, old ones go away each night."""

from celery import shared_task
from django.utils import timezone

from audience import flushing


@shared_task(name="audience.flush")
def flush() -> None:
    """Bring the counts to the database; what is left of a worker that was killed is taken up."""
    flushing.flush()


@shared_task(name="audience.forget")
def forget() -> None:
    """Delete the figures that are older than what is kept."""
    flushing.forget(today=timezone.localdate())
