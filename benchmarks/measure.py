"""Each page in each state, beside the bare page: rate, 95th percentile, processor time, and their ratios."""

import itertools
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from http.client import HTTPConnection
from statistics import median

from django.conf import settings
from django.urls import reverse
from tqdm import tqdm

from benchmarks import load
from benchmarks.content import Content
from benchmarks.load import Target
from benchmarks.server import cpu_milliseconds

CONNECTIONS = 4
BARE = Target(lambda: "/nue/", {})
_numbers = itertools.count()


@dataclass(frozen=True)
class Run:
    """One short run of one target.

    Units: requests per second; seconds; milliseconds of processor per request (web, database and Redis).
    """

    rate: float
    p95: float
    cpu: float


@dataclass(frozen=True)
class Row:
    """A line of the table; the ratios are to the bare page of the same rounds."""

    page: str
    state: str
    rate: float
    p95_milliseconds: float
    cpu_milliseconds: float
    rate_ratio: float
    cpu_ratio: float
    kilobytes: float


def pages(content: Content) -> dict[str, str]:
    """Give the addresses to measure, by the name of their line."""
    contributions = reverse("consultations:contributions", args=[content.consultation.slug])
    return {
        "Accueil": reverse("home"),
        "Consultations": reverse("consultations:list"),
        "Contributions": contributions,
        "Une contribution, 200 commentaires": content.debated.get_absolute_url(),
        "Recherche « données publiques »": f"{contributions}?q=donn%C3%A9es+publiques",
        **content.rooms,
    }


# What the measure of audience counts: a browser that asks for a page.
BROWSER = {
    "User-Agent": "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0",
    "Accept": "text/html",
}


def _list_states(port: int, path: str) -> Iterator[tuple[str, Target]]:
    yield "programme, page", Target(lambda: path, {})
    etag = _headers_of(port, path)["etag"]
    yield "programme, inchangée (304)", Target(lambda: path, {"If-None-Match": etag}, status=304)


def _headers_of(port: int, path: str) -> dict[str, str]:
    connection = HTTPConnection("127.0.0.1", port, timeout=60)
    _status, headers, _body = load.fetch(connection, Target(lambda: path, {}))
    connection.close()
    return headers


def fresh(path: str, headers: dict[str, str] | None = None) -> Target:
    """Ask a page under an address that is new each time, so that nothing is kept of it."""
    return Target(lambda: f"{path}{'&' if '?' in path else '?'}mesure={next(_numbers)}", headers or {})


def _states(port: int, path: str, content: Content) -> Iterator[tuple[str, Target]]:
    yield "visiteur, page à faire", fresh(path)
    if etag := _headers_of(port, path).get("etag"):
        yield "visiteur, page gardée", Target(lambda: path, {})
        yield "visiteur, inchangée (304)", Target(lambda: path, {"If-None-Match": etag}, status=304)
    yield "personne connectée", signed_in(path, content.session_key)


def signed_in(path: str, session_key: str) -> Target:
    """Ask a page as the person whose session is open."""
    return Target(lambda: path, {"Cookie": f"{settings.SESSION_COOKIE_NAME}={session_key}"})


def _run(port: int, target: Target, pids: list[int], seconds: float) -> Run:
    before = cpu_milliseconds(pids)
    sample = load.run(port, target, seconds=seconds, connections=CONNECTIONS)
    spent = cpu_milliseconds(pids) - before
    return Run(sample.rate, sample.p95, spent / len(sample.latencies))


def table(port: int, content: Content, pids: Callable[[], list[int]], *, seconds: float, rounds: int) -> list[Row]:
    """Measure every page in every state; see `beside`."""
    cells = [
        (page, state, target) for page, path in pages(content).items() for state, target in _states(port, path, content)
    ]
    home = reverse("home")
    cells.append(("Accueil", "visiteur, page gardée, lecture comptée", Target(lambda: home, BROWSER)))
    cells += [
        (page, state, target) for page, path in content.lists.items() for state, target in _list_states(port, path)
    ]
    cells += [(page, "personne connectée", signed_in(*where)) for page, where in content.own.items()]
    return beside(port, cells, pids, seconds=seconds, rounds=rounds)


def beside(
    port: int, cells: list[tuple[str, str, Target]], pids: Callable[[], list[int]], *, seconds: float, rounds: int
) -> list[Row]:
    """Measure everything: in each round, the bare page then the page, so that both meet the same moment.

    Shape: one row for each page and state, the bare page first; medians over the rounds.
    """
    weights = {(page, state): _weight(port, target) for page, state, target in cells}
    bare: list[Run] = []
    runs: dict[tuple[str, str], list[tuple[Run, Run]]] = {(page, state): [] for page, state, _target in cells}
    for _round, (page, state, target) in tqdm(
        list(itertools.product(range(rounds), cells)), desc="mesures", unit="page"
    ):
        nude = _run(port, BARE, pids(), seconds)
        bare.append(nude)
        runs[page, state].append((_run(port, target, pids(), seconds), nude))
    rows = [_row("Page nue", "une ligne d’une requête", [(run, run) for run in bare], _weight(port, BARE))]
    return rows + [_row(page, state, found, weights[page, state]) for (page, state), found in runs.items()]


def _weight(port: int, target: Target) -> float:
    connection = HTTPConnection("127.0.0.1", port, timeout=60)
    _status, _headers, body = load.fetch(connection, target)
    connection.close()
    return len(body) / 1000


def _row(page: str, state: str, runs: list[tuple[Run, Run]], kilobytes: float) -> Row:
    return Row(
        page=page,
        state=state,
        rate=median(run.rate for run, _ in runs),
        p95_milliseconds=1000 * median(run.p95 for run, _ in runs),
        cpu_milliseconds=median(run.cpu for run, _ in runs),
        rate_ratio=median(run.rate / bare.rate for run, bare in runs),
        cpu_ratio=median(run.cpu / bare.cpu for run, bare in runs),
        kilobytes=kilobytes,
    )


def markdown(rows: list[Row], title: str) -> str:
    """Write the rows as a Markdown table."""
    lines = [
        f"### {title}",
        "",
        "| page | état | req/s | p95 (ms) | CPU (ms) | débit / nue | CPU / nue | ko |",
        "|---|---|---:|---:|---:|---:|---:|---:|",
    ]
    lines += [
        f"| {row.page} | {row.state} | {row.rate:.0f} | {row.p95_milliseconds:.0f} | {row.cpu_milliseconds:.2f} "
        f"| {row.rate_ratio:.2f} | {row.cpu_ratio:.2f} | {row.kilobytes:.1f} |"
        for row in rows
    ]
    return "\n".join(lines)
