"""Months of the law, hours of a breach, days before an unused account closes: on both sides of each boundary."""

import datetime as dt
import random
from zoneinfo import ZoneInfo

import pytest

from privacy import clocks

PARIS = ZoneInfo("Europe/Paris")
D = dt.date


@pytest.mark.parametrize(
    ("day", "months", "found"),
    [
        (D(2026, 1, 31), 1, D(2026, 2, 28)),
        (D(2028, 1, 31), 1, D(2028, 2, 29)),
        (D(2026, 11, 23), 1, D(2026, 12, 23)),
        (D(2026, 12, 5), 3, D(2027, 3, 5)),
        (D(2026, 11, 23), -24, D(2024, 11, 23)),
        (D(2026, 1, 15), -1, D(2025, 12, 15)),
    ],
)
def test_months_later(day, months, found):
    assert clocks.months_later(day, months) == found


def test_an_answer_is_due_in_a_month_or_three():
    assert clocks.answer_due_on(D(2026, 11, 30)) == D(2026, 12, 30)
    assert clocks.answer_due_on(D(2026, 11, 30), extended=True) == D(2027, 2, 28)


def test_the_hours_of_a_breach_pass_through_the_change_of_season():
    found = clocks.breach_due_at(dt.datetime(2026, 10, 24, 12, tzinfo=PARIS))
    assert found == dt.datetime(2026, 10, 27, 11, tzinfo=PARIS)


LAST = D(2024, 11, 23)
FIRST_DAY = D(2026, 11, 23)


def step(today, told=None):
    found = clocks.next_step(last_active_on=LAST, told=told, today=today)
    return (found.step, found.closes_on) if found else None


def test_first_letter_at_24_months_not_a_day_before():
    assert step(FIRST_DAY - dt.timedelta(days=1)) is None
    assert step(FIRST_DAY) == (1, FIRST_DAY + dt.timedelta(days=60))


@pytest.mark.parametrize(
    ("before", "left", "due"), [(1, 31, None), (1, 30, 2), (2, 8, None), (2, 7, 3), (3, 1, None), (3, 0, 4)]
)
def test_each_letter_on_its_day_not_a_day_before(before, left, due):
    closes_on = FIRST_DAY + dt.timedelta(days=60)
    found = step(closes_on - dt.timedelta(days=left), clocks.Notice(before, closes_on))
    assert found == ((due, closes_on) if due else None)


@pytest.mark.parametrize("seed", range(50))
def test_nobody_loses_the_days_they_were_told_of(seed):
    """However irregular the runs: three letters, in order, then 30 and 7 days at least before the closing."""
    drawn = random.Random(seed)
    waits = [drawn.choice((0, 1, 6, 29, 30, 31, 53, 60, 400)) for _wait in range(drawn.randint(1, 12))]
    today, told, letters = FIRST_DAY, None, []
    for wait in [0, *waits, 60, 60, 60, 60]:
        today += dt.timedelta(days=wait)
        found = clocks.next_step(last_active_on=LAST, told=told, today=today)
        if found:
            letters.append((found.step, today))
            told = found
            if found.step == 4:
                break
    assert [number for number, _day in letters] == [1, 2, 3, 4]
    days = dict(letters)
    assert (days[4] - days[1]).days >= 60
    assert (days[4] - days[2]).days >= 30
    assert (days[4] - days[3]).days >= 7
