"""Telling what is new to those it concerns: a consultation of a theme or a district they follow, a word on what they wrote."""

import datetime as dt
from collections.abc import Collection, Iterator, Sequence
from functools import partial
from typing import Any

from django.contrib.postgres.expressions import ArraySubquery
from django.db import transaction
from django.db.models import Exists, F, OuterRef, Q, QuerySet, Value
from django.db.models.functions import Coalesce, Concat
from django.urls import reverse
from django.utils import translation
from django.utils.translation import gettext as _

from accounts.models import User
from city.models import District, Theme
from consultations import presentation
from consultations.models import Comment, Consultation, Contribution
from consultations.models.procedure import NEWS_DAYS
from notifications import links, telling
from notifications.models import Notification, Subscription
from notifications.topics import Topic

THEME, DISTRICT, CONTRIBUTION, COMMENT = "theme", "district", "contribution", "comment"
REPLY_KEY = "reply:"
SUMMARY = 400


# --- What people follow, and what is told of -------------------------------------------------------------------------------


def consultations_named(slugs: Collection[str]) -> dict[str, Topic]:
    """Name the consultations that everybody sees."""
    rows = Consultation.objects.published().filter(slug__in=slugs).only("slug", "title").order_by("pk")
    return {row.slug: Topic(row.title, row.get_absolute_url()) for row in rows}


def contributions_named(references: Collection[str]) -> dict[str, Topic]:
    """Name the contributions that everybody sees."""
    rows = Contribution.objects.visible().filter(
        reference__in=references, consultation__in=Consultation.objects.published()
    )
    found = rows.order_by("pk").values_list("reference", "title", "consultation__slug")
    return {
        reference: Topic(title, reverse("consultations:contribution", args=[slug, reference]))
        for reference, title, slug in found
    }


def comments_named(references: Collection[str]) -> dict[str, Topic]:
    """Name the comments that everybody sees, by what they comment."""
    rows = Comment.objects.public().filter(
        reference__in=references,
        contribution__consultation__in=Consultation.objects.published(),
    )
    found = rows.order_by("pk").values_list(
        "reference", "contribution__title", "contribution__reference", "contribution__consultation__slug"
    )
    return {
        reference: Topic(title, reverse("consultations:comment", args=[slug, parent, reference]))
        for reference, title, parent, slug in found
    }


def _named_by_the_city(rows: QuerySet[Any], name: str) -> dict[str, Topic]:
    address = reverse("consultations:list")
    return {row.slug: Topic(row.name, f"{address}?{name}={row.slug}") for row in rows.order_by("pk")}


def themes_named(slugs: Collection[str]) -> dict[str, Topic]:
    """Name themes; their page is the list of their consultations."""
    return _named_by_the_city(Theme.objects.filter(slug__in=slugs), "theme")


def districts_named(slugs: Collection[str]) -> dict[str, Topic]:
    """Name districts; their page is the list of their consultations."""
    return _named_by_the_city(District.objects.filter(slug__in=slugs), "quartier")


# --- A consultation that was published ---------------------------------------------------------------------------------------


def opening_key(consultation: Consultation) -> str:
    """Name the publication of a consultation."""
    return f"opened:{consultation.pk}"


def openings(*, at: dt.datetime) -> list[Consultation]:
    """List the consultations published lately whose followers of themes and districts were not all told."""
    since = at - dt.timedelta(days=NEWS_DAYS)
    rows = Consultation.objects.published().filter(published_at__gt=since, published_at__lte=at, archived_at=None)
    found = list(rows.select_related("theme").order_by("pk"))
    done = telling.finished([opening_key(row) for row in found])
    return [row for row in found if opening_key(row) not in done]


def interested(consultation: Consultation) -> QuerySet[Any]:
    """People who follow its theme or one of its districts, each once, with the subjects that led there (`matched`).

    Shape: a consultation of the whole city concerns every district, as the list filtered by district says.
    """
    mine = Subscription.objects.filter(user=OuterRef("pk"))
    slugs = list(consultation.districts.order_by("pk").values_list("slug", flat=True))
    of_district = (
        Q(topic__in=[f"{DISTRICT}:{slug}" for slug in slugs]) if slugs else Q(topic__startswith=f"{DISTRICT}:")
    )
    matching = mine.filter(Q(topic=f"{THEME}:{consultation.theme.slug}") | of_district)
    people = User.objects.filter(Exists(matching), is_active=True).order_by("pk")
    # The theme first: it is closer than the district for who follows both.
    return people.annotate(matched=ArraySubquery(matching.order_by("-topic").values("topic")))


