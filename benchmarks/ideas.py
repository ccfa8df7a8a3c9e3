"""What the idea box costs at 5,000 then 50,000 ideas, twenty supports for each: pages, likely duplicates, a support, the night.

Where the projects of Paris are beside the checkout, they are imported among the others, and looked for in other words.
"""

import itertools
import os
import random
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import timedelta
from functools import partial
from pathlib import Path
from statistics import median, quantiles
from typing import Any

from django.conf import settings
from django.core.management import call_command
from django.db import connection
from django.urls import reverse
from django.utils import timezone
from tqdm import tqdm

from accounts.models import Residency, User
from benchmarks import content, measure, titles
from benchmarks.answers import Row as Work
from benchmarks.answers import measuring
from benchmarks.load import Target
from benchmarks.measure import Row
from benchmarks.rewordings import REAL, REWORDINGS
from city.models import District, Theme
from desk.models import Person
from ideas import exports, filters, heat, pairing, similarity
from ideas.models import Campaign, Comment, Idea, Stage, Support, Threshold
from mulhouse import opendata
from transparency import recounting

PERSONS = 20_011  # a prime number: the people of one idea never meet twice
SUPPORTERS = 400
DRAFTS = 200
ASKED = 50
COMMENTS = 200
BATCH = 2_000
THRESHOLDS = ((50, "Rencontre"), (100, "Atelier citoyen"), (1_000, "Conseil municipal"))
STUDY = 100
STAGES = (Stage.SUPPORT,) * 12 + (Stage.EXPIRED, Stage.STUDY, Stage.KEPT, Stage.DECLINED, Stage.GOING_ON, Stage.DONE)
_turns = itertools.count()


@dataclass(frozen=True)
class Asked:
    """How the likely duplicates of some re-worded titles are found.

    Units: milliseconds of an answer, then of processor (this process and the database): busy neighbours lengthen the first alone.
    """

    middle: float
    p95: float
    cpu: float
    cpu_p95: float


@dataclass(frozen=True)
class Measured:
    """Everything at one size; `recall` is the part of the real projects that other words find among five, None without their file."""

    ideas: int
    supports: int
    pages: list[Row]
    works: list[Work]
    asked: Asked
    recall: float | None


def prepare() -> Campaign:
    """Make the permanent box and its thresholds, and the people who support."""
    campaign = Campaign.objects.create(
        slug="boite",
        title="La boîte à idées",
        summary="Proposez.",
        opens_on=timezone.localdate() - timedelta(days=400),
        support_days=730,
    )
    Threshold.objects.bulk_create(
        Threshold(
            campaign=campaign, supports=supports, name=name, promise="La Ville répond.", opens_study=supports == STUDY
        )
        for supports, name in THRESHOLDS
    )
    # Once it is published its rules stay.
    campaign.published_at = timezone.now() - timedelta(days=400)
    campaign.save(update_fields=["published_at"])
    Person.objects.bulk_create((Person() for _ in range(PERSONS)), batch_size=BATCH)
    return campaign


def fill(campaign: Campaign, size: int) -> None:
    """Bring the box to `size` ideas, each with some twenty supports: a few have thousands, many have none."""
    chance = random.Random(size)  # noqa: S311 (the same at every run)
    themes, districts = list(Theme.objects.order_by("pk")), list(District.objects.order_by("pk"))
    now = timezone.now()
    have = campaign.ideas.filter(published_at__isnull=False).count()
    named = itertools.islice(titles.many(random.Random(3)), have, size)  # noqa: S311 (same)
    for first in tqdm(range(have, size, BATCH), desc=f"{size} idées", unit="lot", disable=None):
        rows = []
        for _ in range(first, min(first + BATCH, size)):
            at = now - timedelta(minutes=chance.randint(10, 500_000))
            body = " ".join(chance.choices(content.WORDS, k=chance.randint(20, 90)))
            rows.append(
                Idea(
                    campaign=campaign,
                    author_label="Habitant",
                    title=next(named),
                    need=body,
                    need_html=f"<p>{body}</p>",
                    proposal=body,
                    proposal_html=f"<p>{body}</p>",
                    theme=chance.choice(themes),
                    place_district=chance.choice(districts),
                    submitted_at=at,
                    published_at=at,
                    stage_at=at,
                    stage=chance.choice(STAGES),
                    supports_until=campaign.supports_until(at.date()),
                    heat=heat.COLD,
                    realism=chance.choice((None, *range(20, 100, 10))),
                )
            )
        Idea.objects.bulk_create(rows)
    _support(campaign)
    Campaign.objects.filter(pk=campaign.pk).update(idea_count=size)
    with connection.cursor() as cursor:
        cursor.execute("VACUUM ANALYZE")


