"""What waits for those who keep the commitments."""

from datetime import datetime
from typing import Any

from django.db.models import Count, Q
from django.urls import reverse
from django.utils import timezone

from commitments.models import RUNNING, SILENT_DAYS, Commitment
from mulhouse.work import WorkItem


def commitments(user: Any, at: datetime) -> list[WorkItem]:
    """Count the commitments that are late, and those of which nobody has said anything for long.

    Shape: no line where nothing waits; one query.
    """
    today = timezone.localdate(at)
    late = Q(due_on__lt=today)
    counted = Commitment.objects.published().filter(state__in=RUNNING)
    found = counted.aggregate(
        late=Count("pk", filter=late),
        silent=Count("pk", filter=Q(pk__in=Commitment.objects.silent(at=at).values("pk"))),
    )
    url = reverse("admin:commitments_commitment_changelist")
    items = []
    if found["late"]:
        items.append(
            WorkItem(
                "Engagements en retard",
                found["late"],
                f"{url}?suivi=retard",
                late=found["late"],
                detail="Donnez des nouvelles, ou changez l’échéance avec sa raison.",
            )
        )
    if found["silent"]:
        items.append(
            WorkItem(
                f"Engagements sans nouvelle depuis {SILENT_DAYS} jours",
                found["silent"],
                f"{url}?suivi=silence",
                detail="Un mot suffit, même si rien n’a bougé.",
            )
        )
    return items
