"""What a digest costs for many subscribers: per person, beside a bare row of the outbox, and beside ten times fewer people."""

import datetime as dt
import os
import time
from dataclasses import dataclass
from typing import Any

from django.db import transaction
from django.utils import timezone

from accounts.models import User
from benchmarks.answers import Row, measuring
from consultations.models import Consultation
from notifications import digests
from notifications.kinds import Frequency
from notifications.models import Notification, OutboundMail

SIZES = (1_000, 10_000)
LINES = 5


@dataclass(frozen=True)
class Cost:
    """The digest of so many people, and as many bare mails written in the same batches just before.

    `is_own`: one line of each is of nobody else, so that no digest has the words of another.
    """

    people: int
    is_own: bool
    digest: Row
    bare: Row


def table(pids: list[int]) -> list[Cost]:
    """Measure each size, the small one first; `pids` are the database and Redis."""
    counted = [os.getpid(), *pids]
    return [_cost(size, counted, is_own=is_own) for is_own in (False, True) for size in SIZES]


def _cost(size: int, counted: list[int], *, is_own: bool) -> Cost:
    at = digests.cut(Frequency.DAILY, at=timezone.now()) + dt.timedelta(hours=1)
    people = _subscribers(size, at=at, is_own=is_own)
    found: list[Row] = []
    with measuring("courriels nus", found, counted):
        for first in range(0, size, digests.BATCH):
            _bare(people[first : first + digests.BATCH])
    with measuring("résumé du jour", found, counted):
        sent = sum(
            digests.send(digest=Frequency.DAILY, people=keys, at=at) for keys in digests.batches(Frequency.DAILY, at=at)
        )
    if sent != size:
        raise RuntimeError(f"{sent} digests for {size} people")
    User.objects.filter(pk__in=people).delete()
    return Cost(size, is_own, found[1], found[0])


@transaction.atomic(durable=True)
def _bare(people: list[int]) -> None:
    rows = [
        OutboundMail(
            kind="library", to="a@bench.example", subject="a", text="a", user_id=key, send_after=timezone.now()
        )
        for key in people
    ]
    OutboundMail.objects.bulk_create(rows)


def _subscribers(size: int, *, at: dt.datetime, is_own: bool) -> list[int]:
    """Make people for whom five lines wait, on two consultations."""
    made = User.objects.bulk_create(
        User(email=f"resume-{size}-{number}@bench.example", public_name=f"Personne {number}", password="!")  # noqa: S106 (no password)
        for number in range(size)
    )
    slugs = list(Consultation.objects.published().order_by("pk").values_list("slug", flat=True)[:2])
    rows: list[Any] = [
        Notification(
            user=person,
            kind="consultations.phase",
            topic=f"consultation:{slugs[line % len(slugs)]}",
            about=f"consultation:{slugs[line % len(slugs)]}",
            subject_line=f"Une étape commence, la numéro {line}{f' de {person.public_name}' if is_own and not line else ''}",
            url=f"/concertations/{slugs[line % len(slugs)]}/",
            created_at=at - dt.timedelta(hours=10, minutes=line),
            once_key=f"bench:{size}:{line}:{person.pk}",
            digest=Frequency.DAILY,
        )
        for person in made
        for line in range(LINES)
    ]
    Notification.objects.bulk_create(rows, batch_size=5_000)
    time.sleep(1)
    return [person.pk for person in made]


def markdown(costs: list[Cost]) -> str:
    """Write the table; the last columns are ratios, which another machine gives too."""
    first = {cost.is_own: cost for cost in reversed(costs)}
    least = min(SIZES)
    lines = [
        "### Résumé du jour",
        "",
        (
            f"{LINES} nouvelles par personne, par paquets de {digests.BATCH}. « Nu » : autant de courriels d’un mot écrits dans la "
            "même table. Nouvelles « propres » : une ne concerne que la personne, aucun résumé n’a les mots d’un autre."
        ),
        "",
        (
            "| personnes | nouvelles | secondes | processeur (s) | ms par personne | requêtes SQL | mémoire en plus (Mo) | temps / nu "
            f"| par personne / {least} |"
        ),
        "|---:|---|---:|---:|---:|---:|---:|---:|---:|",
    ]
    for cost in costs:
        few = first[cost.is_own]
        each, before = cost.digest.seconds / cost.people, few.digest.seconds / few.people
        lines.append(
            f"| {cost.people} | {'propres' if cost.is_own else 'communes'} | {cost.digest.seconds:.2f} "
            f"| {cost.digest.processor:.2f} | {1000 * each:.2f} | {cost.digest.statements} | {cost.digest.memory} "
            f"| {cost.digest.seconds / cost.bare.seconds:.1f} | {each / before:.2f} |"
        )
    return "\n".join(lines)
