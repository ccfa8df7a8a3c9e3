"""Which ideas go to study next, read from the database in the order of `ranking`, a page at a time."""

import datetime as dt
from typing import Any

from django.db.models import Exists, ExpressionWrapper, F, IntegerField, OuterRef, Q, QuerySet, Subquery
from django.utils import translation
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from ideas import ranking
from ideas.models import Idea, Stage, Threshold, ThresholdPassing
from ideas.ranking import Candidate, Lack, Tie
from mulhouse import typography

_OPENS = Threshold.objects.filter(campaign=OuterRef("campaign"), opens_study=True)
_PASSED = ThresholdPassing.objects.filter(idea=OuterRef("pk"), threshold__opens_study=True, percent=100)
_ORDER = ("-points", "passed_at", "published_at", "pk")


def candidates() -> QuerySet[Any]:
    """Give the ideas that gather supports in a campaign that studies some, with what `Candidate` asks for."""
    gathering = Idea.objects.visible().filter(stage=Stage.SUPPORT)
    return with_rule(gathering).filter(Exists(_OPENS))


def with_rule(rows: QuerySet[Idea]) -> QuerySet[Any]:
    """Add `needed`, `least` and `passed_at` to ideas."""
    found: QuerySet[Any] = rows.annotate(
        needed=Subquery(_OPENS.values("supports")[:1]),
        least=F("campaign__least_realism"),
        passed_at=Subquery(_PASSED.values("passed_at")[:1]),
    )
    return found


def _is_eligible() -> Q:
    passed = ThresholdPassing.objects.filter(threshold__opens_study=True, percent=100)
    return Q(pk__in=passed.values("idea")) & Q(realism__gte=F("campaign__least_realism"))


def eligible() -> QuerySet[Any]:
    """Give the ideas that may be studied, in the order of the rule: the same as `ranking.order`."""
    points = ExpressionWrapper(F("counted") * F("realism") / F("needed"), output_field=IntegerField())
    found: QuerySet[Any] = candidates().filter(_is_eligible()).annotate(points=points).order_by(*_ORDER)
    return found


def kept_back() -> QuerySet[Any]:
    """Give the ideas that lack something to be studied, in no order."""
    return candidates().exclude(_is_eligible())


def candidate(idea: Any) -> Candidate:
    """See an idea (read `with_rule`) as the rule does."""
    return Candidate(
        key=idea.pk,
        counted=idea.counted,
        needed=idea.needed,
        realism=idea.realism,
        least=idea.least,
        published_at=idea.published_at,
        passed_at=idea.passed_at,
    )


def rank_of(idea: Idea) -> tuple[int, int]:
    """Give the place of an idea among those that may be studied, from 1, and their number; place 0 for one that may not."""
    keys = list(eligible().values_list("pk", flat=True))
    return (keys.index(idea.pk) + 1 if idea.pk in keys else 0), len(keys)


# --- In words --------------------------------------------------------------------------------------------------------


def reason_words(idea: Candidate) -> str:
    """Say why an idea has its place: its supports, its realism, its points."""
    values = {
        "counted": typography.number(idea.counted),
        "needed": typography.number(idea.needed),
        "realism": idea.realism,
        "points": typography.number(idea.points),
    }
    words = ngettext(
        "%(counted)s soutien pour %(needed)s demandés, réalisme %(realism)s sur 100\u00a0: %(points)s points.",
        "%(counted)s soutiens pour %(needed)s demandés, réalisme %(realism)s sur 100\u00a0: %(points)s points.",
        idea.counted,
    )
    return words % values


def tie_words(first: Candidate, second: Candidate) -> str:
    """Say why an idea comes before the next one, where both have as many points; "" where points say it."""
    found = ranking.tie(first, second)
    if found is None or first.passed_at is None:
        return ""
    if found is Tie.PASSED_FIRST:
        return _("À égalité avec la suivante\u00a0: son seuil a été atteint avant, le %(day)s.") % {
            "day": typography.day(first.passed_at)
        }
    return _("À égalité avec la suivante\u00a0: elle a été publiée avant, le %(day)s.") % {
        "day": typography.day(first.published_at)
    }


def lack_words(idea: Candidate) -> list[str]:
    """Say what keeps an idea from being studied, one sentence for each thing."""
    left = idea.missing_supports
    words = {
        Lack.SUPPORTS: ngettext("Il manque %(n)s soutien.", "Il manque %(n)s soutiens.", left)
        % {"n": typography.number(left)}
        if left
        else _("Elle n’a pas encore passé le seuil."),
        Lack.READING: _("Sa première lecture n’est pas encore faite."),
        Lack.REALISM: _("Réalisme %(n)s sur 100\u00a0: il en faut %(least)s.")
        % {"n": idea.realism, "least": idea.least},
    }
    return [words[lack] for lack in ranking.lacks(idea)]


def ground(idea: Any, *, reason: str, at: dt.datetime) -> str:
    """Say for ever why an idea is studied: its turn, as the rule computed it that day; or the reason to study it before its turn.

    Shape: `idea` read `with_rule`; `reason` is "" only when it is its turn. In French, as the city publishes it.
    """
    place, number = rank_of(idea)
    with translation.override("fr"):
        seen, day = candidate(idea), typography.day(at)
        if place == 1:
            return f"Première de la liste le {day}, sur {typography.number(number)}\u00a0: {reason_words(seen)}"
        if place:
            return f"Étudiée avant son tour ({place}e sur {typography.number(number)} le {day}). Raison\u00a0: {reason}"
        return f"Étudiée sans remplir toutes les conditions ({' '.join(lack_words(seen))}) Raison\u00a0: {reason}"
