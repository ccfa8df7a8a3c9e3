"""Who may vote, when, and who may see what came out: refusals first."""

import datetime as dt
from zoneinfo import ZoneInfo

import pytest
from django.contrib.auth.models import AnonymousUser
from django.utils import timezone

from accounts import rules as accounts_rules
from ballots import counting, dates, rules
from ballots.dates import State
from ballots.models import RollLine
from desk import actions as desk
from mulhouse.errors import RefusedError
from tests import factories
from tests.ballots import votes

pytestmark = pytest.mark.django_db
PARIS = ZoneInfo("Europe/Paris")


def code(refusal):
    return refusal.code if refusal else ""


def test_nobody_votes_before_after_or_without_publication():
    resident, now = votes.make_voter(), timezone.now()
    draft = votes.make_draft()
    assert code(rules.vote_refusal(resident, draft.votation, at=now)) == "not_published"
    link = votes.make_vote()
    opening, closing = link.votation.opens_at, link.votation.closes_at
    second = dt.timedelta(seconds=1)
    assert [
        code(rules.vote_refusal(resident, link.votation, at=at))
        for at in (opening - second, opening, closing - second, closing)
    ] == ["not_open", "", "", "closed"]


def test_who_may_vote():
    now = timezone.now()
    link = votes.make_vote(residency_level="verified", minimum_age=16)
    year = factories.today().year
    people = {
        "sign_in": AnonymousUser(),
        "residency_missing": factories.make_user(birth_year=1980),
        "residency_unverified": votes.make_voter(birth_year=1980),
        "birth_year_missing": votes.make_voter(verified=True),
        "too_young": votes.make_voter(verified=True, birth_year=year - 15),
        "identity_missing": votes.make_voter(verified=True, seen=False, birth_year=1980),
        "": votes.make_voter(verified=True, birth_year=year - 16),
    }
    assert {expected: code(rules.vote_refusal(who, link.votation, at=now)) for expected, who in people.items()} == {
        expected: expected for expected in people
    }


def test_whoever_voted_by_any_channel_does_not_vote_again():
    link, web, desk = votes.make_vote(), votes.make_voter(), votes.make_voter()
    votes.cast(link, [1], voter=web)
    votes.enter(link, person=votes.person_of(desk))
    assert [code(rules.vote_refusal(who, link.votation, at=timezone.now())) for who in (web, desk)] == [
        "voted",
        "voted",
    ]


@pytest.mark.parametrize(("level", "expected"), [("verified", "identity_missing"), ("declared", ""), ("none", "")])
def test_an_account_nobody_tied_to_an_identity_votes_only_where_no_residence_is_verified(level, expected):
    link, voter = votes.make_vote(residency_level=level), votes.make_voter(verified=True, seen=False)
    refusal = rules.vote_refusal(voter, link.votation, at=timezone.now())
    assert code(refusal) == expected
    if refusal is not None:
        assert "Venez au guichet" in refusal.message
        assert accounts_rules.remedy_route(refusal) == "contact"


def test_whoever_voted_keeps_their_fingerprint_until_the_roll_names_nobody():
    """Forgotten in between, they would be somebody else at the desk."""
    link, voter = votes.make_vote(residency_level="verified"), votes.make_voter(verified=True)
    votes.enter(link, person=votes.person_of(voter))
    later = timezone.now() + dt.timedelta(days=731)
    desk.forget(at=later)
    assert votes.person_of(voter).identity_hash
    RollLine.objects.update(person=None)
    desk.forget(at=later)
    assert votes.person_of(voter).identity_hash is None


