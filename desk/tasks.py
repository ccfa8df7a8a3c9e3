"""What the desk does by itself."""

from celery import shared_task
from django.utils import timezone

from desk import actions


@shared_task(name="desk.forget")
def forget() -> None:
    """Erase each night the assistances of before, and the fingerprints nobody uses."""
    actions.forget(at=timezone.now())
