import datetime as dt

import pytest

from transparency import deadlines

PARIS = deadlines.PARIS
MICRO = dt.timedelta(microseconds=1)
TO_MIDNIGHT = dt.timedelta(hours=14, minutes=30)


@pytest.mark.parametrize(
    ("received", "due"),
    [
        (dt.datetime(2026, 11, 22, 9, 30, tzinfo=PARIS), dt.datetime(2026, 11, 29, 9, 30, tzinfo=PARIS)),
        # The clocks go back on 25 October 2026, forward on 28 March 2027: the hour of the day stays.
        (dt.datetime(2026, 10, 20, 9, 30, tzinfo=PARIS), dt.datetime(2026, 10, 27, 9, 30, tzinfo=PARIS)),
        (dt.datetime(2027, 3, 25, 23, 59, tzinfo=PARIS), dt.datetime(2027, 4, 1, 23, 59, tzinfo=PARIS)),
        # Given in UTC, counted in Paris: it is already the 23rd there.
        (dt.datetime(2026, 11, 22, 23, 30, tzinfo=dt.UTC), dt.datetime(2026, 11, 30, 0, 30, tzinfo=PARIS)),
    ],
)
def test_the_answer_is_due_at_the_same_hour_a_week_later(received, due):
    assert deadlines.due_at(received, deadlines.ACCESSIBILITY_ANSWER_DAYS) == due


def test_a_week_across_the_change_of_hour_is_an_hour_longer_or_shorter():
    autumn = dt.datetime(2026, 10, 20, 9, 30, tzinfo=PARIS).astimezone(dt.UTC)
    spring = dt.datetime(2027, 3, 25, 9, 30, tzinfo=PARIS).astimezone(dt.UTC)

    assert deadlines.due_at(autumn, 7).astimezone(dt.UTC) - autumn == dt.timedelta(days=7, hours=1)
    assert deadlines.due_at(spring, 7).astimezone(dt.UTC) - spring == dt.timedelta(days=7, hours=-1)


@pytest.mark.parametrize(
    ("answered", "now", "late"),
    [
        (None, TO_MIDNIGHT - MICRO, False),
        (None, TO_MIDNIGHT, True),
        (TO_MIDNIGHT - MICRO, dt.timedelta(days=9), False),
        (TO_MIDNIGHT, dt.timedelta(days=9), True),
    ],
)
def test_what_is_late_is_late_from_the_day_after_the_promised_one(answered, now, late):
    due = dt.datetime(2026, 11, 29, 9, 30, tzinfo=PARIS)
    answered_at = due + answered if answered is not None else None

    assert deadlines.is_late(due, answered_at, at=due + now) is late
    assert (due < deadlines.day_begins_at(answered_at or due + now)) is late


def test_another_day_keeps_the_hour_across_the_change():
    due = dt.datetime(2026, 10, 20, 9, 30, tzinfo=PARIS)
    assert deadlines.moved(due, dt.date(2026, 10, 27)) == dt.datetime(2026, 10, 27, 9, 30, tzinfo=PARIS)
