"""What open data costs: the files of the night from the database, a page of the API by itself, and counting a reading."""

import os
import time
from collections.abc import Callable
from dataclasses import dataclass
from statistics import median
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.test import RequestFactory
from django.urls import ResolverMatch, resolve, reverse
from django.utils import timezone

from audience import counting
from audience.middleware import AudienceMiddleware
from benchmarks.answers import Row, measuring
from benchmarks.measure import BROWSER
from mulhouse import memory
from opendata import datasets, dumping, writing
from opendata.models import Dump

CALLS = 2_000
ROUNDS = 5
READERS = {
    "lecture comptée": BROWSER,
    "refus (Sec-GPC)": {**BROWSER, "Sec-GPC": "1"},
    "robot déclaré": {**BROWSER, "User-Agent": "Mozilla/5.0 (compatible; Examplebot/1.0)"},
}


@dataclass(frozen=True)
class Files:
    """A way to write every contribution: how many lines, how many bytes, and what it cost."""

    rows: int
    bytes: int
    cost: Row


def files(pids: list[int]) -> list[Files]:
    """Write the contributions: each form as it is streamed, then both from one reading with their digests, as each night."""
    counted, dataset = [os.getpid(), *pids], datasets.find("contributions")
    if dataset is None:
        raise RuntimeError("contributions")
    sizes: list[int] = []
    costs: list[Row] = []
    for form, chunks in writing.CHUNKS.items():
        with measuring(f"{form.upper()} lu de la base", costs, counted):
            sizes.append(sum(len(chunk) for chunk in chunks(dataset)))
    with measuring("fichiers de la nuit (les deux, empreintes, mise en place)", costs, counted):
        dumping.make([dataset], at=timezone.now())
    made = list(Dump.objects.by_code(dataset.code))
    sizes.append(sum(dump.size for dump in made))
    return [Files(made[0].rows, size, cost) for size, cost in zip(sizes, costs, strict=True)]


def readings() -> dict[str, float]:
    """Measure what the middleware of audience adds to a page, for each sort of reader.

    Units: microseconds per request, median of ROUNDS rounds.
    """
    found = {}
    for name, headers in READERS.items():
        bare = _each(_page, headers)
        whole = _each(AudienceMiddleware(_page), headers)
        found[name] = whole - bare
    memory.client().delete(counting.COUNTS)
    return found


def _page(request: HttpRequest) -> HttpResponse:
    return HttpResponse(content_type="text/html; charset=utf-8")


def _each(answer: Callable[[HttpRequest], Any], headers: dict[str, str]) -> float:
    path = reverse("home")
    request = RequestFactory(headers=headers).get(path)
    match: ResolverMatch = resolve(path)
    request.resolver_match = match
    rounds = []
    for _ in range(ROUNDS):
        begun = time.perf_counter()
        for _ in range(CALLS):
            answer(request)
        rounds.append((time.perf_counter() - begun) / CALLS)
    return median(rounds) * 1_000_000


def markdown(made: list[Files], counted: dict[str, float]) -> str:
    """Write both tables."""
    lines = [
        "### Données ouvertes",
        "",
        "| fichier des contributions | lignes | Mo | secondes | lignes/s | processeur (s) | requêtes SQL | mémoire en plus (Mo) |",
        "|---|---:|---:|---:|---:|---:|---:|---:|",
    ]
    lines += [
        f"| {each.cost.work} | {each.rows} | {each.bytes / 1e6:.1f} | {each.cost.seconds:.2f} "
        f"| {each.rows / each.cost.seconds:.0f} | {each.cost.processor:.2f} | {each.cost.statements} | {each.cost.memory} |"
        for each in made
    ]
    lines += ["", "| mesure d’audience | µs par demande |", "|---|---:|"]
    lines += [f"| {name} | {microseconds:.0f} |" for name, microseconds in counted.items()]
    return "\n".join(lines)
