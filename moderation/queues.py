"""What waits for moderators: reports and held texts, those over their promise first, then appeals."""

import datetime as dt
from typing import Any

from django.db.models import Count, Q
from django.urls import reverse

from moderation.models import Appeal, Case
from mulhouse.work import WorkItem


def cases(_user: Any, at: dt.datetime) -> list[WorkItem]:
    """Count what waits for a decision, with what is late and what is urgent; one query."""
    found = Case.objects.waiting().aggregate(
        number=Count("pk"), late=Count("pk", filter=Q(due_at__lt=at)), urgent=Count("pk", filter=Q(priority=0))
    )
    if not found["number"]:
        return []
    urgent = found["urgent"]
    words = f"{urgent} à décider dans les 24 heures." if urgent else "À décider dans les trois jours."
    label = "Dossiers de modération" if found["number"] > 1 else "Dossier de modération"
    return [WorkItem(label, found["number"], reverse("admin:moderation_case_changelist"), found["late"], words)]


def appeals(user: Any, at: dt.datetime) -> list[WorkItem]:
    """Count the appeals that this person may answer: not of their own decisions; one query."""
    waiting = Appeal.objects.filter(outcome="").exclude(decision__decided_by=user).exclude(block__decided_by=user)
    found = waiting.aggregate(number=Count("pk"), late=Count("pk", filter=Q(due_at__lt=at)))
    if not found["number"]:
        return []
    label = "Contestations à réexaminer" if found["number"] > 1 else "Contestation à réexaminer"
    url = reverse("admin:moderation_case_appeals")
    return [WorkItem(label, found["number"], url, found["late"], "Par une autre personne que celle qui a décidé.")]
