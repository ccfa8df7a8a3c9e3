"""What moderation does by the clock."""

import datetime as dt
import logging

from celery import shared_task
from django.utils import timezone

from moderation import actions
from moderation.models import Decision

logger = logging.getLogger(__name__)

BATCH = 200
# Who reported is forgotten a month after the last answer.
REPORTERS_KEPT = dt.timedelta(days=30)


@shared_task(name="moderation.forget")
def forget() -> None:
    """Erase the words taken away that nobody can contest any more, and who reported. Safe to run twice."""
    now = timezone.now()
    over = Decision.objects.filter(appeal_until__lte=now, original_erased_at__isnull=True)
    # An appeal that waits for its answer keeps the words.
    rows = over.exclude(appeal__outcome="").select_related("case").order_by("appeal_until", "pk")[:BATCH]
    erased = sum(actions.forget_original(decision=row, at=now) for row in rows)
    unsigned = actions.unsign_reports(before=now - REPORTERS_KEPT, at=now)
    if erased or unsigned:
        logger.info("moderation: erased %s originals, unsigned %s reports", erased, unsigned)
