"""What the idea box costs at 5,000 then 50,000 ideas, twenty supports for each: lists, a page, likely duplicates, a support.

With `--crowd N`, forty threads that support and take back N times each, and the counts afterwards.
"""

import itertools
import random
import time
from collections import Counter
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import timedelta
from functools import partial
from statistics import median, quantiles
from typing import Any

from django.conf import settings
from django.db import connection, connections, transaction
from django.urls import reverse
from django.utils import timezone
from tqdm import tqdm

from accounts.models import Residency, User
from benchmarks import content, measure
from benchmarks.load import Target
from benchmarks.measure import Row
from city.models import District, Theme
from desk import people
from desk.models import Person
from ideas import filters, heat, similarity, supporting
from ideas.models import Campaign, Comment, Idea, Stage, Support, Threshold, ThresholdPassing
from mulhouse.references import new_reference

PERSONS = 20_011  # a prime number: the people of one idea never meet twice
SUPPORTERS = 400
DRAFTS = 200
ASKED = 50
COMMENTS = 200
BATCH = 2_000
THRESHOLDS = ((50, "Rencontre"), (100, "Atelier citoyen"), (1_000, "Conseil municipal"))
STUDY = 100
RARE = 8_000
CROWD, OF_EACH = 40, 25
STAGES = (Stage.SUPPORT,) * 12 + (Stage.EXPIRED, Stage.STUDY, Stage.KEPT, Stage.DECLINED, Stage.GOING_ON, Stage.DONE)
_turns = itertools.count()


@dataclass(frozen=True)
class Asked:
    """How the likely duplicates of some re-worded titles are found.

    Units: milliseconds; `recall` is the part of the originals that are among the five.
    """

    middle: float
    p95: float
    recall: float


@dataclass(frozen=True)
class Measured:
    """Everything at one size."""

    ideas: int
    supports: int
    pages: list[Row]
    asked: Asked


def _words(chance: random.Random) -> list[str]:
    """Make a vocabulary as long as that of a city: some words are everywhere, most are in few titles."""
    parts = [one + two for one in "bcdfglmnprstv" for two in ("a", "e", "i", "o", "u", "an", "on", "eau")]
    return ["".join(chance.choices(parts, k=chance.randint(2, 4))) for _ in range(RARE)]


