"""Worked days at Mulhouse: the calendar of Alsace, on both sides of each holiday."""

import datetime as dt

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mulhouse import workdays

DAYS = st.dates(min_value=dt.date(2024, 1, 1), max_value=dt.date(2032, 12, 31))


@pytest.mark.parametrize(
    ("day", "worked"),
    [
        (dt.date(2026, 4, 2), True),
        (dt.date(2026, 4, 3), False),  # Good Friday, in Alsace and in Moselle only
        (dt.date(2026, 4, 6), False),  # Easter Monday
        (dt.date(2026, 4, 7), True),
        (dt.date(2027, 12, 24), True),
        (dt.date(2028, 12, 26), False),  # Saint Stephen's day, a Tuesday
        (dt.date(2028, 12, 27), True),
        (dt.date(2026, 11, 21), False),  # Saturday
        (dt.date(2026, 11, 22), False),  # Sunday
        (dt.date(2026, 11, 23), True),
        (dt.date(2026, 7, 14), False),
    ],
)
def test_calendar_of_alsace(day, worked):
    assert workdays.is_worked(day) is worked


@pytest.mark.parametrize(
    ("made_on", "days", "due_on"),
    [
        (dt.date(2026, 11, 23), 0, dt.date(2026, 11, 23)),
        (dt.date(2026, 11, 23), 1, dt.date(2026, 11, 24)),
        (dt.date(2026, 11, 20), 1, dt.date(2026, 11, 23)),  # from a Friday
        (dt.date(2026, 11, 22), 1, dt.date(2026, 11, 23)),  # from a Sunday
        (dt.date(2026, 4, 2), 1, dt.date(2026, 4, 7)),  # over Easter
        (dt.date(2026, 12, 23), 2, dt.date(2026, 12, 28)),  # over Christmas: 24, then 28
        (dt.date(2026, 12, 31), 10, dt.date(2027, 1, 15)),  # over a year
    ],
)
def test_so_many_worked_days_later(made_on, days, due_on):
    assert workdays.after(made_on, days) == due_on


@given(day=DAYS, days=st.integers(min_value=1, max_value=60))
def test_counting_gives_back_what_was_added(day, days):
    due = workdays.after(day, days)
    assert (workdays.between(day, due), workdays.is_worked(due)) == (days, True)


@given(first=DAYS, last=DAYS)
def test_nothing_is_counted_backwards(first, last):
    assert (workdays.between(first, last) == 0) or first < last


def paris(*parts):
    return dt.datetime(*parts, tzinfo=workdays.PARIS)


@pytest.mark.parametrize(
    ("at", "hours", "over_at"),
    [
        (paris(2026, 11, 25, 10, 0), 1, paris(2026, 11, 25, 11, 0)),
        (paris(2026, 11, 25, 10, 0), 7, paris(2026, 11, 25, 17, 0)),
        (paris(2026, 11, 25, 10, 0, 1), 7, paris(2026, 11, 26, 9, 0, 1)),
        (paris(2026, 11, 25, 9, 0), 8, paris(2026, 11, 25, 17, 0)),
        (paris(2026, 11, 25, 17, 0), 1, paris(2026, 11, 26, 10, 0)),
        (paris(2026, 11, 25, 3, 0), 1, paris(2026, 11, 25, 10, 0)),
        (paris(2026, 11, 27, 16, 0), 16, paris(2026, 12, 1, 16, 0)),  # over a weekend
        (paris(2026, 11, 22, 12, 0), 8, paris(2026, 11, 23, 17, 0)),  # on a Sunday
        (paris(2026, 4, 2, 16, 0), 2, paris(2026, 4, 7, 10, 0)),  # Good Friday to Easter Monday
        (paris(2026, 10, 23, 16, 0), 2, paris(2026, 10, 26, 10, 0)),  # over the change of hour
        (paris(2026, 11, 25, 10, 0).astimezone(dt.UTC), 80, paris(2026, 12, 9, 10, 0)),
    ],
)
def test_worked_hours_go_by_from_nine_to_five(at, hours, over_at):
    assert workdays.after_hours(at, hours) == over_at


@given(day=DAYS, hour=st.times(), hours=st.integers(min_value=1, max_value=79))
def test_one_worked_hour_after_another_is_one_more(day, hour, hours):
    whole = dt.datetime.combine(day, hour, workdays.PARIS)
    over_at = workdays.after_hours(whole, hours)
    assert whole < over_at
    assert workdays.is_worked(over_at.date())
    assert workdays.after_hours(over_at, 1) == workdays.after_hours(whole, hours + 1)
