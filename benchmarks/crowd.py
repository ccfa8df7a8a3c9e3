"""Forty threads support one idea through the form and take back, thousands of people in all: how fast, and what was counted.

What each thread does is drawn beforehand: the last gesture of each person says who supports the idea in the end.
"""

import random
import time
from collections import Counter
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from http.client import HTTPConnection
from statistics import median, quantiles
from typing import Any

from django.conf import settings
from django.db import connection
from django.urls import reverse
from django.utils import timezone
from tqdm import tqdm

from benchmarks import ideas, load
from benchmarks.load import Target
from benchmarks.server import cpu_milliseconds
from city.models import Theme
from ideas import heat
from ideas.models import Campaign, Idea, Support, ThresholdPassing
from transparency.models import RegisterLine
from transparency.verification import verify_whole

THREADS = 40
OF_EACH = 125
ALONE = 50
SUPPORTS = 0.6
TOKEN = "a" * 32
# Who, and whether they support or take back.
Gesture = tuple[int, bool]


@dataclass(frozen=True)
class Gathered:
    """What a crowd did, and what was found afterwards.

    Units: seconds; milliseconds for `latencies` and `cpu` (of web, database and Redis, for each gesture).
    """

    seconds: float
    alone: float
    latencies: Sequence[float]
    cpu: float
    statuses: Counter[int]
    expected: int
    counted: int
    rows: int
    heat_is_right: bool
    passings: Counter[tuple[int, int]]
    lines: Counter[str]
    deadlocks: int
    register: str


def gather(serve: Callable[[], Any], port: int, pids: Callable[[int], list[int]], *, gestures: int) -> Gathered:
    """Let one person support and take back alone, then the crowd on another idea."""
    campaign = ideas.prepare()
    quiet, idea = _idea(campaign, "Un abri pour les vélos"), _idea(campaign, "Des bancs à l’ombre")
    sessions = ideas.supporters(THREADS * OF_EACH + 1)
    plans = [_plan(number, gestures) for number in range(THREADS)]
    with serve() as web:
        alone, _latencies, _statuses = _play(
            port, quiet, [[(THREADS * OF_EACH, turn % 2 == 0) for turn in range(ALONE)]], sessions
        )
        lines = _lines()
        before = cpu_milliseconds(pids(web))
        seconds, latencies, statuses = _play(port, idea, plans, sessions)
        spent = cpu_milliseconds(pids(web)) - before
    idea.refresh_from_db()
    rows = Support.objects.filter(idea=idea)
    return Gathered(
        seconds=seconds,
        alone=alone,
        latencies=latencies,
        cpu=spent / len(latencies),
        statuses=statuses,
        expected=sum(supports for plan in plans for supports in dict(plan).values()),
        counted=idea.support_total,
        rows=rows.count(),
        heat_is_right=abs(idea.heat - heat.of(rows.values_list("supported_on", flat=True))) < 1e-6,  # noqa: PLR2004 (rounding)
        passings=Counter(ThresholdPassing.objects.filter(idea=idea).values_list("threshold__supports", "percent")),
        lines=_lines() - lines,
        deadlocks=_deadlocks(),
        register=verify_whole().reason,
    )


def _idea(campaign: Campaign, title: str) -> Idea:
    at = timezone.now()
    return Idea.objects.create(
        campaign=campaign,
        author_label="Habitant",
        title=title,
        need="Il fait chaud. " * 40,
        proposal="Des bancs. " * 40,
        theme=Theme.objects.first(),
        submitted_at=at,
        published_at=at,
        stage_at=at,
        supports_until=campaign.supports_until(timezone.localdate()),
        next_supports=min(supports for supports, _name in ideas.THRESHOLDS),
        heat=heat.COLD,
    )


