"""Telling the author of an idea what becomes of it: a threshold that it passes, the end that comes, the end that came.

It answers them: it leaves at once and no weekly limit holds it back. They may choose a digest, or their account alone.
"""

import datetime as dt
from collections import defaultdict
from functools import partial
from typing import Any

from django.db import transaction
from django.db.models import F
from django.urls import reverse
from django.utils import timezone, translation
from django.utils.translation import gettext as _

from ideas import rules, supporting
from ideas.models import Idea, Stage, Threshold, ThresholdPassing
from mulhouse import typography
from mulhouse.typography import local_day
from notifications import links, telling

# How long before its last day the author of an idea is reminded, once.
NOTICE = dt.timedelta(days=7)
# What a message lost between servers left untold is found again for so long.
FOUND_AGAIN = dt.timedelta(days=3)


def _author_rows() -> Any:
    rows = Idea.objects.visible().filter(author__is_active=True).defer("search", "title_words")
    return rows.select_related("author", "campaign")


# --- Thresholds ------------------------------------------------------------------------------------------------------


def passed_since(*, at: dt.datetime) -> list[int]:
    """List the keys of the ideas that passed something lately: telling them again tells nothing twice."""
    rows = ThresholdPassing.objects.filter(passed_at__gt=at - FOUND_AGAIN, passed_at__lte=at)
    return list(rows.order_by("idea").values_list("idea", flat=True).distinct())


@transaction.atomic(durable=True)
def tell_passings(*, idea_id: int, at: dt.datetime) -> int:
    """Tell the author of an idea what it passed lately, one mail for what it passed at one instant; nothing is told twice.

    Shape: how many mails and notifications are new.
    """
    idea = _author_rows().filter(pk=idea_id).first()
    if idea is None:
        return 0
    rows = ThresholdPassing.objects.filter(idea=idea, passed_at__gt=at - FOUND_AGAIN).select_related("threshold")
    found: dict[dt.datetime, list[ThresholdPassing]] = defaultdict(list)
    for passing in rows.order_by("passed_at", "threshold__supports", "percent"):
        found[passing.passed_at].append(passing)
    language = idea.author.language
    letters = [
        telling.Letter(
            person=idea.author,
            once_key=f"passing:{idea.pk}:{passed_at.isoformat()}",
            about=idea.topic,
            line=_line_of_passing(idea, passings, language),
            url=links.path(idea, language),
            words=partial(_words_of_passing, idea, passings, language),
        )
        for passed_at, passings in found.items()
    ]
    return telling.tell(kind="ideas.threshold", letters=letters, at=at)


def _told(passings: list[ThresholdPassing]) -> tuple[Threshold, bool]:
    """Give the threshold that is told, and whether it is reached: the highest that is, else the next one half-way."""
    whole = [passing.threshold for passing in passings if passing.percent == ThresholdPassing.Percent.WHOLE]
    return (whole[-1], True) if whole else (passings[-1].threshold, False)


def _line_of_passing(idea: Idea, passings: list[ThresholdPassing], language: str) -> str:
    threshold, is_reached = _told(passings)
    with translation.override(language):
        words = (
            _("Seuil atteint\u00a0: %(name)s. %(title)s") if is_reached else _("À mi-chemin\u00a0: %(name)s. %(title)s")
        )
        return words % {"name": threshold.name, "title": idea.title}


def _words_of_passing(idea: Idea, passings: list[ThresholdPassing], language: str) -> dict[str, Any]:
    threshold, is_reached = _told(passings)
    following = Threshold.objects.filter(campaign=idea.campaign_id, supports__gt=threshold.supports)
    with translation.override(language):
        return {
            "title": idea.title,
            "threshold": threshold,
            "is_reached": is_reached,
            "more": max(threshold.supports - idea.counted, 0),
            "following": following.order_by("supports").first() if is_reached else None,
            "until": _day(idea.supports_until),
            "address": links.address(idea, language),
        }


def _midnight_after(day: dt.date) -> dt.datetime:
    return timezone.make_aware(dt.datetime.combine(day + dt.timedelta(days=1), dt.time.min))


def _day(day: dt.date | None) -> str:
    return typography.day(day) if day else ""


# --- The end ---------------------------------------------------------------------------------------------------------


def to_remind(*, at: dt.datetime) -> list[int]:
    """List the keys of the ideas that end within the notice and lack supports still, published long enough before."""
    today = local_day(at)
    rows = Idea.objects.visible().filter(
        stage=Stage.SUPPORT, supports_until__gte=today, supports_until__lte=today + NOTICE
    )
    rows = rows.filter(published_at__date__lt=F("supports_until") - NOTICE).exclude(supporting.reached_study())
    return list(rows.order_by("supports_until", "pk").values_list("pk", flat=True))


def expired_since(*, at: dt.datetime) -> list[int]:
    """List the keys of the ideas whose supports ended lately."""
    rows = Idea.objects.visible().filter(stage=Stage.EXPIRED, stage_at__gt=at - FOUND_AGAIN, stage_at__lte=at)
    return list(rows.order_by("pk").values_list("pk", flat=True))


@transaction.atomic(durable=True)
def tell_term(*, idea_id: int, at: dt.datetime) -> int:
    """Tell the author of an idea that its supports end soon, or ended, why, and what they can do; each end is told once.

    Shape: how many mails and notifications are new.
    """
    idea = _author_rows().filter(pk=idea_id, stage__in=(Stage.SUPPORT, Stage.EXPIRED)).first()
    if idea is None or idea.supports_until is None:
        return 0
    language, is_over = idea.author.language, idea.stage == Stage.EXPIRED
    letter = telling.Letter(
        person=idea.author,
        once_key=f"{'expired' if is_over else 'ending'}:{idea.pk}:{idea.supports_until}",
        about=idea.topic,
        line=_line_of_term(idea, language, is_over=is_over),
        url=links.path(idea, language),
        words=partial(_words_of_term, idea, language, is_over=is_over, at=at),
        until=None if is_over else _midnight_after(idea.supports_until),
    )
    return telling.tell(kind="ideas.term", letters=[letter], at=at)


def _line_of_term(idea: Idea, language: str, *, is_over: bool) -> str:
    with translation.override(language):
        words = (
            _("Délai passé\u00a0: %(title)s")
            if is_over
            else _("Encore une semaine pour réunir des soutiens\u00a0: %(title)s")
        )
        return words % {"title": idea.title}


def _words_of_term(idea: Idea, language: str, *, is_over: bool, at: dt.datetime) -> dict[str, Any]:
    asked = idea.campaign.thresholds.filter(opens_study=True).first()
    can_renew = rules.renew_refusal(idea.author, idea, at=at) is None
    with translation.override(language):
        return {
            "title": idea.title,
            "is_over": is_over,
            "count": idea.counted,
            "asked": asked,
            "day": _day(idea.supports_until),
            "renewed_until": _day(supporting.renewed_until(idea, at=at)) if can_renew else "",
            "was_renewed": idea.renewed_at is not None,
            "address": links.whole(reverse("ideas:renew", args=[idea.reference]))
            if can_renew
            else links.address(idea, language),
        }
