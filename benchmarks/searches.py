"""What the search costs at 10,000 and 100,000 documents: the page beside the bare page, and each question with its plan and its memory."""

import json
import random
import re
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

from django.db import connection
from django.urls import reverse
from django.utils import timezone
from tqdm import tqdm

from benchmarks import content, measure
from benchmarks.load import Target
from benchmarks.measure import Row
from consultations.models import Comment, Consultation, Contribution
from mulhouse.markup import render_markdown
from search import actions, finding
from search import asked as asking
from search.models import Document, Word

SIZES = (10_000, 100_000)
# Of a hundred documents: so many contributions, the rest are comments.
CONTRIBUTIONS = 40
RARE = 20_000
CONSULTATIONS = 60
BATCH = 2_000
# A table of more rows than this is never read whole.
LARGE = 5_000
COMMON = "ville quartier école parc budget jardin tram marché réunion santé associations déchets"
# For each line of the table, what is asked of the page.
PAGES = {
    "un mot qui est partout": {"q": "ville"},
    "deux mots": {"q": "données publiques"},
    "un mot rare": {"q": "{rare}"},
    "un début de mot": {"q": "bib"},
    "deux fautes": {"q": "biblotheque {wrong}"},
    "aucun résultat": {"q": "zzzzzz qqqqqq"},
    "un mot partout, filtré": {"q": "ville", "theme": "theme", "etat": "ouvert", "quartier": "quartier-3"},
    "un mot partout, entre deux dates": {"q": "ville", "du": "2026-01-10", "au": "2026-01-20"},
    "dernière page": {"q": "ville", "page": "15"},
}
# What somebody may type to make it slow.
HOSTILE = {
    "une lettre": "v",
    "un début de trois lettres": "pro",
    "des mots vides": "les de la et à du un une dans pour avec sur ne pas",
    "200 signes de mots courants": " ".join([COMMON] * 3)[: asking.LONGEST],
    "douze mots faux": "vlile quarteir ecloe prac bugdet jadrin trma macrhé réuinon satné assocaitions déhcets",
    "tout sauf un mot": "-zzzz",
    "l’un ou l’autre": " or ".join(COMMON.split()),
    "mot à mot": '"la ville la ville"',
    "deux mots qui ne vont jamais ensemble": "{rare} {other}",
}


@dataclass(frozen=True)
class Cost:
    """What a question costs when it is asked alone.

    Units: milliseconds; megabytes that the process of the database holds at most; rows of the largest table read whole.
    """

    question: str
    milliseconds: float
    statements: int
    memory: int
    scanned: int
    found: int


@dataclass(frozen=True)
class Measured:
    """Everything at one size."""

    documents: int
    words: int
    pages: list[Row]
    costs: list[Cost]


