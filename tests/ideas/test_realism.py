"""The score of a first reading: published weights, six levels, and what one blocking criterion does."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ideas import realism
from ideas.models.studies import CriterionCode
from ideas.realism import WEIGHTS

LEVELS = st.fixed_dictionaries({code: st.integers(0, 4) for code in WEIGHTS})


def levels(level, **changes):
    return {**dict.fromkeys(WEIGHTS, level), **changes}


def test_weights_are_those_of_the_criteria_and_make_a_hundred():
    assert list(WEIGHTS) == CriterionCode.values
    assert sum(WEIGHTS.values()) == 100


def test_worked_example_of_the_document():
    """docs/algorithms/idees.md tells it in words."""
    found = {"powers": 4, "legality": 3, "cost": 2, "delay": 2, "upkeep": 1, "overlap": 4}
    assert realism.score(found) == (25 * 4 + 20 * 3 + 20 * 2 + 10 * 2 + 15 * 1 + 10 * 4) // 4 == 68


@pytest.mark.parametrize(("level", "score"), [(0, 0), (1, 25), (2, 50), (3, 75), (4, 100)])
def test_same_level_everywhere(level, score):
    assert realism.score(levels(level)) == score


def test_one_blocking_criterion_caps_the_score():
    assert realism.score(levels(4, overlap=0)) == 20
    assert realism.score(levels(1, overlap=0)) == 20
    assert realism.score(levels(0, overlap=4)) == 10


@pytest.mark.parametrize("wrong", [{}, levels(3, weather=3), levels(5), levels(-1)])
def test_what_is_not_a_reading_has_no_score(wrong):
    with pytest.raises(ValueError, match=r"criterion|level"):
        realism.score(wrong)


@given(LEVELS)
def test_score_is_out_of_a_hundred_and_capped_when_blocked(given_levels):
    score = realism.score(given_levels)
    assert 0 <= score <= 100
    assert score <= 20 or 0 not in given_levels.values()


@given(LEVELS, st.sampled_from(list(WEIGHTS)))
def test_a_better_level_never_lowers_the_score(given_levels, code):
    better = {**given_levels, code: min(4, given_levels[code] + 1)}
    assert realism.score(better) >= realism.score(given_levels)
