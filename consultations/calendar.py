"""The dates of consultations for people's own calendars (iCalendar, RFC 5545): phases, promised answer, votes, questionnaires.

Shape: whole days in Paris. An event keeps its UID when its dates change, and when another phase comes before it; SEQUENCE counts
the changes on the register.
"""

import datetime as dt
import hashlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from urllib.parse import urlsplit

from django.conf import settings
from django.db.models import Count, Max, QuerySet
from django.utils.translation import gettext as _
from icalendar import Calendar, Event

from consultations import phases, promises
from consultations.models import Consultation, Phase
from transparency.models import RegisterLine

# What moves a date on the register: each makes a version of the events.
CHANGES = ("consultation.dates_changed", "consultation.changed")
CONTENT_TYPE = "text/calendar; charset=utf-8"
MOST = 200


@dataclass(frozen=True)
class Version:
    """How many times the dates of a consultation changed, and when they last did."""

    number: int
    at: dt.datetime


def of_all() -> bytes:
    """Write the dates of the published consultations, the newest first."""
    return _written(_("Consultations de la ville de Mulhouse"), list(_rows(Consultation.objects.published())[:MOST]))


def of_one(consultation: Consultation) -> bytes:
    """Write the dates of one consultation."""
    return _written(consultation.title, list(_rows(Consultation.objects.filter(pk=consultation.pk))))


def _rows(rows: QuerySet[Consultation]) -> QuerySet[Consultation]:
    rooms = ("phases", "vote_links__votation", "questionnaire_links__questionnaire")
    return rows.prefetch_related(*rooms).order_by("-published_at", "-pk")


def _written(name: str, rows: Sequence[Consultation]) -> bytes:
    calendar = Calendar()
    calendar.add("prodid", f"-//{settings.SITE_NAME}//{_host()}//FR")
    calendar.add("version", "2.0")
    calendar.add("calscale", "GREGORIAN")
    calendar.add("method", "PUBLISH")
    calendar.add("x-wr-calname", name)
    calendar.add("x-wr-timezone", settings.TIME_ZONE)
    versions = _versions(rows)
    for row in rows:
        for event in _events(row, versions[row.slug]):
            calendar.add_component(event)
    return bytes(calendar.to_ical())


def _versions(rows: Sequence[Consultation]) -> dict[str, Version]:
    """Count on the register how many times the dates of each consultation changed; one query."""
    lines = RegisterLine.objects.filter(act__in=CHANGES, subject__in=[row.slug for row in rows]).order_by()
    found = {
        slug: Version(number, at)
        for slug, number, at in lines.values_list("subject").annotate(number=Count("pk"), last=Max("at"))
    }
    return {row.slug: found.get(row.slug) or Version(0, row.published_at or row.created_at) for row in rows}


def _events(row: Consultation, version: Version) -> Iterator[Event]:
    for phase in sorted(row.phases.all(), key=lambda phase: phase.position):
        span, key = phase.span, phase_key(phase)
        yield _event(row, version, f"phase-{key}", f"{row.title}\u00a0: {span.name}", (span.starts_on, span.ends_on))
        if span.kind is phases.Kind.CONTRIBUTE and span.ends_on is not None:
            title = _("Dernier jour pour donner votre avis\u00a0: %(title)s") % {"title": row.title}
            yield _event(row, version, f"fin-{key}", title, (span.ends_on, span.ends_on))
    due = promises.due_on(row)
    if due is not None:
        title = _("Réponse promise par la Ville\u00a0: %(title)s") % {"title": row.title}
        yield _event(row, version, "reponse", title, (due, due))
    yield from _voting(row, version)
    yield from _asking(row, version)


def phase_key(phase: Phase) -> str:
    """Name a phase for its whole life, whatever its rank: from its row, without its number."""
    return hashlib.sha256(f"phase {phase.pk}".encode()).hexdigest()[:12]


def _voting(row: Consultation, version: Version) -> Iterator[Event]:
    for link in row.vote_links.all():
        vote = link.votation
        if vote.published_at is not None:
            title = _("Vote\u00a0: %(question)s") % {"question": vote.question}
            days = (vote.opens_on, vote.ends_on)
            yield _event(row, version, f"vote-{vote.reference.lower()}", title, days, cancelled_at=vote.cancelled_at)


def _asking(row: Consultation, version: Version) -> Iterator[Event]:
    for link in row.questionnaire_links.all():
        asked = link.questionnaire
        if asked.published_at is not None and asked.opens_on is not None and asked.closes_on is not None:
            title = _("Questionnaire\u00a0: %(title)s") % {"title": asked.title}
            days = (asked.opens_on, asked.closes_on - dt.timedelta(days=1))
            part = f"questionnaire-{asked.reference.lower()}"
            yield _event(row, version, part, title, days, cancelled_at=asked.cancelled_at)


def _event(
    row: Consultation,
    version: Version,
    part: str,
    title: str,
    days: tuple[dt.date, dt.date | None],
    *,
    cancelled_at: dt.datetime | None = None,
) -> Event:
    """Write whole days: the end of an event is the morning after its last day. One without an end is the day it begins."""
    first, last = days
    at = max(version.at, cancelled_at) if cancelled_at else version.at
    event = Event()
    event.add("uid", f"consultation-{row.slug}-{part}@{_host()}")
    event.add("dtstamp", at)
    event.add("last-modified", at)
    event.add("sequence", version.number + (1 if cancelled_at else 0))
    event.add("summary", title)
    event.add("dtstart", first)
    event.add("dtend", (last or first) + dt.timedelta(days=1))
    event.add("url", settings.SITE_URL + row.get_absolute_url())
    event.add("transp", "TRANSPARENT")
    event.add("status", "CANCELLED" if cancelled_at else "CONFIRMED")
    if row.place_name and row.place_address:
        event.add("location", f"{row.place_name}, {row.place_address}")
    return event


def _host() -> str:
    return urlsplit(settings.SITE_URL).hostname or "localhost"
