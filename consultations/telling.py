"""Telling each contributor what became of what they wrote: one mail per person, in the city's words.

Agents publish theme after theme: what they publish within a while is one sending, so that nobody gets as many mails.
It answers them: by default it leaves at once and no weekly limit holds it back. They may choose a digest, or their account alone.
"""

import datetime as dt
from collections import defaultdict
from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import dataclass, field
from functools import cache, partial
from typing import Any

from django.conf import settings
from django.db import transaction
from django.db.models import Exists, OuterRef, Q, QuerySet
from django.db.models.functions import Coalesce
from django.urls import reverse
from django.utils import translation
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from accounts.models import User
from consultations import answers, presentation
from consultations.models import Consultation, Item, ItemOutcome, Outcome, Telling
from mulhouse import markup, typography
from notifications import telling
from transparency import register

# Nobody is written to before agents have published nothing for this long, unless they have gone on for longer than that.
QUIET = dt.timedelta(minutes=10)
LONGEST = dt.timedelta(hours=2)
EXPLANATION = 700
# Where the account behind an opinion is: of a contribution, a comment, or an answer to a questionnaire.
SOURCES = ("contribution__author_id", "comment__author_id", "answer__response__person__user_id")
# Somebody who wrote more than this reads the rest on the page.
TOLD_AT_ONCE = 20


def author_column() -> Coalesce:
    """Give the account behind an opinion."""
    return Coalesce(*(f"item__{source}" for source in SOURCES))


@dataclass(frozen=True)
class Sending:
    """Publications of a consultation that are told together: each person gets one mail for all of them."""

    consultation: Consultation
    begun_at: dt.datetime
    instants: tuple[dt.datetime, ...]


def _given(instants: Collection[dt.datetime]) -> QuerySet[ItemOutcome]:
    """Give the answers of some publications that still hold."""
    return ItemOutcome.objects.current().filter(given_at__in=list(instants))


def _lost(instants: Collection[dt.datetime]) -> QuerySet[ItemOutcome]:
    """Give the answers that ended at some instants and left nothing in their place.

    What was given within these instants was told to nobody, and what was left for the answers of the themes is told with them.
    """
    rows = ItemOutcome.objects.filter(ended_at__in=list(instants)).exclude(given_at__in=list(instants))
    return rows.filter(~Exists(_given(instants).filter(item=OuterRef("item"))), outcome__returned__isnull=True)


def _waiting() -> dict[int, list[dt.datetime]]:
    """Give by consultation the instants, of answers given or ended, that no sending has taken yet."""
    taken = set(Telling.objects.values_list("consultation_id", "given_at"))
    rows = ItemOutcome.objects.order_by()
    ended = rows.filter(ended_at__isnull=False)
    instants: set[Any] = {
        *rows.values_list("item__consultation_id", "given_at").distinct(),
        *ended.values_list("item__consultation_id", "ended_at").distinct(),
    }
    found: dict[int, list[dt.datetime]] = defaultdict(list)
    for key, instant in sorted(instants - taken):
        found[key].append(instant)
    return found


def is_due(instants: Collection[dt.datetime], *, at: dt.datetime) -> bool:
    """Tell whether agents have stopped publishing for a while, or have gone on for so long that nobody should wait more."""
    return max(instants) <= at - QUIET or min(instants) <= at - LONGEST


def consultations_due(*, at: dt.datetime) -> list[Consultation]:
    """List the consultations whose answers it is time to tell."""
    keys = [key for key, instants in _waiting().items() if is_due(instants, at=at)]
    return list(Consultation.objects.filter(pk__in=keys).order_by("pk"))


@transaction.atomic(durable=True)
def begin(*, consultation: Consultation, at: dt.datetime) -> None:
    """Take every publication of a consultation that waits in one sending; one that another worker takes is left to it."""
    rows = [
        Telling(consultation=consultation, given_at=given_at, begun_at=at)
        for given_at in sorted(_waiting().get(consultation.pk, []))
    ]
    Telling.objects.bulk_create(rows, ignore_conflicts=True)


