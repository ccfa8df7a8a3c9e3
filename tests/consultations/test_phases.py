"""A phase is days in Mulhouse: half-open, whatever the clock does in the night of a change of hour."""

import datetime as dt
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from consultations import phases
from consultations.phases import PARIS, Kind, Span, Status

UTC = dt.UTC
DAYS = st.dates(min_value=dt.date(2020, 1, 1), max_value=dt.date(2035, 12, 31))
INSTANTS = st.builds(
    lambda day, second: dt.datetime.combine(day, dt.time.min, UTC) + second * SECOND, DAYS, st.integers(0, 86_399)
)
SECOND = dt.timedelta(seconds=1)


def span(start, end, kind=Kind.CONTRIBUTE, name="Donner son avis"):
    return Span(kind=kind, name=name, starts_on=start, ends_on=end)


def test_last_day_belongs_to_the_phase_until_midnight_in_mulhouse():
    march = span(dt.date(2027, 3, 2), dt.date(2027, 3, 22))
    at = {
        dt.datetime(2027, 3, 1, 22, 59, 59, tzinfo=UTC): Status.UPCOMING,
        dt.datetime(2027, 3, 1, 23, 0, 0, tzinfo=UTC): Status.CURRENT,
        dt.datetime(2027, 3, 22, 22, 59, 59, tzinfo=UTC): Status.CURRENT,
        dt.datetime(2027, 3, 22, 23, 0, 0, tzinfo=UTC): Status.PAST,
    }
    assert {instant: phases.status(march, at=instant) for instant in at} == at


@pytest.mark.parametrize(
    ("day", "hours"),
    [(dt.date(2027, 3, 28), 23), (dt.date(2027, 10, 31), 25), (dt.date(2027, 6, 1), 24)],
    ids=["summer begins", "summer ends", "ordinary"],
)
def test_a_day_lasts_what_the_clock_says(day, hours):
    one_day = span(day, day)
    assert one_day.closes_at.astimezone(UTC) - one_day.opens_at.astimezone(UTC) == dt.timedelta(hours=hours)


@given(start=DAYS, days=st.integers(0, 200))
def test_a_phase_holds_from_its_first_instant_to_the_one_before_its_end(start, days):
    found = span(start, start + dt.timedelta(days=days))
    opens, closes = found.opens_at.astimezone(UTC), found.closes_at.astimezone(UTC)
    assert [phases.status(found, at=at) for at in (opens - SECOND, opens, closes - SECOND, closes)] == [
        Status.UPCOMING,
        Status.CURRENT,
        Status.CURRENT,
        Status.PAST,
    ]


@given(start=DAYS, lengths=st.lists(st.integers(1, 40), min_size=2, max_size=6), offset=st.integers(0, 240 * 24 * 3600))
def test_phases_that_touch_never_overlap_nor_leave_a_gap(start, lengths, offset):
    spans, first = [], start
    for length in lengths:
        last = first + dt.timedelta(days=length - 1)
        spans.append(span(first, last, name=str(length)))
        first = last + dt.timedelta(days=1)
    at = spans[0].opens_at.astimezone(UTC) + dt.timedelta(seconds=offset)
    holding = [found for found in spans if phases.status(found, at=at) is Status.CURRENT]
    assert len(holding) == (1 if at < spans[-1].closes_at.astimezone(UTC) else 0)
    assert phases.current(spans, at=at) == (holding[0] if holding else None)
    assert phases.problems(spans) == []


@given(instant=INSTANTS, days=st.integers(0, 60))
def test_days_left_is_the_number_of_days_one_can_still_act(instant, days):
    today = instant.astimezone(PARIS).date()
    found = span(today - dt.timedelta(days=3), today + dt.timedelta(days=days))
    assert phases.days_left(found, at=instant) == days + 1


def test_where_one_asks_from_changes_nothing():
    found = span(dt.date(2027, 3, 2), dt.date(2027, 3, 22))
    instant = dt.datetime(2027, 3, 22, 22, 30, tzinfo=UTC)
    zones = ("Europe/Paris", "America/New_York", "Asia/Tokyo")
    assert {phases.status(found, at=instant.astimezone(ZoneInfo(zone))) for zone in zones} == {Status.CURRENT}


def test_a_phase_without_end_goes_on():
    found = span(dt.date(2027, 3, 2), None, Kind.FOLLOW)
    assert (phases.status(found, at=found.opens_at), phases.days_left(found, at=found.opens_at)) == (
        Status.CURRENT,
        None,
    )
    assert phases.status(found, at=dt.datetime(2060, 1, 1, tzinfo=UTC)) is Status.CURRENT


def test_days_left_after_the_end_is_zero():
    found = span(dt.date(2027, 3, 2), dt.date(2027, 3, 22))
    assert phases.days_left(found, at=dt.datetime(2028, 1, 1, tzinfo=UTC)) == 0


def test_no_phase_holds_between_two():
    spans = [
        span(dt.date(2027, 3, 2), dt.date(2027, 3, 10)),
        span(dt.date(2027, 3, 12), dt.date(2027, 3, 20), Kind.ANALYSE),
    ]
    assert phases.current(spans, at=phases.midnight(dt.date(2027, 3, 11))) is None