def _support(campaign: Campaign) -> None:
    """Write the supports of the ideas that have none, and what they count, in the database itself."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT min(id), setseed(0.5)::text FROM desk_person WHERE user_id IS NULL")
        first = cursor.fetchone()[0]
        cursor.execute(
            """
            INSERT INTO ideas_support (idea_id, person_id, channel, is_verified, supported_on)
            SELECT i.id, %(first)s + (i.id * 31 + rank * 7) %% %(persons)s, 'web', (i.id + rank) %% 3 = 0,
                   greatest(i.published_at::date, current_date - (rank * 37 %% 90)::int)
            FROM (
                -- A long tail: three in the middle, twenty in the mean, two thousand at most.
                SELECT id, published_at, least(2000, 3.1 * (1 / (1 - random()) - 1))::int AS number
                FROM ideas_idea WHERE campaign_id = %(campaign)s AND published_at IS NOT NULL AND verified_count + declared_count = 0
            ) i, LATERAL generate_series(1, i.number) rank
            """,
            {"first": first, "persons": PERSONS, "campaign": campaign.pk},
        )
        cursor.execute(
            """
            UPDATE ideas_idea i SET verified_count = s.verified, declared_count = s.declared, heat = s.heat,
                next_supports = (SELECT min(t.supports) FROM ideas_threshold t
                                 WHERE t.campaign_id = i.campaign_id AND t.supports > s.verified + s.declared)
            FROM (
                SELECT idea_id, count(*) FILTER (WHERE is_verified) AS verified, count(*) FILTER (WHERE NOT is_verified) AS declared,
                       log(2, sum(power(2::numeric, (supported_on - %s::date)::numeric / %s))) AS heat
                FROM ideas_support GROUP BY 1
            ) s WHERE s.idea_id = i.id
            """,
            [heat.ORIGIN, heat.HALF_LIFE_DAYS],
        )
        cursor.execute(
            """
            INSERT INTO ideas_thresholdpassing (idea_id, threshold_id, percent, passed_at)
            SELECT i.id, t.id, percent, i.published_at + interval '1 day'
            FROM ideas_idea i JOIN ideas_threshold t USING (campaign_id), (VALUES (50), (100)) part (percent)
            WHERE i.counted * 100 >= t.supports * percent
            ON CONFLICT DO NOTHING
            """
        )


def supporters(number: int) -> list[str]:
    """Make people who support by the form, each with an open session; give the keys of the sessions."""
    district = District.objects.order_by("pk").first()
    users = User.objects.bulk_create(
        User(email=f"soutien{rank}@example.org", password="!", public_name=f"Soutien {rank}")  # noqa: S106 (none)
        for rank in range(number)
    )
    Residency.objects.bulk_create(Residency(user=user, district=district) for user in users)
    return [content.session(user) for user in users]


def _drafts(campaign: Campaign, chance: random.Random) -> list[str]:
    """Make drafts of the resident whose titles say what others said already."""
    author = User.objects.get(public_name="Habitante")
    known = Idea.objects.visible().order_by("?").values_list("title", flat=True)[:DRAFTS]
    drafts = [Idea(campaign=campaign, author=author, title=titles.reworded(title, chance)) for title in known]
    return [idea.reference for idea in Idea.objects.bulk_create(drafts)]


def _debated(campaign: Campaign) -> Idea:
    """Give an idea that gathers supports, with a debate of 200 comments."""
    idea = campaign.ideas.filter(stage=Stage.SUPPORT, published_at__isnull=False).order_by("-support_total").first()
    assert idea is not None  # noqa: S101 (thousands were made)
    missing = COMMENTS - Comment.objects.filter(idea=idea).count()
    chance, at = random.Random(5), timezone.now() - timedelta(days=1)  # noqa: S311 (same)
    texts = [" ".join(chance.choices(content.WORDS, k=30)) for _ in range(missing)]
    Comment.objects.bulk_create(
        Comment(
            idea=idea,
            author_label="Habitant",
            stance=chance.choice(Comment.Stance.values),
            body=text,
            body_html=f"<p>{text}</p>",
            published_at=at + timedelta(minutes=number),
        )
        for number, text in enumerate(texts)
    )
    Idea.objects.filter(pk=idea.pk).update(comment_count=COMMENTS)
    return idea


def table(
    made: content.Content,
    serve: Callable[[], Any],
    port: int,
    pids: Callable[[int], list[int]],
    *,
    sizes: Sequence[int],
    **how: Any,
) -> list[Measured]:
    """Measure at each size, the small one first; `serve` opens the server, `how` is what `measure.beside` takes."""
    campaign, sessions = prepare(), supporters(SUPPORTERS)
    found = []
    for size in sizes:
        fill(campaign, size)
        chance = random.Random(7)  # noqa: S311 (same)
        page, drafts = _debated(campaign).get_absolute_url(), _drafts(campaign, chance)
        gathering = list(
            campaign.ideas.filter(stage=Stage.SUPPORT, published_at__isnull=False).values_list("reference", flat=True)[
                :BATCH
            ]
        )
        ideas = reverse("ideas:list")
        cells = [
            *(
                (f"Idées, {label}", "visiteur", measure.fresh(f"{ideas}?tri={order}&graine=7"))
                for order, label in filters.ORDER_LABELS.items()
            ),
            ("Idées, recherche", "visiteur", measure.fresh(f"{ideas}?q=ombre+banc")),
            ("Une idée, 200 commentaires", "visiteur", measure.fresh(page)),
            ("Une idée, 200 commentaires", "personne connectée", measure.signed_in(page, made.session_key)),
            *((name, "visiteur", measure.fresh(path)) for name, path in _others(campaign).items()),
            ("Ressemblances d’un titre", "personne connectée", _near(drafts, made.session_key)),
            ("Soutenir", "personne connectée", _supporting(gathering, sessions)),
        ]
        with serve() as web:
            rows = measure.beside(port, cells, partial(pids, web), **how)
            works = _works(pids(web))
        found.append(Measured(size, Support.objects.count(), rows, works, _asked(chance), _recall()))
    return found


def _others(campaign: Campaign) -> dict[str, str]:
    return {
        "Campagne": campaign.get_absolute_url(),
        "Règle de ce qui est étudié": reverse("ideas:rule"),
        "Carte": reverse("ideas:map"),
        "Réalisées": reverse("ideas:realised"),
    }


def _works(pids: list[int]) -> list[Work]:
    """Measure what is done apart from pages: the night, and the files."""
    counted = [os.getpid(), *pids]
    found: list[Work] = []
    works: dict[str, Callable[[], Any]] = {
        "tout recompter, élans compris": lambda: recounting.recount("ideas", repair=False),
        "paires proches de la nuit": lambda: pairing.find_pairs(at=timezone.now()),
        "idées en CSV": lambda: _written("idees"),
        "soutiens en CSV": lambda: _written("idees-soutiens"),
    }
    for name, work in works.items():
        with measuring(name, found, counted):
            work()
    return found


def _written(table: str) -> None:
    for _chunk in opendata.csv_chunks(exports.TABLES[table]):
        pass


def _near(drafts: Sequence[str], session: str) -> Target:
    addresses = itertools.cycle([reverse("ideas:duplicates", args=[reference]) for reference in drafts])
    return Target(lambda: next(addresses), measure.signed_in("", session).headers)


def _supporting(references: Sequence[str], sessions: Sequence[str]) -> Target:
    """Support by the form, each time somebody else and another idea."""
    token = "a" * 32
    return Target(
        lambda: reverse("ideas:support", args=[references[next(_turns) % len(references)]]),
        {"X-CSRFToken": token},
        status=302,
        method="POST",
        turn=lambda: {
            "Cookie": f"{settings.SESSION_COOKIE_NAME}={sessions[next(_turns) % len(sessions)]};{settings.CSRF_COOKIE_NAME}={token}"
        },
    )


def _asked(chance: random.Random) -> Asked:
    """Ask the likely duplicates of re-worded titles, one at a time."""
    named = chance.sample(list(Idea.objects.visible().order_by("pk").values_list("title", flat=True)), ASKED)
    times, spent = [], []
    for title in named:
        typed = titles.reworded(title, chance)
        before, begun = _processor(), time.perf_counter()
        similarity.of_title(typed)
        times.append(1000 * (time.perf_counter() - begun))
        spent.append(_processor() - before)
    return Asked(median(times), quantiles(times, n=20)[-1], median(spent), quantiles(spent, n=20)[-1])


def _processor() -> float:
    """Give the milliseconds of processor that this process and its connection to the database took."""
    with connection.cursor() as cursor:
        pid = cursor.connection.info.backend_pid
    return 1000 * time.process_time() + int(Path(f"/proc/{pid}/schedstat").read_text().split()[0]) / 1e6


def _recall() -> float | None:
    """Import the real projects among the others; give the part that other words find among five."""
    if not REAL.exists():
        return None
    call_command("import_ideas", str(REAL), mapping="paris", verbosity=0)
    meant = dict(Idea.objects.filter(source_key__isnull=False).values_list("source_key", "pk"))
    by_number = {key.rsplit(":", 1)[-1]: pk for key, pk in meant.items() if key}
    hits = [by_number[number] in {near.idea.pk for near in similarity.of_title(title)} for number, title in REWORDINGS]
    return sum(hits) / len(hits)


def markdown(measured: list[Measured]) -> str:
    """Write the tables."""
    parts = [
        measure.markdown(each.pages, f"Boîte à idées, {each.ideas} idées, {each.supports} soutiens")
        for each in measured
    ]
    lines = [
        f"### Titres dits autrement ({ASKED}), un à la fois",
        "",
        "| idées | médiane (ms) | p95 (ms) | processeur, médiane | processeur, p95 | projets réels retrouvés parmi cinq |",
        "|---:|---:|---:|---:|---:|---:|",
        *(
            f"| {each.ideas} | {each.asked.middle:.0f} | {each.asked.p95:.0f} | {each.asked.cpu:.1f} | {each.asked.cpu_p95:.1f} "
            f"| {'fichier absent' if each.recall is None else f'{each.recall:.2f}'} |"
            for each in measured
        ),
        "",
        "### Hors des pages",
        "",
        "| travail | idées | secondes | processeur (s) | requêtes SQL | mémoire en plus (Mo) |",
        "|---|---:|---:|---:|---:|---:|",
        *(
            f"| {work.work} | {each.ideas} | {work.seconds:.2f} | {work.processor:.2f} | {work.statements} | {work.memory} |"
            for each in measured
            for work in each.works
        ),
    ]
    return "\n\n".join([*parts, "\n".join(lines)])
