"""What waits for staff in this room: requests, breaches with their 72 hours, lists for the Archives, accounts of staff asleep."""

import datetime as dt
from collections import Counter
from typing import Any, NamedTuple

from django.db.models import Count, DateTimeField, F, Min, QuerySet, Value
from django.db.models.functions import Cast
from django.urls import reverse

from mulhouse.typography import local_day
from mulhouse.work import WorkItem
from privacy import retention
from privacy.models import Breach, DataRequest, EliminationProposal


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
    """Ask everything in one question: the home page of staff is counted in queries."""
    today = local_day(at)
    nothing, due_at = Cast(Value(None), DateTimeField()), F("due_at")
    asked = (
        _count("requests", DataRequest.objects.waiting(), nothing),
        _count("late_requests", DataRequest.objects.late(on=today), nothing),
        _count("breaches", Breach.objects.undecided(), due_at),
        _count("late_breaches", Breach.objects.late(at=at), due_at),
        _count("approved", EliminationProposal.objects.to_execute(), nothing),
        _count("sleeping", retention.sleeping_staff(today=today), nothing),
    )
    found = list(asked[0].union(*asked[1:], all=True))
    numbers = Counter({name: number for name, number, _first_at in found})
    return Waiting(
        requests=numbers["requests"],
        late_requests=numbers["late_requests"],
        breaches=numbers["breaches"],
        late_breaches=numbers["late_breaches"],
        next_breach_at=next((first_at for name, _number, first_at in found if name == "breaches"), None),
        approved=numbers["approved"],
        sleeping=numbers["sleeping"],
    )


def _count(name: str, rows: QuerySet[Any], instant: Cast | F) -> QuerySet[Any, Any]:
    """Give one row (name, how many, the first instant); none when there is nothing."""
    found: QuerySet[Any, Any] = (
        rows.order_by()
        .values(counted=Value(name))
        .annotate(number=Count("pk"), first_at=Min(instant))
        .values_list("counted", "number", "first_at")
    )
    return found


def rights(user: Any, at: dt.datetime) -> list[WorkItem]:
    """List what waits, each line for those who may act on it.

    Shape: no line when nothing waits; one query.
    """
    found, lines = _waiting(at), []
    if found.requests:
        url = f"{reverse('admin:privacy_datarequest_changelist')}?etat=attente"
        detail = "Un mois pour répondre, prolongeable une fois"
        words = "Demandes sur des données" if found.requests > 1 else "Demande sur des données"
        lines.append(WorkItem(words, found.requests, url, late=found.late_requests, detail=detail))
    if found.next_breach_at is not None and user.has_perm("privacy.record_breach"):
        hours = int((found.next_breach_at - at).total_seconds() // 3600)
        detail = f"Encore {hours}\u00a0h pour prévenir la CNIL" if hours >= 0 else "Les 72\u00a0heures sont passées"
        url = reverse("admin:privacy_breach_changelist")
        words = "Violations de données à notifier" if found.breaches > 1 else "Violation de données à notifier"
        lines.append(WorkItem(words, found.breaches, url, late=found.late_breaches, detail=detail))
    if found.approved and user.has_perm("privacy.execute_elimination"):
        url = reverse("admin:privacy_eliminationproposal_changelist")
        several = "Éliminations d’archives visées, à exécuter"
        words = several if found.approved > 1 else "Élimination d’archives visée, à exécuter"
        lines.append(WorkItem(words, found.approved, url))
    if found.sleeping and user.has_perm("accounts.grant_role"):
        url = f"{reverse('admin:accounts_user_changelist')}?is_staff__exact=1"
        several = "Comptes d’agents sans connexion depuis deux ans"
        words = several if found.sleeping > 1 else "Compte d’agent sans connexion depuis deux ans"
        lines.append(WorkItem(words, found.sleeping, url, detail="Retirez leurs rôles"))
    return lines
