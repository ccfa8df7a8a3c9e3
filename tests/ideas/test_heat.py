"""How much an idea rises: whatever the order of its supports, undone by what is taken back, halved by each week."""

import datetime as dt
import math
from functools import reduce

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ideas import heat

# What a period of supports lasts at most with its renewal.
DAYS = st.dates(min_value=dt.date(2026, 3, 1), max_value=dt.date(2026, 9, 1))
SUPPORTS = st.lists(DAYS, min_size=1, max_size=60)


def one_by_one(days):
    return reduce(heat.added, days, heat.COLD)


@given(SUPPORTS, st.randoms(use_true_random=False))
def test_order_of_supports_changes_nothing(days, random):
    shuffled = list(days)
    random.shuffle(shuffled)

    assert one_by_one(days) == pytest.approx(one_by_one(shuffled), abs=1e-9)
    assert one_by_one(days) == pytest.approx(heat.of(days), abs=1e-9)


@given(SUPPORTS, DAYS)
def test_support_taken_back_leaves_what_was_there(days, day):
    before = heat.of(days)

    after = heat.removed(heat.added(before, day), day)

    # One recent support hides the older ones as far as floats tell; a half of a year is 26 halvings, and 40 are kept.
    assert after == pytest.approx(before, abs=1e-3)


@given(st.lists(DAYS, min_size=1, max_size=20))
def test_nothing_is_left_when_all_are_taken_back(days):
    """Whatever is left by rounding is less than any support."""
    left = reduce(heat.removed, sorted(days), heat.of(days))

    assert left < heat.weight(min(days)) - 10


def test_no_support_is_cold():
    assert heat.of([]) == heat.COLD
    assert heat.removed(heat.added(heat.COLD, heat.ORIGIN), heat.ORIGIN) == heat.COLD
    assert heat.removed(heat.COLD, heat.ORIGIN) == heat.COLD


def test_support_of_today_counts_for_two_of_a_week_ago():
    today = dt.date(2026, 5, 8)
    a_week_ago = today - dt.timedelta(days=7)

    assert heat.of([today]) == heat.of([a_week_ago, a_week_ago])
    assert heat.of([today]) > heat.of([a_week_ago])


@given(DAYS, st.integers(min_value=1, max_value=200), st.integers(min_value=1, max_value=26))
def test_idea_nobody_supports_any_more_loses_half_each_week(day, supports, weeks):
    """The same number of supports, so many weeks later, is worth as many doublings."""
    later = day + dt.timedelta(weeks=weeks)

    assert heat.of([later] * supports) - heat.of([day] * supports) == pytest.approx(weeks, abs=1e-9)
    assert heat.of([day] * supports) == pytest.approx(heat.weight(day) + math.log2(supports), abs=1e-9)


@given(SUPPORTS, DAYS)
def test_one_more_support_never_cools(days, day):
    before = heat.of(days)

    assert heat.added(before, day) > before or heat.weight(day) < before - 30