@pytest.mark.parametrize(
    ("first", "last", "opens", "closes"),
    [
        # The clock goes back on 25 October 2026: that Sunday has 25 hours.
        (
            dt.date(2026, 10, 20),
            dt.date(2026, 10, 25),
            dt.datetime(2026, 10, 19, 22, tzinfo=dt.UTC),
            dt.datetime(2026, 10, 25, 23, tzinfo=dt.UTC),
        ),
        # It goes forward on 28 March 2027: 23 hours.
        (
            dt.date(2027, 3, 20),
            dt.date(2027, 3, 28),
            dt.datetime(2027, 3, 19, 23, tzinfo=dt.UTC),
            dt.datetime(2027, 3, 28, 22, tzinfo=dt.UTC),
        ),
    ],
)
def test_last_day_lasts_until_midnight_when_the_clock_changes(first, last, opens, closes):
    second = dt.timedelta(seconds=1)
    assert [dates.state(first, last, at=at) for at in (opens - second, opens, closes - second, closes)] == [
        State.UPCOMING,
        State.OPEN,
        State.OPEN,
        State.CLOSED,
    ]
    assert [dates.may_count(last, at=closes + dt.timedelta(seconds=n)) for n in (0, 59, 60)] == [False, False, True]


def test_results_are_seen_once_everything_is_counted_and_not_before():
    link = votes.make_vote()
    for _ in range(6):
        votes.cast(link, [1])
    second, counted = dt.timedelta(seconds=1), votes.closed(link)
    vote = votes.reload(link)
    assert [rules.results_visible(vote, at=at) for at in (timezone.now(), counted - second, counted)] == [
        False,
        False,
        True,
    ]
    assert counting.result(vote, at=counted - second) is None
    assert counting.result(vote, at=counted).count.ballots == 6
    with pytest.raises(RefusedError):
        counting.web_ballots(vote, at=counted - second)


def test_results_wait_for_the_paper():
    link = votes.make_vote()
    votes.enter(link)
    vote = votes.reload(link)
    assert not rules.results_visible(vote, at=votes.closed(link))
    assert counting.result(vote, at=votes.closed(link)) is None


def test_draft_has_no_result():
    draft = votes.make_draft()
    assert not rules.results_visible(draft.votation, at=votes.closed(draft))


@pytest.mark.parametrize(
    ("fields", "options", "expected"),
    [
        ({}, ("Seule",), "options"),
        ({"kind": "yes_no"}, ("Seule",), ""),
        ({"kind": "up_to", "most": 1}, votes.OPTIONS, "most"),
        ({"kind": "up_to", "most": 4}, votes.OPTIONS, "most"),
        ({"kind": "up_to", "most": 2, "winners": 3}, votes.OPTIONS, "winners"),
        ({"kind": "up_to", "most": 3, "winners": 2}, votes.OPTIONS, ""),
        ({}, votes.OPTIONS, ""),
    ],
)
def test_what_a_vote_needs_to_be_published(fields, options, expected):
    link = votes.make_draft(options=options, opens_on=factories.today() + dt.timedelta(days=1), **fields)
    assert code(rules.publish_refusal(votes.reload(link), at=timezone.now())) == expected


def test_rules_are_published_before_the_opening():
    link = votes.make_draft(opens_on=factories.today())
    vote = votes.reload(link)
    second = dt.timedelta(seconds=1)
    assert [code(rules.publish_refusal(vote, at=vote.opens_at + gap)) for gap in (-second, second * 0)] == [
        "",
        "too_late",
    ]


def test_turnout_shows_nobody_alone():
    days = [dt.date(2027, 3, day) for day in range(1, 7)]
    rows = [(days[0], "web", 3), (days[1], "web", 4), (days[1], "desk", 1), (days[2], "web", 2), (days[4], "web", 2)]

    running, over = counting.summed(rows, final=False), counting.summed(rows, final=True)

    assert (running.voters, running.until, running.by_day, running.by_channel) == (8, days[1], ((days[1], 8),), {})
    assert (over.voters, over.by_day, over.by_channel) == (12, ((days[4], 12),), {})
    many = counting.summed([(days[0], "paper", 5), (days[0], "web", 9)], final=True)
    assert list(many.by_channel.items()) == [("web", 9), ("paper", 5)]
    assert counting.summed([(days[0], "web", 4)], final=False) == counting.Turnout()
    assert counting.summed([], final=True) == counting.Turnout()


def test_turnout_stops_at_the_end_of_yesterday():
    link = votes.make_vote()
    for _ in range(7):
        votes.cast(link, [1])
    now = timezone.now()
    assert counting.turnout(link.votation, at=now).voters == 0
    assert counting.turnout(link.votation, at=now + dt.timedelta(days=1)).voters == 7
