"""What answering everybody costs: publishing the answers of a large consultation, telling its contributors, its report, its neighbours."""

import datetime as dt
import os
import random
import re
import statistics
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from django.contrib.auth.models import Permission
from django.db import connection, transaction
from django.utils import timezone

from accounts.models import User
from benchmarks import content
from benchmarks.server import cpu_milliseconds
from consultations import items, neighbours, outcomes, telling
from consultations.models import AnalysisTheme, Consultation, Contribution, Item, ItemTheme, Phase, Report, Section
from consultations.reporting import annex, writing
from mulhouse import opendata

THEMES = 40
# One person out of two writes twice: the mails are two thirds of the opinions.
PEOPLE_OF_THREE = 2
ASKED = 60
BATCH = 200


@dataclass(frozen=True)
class Row:
    """A piece of work: how long, how many statements, how much memory more at most.

    Units: seconds, of processor for this process, the database and Redis together; megabytes.
    """

    work: str
    seconds: float
    processor: float
    statements: int
    memory: int


def table(made: content.Content, size: int, pids: list[int]) -> list[Row]:
    """Fill a consultation of its own, answer it, and measure each step; `pids` are the database and Redis."""
    counted = [os.getpid(), *pids]
    consultation, publisher = filled(made, size), agent()
    found: list[Row] = []

    def measured(work: str, do: Callable[[], Any]) -> None:
        with measuring(work, found, counted):
            do()

    at = timezone.now() - dt.timedelta(hours=3)
    measured("publier les réponses", lambda: outcomes.publish(actor=publisher, consultation=consultation, at=at))
    written = report(consultation)
    measured(
        "publier le bilan",
        lambda: writing.publish(actor=publisher, report=written, seen=written.version, at=timezone.now()),
    )
    measured("prévenir chaque contributeur", lambda: _tell(consultation))
    written.refresh_from_db()
    measured("annexe CSV du bilan", lambda: sum(len(part) for part in opendata.csv_chunks(annex.opinions(written))))
    found += _neighbours(consultation, counted)
    return found


def markdown(rows: list[Row], title: str) -> str:
    """Write a table."""
    lines = [
        f"### {title}",
        "",
        "| travail | secondes | processeur (s) | requêtes SQL | mémoire en plus (Mo) |",
        "|---|---:|---:|---:|---:|",
    ]
    lines += [
        f"| {row.work} | {row.seconds:.3f} | {row.processor:.3f} | {row.statements} | {row.memory} |" for row in rows
    ]
    return "\n".join(lines)


@contextmanager
def measuring(work: str, found: list[Row], pids: list[int]) -> Iterator[None]:
    """Add to `found` what the block costs; `pids` are the processes that work for it."""
    Path("/proc/self/clear_refs").write_text("5")
    before, spent = _peak(), cpu_milliseconds(pids)
    counted = 0

    def count(execute: Any, sql: str, params: Any, many: bool, context: Any) -> Any:  # noqa: FBT001 (Django calls it so)
        nonlocal counted
        counted += 1
        return execute(sql, params, many, context)

    # Counted, not kept: the texts of fifty thousand mails are long.
    with connection.execute_wrapper(count):
        begun = time.perf_counter()
        yield
        seconds = time.perf_counter() - begun
    processor = (cpu_milliseconds(pids) - spent) / 1000
    found.append(Row(work, seconds, processor, counted, _peak() - before))


def _peak() -> int:
    """Give the most memory this process has held since it was last told to forget.

    Units: megabytes.
    """
    return int(re.findall(r"VmHWM:\s+(\d+)", Path("/proc/self/status").read_text())[0]) // 1024


