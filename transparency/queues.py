"""What waits for staff in this room."""

from datetime import datetime
from typing import Any

from django.db.models import Count, Q
from django.urls import reverse

from mulhouse.work import Share, WorkItem
from transparency import deadlines, promising
from transparency.models import Promise


def promises(user: Any, at: datetime) -> list[WorkItem]:
    """Count the answers owed, sort by sort, to those who answer them: how many are late, and by which service.

    Shape: no line where nothing waits; one query, whatever the sorts.
    """
    mine = {kind.code: kind for kind in promising.kinds() if kind.permission and user.has_perm(kind.permission)}
    if not mine:
        return []
    late = Q(due_on__lt=deadlines.day_of(at), paused_on__isnull=True)
    counted = (
        Promise.objects.owed().filter(kind__in=mine).values("kind", "service__name").order_by("kind", "service__name")
    )
    parts: dict[str, list[Share]] = {}
    for kind, service, count, late_count in counted.annotate(
        count=Count("pk"), late=Count("pk", filter=late)
    ).values_list("kind", "service__name", "count", "late"):
        parts.setdefault(kind, []).append(Share(service or "", count, late_count))
    return [
        WorkItem(
            mine[kind].work_label,
            sum(share.count for share in found),
            reverse(mine[kind].work_route) + mine[kind].work_query,
            late=sum(share.late for share in found),
            shares=tuple(share for share in found if share.service),
        )
        for kind, found in parts.items()
    ]
