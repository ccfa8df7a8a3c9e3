"""What waits for staff in this room."""

from datetime import datetime
from typing import Any

from django.urls import reverse

from mulhouse.work import WorkItem
from transparency.models import AccessibilityFault


def faults(user: Any, at: datetime) -> list[WorkItem]:
    """List the accessibility faults without an answer, and how many are late."""
    count = AccessibilityFault.objects.waiting().count()
    if not count:
        return []
    url = reverse("admin:transparency_accessibilityfault_changelist")
    return [WorkItem("Signalements d’accessibilité", count, url, AccessibilityFault.objects.late(at=at).count())]