def fill(made: content.Content, size: int) -> None:
    """Bring the search to `size` documents: a word in twenty is one of many rare ones, as in what people write."""
    chance = random.Random(size)  # noqa: S311 (the same at every run)
    consultations = _consultations(made)
    rare = _rare()
    start = datetime(2026, 1, 1, tzinfo=UTC)
    content.add_contributions(made.consultation, size * CONTRIBUTIONS // 100)
    keys = list(Contribution.objects.filter(consultation__in=consultations).order_by("pk").values_list("pk", flat=True))
    for first in tqdm(range(Document.objects.count(), size, BATCH), desc=f"{size} documents", unit="lot", disable=None):
        rows = []
        for number in range(first, min(first + BATCH, size)):
            body = " ".join(
                chance.choice(rare) if chance.random() < 0.05 else chance.choice(content.WORDS)  # noqa: PLR2004 (above)
                for _ in range(chance.randint(8, 60))
            )
            rows.append(
                Comment(
                    contribution_id=chance.choice(keys),
                    author_label=f"Habitant {number}",
                    body=body,
                    body_html=render_markdown(body),
                    published_at=start + timedelta(minutes=number),
                )
            )
        Comment.objects.bulk_create(rows)
    actions.count_words()
    with connection.cursor() as cursor:
        cursor.execute("VACUUM ANALYZE")


def _consultations(made: content.Content) -> list[Consultation]:
    """Make some consultations more, over in the years before."""
    first, chance = made.consultation, random.Random(2)  # noqa: S311 (same)
    if Consultation.objects.count() < CONSULTATIONS:
        Consultation.objects.bulk_create(
            Consultation(
                slug=f"ancienne-{number}",
                title=" ".join(chance.sample(content.WORDS, 5)),
                summary=" ".join(chance.choices(content.WORDS, k=60)),
                theme=first.theme,
                service=first.service,
                published_at=timezone.now() - timedelta(days=100 * number),
            )
            for number in range(1, CONSULTATIONS)
        )
    return [first]


def _rare() -> list[str]:
    """Make words that nobody says."""
    chance = random.Random(3)  # noqa: S311 (same)
    parts = [one + two for one in "bcdfglmnprstv" for two in ("a", "e", "i", "o", "u", "an", "on", "eau")]
    return ["".join(chance.choices(parts, k=chance.randint(3, 5))) for _ in range(RARE)]


def table(
    made: content.Content, serve: Callable[[], Any], port: int, pids: Callable[[int], list[int]], **how: Any
) -> list[Measured]:
    """Measure at each size, the small one first; `serve` opens the server, `how` is what `measure.beside` takes.

    Raises: RuntimeError when a large table was read whole.
    """
    found = []
    for size in SIZES:
        fill(made, size)
        words = _words()
        with serve() as web:
            cells = [(name, "visiteur", _target(asked, words)) for name, asked in PAGES.items()]
            typing = measure.fresh(f"{reverse('search:suggestions')}?q=bib", {"HX-Request": "true"})
            cells.append(("suggestions", "visiteur", typing))
            rows = measure.beside(port, cells, lambda: pids(web), **how)
        typed = {name: asked["q"] for name, asked in PAGES.items() if set(asked) == {"q"}} | HOSTILE
        costs = [_cost(name, text.format(**words)) for name, text in typed.items()]
        found.append(Measured(Document.objects.count(), Word.objects.count(), rows, costs))
    if scanned := [cost.question for each in found for cost in each.costs if cost.scanned > LARGE]:
        raise RuntimeError(f"a large table was read whole for: {', '.join(scanned)}")
    return found


def _words() -> dict[str, str]:
    rare, other = Word.objects.filter(documents=1, folded__regex="^.{7,9}$").order_by("-folded")[:2]
    return {"rare": rare.shown, "other": other.shown, "wrong": rare.shown[:3] + rare.shown[4:]}


def _target(asked: dict[str, str], words: dict[str, str]) -> Target:
    values = {name: value.format(**words) for name, value in asked.items()}
    return measure.fresh(f"{reverse('search:results')}?{urlencode(values)}")


def _cost(name: str, text: str) -> Cost:
    asked, at = asking.read(text), timezone.now()
    with _kept() as statements, _peak() as memory:
        begun = time.perf_counter()
        answer = finding.answer(asked, finding.Narrow(), at=at)
        finding.page(answer, asked, number=1)
        milliseconds = 1000 * (time.perf_counter() - begun)
    scanned = max((_scanned(sql, values) for sql, values in statements), default=0)
    return Cost(name, milliseconds, len(statements), memory[0], scanned, len(answer.keys))


@contextmanager
def _kept() -> Iterator[list[tuple[str, Any]]]:
    statements: list[tuple[str, Any]] = []

    def keep(execute: Any, sql: str, params: Any, many: bool, context: Any) -> Any:  # noqa: FBT001 (Django calls it so)
        statements.append((sql, params))
        return execute(sql, params, many, context)

    with connection.execute_wrapper(keep):
        yield statements


@contextmanager
def _peak() -> Iterator[list[int]]:
    """Give the most memory that the process of the database held, in megabytes, once the block is over."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_backend_pid()")
        process = Path(f"/proc/{cursor.fetchone()[0]}")
    (process / "clear_refs").write_text("5")
    found: list[int] = []
    yield found
    found.append(int(re.findall(r"VmHWM:\s+(\d+)", (process / "status").read_text())[0]) // 1024)


def _scanned(sql: str, values: Any) -> int:
    """Ask the database how it does it; give the rows of the largest table that it reads whole."""
    with connection.cursor() as cursor:
        cursor.execute(f"EXPLAIN (FORMAT JSON) {sql}", values)
        (whole,) = cursor.fetchone()
        plan = whole if isinstance(whole, list) else json.loads(whole)
        tables = {node["Relation Name"] for node in _nodes(plan[0]["Plan"]) if node["Node Type"] == "Seq Scan"}
        cursor.execute("SELECT coalesce(max(reltuples), 0) FROM pg_class WHERE relname = ANY(%s)", [list(tables)])
        return int(cursor.fetchone()[0])


def _nodes(node: dict[str, Any]) -> Iterator[dict[str, Any]]:
    yield node
    for below in node.get("Plans", ()):
        yield from _nodes(below)


def markdown(measured: list[Measured]) -> str:
    """Write the tables: the pages at each size, then each question with what ten times the documents make of it."""
    small, large = measured
    parts = [
        measure.markdown(each.pages, f"Recherche, {each.documents} documents, {each.words} mots") for each in measured
    ]
    before = {cost.question: cost for cost in small.costs}
    lines = [
        f"### Une question à la fois, {large.documents} documents",
        "",
        (
            "| question | trouvés | ms | requêtes SQL | mémoire de la base (Mo) | plus grande table lue en entier "
            f"| temps / {small.documents} |"
        ),
        "|---|---:|---:|---:|---:|---:|---:|",
    ]
    lines += [
        f"| {cost.question} | {cost.found} | {cost.milliseconds:.0f} | {cost.statements} | {cost.memory} | {cost.scanned} "
        f"| {cost.milliseconds / before[cost.question].milliseconds:.1f} |"
        for cost in large.costs
    ]
    return "\n\n".join([*parts, "\n".join(lines)])
