"""Telling those it concerns what is gathered, separated, proposed to them or new: each of them once, however often this runs."""

import datetime as dt
from collections.abc import Callable, Iterator, Sequence
from typing import Any

from django.conf import settings
from django.db import transaction
from django.db.models import Exists, OuterRef, Q, QuerySet
from django.urls import reverse
from django.utils import translation
from django.utils.translation import gettext as _

from accounts.models import User
from ideas import amending
from ideas.models import Amendment, AuthorNews, Gathering, Idea, Support
from mulhouse import typography
from notifications import subscriptions, telling
from notifications.models import Subscription

# A message that nobody could send that long was told otherwise, or is old.
RECENT = dt.timedelta(days=7)

Said = Callable[[], tuple[str, str, str]]


def _letter(person: Any, once_key: str, about: str, said: Said, *, topic: str = "") -> telling.Letter:
    """Write to one person in their language; `said` gives the line, what the mail adds, and the path it leads to."""
    with translation.override(person.language):
        line, detail, path = said()
    words = {"line": line, "detail": detail, "address": settings.SITE_URL + path}
    return telling.Letter(
        person=person, once_key=once_key, about=about, topic=topic, line=line, url=path, words=lambda: words
    )


# --- Those whose ideas are concerned -----------------------------------------------------------------------------------


@transaction.atomic(durable=True)
def tell_authors(*, gathering: Gathering, at: dt.datetime) -> int:
    """Tell authors, and who proposed, what is proposed to them, or what became of it.

    Shape: how many were told.
    """
    if gathering.released_at is None:
        return 0
    members = gathering.members.select_related("idea").defer("idea__search")
    if gathering.is_pending:
        step, said = "proposed", _proposed(gathering)
        members = members.filter(is_live=True, answer="")
    elif gathering.is_open:
        # A service message is not taken back: one whose idea was hidden since is not written.
        if gathering.parent is None or not gathering.parent.is_visible:
            return 0
        step, said = "opened", _opened(gathering)
        members = members.filter(is_live=True)
    elif gathering.opened_at is not None:
        step, said = "separated", _separated(gathering)
        members = members.exclude(stage_before="")
    elif gathering.end == Gathering.End.LAPSED:
        step, said = "lapsed", _lapsed(gathering)
        members = members.none()
    else:
        return 0
    keys: set[int | None] = set(members.values_list("idea__author", flat=True))
    if step != "proposed" and not gathering.is_of_city:
        keys.add(gathering.author_id)
    people = User.objects.filter(pk__in=[key for key in keys if key is not None], is_active=True).order_by("pk")
    about = gathering.parent.topic if gathering.parent else ""
    letters = [_letter(each, f"gathering:{gathering.pk}:{step}:{each.pk}", about, said) for each in people]
    return telling.tell(kind="ideas.gathering", letters=letters, at=at)


def _proposed(gathering: Gathering) -> Said:
    def said() -> tuple[str, str, str]:
        day = typography.day(gathering.answers_until)
        if gathering.is_of_city:
            line = _("La Ville propose de regrouper votre idée avec d’autres")
            detail = _(
                "Lisez ce qu’elle deviendrait. Sans refus de votre part le %(day)s au soir, elle sera regroupée."
            )
        else:
            line = _("Un autre auteur propose de regrouper votre idée avec la sienne")
            detail = _("Lisez ce qu’elle deviendrait. Rien ne se fait sans votre accord, jusqu’au %(day)s.")
        return line, detail % {"day": day}, reverse("ideas:gathering", args=[gathering.reference])

    return said


def _opened(gathering: Gathering) -> Said:
    def said() -> tuple[str, str, str]:
        parent: Any = gathering.parent
        return (
            _("Votre idée est regroupée\u00a0: %(title)s") % {"title": parent.title},
            _(
                "Votre texte reste lisible. Chaque personne qui le soutenait dit si son soutien compte pour l’idée commune."
            ),
            parent.get_absolute_url(),
        )

    return said