def _title(chance: random.Random, rare: Sequence[str]) -> str:
    said = [*chance.choices(content.WORDS, k=chance.randint(3, 5)), *chance.choices(rare, k=chance.randint(1, 3))]
    chance.shuffle(said)
    return " ".join(said).capitalize()


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
    rare = _words(random.Random(3))  # noqa: S311 (same)
    themes, districts = list(Theme.objects.order_by("pk")), list(District.objects.order_by("pk"))
    now = timezone.now()
    have = campaign.ideas.filter(published_at__isnull=False).count()
    for first in tqdm(range(have, size, BATCH), desc=f"{size} idées", unit="lot", disable=None):
        rows = []
        for _ in range(first, min(first + BATCH, size)):
            at = now - timedelta(minutes=chance.randint(10, 500_000))
            body = " ".join(chance.choices(content.WORDS, k=chance.randint(20, 90)))
            rows.append(
                Idea(
                    campaign=campaign,
                    author_label="Habitant",
                    title=_title(chance, rare),
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


def _supporters() -> list[str]:
    """Make the people who support by the form, each with an open session."""
    district = District.objects.order_by("pk").first()
    users = User.objects.bulk_create(
        User(email=f"soutien{number}@example.org", password="!", public_name=f"Soutien {number}")  # noqa: S106 (none)
        for number in range(SUPPORTERS)
    )
    Residency.objects.bulk_create(Residency(user=user, district=district) for user in users)
    return [content.session(user) for user in users]


def _drafts(campaign: Campaign, chance: random.Random) -> list[str]:
    """Make drafts of the resident whose titles say what others said already."""
    author = User.objects.get(public_name="Habitante")
    titles = Idea.objects.visible().order_by("?").values_list("title", flat=True)[:DRAFTS]
    drafts = [Idea(campaign=campaign, author=author, title=_reworded(title, chance)) for title in titles]
    return [idea.reference for idea in Idea.objects.bulk_create(drafts)]


def _reworded(title: str, chance: random.Random) -> str:
    """Say a title otherwise: a word less, another one more, the rest in another order, one letter wrong."""
    said = title.lower().split()
    said.remove(chance.choice([word for word in said if word in content.WORDS] or said))
    longest = max(said, key=len)
    said[said.index(longest)] = longest[:-1]
    said.append(chance.choice(content.WORDS))
    chance.shuffle(said)
    return " ".join(said).capitalize()


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
    campaign, sessions = prepare(), _supporters()
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
            ("Ressemblances d’un titre", "personne connectée", _near(drafts, made.session_key)),
            ("Soutenir", "personne connectée", _supporting(gathering, sessions)),
        ]
        with serve() as web:
            rows = measure.beside(port, cells, partial(pids, web), **how)
        found.append(Measured(size, Support.objects.count(), rows, _asked(chance)))
    return found


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
    originals = list(Idea.objects.visible().order_by("pk").values_list("pk", "title"))
    times, among = [], 0
    for key, title in chance.sample(originals, ASKED):
        typed = _reworded(title, chance)
        begun = time.perf_counter()
        near = similarity.of_title(typed)
        times.append(1000 * (time.perf_counter() - begun))
        among += any(each.idea.pk == key for each in near)
    return Asked(median(times), quantiles(times, n=20)[-1], among / ASKED)


def markdown(measured: list[Measured]) -> str:
    """Write the tables."""
    parts = [
        measure.markdown(each.pages, f"Boîte à idées, {each.ideas} idées, {each.supports} soutiens")
        for each in measured
    ]
    lines = [
        f"### Titres dits autrement ({ASKED}), un à la fois",
        "",
        "| idées | médiane (ms) | p95 (ms) | original parmi les cinq |",
        "|---:|---:|---:|---:|",
        *(
            f"| {each.ideas} | {each.asked.middle:.0f} | {each.asked.p95:.0f} | {each.asked.recall:.2f} |"
            for each in measured
        ),
    ]
    return "\n\n".join([*parts, "\n".join(lines)])


# --- A crowd -------------------------------------------------------------------------------------------------------------


def crowd(gestures: int) -> str:
    """Have forty threads support one idea and take back, so many times each; say what was counted and how fast."""
    campaign = prepare()
    district = District.objects.order_by("pk").first()
    author = User.objects.get(public_name="Habitante")
    at = timezone.now()
    idea = Idea.objects.create(
        campaign=campaign,
        author=author,
        reference=new_reference(),
        title="Des bancs à l’ombre",
        need="Il fait chaud.",
        proposal="Des bancs.",
        theme=Theme.objects.first(),
        submitted_at=at,
        published_at=at,
        stage_at=at,
        supports_until=campaign.supports_until(timezone.localdate()),
        next_supports=THRESHOLDS[0][0],
        heat=heat.COLD,
    )
    users = User.objects.bulk_create(
        User(email=f"foule{number}@example.org", password="!", public_name=f"Foule {number}")  # noqa: S106 (none)
        for number in range(CROWD * OF_EACH)
    )
    Residency.objects.bulk_create(Residency(user=user, district=district) for user in users)
    for user in users:
        with transaction.atomic():
            people.of_user(user)

    def take_part(number: int) -> Counter[str]:
        chance, theirs = random.Random(number), users[number * OF_EACH : (number + 1) * OF_EACH]  # noqa: S311 (same)
        seen: Counter[str] = Counter()
        for _ in range(gestures):
            gesture = supporting.support if chance.random() < 0.6 else supporting.withdraw_support  # noqa: PLR2004 (more come than go)
            try:
                gesture(actor=chance.choice(theirs), idea=idea, at=at)
                seen["faits"] += 1
            except Exception as error:  # noqa: BLE001 (counted, and said)
                seen[type(error).__name__] += 1
        connections.close_all()
        return seen

    begun = time.perf_counter()
    with ThreadPoolExecutor(max_workers=CROWD) as pool:
        seen = sum(pool.map(take_part, range(CROWD)), Counter())
    seconds = time.perf_counter() - begun
    idea.refresh_from_db()
    rows = Support.objects.filter(idea=idea).count()
    passings = ThresholdPassing.objects.filter(idea=idea).values_list("threshold__supports", "percent")
    passed = [f"{supports} à {part} % : {times} fois" for (supports, part), times in sorted(Counter(passings).items())]
    return "\n".join(
        [
            f"### {CROWD} fils, {gestures} gestes chacun",
            "",
            f"- {seconds:.0f} s, {CROWD * gestures / seconds:.0f} gestes par seconde",
            f"- {', '.join(f'{name} : {number}' for name, number in sorted(seen.items()))}",
            f"- soutiens comptés : {idea.support_total} ; lignes : {rows} ; {'exact' if rows == idea.support_total else 'FAUX'}",
            f"- seuils passés : {', '.join(passed)}",
        ]
    )
