"""What waits for the agents who check where people live."""

import datetime as dt
from typing import Any

from django.db.models import Count, Q
from django.urls import reverse

from accounts.models import Residency
from mulhouse.work import WorkItem

# What the page promises to residents.
LATE_AFTER = dt.timedelta(days=7)


def residencies(user: Any, at: dt.datetime) -> list[WorkItem]:
    """List the residencies to verify.

    Shape: no line when nothing waits; one query.
    """
    counts = Residency.objects.waiting().aggregate(
        total=Count("pk"), late=Count("pk", filter=Q(requested_at__lt=at - LATE_AFTER))
    )
    if not counts["total"]:
        return []
    url = f"{reverse('admin:accounts_residency_changelist')}?state=waiting"
    return [
        WorkItem(
            label="Résidences à vérifier",
            count=counts["total"],
            url=url,
            late=counts["late"],
            detail="Promis en sept jours",
        )
    ]
