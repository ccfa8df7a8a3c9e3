"""Telling each contributor what became of what they wrote: one mail per person and publication, in the city's words.

It answers them: it is no newsletter, so it holds no link to unsubscribe, and goes to nobody whose account is closed.
"""

import datetime as dt
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Any

from django.conf import settings
from django.db import transaction
from django.db.models import QuerySet
from django.db.models.functions import Coalesce
from django.urls import reverse
from django.utils import translation
from django.utils.translation import gettext as _

from accounts.models import User
from consultations import presentation
from consultations.models import Consultation, Item, ItemOutcome, Outcome, Telling
from mulhouse import markup, typography
from notifications import outbox
from transparency import register

EXPLANATION = 700
# Somebody who wrote more than this reads the rest on the page.
TOLD_AT_ONCE = 20


def author_column() -> Coalesce:
    """Give the account behind an opinion: of a contribution, a comment, or an answer to a questionnaire."""
    return Coalesce(
        "item__contribution__author_id", "item__comment__author_id", "item__answer__response__person__user_id"
    )


def given(consultation: Consultation, given_at: dt.datetime) -> QuerySet[Any]:
    """Give the answers of one publication that still hold, on opinions that still stand, with `author`."""
    standing = Item.objects.filter(consultation=consultation).standing()
    rows = ItemOutcome.objects.current().filter(item__in=standing, given_at=given_at)
    return rows.annotate(author=author_column())


def waiting(consultation: Consultation) -> list[dt.datetime]:
    """List the publications that were not told to everybody, the oldest first."""
    told = Telling.objects.filter(consultation=consultation).values("given_at")
    rows = ItemOutcome.objects.filter(item__consultation=consultation).exclude(given_at__in=told)
    return list(rows.order_by("given_at").values_list("given_at", flat=True).distinct())


def consultations_waiting() -> list[Consultation]:
    """List the consultations with a publication that was not told to everybody."""
    told = Telling.objects.values_list("consultation_id", "given_at")
    pairs = set(ItemOutcome.objects.order_by().values_list("item__consultation_id", "given_at").distinct()) - set(told)
    return list(Consultation.objects.filter(pk__in={pk for pk, _at in pairs}).order_by("pk"))


def people(consultation: Consultation, given_at: dt.datetime, *, after: int, size: int) -> list[User]:
    """Give some of the people to tell, in the order of their accounts."""
    authors = given(consultation, given_at).order_by().values("author")
    return list(User.objects.filter(pk__in=authors, pk__gt=after, is_active=True).order_by("pk")[:size])


@transaction.atomic(durable=True)
def tell(*, consultation: Consultation, given_at: dt.datetime, people: Sequence[User]) -> int:
    """Write to some people what became of their opinions; nobody is told twice of one publication, however often this runs.

    Shape: how many mails are new.
    """
    lines = _lines(consultation, given_at, [person.pk for person in people])
    new = 0
    for person in people:
        own = lines.get(person.pk, [])
        if own:
            mail = outbox.enqueue_template(
                kind="consultations.outcomes",
                to=person.email,
                template="consultations/outcomes",
                context=_words(consultation, own, person.language),
                user=person,
                once_key=f"outcomes:{consultation.pk}:{given_at.isoformat()}:{person.pk}",
                language=person.language,
            )
            new += mail is not None
    return new


@transaction.atomic(durable=True)
def finish(*, consultation: Consultation, given_at: dt.datetime, people: int, at: dt.datetime) -> bool:
    """Keep that everybody was told of a publication.

    Shape: False when another worker said so first.
    """
    told, is_new = Telling.objects.get_or_create(
        consultation=consultation, given_at=given_at, defaults={"people": people, "finished_at": at}
    )
    if is_new:
        facts = {"personnes": told.people, "réponses_du": given_at.isoformat(timespec="seconds")}
        register.record("outcome.told", role="système", subject=consultation.slug, facts=facts)
    return is_new


# --- Words ---------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Told:
    """An opinion and the answers it received, as the mail says them."""

    item: Item
    outcomes: list[Outcome]


def _lines(consultation: Consultation, given_at: dt.datetime, keys: Collection[int]) -> dict[int, list[Told]]:
    rows = (
        given(consultation, given_at)
        .filter(author__in=keys)
        .select_related("outcome", "item__contribution", "item__comment__contribution", "item__answer")
        .defer("item__search", "item__words", "item__contribution__search", "item__comment__contribution__search")
        .order_by("author", "item__received_at", "item_id", "pk")
    )
    found: dict[int, dict[int, Told]] = {}
    for row in rows:
        told = found.setdefault(row.author, {}).setdefault(row.item_id, Told(row.item, []))
        told.outcomes.append(row.outcome)
    return {author: list(told.values()) for author, told in found.items()}


def _words(consultation: Consultation, lines: Sequence[Told], language: str) -> dict[str, Any]:
    """Say in the language of a person what became of their opinions; the city's own words stay in French."""
    with translation.override(language):
        return {
            "consultation": consultation,
            "count": len(lines),
            "lines": [_line(consultation, told) for told in lines[:TOLD_AT_ONCE]],
            "more": max(len(lines) - TOLD_AT_ONCE, 0),
            "address": settings.SITE_URL + reverse("consultations:mine"),
            "list_address": settings.SITE_URL + reverse("consultations:outcomes", args=[consultation.slug]),
        }


def _line(consultation: Consultation, told: Told) -> dict[str, Any]:
    item = told.item
    return {
        "title": item.title or _("Votre texte"),
        "reference": item.reference,
        "url": settings.SITE_URL + address(consultation, item),
        "outcomes": [
            {
                "decision": decision_words(outcome),
                "subject": outcome.subject,
                "day": typography.day(outcome.published_at),
                "explanation": presentation.shortened(
                    markup.to_text(outcome.explanation_html), EXPLANATION, mark="\u00a0[…]"
                ),
            }
            for outcome in told.outcomes
        ],
    }


def decision_words(outcome: Outcome) -> str:
    """Say a decision, with where it was forwarded: « Transmis à Mulhouse Alsace Agglomération »."""
    words = str(outcome.get_decision_display())
    return f"{words}\u00a0: {outcome.forwarded_to}" if outcome.forwarded_to else words


def address(consultation: Consultation, item: Item) -> str:
    """Give the page of an opinion: its own, or the list of answers for the text of a questionnaire."""
    if item.contribution is not None:
        return reverse("consultations:contribution", args=[consultation.slug, item.contribution.reference])
    if item.comment is not None:
        reference = item.comment.contribution.reference
        return reverse("consultations:comment", args=[consultation.slug, reference, item.comment.reference])
    return reverse("consultations:outcomes", args=[consultation.slug])
