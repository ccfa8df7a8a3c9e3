"""Telling people that somebody wrote to them around an idea: a comment on theirs, a question, a reply to what they said."""

import datetime as dt
from collections.abc import Collection, Iterator, Sequence
from typing import Any

from django.db import transaction
from django.db.models import Exists, F, OuterRef, QuerySet, Value
from django.db.models.functions import Coalesce, Concat
from django.urls import reverse
from django.utils import translation
from django.utils.translation import gettext as _

from accounts.models import User
from ideas.models import Comment
from notifications import links, telling
from notifications.models import Notification
from notifications.topics import Topic

COMMENT = "idea_comment"
KEY = "idea_reply:"
NEWS_DAYS = 3


def comments_named(references: Collection[str]) -> dict[str, Topic]:
    """Name the comments that everybody sees, by the idea they comment."""
    rows = Comment.objects.public().filter(reference__in=references).order_by("pk")
    return {
        reference: Topic(title, reverse("ideas:comment", args=[idea, reference]))
        for reference, title, idea in rows.values_list("reference", "idea__title", "idea__reference")
    }


def replies(*, at: dt.datetime) -> QuerySet[Any]:
    """Give the visible comments of late whose addressee was not told, with `addressee`: whom they answer, never themselves."""
    told = Notification.objects.filter(once_key=Concat(Value(KEY), OuterRef("reference")))
    rows: Any = Comment.objects.public().filter(
        published_at__gt=at - dt.timedelta(days=NEWS_DAYS), published_at__lte=at
    )
    rows = rows.annotate(addressee=Coalesce("parent__author_id", "idea__author_id"))
    found: QuerySet[Any] = (
        rows.filter(~Exists(told), addressee__isnull=False)
        .exclude(addressee=F("author_id"))
        .select_related("idea")
        .defer("idea__search")
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
    letters = [_letter(comment, people[comment.addressee]) for comment in comments if comment.addressee in people]
    return telling.tell(kind="ideas.replies", letters=letters, at=at)


def _letter(comment: Any, person: User) -> telling.Letter:
    with translation.override(person.language):
        path = reverse("ideas:comment", args=[comment.idea.reference, comment.reference])
        line = _sentence(comment) % {"title": comment.idea.title}
    words = {"line": line, "address": links.whole(path)}
    return telling.Letter(
        person=person,
        once_key=KEY + comment.reference,
        about=f"{COMMENT}:{comment.reference}",
        line=line,
        url=path,
        words=lambda: words,
    )


def _sentence(comment: Any) -> str:
    if comment.parent_id:
        return _("Une réponse à votre commentaire sur l’idée «\u00a0%(title)s\u00a0»")
    if comment.is_question:
        return _("Une question sur votre idée «\u00a0%(title)s\u00a0»")
    return _("Un commentaire sur votre idée «\u00a0%(title)s\u00a0»")
