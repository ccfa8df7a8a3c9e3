"""What waits for staff in this room: requests, breaches with their 72 hours, lists for the Archives, accounts of staff asleep."""

import datetime as dt
from typing import Any, NamedTuple

from django.db import connection
from django.urls import reverse

from mulhouse.typography import local_day
from mulhouse.work import WorkItem
from privacy import retention

# One question for the four lines: the home page of staff is counted in queries.
_WAITING = """
    SELECT
        (SELECT count(*) FROM privacy_datarequest WHERE received_at IS NOT NULL AND answered_at IS NULL),
        (SELECT count(*) FROM privacy_datarequest
         WHERE received_at IS NOT NULL AND answered_at IS NULL AND due_on < %(today)s),
        (SELECT count(*) FROM privacy_breach WHERE notified_at IS NULL AND not_notified_reason = ''),
        (SELECT count(*) FROM privacy_breach
         WHERE notified_at IS NULL AND not_notified_reason = '' AND due_at < %(at)s),
        (SELECT min(due_at) FROM privacy_breach WHERE notified_at IS NULL AND not_notified_reason = ''),
        (SELECT count(*) FROM privacy_eliminationproposal WHERE state = 'approved'),
        (SELECT count(*) FROM accounts_user
         WHERE (is_staff OR is_superuser) AND date_joined < %(idle)s AND (last_login < %(idle)s OR last_login IS NULL))
"""


class Waiting(NamedTuple):
    """How much waits."""

    requests: int
    late_requests: int
    breaches: int
    late_breaches: int
    next_breach_at: dt.datetime | None
    approved: int
    sleeping: int


def _waiting(at: dt.datetime) -> Waiting:
    today = local_day(at)
    with connection.cursor() as cursor:
        cursor.execute(_WAITING, {"today": today, "at": at, "idle": retention.idle_before(today)})
        return Waiting(*cursor.fetchone())


def rights(user: Any, at: dt.datetime) -> list[WorkItem]:
    """List what waits, each line for those who may act on it.

    Shape: no line when nothing waits; one query.
    """
    found, lines = _waiting(at), []
    if found.requests:
        url = f"{reverse('admin:privacy_datarequest_changelist')}?etat=attente"
        detail = "Un mois pour répondre, prolongeable une fois"
        lines.append(WorkItem("Demandes sur des données", found.requests, url, late=found.late_requests, detail=detail))
    if found.next_breach_at is not None and user.has_perm("privacy.record_breach"):
        hours = int((found.next_breach_at - at).total_seconds() // 3600)
        detail = f"Encore {hours}\u00a0h pour prévenir la CNIL" if hours >= 0 else "Les 72\u00a0heures sont passées"
        url = reverse("admin:privacy_breach_changelist")
        words = "Violations de données à notifier"
        lines.append(WorkItem(words, found.breaches, url, late=found.late_breaches, detail=detail))
    if found.approved and user.has_perm("privacy.execute_elimination"):
        url = reverse("admin:privacy_eliminationproposal_changelist")
        lines.append(WorkItem("Éliminations d’archives visées, à exécuter", found.approved, url))
    if found.sleeping and user.has_perm("accounts.grant_role"):
        url = f"{reverse('admin:accounts_user_changelist')}?is_staff__exact=1"
        words = "Comptes d’agents sans connexion depuis deux ans"
        lines.append(WorkItem(words, found.sleeping, url, detail="Retirez leurs rôles"))
    return lines
