"""What waits for staff in this room: requests, breaches with their 72 hours, lists for the Archives, accounts of staff asleep."""

import datetime as dt
from typing import Any

from django.db.models import Count, Q
from django.urls import reverse

from mulhouse.typography import local_day
from mulhouse.work import WorkItem
from privacy import retention
from privacy.models import Breach, DataRequest, EliminationProposal

BREACHES, PROPOSALS = "admin:privacy_breach_changelist", "admin:privacy_eliminationproposal_changelist"


def requests(user: Any, at: dt.datetime) -> list[WorkItem]:
    """List the requests without an answer.

    Shape: no line when nothing waits; one query.
    """
    late = Q(due_on__lt=local_day(at))
    counts = DataRequest.objects.waiting().aggregate(total=Count("pk"), late=Count("pk", filter=late))
    if not counts["total"]:
        return []
    url = f"{reverse('admin:privacy_datarequest_changelist')}?etat=attente"
    detail = "Un mois pour répondre, prolongeable une fois"
    return [WorkItem("Demandes sur des données", counts["total"], url, late=counts["late"], detail=detail)]


def breaches(user: Any, at: dt.datetime) -> list[WorkItem]:
    """List the breaches of which the CNIL was not told, with the hours that are left for the most urgent."""
    waiting = list(Breach.objects.undecided().order_by("due_at").values_list("due_at", flat=True))
    if not waiting:
        return []
    hours = int((waiting[0] - at).total_seconds() // 3600)
    detail = f"Encore {hours}\u00a0h pour prévenir la CNIL" if hours >= 0 else "Les 72\u00a0heures sont passées"
    late = sum(due < at for due in waiting)
    return [WorkItem("Violations de données à notifier", len(waiting), reverse(BREACHES), late=late, detail=detail)]


def proposals(user: Any, at: dt.datetime) -> list[WorkItem]:
    """List the eliminations that the Archives approved and nobody executed."""
    count = EliminationProposal.objects.filter(state=EliminationProposal.State.APPROVED).count()
    return [WorkItem("Éliminations d’archives visées, à exécuter", count, reverse(PROPOSALS))] if count else []


def sleeping_staff(user: Any, at: dt.datetime) -> list[WorkItem]:
    """List the accounts that hold a role and that nobody used for two years."""
    count = retention.sleeping_staff(today=local_day(at))
    if not count:
        return []
    url = f"{reverse('admin:accounts_user_changelist')}?is_staff__exact=1"
    return [WorkItem("Comptes d’agents sans connexion depuis deux ans", count, url, detail="Retirez leurs rôles")]
