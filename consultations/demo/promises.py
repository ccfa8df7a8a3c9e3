"""The commitments of the demonstration: some done, some late, some given up, each with its dated news."""

import datetime as dt
import hashlib
import tomllib
from typing import Any

from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.db import transaction

from city.models import District, Service, Theme
from commitments.models import RUNNING, Commitment, CommitmentNews
from commitments.photos import FOLDER
from consultations.demo import pictures
from consultations.demo.texts import CONTENT
from consultations.models import Consultation, ConsultationCommitment
from consultations.phases import PARIS, midnight
from mulhouse import markup
from mulhouse.references import ALPHABET, LENGTH
from transparency import register

Row = dict[str, Any]
HOUR = dt.timedelta(hours=10)


def play(*, at: dt.datetime) -> bool:
    """Write the commitments that are missing; tell whether there were any."""
    rows = tomllib.loads((CONTENT / "commitments.toml").read_text(encoding="utf-8"))["commitments"]
    known = set(Commitment.objects.values_list("reference", flat=True))
    missing = [row for row in rows if _reference(row["key"]) not in known]
    photos = {news["draw"]: _photo(news["draw"]) for row in missing for news in row.get("news", []) if "draw" in news}
    return bool(missing) and _write(rows=missing, photos=photos, at=at)


@transaction.atomic(durable=True)
def _write(*, rows: list[Row], photos: dict[str, str], at: dt.datetime) -> bool:
    consultations = {row.slug: row for row in Consultation.objects.select_related("theme", "service")}
    written = [_commitment(row, consultations, photos, at) for row in rows]
    facts = {"engagements": len(written)}
    register.record("consultation.demo", role="système", subject="engagements", facts=facts)
    return True


def _commitment(
    row: Row, consultations: dict[str, Consultation], photos: dict[str, str], at: dt.datetime
) -> Commitment:
    today = at.astimezone(PARIS).date()
    host = consultations.get(row.get("consultation", ""))
    news = row.get("news", [])
    state = news[-1]["state"] if news else "planned"
    last = _day(today, news[-1]["day"]) if news else None
    published_at = midnight(_day(today, row["published"])) + HOUR
    commitment = Commitment.objects.create(
        reference=_reference(row["key"]),
        title=row["title"],
        description=row["description"],
        theme=Theme.objects.get(slug=row["theme"]) if "theme" in row else host.theme if host else None,
        service=Service.objects.get(slug=row["service"]) if "service" in row else host.service,  # type: ignore[union-attr]
        district=District.objects.filter(name=row.get("district", "")).first(),
        topic=host.topic if host else "",
        source_title=host.title if host else row["source"],
        source_url=host.get_absolute_url() if host else "",
        state=state,
        first_due_on=_day(today, row["first_due"] if "first_due" in row else row["due"]),
        due_on=_day(today, row["due"]),
        closed_on=None if state in RUNNING else last,
        published_at=published_at,
        news_at=midnight(last) + HOUR if last else published_at,
    )
    if host is not None:
        ConsultationCommitment.objects.create(consultation=host, commitment=commitment)
    first = CommitmentNews(
        commitment=commitment,
        kind=CommitmentNews.Kind.PUBLISHED,
        happened_on=_day(today, row["published"]),
        published_at=published_at,
        state="planned",
        told_at=published_at,
    )
    CommitmentNews.objects.bulk_create([first, *(_news(commitment, one, photos, today) for one in news)])
    return commitment


def _news(commitment: Commitment, one: Row, photos: dict[str, str], today: dt.date) -> CommitmentNews:
    at = midnight(_day(today, one["day"])) + HOUR
    news = CommitmentNews(
        commitment=commitment,
        happened_on=_day(today, one["day"]),
        published_at=at,
        state=one["state"],
        text=one["text"],
        text_html=markup.render_markdown(one["text"]),
        # What happened before the demonstration is told to nobody.
        told_at=at,
    )
    if "due" in one:
        news.kind = CommitmentNews.Kind.DUE_DATE
        news.due_before, news.due_after = commitment.first_due_on, commitment.due_on
    if "draw" in one:
        news.photo, news.photo_alt = photos[one["draw"]], one["alt"]
        news.photo_width, news.photo_height = pictures.WIDTH, pictures.HEIGHT
    return news


def _photo(name: str) -> str:
    """Put a drawing in the storage once."""
    stored = f"{FOLDER}/{hashlib.sha256(f'demo:{name}'.encode()).hexdigest()[:32]}.webp"
    if not default_storage.exists(stored):
        default_storage.save(stored, ContentFile(pictures.draw(name)))
    return stored


def _day(today: dt.date, days: int) -> dt.date:
    return today + dt.timedelta(days=days)


def _reference(key: str) -> str:
    """Make the reference of a commitment from its key."""
    words = hashlib.sha256(f"demo:commitment:{key}".encode()).digest()
    return "".join(ALPHABET[sign % len(ALPHABET)] for sign in words[:LENGTH])
