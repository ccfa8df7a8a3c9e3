"""What runs by the clock in the idea box."""

from celery import shared_task
from django.utils import timezone

from ideas import verifying


@shared_task(name="ideas.verify_supports")
def verify_supports() -> None:
    """Count as verified the supports whose author's residence was verified since; each idea in its own transaction."""
    at = timezone.now()
    for idea in verifying.ideas(at=at):
        verifying.verify_supports(idea=idea, at=at)
