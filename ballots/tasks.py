"""What runs by the clock around votes: counting once closed, the turnout of the day, forgetting, comparing the numbers."""

import logging

from celery import shared_task
from django.db import connection, transaction
from django.utils import timezone

from ballots import actions, counting
from ballots.dates import State
from ballots.models import Votation

logger = logging.getLogger(__name__)


@shared_task(name="ballots.count_closed")
def count_closed() -> None:
    """Count each vote that is closed; run again, it finds nothing to do."""
    at = timezone.now()
    counted = [actions.count(votation=votation, at=at) for votation in Votation.objects.to_count(at=at).order_by("pk")]
    if any(counted):
        sweep_boxes()


@shared_task(name="ballots.sweep_boxes")
def sweep_boxes() -> None:
    """Let the former states of boxes that were opened or destroyed, all sealed, leave the pages of their table."""
    with connection.cursor() as cursor:
        cursor.execute("VACUUM ballots_box")


@shared_task(name="ballots.record_turnout")
def record_turnout() -> None:
    """Put on the register how many people voted by last night, vote by vote."""
    at = timezone.now()
    for votation in Votation.objects.standing().filter(counted_at__isnull=True).order_by("pk"):
        if votation.state(at=at) is State.OPEN:
            actions.record_turnout(votation=votation, at=at)


@shared_task(name="ballots.clear_rolls")
def clear_rolls() -> None:
    """Cut the people from the rolls of the votes that nobody can contest any more."""
    at = timezone.now()
    for votation in Votation.objects.to_forget(at=at).order_by("pk"):
        actions.clear_roll(votation=votation, at=at)


@shared_task(name="ballots.check_consistency")
def check_consistency() -> None:
    """Compare the roll, the box and the receipts of each vote, and log those that differ: nothing is repaired."""
    with transaction.atomic():
        found = counting.differences()
    for one in found:
        logger.error(
            "vote %s: %s voters on the web, %s ballots, %s receipts",
            one.reference,
            one.web_voters,
            one.ballots,
            one.receipts,
        )