def filled(made: content.Content, size: int) -> Consultation:
    """Make a consultation that is being analysed: opinions of known people, sorted in themes whose answers are ready."""
    chance = random.Random(size)  # noqa: S311 (the same at every run)
    first = made.consultation
    consultation = Consultation.objects.create(
        slug=f"reponses-{size}",
        title="Les rues de demain",
        summary=first.summary,
        theme=first.theme,
        service=first.service,
        published_at=timezone.now() - dt.timedelta(days=60),
    )
    day = timezone.localdate()
    Phase.objects.create(
        consultation=consultation,
        position=1,
        kind=Phase.Kind.CONTRIBUTE,
        name="Donner son avis",
        starts_on=day - dt.timedelta(days=60),
        ends_on=day - dt.timedelta(days=10),
    )
    Section.objects.bulk_create(
        Section(consultation=consultation, position=number, title=f"Partie {number}") for number in range(1, 5)
    )
    content.add_contributions(consultation, size)
    people = User.objects.bulk_create(
        User(email=f"personne{number}.{size}@example.org", password="!", public_name=f"Personne {number}")  # noqa: S106
        for number in range(size * PEOPLE_OF_THREE // 3)
    )
    written = list(Contribution.objects.filter(consultation=consultation).only("pk").order_by("pk"))
    for number, row in enumerate(written):
        row.author = people[number % len(people)]
    Contribution.objects.bulk_update(written, ["author"], batch_size=2000)
    with transaction.atomic():
        items.write_contributions([row.pk for row in written])
    themes = AnalysisTheme.objects.bulk_create(
        AnalysisTheme(
            consultation=consultation,
            title=f"Sujet {number}",
            public_title=f"Sujet {number}",
            public_summary="Ce qui est demandé.",
            draft_decision="kept",
            draft_explanation="La Ville le fera, et dira quand. " * 8,
        )
        for number in range(THEMES)
    )
    keys = Item.objects.filter(consultation=consultation).order_by("pk").values_list("pk", flat=True)
    ItemTheme.objects.bulk_create(
        [
            ItemTheme(item_id=key, theme=theme)
            for key in keys
            for theme in chance.sample(themes, chance.choice((1, 1, 2)))
        ],
        batch_size=5000,
    )
    with connection.cursor() as cursor:
        cursor.execute("VACUUM ANALYZE")
    return consultation


def agent() -> User:
    """Give somebody who may do everything in the analysis."""
    found, _new = User.objects.get_or_create(
        email="agente.mesure@example.org", defaults={"is_staff": True, "password": "!"}
    )
    found.user_permissions.set(Permission.objects.filter(content_type__app_label="consultations"))
    return User.objects.get(pk=found.pk)


def report(consultation: Consultation) -> Report:
    """Write the report of a consultation, ready to be published."""
    words = dict.fromkeys(("question", "said", "decision", "reasons"), "<p>Des mots.</p>")
    return Report.objects.create(consultation=consultation, **words, signatory="Une fonction", contact="Un service")


def _tell(consultation: Consultation) -> None:
    """Do what the task does, for this consultation alone."""
    telling.begin(consultation=consultation, at=timezone.now())
    (sending,) = [each for each in telling.under_way() if each.consultation.pk == consultation.pk]
    told = sum(
        telling.tell(sending=sending, people=batch, at=timezone.now()) for batch in telling.batches(sending, size=BATCH)
    )
    telling.finish(sending=sending, people=told, at=timezone.now())


def _neighbours(consultation: Consultation, counted: list[int]) -> list[Row]:
    """Ask for the neighbours of some opinions, one after the other; the middle of what each took."""
    chance = random.Random(1)  # noqa: S311 (same)
    keys = list(Item.objects.filter(consultation=consultation).order_by("pk").values_list("pk", flat=True))
    rows: list[Row] = []
    for key in sorted(chance.sample(keys, ASKED)):
        with measuring("avis proches d’un avis (médiane)", rows, counted):
            neighbours.of_item(neighbours.with_words(Item.objects.all()).get(pk=key))
    themes: list[Row] = []
    for theme in AnalysisTheme.objects.filter(consultation=consultation).order_by("pk")[:ASKED]:
        with measuring("avis proches d’un thème (médiane)", themes, counted):
            neighbours.of_theme(theme)
    return [_middle(rows), _middle(themes)]


def _middle(rows: list[Row]) -> Row:
    seconds, processor = (
        statistics.median(each) for each in zip(*((row.seconds, row.processor) for row in rows), strict=True)
    )
    return Row(rows[0].work, seconds, processor, rows[0].statements, max(row.memory for row in rows))