@transaction.atomic(durable=True)
def announce_opening(*, consultation: Consultation, people: Sequence[Any], at: dt.datetime) -> int:
    """Tell some of them that it is open, once whatever the number of subjects that match.

    Shape: how many were told.
    """
    words = {
        language: _opening_words(consultation, language) for language in sorted({each.language for each in people})
    }
    letters = [
        telling.Letter(
            person=person,
            once_key=f"{opening_key(consultation)}:{person.pk}",
            about=consultation.topic,
            topic=person.matched[0],
            line=words[person.language]["line"],
            url=links.path(consultation, person.language),
            words=partial(dict, words[person.language]),
        )
        for person in people
    ]
    return telling.tell(kind="consultations.opened", letters=letters, at=at)


@transaction.atomic(durable=True)
def finish_opening(*, consultation: Consultation, people: int, at: dt.datetime) -> bool:
    """Keep that everybody it concerns was told."""
    return telling.finish(opening_key(consultation), people=people, at=at)


def _opening_words(consultation: Consultation, language: str) -> dict[str, str]:
    with translation.override(language):
        return {
            "title": consultation.title,
            "summary": presentation.shortened(consultation.summary, SUMMARY, mark="\u00a0[…]"),
            "address": links.address(consultation, language),
            "line": _("Nouvelle consultation\u00a0: %(title)s") % {"title": consultation.title},
        }


# --- A word on what somebody wrote -----------------------------------------------------------------------------------------


def replies(*, at: dt.datetime) -> QuerySet[Any]:
    """Give the visible comments of late whose addressee was not told, with `addressee`: whom they answer, never themselves."""
    told = Notification.objects.filter(once_key=Concat(Value(REPLY_KEY), OuterRef("reference")))
    rows: Any = Comment.objects.public().filter(
        published_at__gt=at - dt.timedelta(days=NEWS_DAYS),
        published_at__lte=at,
        contribution__consultation__in=Consultation.objects.published(),
    )
    rows = rows.annotate(addressee=Coalesce("parent__author_id", "contribution__author_id"))
    found: QuerySet[Any] = (
        rows.filter(~Exists(told), addressee__isnull=False)
        .exclude(addressee=F("author_id"))
        .select_related("contribution__consultation")
        .order_by("pk")
    )
    return found


def reply_batches(*, at: dt.datetime, size: int) -> Iterator[list[Any]]:
    """Give them so many at a time."""
    last = 0
    while rows := list(replies(at=at).filter(pk__gt=last)[:size]):
        yield rows
        last = rows[-1].pk


@transaction.atomic(durable=True)
def tell_replies(*, comments: Sequence[Any], at: dt.datetime) -> int:
    """Tell those who wrote that somebody answered; neither the name nor the words of who did, which may go.

    Shape: how many were told.
    """
    people = {row.pk: row for row in User.objects.filter(pk__in={comment.addressee for comment in comments})}
    letters = [_reply(comment, people[comment.addressee]) for comment in comments if comment.addressee in people]
    return telling.tell(kind="consultations.replies", letters=letters, at=at)


def _reply(comment: Any, person: User) -> telling.Letter:
    contribution = comment.contribution
    with translation.override(person.language):
        path = reverse(
            "consultations:comment", args=[contribution.consultation.slug, contribution.reference, comment.reference]
        )
        sentence = (
            _("Une réponse à votre commentaire sur «\u00a0%(title)s\u00a0»")
            if comment.parent_id
            else _("Un commentaire sur votre contribution «\u00a0%(title)s\u00a0»")
        )
        line = sentence % {"title": contribution.title}
    words = {"line": line, "consultation": contribution.consultation.title, "address": links.whole(path)}
    return telling.Letter(
        person=person,
        once_key=REPLY_KEY + comment.reference,
        about=f"{COMMENT}:{comment.reference}",
        line=line,
        url=path,
        words=lambda: words,
    )
