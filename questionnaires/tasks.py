"""What runs by the clock: letting go of responses that nobody sent."""

import logging

from celery import shared_task
from django.utils import timezone

from questionnaires import actions

logger = logging.getLogger(__name__)


@shared_task(name="questionnaires.tidy")
def tidy() -> None:
    """Erase responses left unfinished and working copies, a month after the end."""
    logger.info("responses left unfinished and erased: %s", actions.tidy(at=timezone.now()))