def _separated(gathering: Gathering) -> Said:
    def said() -> tuple[str, str, str]:
        reason = _("Motif\u00a0: %(reason)s") % {"reason": gathering.end_reason} if gathering.end_reason else ""
        again = _("Votre idée reprend sa place, avec les soutiens qu’elle avait.")
        return (
            _("Les idées réunies sont séparées\u00a0: %(title)s") % {"title": gathering.named},
            f"{again} {reason}".strip(),
            reverse("ideas:gathering", args=[gathering.reference]),
        )

    return said


def _lapsed(gathering: Gathering) -> Said:
    def said() -> tuple[str, str, str]:
        return (
            _("Votre regroupement ne se fait pas\u00a0: %(title)s") % {"title": gathering.title},
            _("Il restait moins de deux idées dont les auteurs sont d’accord. Chaque idée reste à sa place."),
            reverse("ideas:gathering", args=[gathering.reference]),
        )

    return said


# --- Those who support or follow ---------------------------------------------------------------------------------------


def concerned(gathering: Gathering) -> QuerySet[Any]:
    """People who support one of the ideas gathered (`is_asked`) or follow one, but its authors; each once."""
    members = list(gathering.members.filter(is_live=True).select_related("idea").defer("idea__search"))
    supports = Support.objects.filter(idea__in=[each.idea_id for each in members], person__user=OuterRef("pk"))
    topics = [each.idea.topic for each in members]
    followed = Subscription.objects.filter(topic__in=topics, user=OuterRef("pk"))
    rows: Any = User.objects.filter(Exists(supports) | Exists(followed), is_active=True)
    authors = [each.idea.author_id for each in members if each.idea.author_id is not None]
    return rows.exclude(pk__in=authors).annotate(is_asked=Exists(supports))  # type: ignore[no-any-return]


@transaction.atomic(durable=True)
def ask(*, gathering: Gathering, people: Sequence[Any], at: dt.datetime) -> int:
    """Ask some of those who supported an idea whether that counts for the one that gathers; tell the others. Each is asked once.

    Shape: how many were told.
    """
    parent: Any = gathering.parent

    def asked() -> tuple[str, str, str]:
        return (
            _("Votre soutien compte-t-il pour l’idée regroupée\u00a0? %(title)s") % {"title": parent.title},
            _("Une idée que vous souteniez est regroupée avec d’autres. Sur la page, répondez oui ou non."),
            f"{reverse('ideas:carrying')}#{gathering.reference}",
        )

    def told() -> tuple[str, str, str]:
        return (
            _("Une idée que vous suivez est regroupée\u00a0: %(title)s") % {"title": parent.title},
            _("Elle reste lisible. Vous pouvez soutenir et suivre l’idée qui la réunit à d’autres."),
            str(parent.get_absolute_url()),
        )

    letters = [
        _letter(each, f"gathered:{gathering.pk}:{each.pk}", parent.topic, asked if each.is_asked else told)
        for each in people
    ]
    return telling.tell(kind="ideas.gathered", letters=letters, at=at)


@transaction.atomic(durable=True)
def finish_asking(*, gathering: Gathering, at: dt.datetime) -> bool:
    """Keep that everybody was asked.

    Shape: False when another worker said so first.
    """
    return Gathering.objects.filter(pk=gathering.pk, asked_at__isnull=True).update(asked_at=at) == 1


# --- Changes proposed ----------------------------------------------------------------------------------------------------