def _plan(number: int, gestures: int) -> list[Gesture]:
    """Draw what a thread does: each of its people supports once, then any of them supports or takes back, in some order."""
    chance = random.Random(number)  # noqa: S311 (the same at every run)
    theirs = range(number * OF_EACH, (number + 1) * OF_EACH)
    drawn = [(chance.choice(theirs), chance.random() < SUPPORTS) for _ in range(gestures - OF_EACH)]
    first = [(who, True) for who in theirs]
    # Half of them come at the beginning, the others between the withdrawals of those.
    chance.shuffle(first)
    half = OF_EACH // 2
    for gesture in first[half:]:
        drawn.insert(chance.randint(0, len(drawn)), gesture)
    return [*first[:half], *drawn]


def _play(
    port: int, idea: Idea, plans: Sequence[Sequence[Gesture]], sessions: Sequence[str]
) -> tuple[float, list[float], Counter[int]]:
    """Send every gesture, a thread for each plan. Shape: seconds in all, milliseconds of each, how many of each status."""
    paths = {
        supports: reverse(f"ideas:{name}", args=[idea.reference])
        for supports, name in ((True, "support"), (False, "withdraw_support"))
    }
    latencies: list[float] = []
    statuses: Counter[int] = Counter()

    def one(plan: Sequence[Gesture]) -> None:
        asking = HTTPConnection("127.0.0.1", port, timeout=120)
        for who, supports in plan:
            cookie = f"{settings.SESSION_COOKIE_NAME}={sessions[who]};{settings.CSRF_COOKIE_NAME}={TOKEN}"
            path = paths[supports]
            target = Target(lambda path=path: path, {"X-CSRFToken": TOKEN, "Cookie": cookie}, method="POST")  # type: ignore[misc]
            begun = time.perf_counter()
            status, _headers, _body = load.fetch(asking, target)
            latencies.append(1000 * (time.perf_counter() - begun))
            statuses[status] += 1
            bar.update()
        asking.close()

    with (
        tqdm(total=sum(map(len, plans)), desc="gestes", unit="geste", disable=None) as bar,
        ThreadPoolExecutor(max_workers=len(plans)) as pool,
    ):
        begun = time.perf_counter()
        list(pool.map(one, plans))
        return time.perf_counter() - begun, latencies, statuses


def _lines() -> Counter[str]:
    return Counter(RegisterLine.objects.values_list("act", flat=True))


def _deadlocks() -> int:
    with connection.cursor() as cursor:
        cursor.execute("SELECT deadlocks FROM pg_stat_database WHERE datname = current_database()")
        return int(cursor.fetchone()[0])


def markdown(found: Gathered) -> str:
    """Write what was found, each count beside what it should be."""
    number = len(found.latencies)
    net = found.lines["idea.supported"] - found.lines["idea.unsupported"]
    is_exact = found.expected == found.counted == found.rows == net and found.heat_is_right
    verdict = "exacts, élan juste" if is_exact else "FAUX"
    is_once = {*found.passings.values()} == {1} and found.lines["idea.threshold_passed"] == len(found.passings)
    passed = ", ".join(f"{supports} à {percent} %" for supports, percent in sorted(found.passings))
    return "\n".join(
        [
            f"### {THREADS} fils, {THREADS * OF_EACH} personnes, {number} gestes par le formulaire, une seule idée",
            "",
            f"- {found.seconds:.0f} s : {number / found.seconds:.0f} gestes par seconde ; une personne seule : {ALONE / found.alone:.0f}",
            f"- attente : médiane {median(found.latencies):.0f} ms, 95 sur 100 sous {quantiles(found.latencies, n=20)[-1]:.0f} ms",
            f"- processeur : {found.cpu:.1f} ms par geste",
            f"- réponses : {', '.join(f'{status} : {times}' for status, times in sorted(found.statuses.items()))}",
            f"- blocages mutuels : {found.deadlocks}",
            f"- soutiens {verdict} : {found.expected} attendus, {found.counted} comptés, {found.rows} lignes, {net} au registre",
            f"- seuils passés, {'chacun une fois' if is_once else 'FAUX'} : {passed}",
            f"- registre : {found.register or 'intact'}",
        ]
    )