def under_way() -> list[Sending]:
    """List the sendings that are not over, the oldest first."""
    found: dict[tuple[dt.datetime, int], list[Telling]] = defaultdict(list)
    rows = Telling.objects.filter(finished_at__isnull=True).select_related("consultation")
    for row in rows.order_by("begun_at", "consultation_id", "given_at"):
        found[row.begun_at, row.consultation_id].append(row)
    return [
        Sending(rows[0].consultation, begun_at, tuple(row.given_at for row in rows))
        for (begun_at, _key), rows in found.items()
    ]


def batches(sending: Sending, *, size: int) -> Iterator[list[User]]:
    """Give the people to tell, so many at a time, in the order of their accounts.

    Shape: their keys are read once for the whole sending, since finding them reads all that was given; the people, by batch.
    """
    standing = Item.objects.filter(consultation=sending.consultation).standing()
    told = Q()
    for rows in (_given, _lost):
        answered = rows(sending.instants).filter(item__in=standing).annotate(author=author_column())
        told |= Q(pk__in=answered.order_by().values("author"))
    active = User.objects.filter(is_active=True).order_by("pk")
    keys = list(active.filter(told).values_list("pk", flat=True))
    for first in range(0, len(keys), size):
        if people := list(active.filter(pk__in=keys[first : first + size])):
            yield people


@transaction.atomic(durable=True)
def tell(*, sending: Sending, people: Sequence[User], at: dt.datetime) -> int:
    """Tell some people what became of their opinions; nobody is told twice of one sending, however often this runs.

    Shape: how many are told anew; the same few statements however many people.
    """
    consultation = sending.consultation
    lines = _lines(sending, [person.pk for person in people])
    # An answer to a theme reaches hundreds of opinions: its words are made once for each language.
    said = cache(_said)
    letters = [
        telling.Letter(
            person=person,
            once_key=f"outcomes:{consultation.pk}:{sending.begun_at.isoformat()}:{person.pk}",
            about=consultation.topic,
            line=_line_of(consultation, len(own), person.language),
            url=_mine(person.language),
            words=partial(_words, consultation, own, person.language, said),
        )
        for person in people
        if (own := lines.get(person.pk))
    ]
    return telling.tell(kind="consultations.outcomes", letters=letters, at=at)


def _line_of(consultation: Consultation, count: int, language: str) -> str:
    with translation.override(language):
        return ngettext(
            "La Ville a répondu à votre avis\u00a0: %(title)s",
            "La Ville a répondu à %(count)s de vos avis\u00a0: %(title)s",
            count,
        ) % {"count": count, "title": consultation.title}


def _mine(language: str) -> str:
    with translation.override(language):
        return reverse("consultations:mine")


@transaction.atomic(durable=True)
def finish(*, sending: Sending, people: int, at: dt.datetime) -> bool:
    """Keep that everybody was told of a sending.

    Shape: False when another worker said so first.
    """
    rows = Telling.objects.filter(
        consultation=sending.consultation, begun_at=sending.begun_at, finished_at__isnull=True
    )
    if not rows.update(people=people, finished_at=at):
        return False
    facts = {
        "personnes": people,
        "réponses_du": [given_at.isoformat(timespec="seconds") for given_at in sending.instants],
    }
    register.record("outcome.told", role="système", subject=sending.consultation.slug, facts=facts)
    return True


# --- Words ---------------------------------------------------------------------------------------------------------

Said = Callable[[Outcome, str], dict[str, str]]


@dataclass(frozen=True)
class Told:
    """An opinion and the answers it received, as the mail says them; `lost` are those that hold no more and were not replaced."""

    item: Item
    outcomes: list[Outcome]
    returned: str = ""
    lost: list[Outcome] = field(default_factory=list)


def _written_by(keys: Collection[int]) -> list[int]:
    """Find the opinions of some people from the indexes of their three sources: a batch reads its own, not the consultation."""
    by_contribution, by_comment, by_answer = (
        Item.objects.filter(**{f"{source}__in": keys}).order_by().values_list("pk") for source in SOURCES
    )
    return [key for (key,) in by_contribution.union(by_comment, by_answer, all=True)]


