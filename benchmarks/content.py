"""Rows to measure on: one large consultation, one long debate, plausible lengths, the same at every run."""

import random
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from allauth.account.internal.flows.login import AUTHENTICATION_METHODS_SESSION_KEY
from django.contrib.auth import BACKEND_SESSION_KEY, HASH_SESSION_KEY, SESSION_KEY
from django.contrib.sessions.backends.db import SessionStore
from django.db import connection, transaction
from django.utils import timezone
from tqdm import tqdm

from accounts.models import Residency, User
from city.models import District, Sector, Service, Theme
from consultations.models import Comment, Consultation, Contribution, Phase, Section
from mulhouse.markup import render_markdown
from transparency import register

COMMENTS = 200
BATCH = 2_000
VOCABULARY = (
    "la ville quartier rue vélo école canal parc arbres données publiques ouverture habitants logement horaires bibliothèque "
    "marché tram trottoir éclairage associations jeunes personnes âgées santé eau jardin déchets budget réunion avis projet "
    "proposer améliorer sécuriser planter rénover informer écouter partager demander comprendre souhaiter permettre "
    "chaque trop peu mieux souvent parfois demain matin soir semaine été hiver ensemble seul enfants parents voisins"
)
WORDS = VOCABULARY.split()


@dataclass(frozen=True)
class Content:
    """What the measurements ask for: `rooms` are addresses of everybody, `own` those of one person with their session.

    Shape: `lists` are addresses of the API, which keeps no page and refuses a parameter that it does not know.
    """

    consultation: Consultation
    debated: Contribution
    session_key: str
    rooms: Mapping[str, str] = field(default_factory=dict)
    own: Mapping[str, tuple[str, str]] = field(default_factory=dict)
    lists: Mapping[str, str] = field(default_factory=dict)


def _text(chance: random.Random, sentences: int) -> str:
    made = (" ".join(chance.choices(WORDS, k=chance.randint(8, 20))).capitalize() + "." for _ in range(sentences))
    return " ".join(made)


def prepare() -> Content:
    """Make the city, a resident with an open session, and a consultation with one contribution of 200 comments."""
    chance = random.Random(1)  # noqa: S311 (the same texts at every run)
    sector = Sector.objects.create(name="Secteur", slug="secteur")
    districts = District.objects.bulk_create(
        District(name=f"Quartier {number}", slug=f"quartier-{number}", sector=sector) for number in range(1, 19)
    )
    consultation = Consultation.objects.create(
        slug="mesure",
        title="Les rues de demain",
        summary=_text(chance, 4),
        description=f"<p>{_text(chance, 12)}</p>",
        theme=Theme.objects.create(name="Thème", slug="theme"),
        service=Service.objects.create(name="Service", slug="service"),
        published_at=timezone.now() - timedelta(days=30),
    )
    today = timezone.localdate()
    Phase.objects.create(
        consultation=consultation,
        position=1,
        kind=Phase.Kind.CONTRIBUTE,
        name="Donner son avis",
        starts_on=today - timedelta(days=30),
        ends_on=today + timedelta(days=30),
    )
    Section.objects.bulk_create(
        Section(consultation=consultation, position=number, title=f"Partie {number}", question="Qu’en pensez-vous ?")
        for number in range(1, 5)
    )
    resident = User.objects.create_user("habitant@example.org", "un mot de passe de mesure", public_name="Habitante")
    Residency.objects.create(user=resident, district=districts[0])
    add_contributions(consultation, 1)
    debated = Contribution.objects.get()
    _debate(debated, resident, chance)
    with transaction.atomic():
        register.record(register.acts()[0].code, role="système")
    return Content(consultation, debated, session(resident))


def add_contributions(consultation: Consultation, count: int) -> None:
    """Bring a consultation to `count` contributions."""
    chance = random.Random(count)  # noqa: S311 (same)
    sections = list(consultation.sections.order_by("position"))
    districts = list(District.objects.order_by("pk"))
    have = consultation.contributions.count()
    start = datetime(2026, 1, 1, tzinfo=UTC)
    for first in tqdm(range(have, count, BATCH), desc=f"{count} contributions", unit="lot", disable=None):
        rows = []
        for number in range(first, min(first + BATCH, count)):
            body = _text(chance, chance.randint(2, 9))
            rows.append(
                Contribution(
                    consultation=consultation,
                    section=sections[number % len(sections)],
                    district=chance.choice(districts),
                    kind=chance.choice(Contribution.Kind.values),
                    author_label=f"Habitant {number}",
                    title=_text(chance, 1)[:110],
                    body=body,
                    body_html=render_markdown(body),
                    published_at=start + timedelta(minutes=number),
                    agree_count=chance.randint(0, 60),
                    mixed_count=chance.randint(0, 20),
                    disagree_count=chance.randint(0, 30),
                    comment_count=chance.randint(0, 9),
                )
            )
        Contribution.objects.bulk_create(rows)
    for section in sections:
        section.contribution_count = section.contributions.count()
    Section.objects.bulk_update(sections, ["contribution_count"])
    Consultation.objects.filter(pk=consultation.pk).update(contribution_count=count)
    with connection.cursor() as cursor:
        cursor.execute("VACUUM ANALYZE")


def _debate(contribution: Contribution, resident: User, chance: random.Random) -> None:
    """Write 150 threads and 50 replies."""
    at = timezone.now() - timedelta(days=1)
    threads: list[Comment] = []
    for number in range(COMMENTS):
        body = _text(chance, 3)
        threads.append(
            Comment(
                contribution=contribution,
                author=resident,
                stance=chance.choice(Comment.Stance.values),
                body=body,
                body_html=render_markdown(body),
                published_at=at + timedelta(minutes=number),
                support_count=chance.randint(0, 40),
            )
        )
    opening = Comment.objects.bulk_create(threads[:150])
    for number, reply in enumerate(threads[150:]):
        reply.parent = opening[number]
        opening[number].reply_count = 1
    Comment.objects.bulk_create(threads[150:])
    Comment.objects.bulk_update(opening, ["reply_count"])
    Contribution.objects.filter(pk=contribution.pk).update(comment_count=COMMENTS)


def session(user: User, *, second_factor: bool = False) -> str:
    """Open a session, confirmed by a second factor where it leads to the pages of agents."""
    opened = SessionStore()
    opened[SESSION_KEY] = str(user.pk)
    opened[BACKEND_SESSION_KEY] = "django.contrib.auth.backends.ModelBackend"
    opened[HASH_SESSION_KEY] = user.get_session_auth_hash()
    if second_factor:
        opened[AUTHENTICATION_METHODS_SESSION_KEY] = [
            {"method": method, "at": timezone.now().timestamp(), "email": user.email} for method in ("password", "mfa")
        ]
    opened.create()
    return str(opened.session_key)
