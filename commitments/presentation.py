"""Commitments in words: what the pages are given, made from rows already read."""

import datetime as dt
from dataclasses import dataclass

from django.urls import reverse
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from commitments import changes
from commitments.changes import Change
from commitments.models import Commitment, CommitmentNews, State
from mulhouse import typography
from mulhouse.templatetags import ui
from transparency import clocks
from transparency.clocks import Clock, Standing

STATE_TAGS: dict[str, tuple[ui.Tone, str]] = {
    State.PLANNED: ("info", "calendar"),
    State.IN_PROGRESS: ("mixed", "clock"),
    State.DONE: ("yes", "circle-check"),
    State.ABANDONED: ("no", "x"),
}


def clock(row: Commitment, *, today: dt.date) -> Clock:
    """Say where a commitment stands on a day."""
    return clocks.read(
        due_on=row.due_on,
        done_on=row.closed_on if row.state == State.DONE else None,
        given_up=row.state == State.ABANDONED,
        today=today,
    )


def state_tag(row: Commitment) -> ui.Tag:
    """Say its state in a word."""
    return tag_of(row.state)


def tag_of(state: str) -> ui.Tag:
    """Say a state in a word."""
    tone, icon = STATE_TAGS[state]
    return ui.Tag(State(state).label, tone, icon)


def late_tag(found: Clock) -> ui.Tag | None:
    """Say that it is late, with the days: late shows as late."""
    if found.standing is not Standing.LATE:
        return None
    return ui.Tag(late_words(found.days), "no", "triangle-alert")


def late_words(days: int) -> str:
    """Count the days gone since the promised one."""
    return ngettext("En retard de %(n)s jour", "En retard de %(n)s jours", days) % {"n": typography.number(days)}


def clock_words(row: Commitment, found: Clock) -> str:
    """Say the day and what is left of it, in a sentence."""
    day = typography.day(row.due_on)
    if found.standing is Standing.GIVEN_UP:
        return _("Abandonné le %(day)s") % {"day": typography.day(row.closed_on or row.due_on)}
    if found.standing is Standing.KEPT:
        return _("Réalisé le %(day)s, dans les temps") % {"day": typography.day(row.closed_on or row.due_on)}
    if found.standing is Standing.KEPT_LATE:
        words = ngettext(
            "Réalisé le %(day)s, avec %(n)s jour de retard",
            "Réalisé le %(day)s, avec %(n)s jours de retard",
            found.days,
        )
        return words % {"day": typography.day(row.closed_on or row.due_on), "n": typography.number(found.days)}
    if found.standing is Standing.LATE:
        return _("Promis pour le %(day)s") % {"day": day}
    if found.days == 0:
        return _("Promis pour aujourd’hui")
    words = ngettext("Promis pour le %(day)s, dans %(n)s jour", "Promis pour le %(day)s, dans %(n)s jours", found.days)
    return words % {"day": day, "n": typography.number(found.days)}


@dataclass(frozen=True)
class Row:
    """A commitment in a list."""

    title: str
    url: str
    tags: list[ui.Tag]
    when: str
    service: str
    district: str
    source: str
    source_url: str
    news: str


def row(found: Commitment, *, today: dt.date) -> Row:
    """Make the line of a commitment (select `service` and `district`)."""
    read = clock(found, today=today)
    late = late_tag(read)
    return Row(
        title=found.title,
        url=found.get_absolute_url(),
        tags=[state_tag(found), *([late] if late else [])],
        when=clock_words(found, read),
        service=found.service.name,
        district=found.district.name if found.district else "",
        source=found.source_title,
        source_url=found.source_url,
        news=_("Dernière nouvelle le %(day)s") % {"day": typography.day(found.news_at)} if found.news_at else "",
    )


@dataclass(frozen=True)
class Photo:
    """A photo of the news, with its address."""

    url: str
    alt: str
    width: int | None
    height: int | None


@dataclass(frozen=True)
class Event:
    """A dated event of a commitment, as its page shows it."""

    title: str
    day: dt.date
    # When it was said, where that is another day than when it happened.
    told_on: dt.date | None
    tag: ui.Tag
    html: SafeString
    changes: list[Change]
    photo: Photo | None
    anchor: str


def event(news: CommitmentNews) -> Event:
    """Make what the page shows of a piece of news."""
    photo = None
    if news.photo:
        url = reverse("commitments:photo", args=[news.photo_key])
        photo = Photo(url, news.photo_alt, news.photo_width, news.photo_height)
    told_on = typography.local_day(news.published_at)
    return Event(
        title=event_title(news),
        day=news.happened_on,
        told_on=told_on if told_on != news.happened_on else None,
        tag=tag_of(news.state),
        html=mark_safe(news.text_html),  # noqa: S308 (cleaned by the action that stored it)
        changes=changes.told(news),
        photo=photo,
        anchor=news.reference,
    )


def event_title(news: CommitmentNews) -> str:
    """Name a piece of news."""
    if news.due_before and news.due_after:
        words = (
            _("Échéance repoussée du %(before)s au %(after)s")
            if news.due_after > news.due_before
            else _("Échéance avancée du %(before)s au %(after)s")
        )
        return words % {"before": typography.day(news.due_before), "after": typography.day(news.due_after)}
    if news.kind == CommitmentNews.Kind.PUBLISHED:
        return _("La Ville s’engage")
    if news.kind == CommitmentNews.Kind.WORDS:
        return _("Texte modifié")
    titles = {
        State.PLANNED: _("Point d’étape"),
        State.IN_PROGRESS: _("Ça avance"),
        State.DONE: _("C’est fait"),
        State.ABANDONED: _("La Ville y renonce"),
    }
    return titles[State(news.state)]


def facts(found: Commitment) -> list[ui.Fact]:
    """Give the box « Repères »."""
    rows = [ui.Fact(_("Échéance"), typography.day(found.due_on))]
    if found.first_due_on != found.due_on:
        rows.append(ui.Fact(_("Échéance annoncée au départ"), typography.day(found.first_due_on)))
    rows.append(ui.Fact(_("Service responsable"), found.service.name, foreign=True))
    rows.append(ui.Fact(_("Où\u00a0?"), found.district.name if found.district else _("Toute la ville")))
    if found.theme:
        rows.append(ui.Fact(_("Thème"), found.theme.name, foreign=True))
    rows.append(ui.Fact(_("D’où vient cet engagement\u00a0?"), found.source_title, url=found.source_url, foreign=True))
    rows.append(ui.Fact(_("Référence"), found.reference))
    return rows
