"""What the idea box does by itself."""

from celery import shared_task
from django.utils import timezone

from ideas import coauthors


@shared_task(name="ideas.forget_invitations")
def forget_invitations() -> None:
    """Erase each night the addresses of those who did not answer an invitation in time."""
    coauthors.forget(at=timezone.now())
