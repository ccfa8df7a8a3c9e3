"""What waits for those who keep the commitments."""

from datetime import datetime
from typing import Any

from django.db.models import Count, Q
from django.urls import reverse
from django.utils import timezone

from commitments.models import RUNNING, SILENT_DAYS, Commitment
from mulhouse.work import Share, WorkItem


def commitments(user: Any, at: datetime) -> list[WorkItem]:
    """Count the commitments that are late, and those of which nobody has said anything for long.

    Shape: no line where nothing waits; one query.
    """
    late = Q(due_on__lt=timezone.localdate(at))
    counted = Commitment.objects.published().filter(state__in=RUNNING).order_by("service__name").values("service__name")
    found = list(
        counted.annotate(
            late=Count("pk", filter=late),
            silent=Count("pk", filter=Q(pk__in=Commitment.objects.silent(at=at).values("pk"))),
        ).values_list("service__name", "late", "silent")
    )
    late_shares = tuple(Share(service, count, count) for service, count, _silent in found if count)
    silent_shares = tuple(Share(service, count) for service, _late, count in found if count)
    url = reverse("admin:commitments_commitment_changelist")
    items = []
    if late_shares:
        total = sum(share.count for share in late_shares)
        items.append(
            WorkItem(
                "Engagements en retard",
                total,
                f"{url}?suivi=retard",
                late=total,
                shares=late_shares,
                detail="Donnez des nouvelles, ou changez l’échéance avec sa raison.",
            )
        )
    if silent_shares:
        items.append(
            WorkItem(
                f"Engagements sans nouvelle depuis {SILENT_DAYS} jours",
                sum(share.count for share in silent_shares),
                f"{url}?suivi=silence",
                shares=silent_shares,
                detail="Un mot suffit, même si rien n’a bougé.",
            )
        )
    return items
