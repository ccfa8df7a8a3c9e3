"""Ideas in words: what a card says of supports, days and thresholds."""

import datetime as dt

import pytest

from ideas import presentation
from ideas.models import Idea, Stage
from ideas.thresholds import Goal

TODAY = dt.date(2026, 12, 1)
GOALS = [Goal(50, "Rencontre", "…", opens_study=False, days=180), Goal(100, "Atelier", "…", opens_study=True, days=180)]


def idea(**fields):
    counts = {"verified_count": 0, "declared_count": 0, **fields}
    made = Idea(**counts)
    made.support_total = made.verified_count + made.declared_count
    made.counted = made.verified_count if made.verified_only else made.support_total
    return made


@pytest.mark.parametrize(
    ("fields", "words", "width", "lacks"),
    [
        (
            {"declared_count": 71, "next_supports": 100},
            "71 soutiens sur 100",
            71,
            "Encore 29 soutiens\u00a0: Atelier",
        ),
        ({"declared_count": 99, "next_supports": 100}, "99 soutiens sur 100", 99, "Encore 1 soutien\u00a0: Atelier"),
        (
            {"verified_count": 10, "declared_count": 80, "verified_only": True, "next_supports": 50},
            "10 soutiens vérifiés sur 50",
            20,
            "Encore 40 soutiens\u00a0: Rencontre",
        ),
        ({"declared_count": 4218, "next_supports": None}, "4\u00a0218 soutiens", None, ""),
        ({"declared_count": 71, "next_supports": 100, "stage": Stage.STUDY}, "71 soutiens", None, ""),
        ({"declared_count": 2, "next_supports": 3}, "2 soutiens sur 3", 66, ""),
    ],
)
def test_progress(fields, words, width, lacks):
    assert presentation.progress(idea(**fields), GOALS) == presentation.Progress(words, width, lacks)


@pytest.mark.parametrize(
    ("until", "stage", "words"),
    [
        (TODAY - dt.timedelta(days=1), Stage.SUPPORT, ""),
        (TODAY, Stage.SUPPORT, "Dernier jour"),
        (TODAY + dt.timedelta(days=11), Stage.SUPPORT, "Encore 12 jours"),
        (TODAY + dt.timedelta(days=11), Stage.STUDY, ""),
        (None, Stage.SUPPORT, ""),
    ],
)
def test_days_left(until, stage, words):
    row = idea(supports_until=until, stage=stage)
    assert presentation.left_words(row, today=TODAY) == words
    assert presentation.is_open(row, today=TODAY) is bool(words)


def test_every_stage_has_its_pill():
    assert {stage.value for stage in Stage} == set(presentation.STAGE_TAGS)
    assert (
        len({(presentation.stage_tag(stage).tone, str(presentation.stage_tag(stage).label)) for stage in Stage}) == 11
    )


@pytest.mark.parametrize(
    ("next_supports", "reached"), [(50, [False, False]), (100, [True, False]), (None, [True, True])]
)
def test_what_was_reached_stays_reached(next_supports, reached):
    assert [goal.is_reached(next_supports) for goal in GOALS] == reached
