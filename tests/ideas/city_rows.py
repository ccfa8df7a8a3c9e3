"""What the city did of ideas, for tests, through its own actions."""

import datetime as dt

from django.utils import timezone

from accounts.roles import ROLES
from ideas import answering, realising, studying
from ideas.models import Idea, Threshold, ThresholdPassing
from ideas.models.studies import CriterionCode
from ideas.studying import Judgement
from tests.factories import make_idea, make_service, make_staff, today

AGENT = tuple(sorted(name for name in ROLES["agent"].permissions if name.startswith("ideas.")))


def make_agent():
    """Somebody of the agency: every right on ideas."""
    return make_staff(*AGENT)


def judgements(level=3, **levels):
    return {code: Judgement(levels.get(code, level), f"Raison de {code}.") for code in CriterionCode.values}


def read(idea, *, level=3, agent=None, at=None, power="city", handed_to="", **levels):
    """The first reading of an idea."""
    seen = idea.readings.count()
    reading = studying.publish_reading(
        actor=agent or make_agent(),
        idea=idea,
        power=power,
        handed_to=handed_to,
        judgements=judgements(level, **levels),
        seen=seen,
        at=at or timezone.now(),
    )
    idea.refresh_from_db()
    return reading


def pass_threshold(idea, *, supports=None, at=None):
    """Give an idea the supports that open its study, or some."""
    threshold = Threshold.objects.get(campaign=idea.campaign, opens_study=True)
    Idea.objects.filter(pk=idea.pk).update(declared_count=supports or threshold.supports, next_supports=None)
    ThresholdPassing.objects.create(idea=idea, threshold=threshold, percent=100, passed_at=at or timezone.now())
    idea.refresh_from_db()
    return idea


def make_ready(*, supports=None, level=3, passed_at=None, **fields):
    """An idea that may be studied."""
    idea = make_idea(**fields)
    pass_threshold(idea, supports=supports, at=passed_at)
    read(idea, level=level)
    return idea


def make_studied(*, services=1, agent=None, **fields):
    """An idea whose study runs."""
    idea = make_ready(**fields)
    studying.open_study(
        actor=agent or make_agent(),
        idea=idea,
        services=[make_service() for _ in range(services)],
        at=timezone.now(),
        reason="Une urgence.",
    )
    idea.refresh_from_db()
    return idea


def said(**changes):
    """What an agent writes to keep an idea."""
    return answering.Said(
        **{
            "outcome": "kept",
            "reason": "La Ville le fera.",
            "signatory": "L’adjointe déléguée aux espaces verts",
            "cost_cents": 1_200_000,
            "next_step": "Étude des sols",
            "next_on": today() + dt.timedelta(days=30),
            **changes,
        }
    )


def make_answered(*, agent=None, idea=None, **changes):
    """An idea that the city answered: kept, unless told otherwise."""
    idea = idea or make_studied()
    answering.publish(
        actor=agent or make_agent(),
        idea=idea,
        said=said(**changes),
        seen=idea.answers.count(),
        at=timezone.now(),
    )
    idea.refresh_from_db()
    return idea


def make_planned(**days):
    """An idea that is being realised."""
    idea = make_answered()
    planned = days or {"study": today() + dt.timedelta(days=10), "done": today() + dt.timedelta(days=100)}
    realising.plan(actor=make_agent(), idea=idea, days=planned, at=timezone.now())
    idea.refresh_from_db()
    return idea