def _links(rows: QuerySet[ItemOutcome], items: Collection[int]) -> dict[int, list[int]]:
    """Give, by opinion, the answers that reached it, from the index of the opinions.

    Their words are read apart: joined here, the planner may walk all the answers of the consultation for each batch.
    """
    found: dict[int, list[int]] = defaultdict(list)
    for item, outcome in rows.filter(item__in=items).order_by("pk").values_list("item_id", "outcome_id"):
        found[item].append(outcome)
    return found


def _standing(sending: Sending, items: Collection[int]) -> list[Any]:
    """Read the opinions among some that still stand, with `author`, in the order in which they came."""
    rows = Item.objects.filter(consultation=sending.consultation, pk__in=items).standing()
    rows = rows.select_related("contribution", "comment__contribution", "answer")
    rows = rows.defer("search", "words", "contribution__search", "comment__contribution__search")
    return list(rows.annotate(author=Coalesce(*SOURCES)).order_by("received_at", "pk"))


def _lines(sending: Sending, keys: Collection[int]) -> dict[int, list[Told]]:
    items = _written_by(keys)
    new, gone = (_links(rows(sending.instants), items) for rows in (_given, _lost))
    outcomes = Outcome.objects.in_bulk(
        {key for found in (new, gone) for answered in found.values() for key in answered}
    )
    reasons = _reasons(sending, new.keys())
    lines: dict[int, list[Told]] = defaultdict(list)
    for item in _standing(sending, new.keys() | gone.keys()):
        given, lost = ([outcomes[key] for key in found.get(item.pk, ())] for found in (new, gone))
        lines[item.author].append(Told(item, given, reasons.get(item.pk, ""), lost))
    # What was answered first, then what was only taken back.
    return {author: sorted(told, key=lambda each: not each.outcomes) for author, told in lines.items()}


def _reasons(sending: Sending, items: Collection[int]) -> dict[int, str]:
    """Give, by opinion, why the answer of its own gave way to those of its themes, where that is what happened."""
    ended = ItemOutcome.objects.filter(
        item__in=items, ended_at__in=sending.instants, outcome__returned__returned_at__in=sending.instants
    )
    return dict(ended.order_by("ended_at", "pk").values_list("item_id", "outcome__returned__reason"))


def _words(consultation: Consultation, lines: Sequence[Told], language: str, said: Said) -> dict[str, Any]:
    """Say in the language of a person what became of their opinions; the city's own words stay in French."""
    with translation.override(language):
        return {
            "consultation": consultation,
            "count": len(lines),
            "lines": [_line(consultation, told, language, said) for told in lines[:TOLD_AT_ONCE]],
            "more": max(len(lines) - TOLD_AT_ONCE, 0),
            "address": settings.SITE_URL + reverse("consultations:mine"),
            "list_address": settings.SITE_URL + reverse("consultations:outcomes", args=[consultation.slug]),
        }


def _said(outcome: Outcome, language: str) -> dict[str, str]:
    """Say an answer in a language."""
    with translation.override(language):
        return {
            "decision": answers.decision_words(outcome),
            "subject": outcome.subject,
            "day": typography.day(outcome.published_at),
            "explanation": presentation.shortened(
                markup.to_text(outcome.explanation_html), EXPLANATION, mark="\u00a0[…]"
            ),
        }


def _line(consultation: Consultation, told: Told, language: str, said: Said) -> dict[str, Any]:
    item = told.item
    return {
        "title": item.title or _("Votre texte"),
        "reference": item.reference,
        "url": settings.SITE_URL + address(consultation, item),
        "returned": told.returned,
        "lost": [{"decision": answers.decision_words(outcome), "subject": outcome.subject} for outcome in told.lost],
        "outcomes": [said(outcome, language) for outcome in told.outcomes],
    }


def address(consultation: Consultation, item: Item) -> str:
    """Give the page of an opinion: its own, or the list of answers for the text of a questionnaire."""
    if item.contribution is not None:
        return reverse("consultations:contribution", args=[consultation.slug, item.contribution.reference])
    if item.comment is not None:
        reference = item.comment.contribution.reference
        return reverse("consultations:comment", args=[consultation.slug, reference, item.comment.reference])
    return reverse("consultations:outcomes", args=[consultation.slug])