@transaction.atomic(durable=True)
def tell_amendment(*, amendment: Amendment, at: dt.datetime) -> int:
    """Tell the author of an idea that a change is proposed, and who proposed it what came of it.

    Shape: how many were told.
    """
    idea = amendment.idea
    path = ("ideas:amendment", [idea.reference, amendment.reference])
    title = {"title": idea.title}

    def proposed() -> tuple[str, str, str]:
        return (
            _("Quelqu’un propose de modifier votre idée\u00a0: %(title)s") % title,
            _("Lisez la proposition. Vous la retenez ou non, avec un mot."),
            reverse(path[0], args=path[1]),
        )

    def answered() -> tuple[str, str, str]:
        if amendment.state == Amendment.State.ACCEPTED:
            line = _("Votre modification est retenue\u00a0: %(title)s") % title
        else:
            line = _("Votre modification n’est pas retenue\u00a0: %(title)s") % title
        return line, amendment.answer, reverse(path[0], args=path[1])

    if not amendment.is_visible:
        return 0
    is_answered = amendment.state != Amendment.State.WAITING
    person, said = (amendment.author, answered) if is_answered else (idea.author, proposed)
    if person is None:
        return 0
    step = amendment.state if is_answered else "proposed"
    about = f"{amending.AMENDMENT_KIND}:{amendment.reference}"
    letter = _letter(person, f"{about}:{step}", about, said)
    return telling.tell(kind="ideas.amendments", letters=[letter], at=at)


# --- News of authors -------------------------------------------------------------------------------------------------------


def news_key(news: AuthorNews) -> str:
    """Name a piece of news: its telling, and what its mails are about."""
    return f"{amending.NEWS_KIND}:{news.reference}"


def followers(news: AuthorNews) -> QuerySet[Any]:
    """People who follow an idea, but who gives the news."""
    return subscriptions.followers(news.idea.topic).exclude(pk=news.author_id or 0)


@transaction.atomic(durable=True)
def tell_news(*, news: AuthorNews, people: Sequence[Any], at: dt.datetime) -> int:
    """Tell some followers the news that the author gives.

    Shape: how many were told.
    """
    idea = news.idea

    def said() -> tuple[str, str, str]:
        return (
            _("Des nouvelles d’une idée que vous suivez\u00a0: %(title)s") % {"title": idea.title},
            "",
            reverse("ideas:author_news", args=[idea.reference, news.reference]),
        )

    key = news_key(news)
    letters = [_letter(each, f"{key}:{each.pk}", key, said, topic=idea.topic) for each in people]
    return telling.tell(kind="ideas.author_news", letters=letters, at=at)


@transaction.atomic(durable=True)
def finish_news(*, news: AuthorNews, people: int, at: dt.datetime) -> bool:
    """Keep that every follower was told.

    Shape: False when another worker said so first.
    """
    return telling.finish(news_key(news), people=people, at=at)


# --- What a lost task did not tell -------------------------------------------------------------------------------------------


def gatherings_to_look_at(*, at: dt.datetime) -> Iterator[Gathering]:
    """Give the proposals that wait, and what opened or ended lately."""
    recent = Q(opened_at__gt=at - RECENT) | Q(ended_at__gt=at - RECENT)
    waiting = Q(opened_at__isnull=True, ended_at__isnull=True)
    rows = Gathering.objects.filter(waiting | recent).select_related("parent", "campaign", "author").order_by("pk")
    yield from rows.defer("parent__search")


def news_to_tell(*, at: dt.datetime) -> list[AuthorNews]:
    """List the news of late whose followers were not all told."""
    rows = AuthorNews.objects.filter(released_at__gt=at - RECENT, idea__in=Idea.objects.visible())
    found = list(rows.visible().select_related("idea").defer("idea__search").order_by("pk"))
    done = telling.finished([news_key(row) for row in found])
    return [row for row in found if news_key(row) not in done]


def amendments_to_tell(*, at: dt.datetime) -> QuerySet[Amendment]:
    """Give the changes proposed or answered lately."""
    recent = Q(released_at__gt=at - RECENT) | Q(answered_at__gt=at - RECENT)
    return (
        Amendment.objects.public()
        .filter(recent)
        .select_related("idea__author", "author")
        .defer("idea__search")
        .order_by("pk")
    )
