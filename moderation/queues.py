"""What waits for moderators: reports and held texts, those over their promise first, then appeals."""

import datetime as dt
from typing import Any

from django.db.models import Count, Q, QuerySet, Value
from django.urls import reverse

from moderation import cases, rules
from moderation.models import Appeal, Case
from mulhouse.work import WorkItem
from transparency import deadlines


def waiting(user: Any, at: dt.datetime) -> list[WorkItem]:
    """Count what waits for this person: the cases they may decide, the appeals of others' decisions that they may judge.

    Shape: no line where nothing waits; one query, none for who holds neither permission.
    """
    counts: list[QuerySet[Any, Any]] = []
    if user.has_perm(rules.DECIDE):
        counts.append(_count("case", Case.objects.waiting(), late_before=at, urgent=Q(priority=0)))
    if user.has_perm(rules.JUDGE):
        appeals = Appeal.objects.filter(outcome="").exclude(decision__decided_by=user).exclude(block__decided_by=user)
        # An answer is promised for a day: the whole of it is left to give it.
        counts.append(_count("appeal", appeals, late_before=deadlines.day_begins_at(at), urgent=Q(pk=None)))
    if not counts:
        return []
    lines = {"case": _cases, "appeal": _appeals}
    found = counts[0].union(*counts[1:], all=True)
    return [lines[kind](number, late, urgent) for kind, number, late, urgent in found if number]


def _count(kind: str, rows: QuerySet[Any], *, late_before: dt.datetime, urgent: Q) -> QuerySet[Any, Any]:
    """Give one row (kind, number, late, urgent)."""
    return (
        rows.order_by()
        .values(counted=Value(kind))
        .annotate(
            number=Count("pk"), late=Count("pk", filter=Q(due_at__lt=late_before)), urgent=Count("pk", filter=urgent)
        )
        .values_list("counted", "number", "late", "urgent")
    )


def _cases(number: int, late: int, urgent: int) -> WorkItem:
    soon = f"{urgent} à décider dans les {cases.URGENT_HOURS} heures."
    words = soon if urgent else f"À décider dans les {cases.DAYS} jours."
    label = "Dossiers de modération" if number > 1 else "Dossier de modération"
    return WorkItem(label, number, reverse("admin:moderation_case_changelist"), late, words)


def _appeals(number: int, late: int, _urgent: int) -> WorkItem:
    label = "Contestations à réexaminer" if number > 1 else "Contestation à réexaminer"
    url = reverse("admin:moderation_case_appeals")
    return WorkItem(label, number, url, late, "Par une autre personne que celle qui a décidé.")
