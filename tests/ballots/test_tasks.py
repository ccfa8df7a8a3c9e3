"""What runs by the clock: run twice, it does nothing more; run late, it catches up."""

import datetime as dt
import logging
from unittest import mock

import pytest

from ballots import tasks
from ballots.models import BoxLine, RollLine, Votation
from tests.ballots import votes
from transparency.models import RegisterLine


def at(instant):
    return mock.patch("django.utils.timezone.now", return_value=instant)


def said(act):
    return RegisterLine.objects.filter(act=act).count()


@pytest.mark.django_db(transaction=True)
def test_closed_votes_are_counted_once_and_open_ones_are_not():
    """Outside a test's transaction: the sealed states of the box are vacuumed, which PostgreSQL does outside any."""
    open_vote, draft = votes.make_vote(), votes.make_draft()
    closed = votes.make_vote(opens_on=open_vote.votation.opens_on - dt.timedelta(days=1))
    waiting = votes.make_vote(opens_on=closed.votation.opens_on)
    for link in (open_vote, closed):
        votes.cast(link, [1])
    votes.enter(waiting)
    with at(votes.closed(closed) - dt.timedelta(seconds=1)):
        tasks.count_closed()
    assert BoxLine.objects.count() == 0
    with at(votes.closed(closed)):
        tasks.count_closed()
        tasks.count_closed()
    assert list(Votation.objects.filter(counted_at__isnull=False).order_by("pk")) == [closed.votation]
    assert (BoxLine.objects.count(), said("vote.counted")) == (1, 1)
    assert draft.votation.counted_at is None


@pytest.mark.django_db
def test_turnout_is_recorded_while_the_vote_is_open():
    link = votes.make_vote()
    for _ in range(5):
        votes.cast(link, [1])
    tasks.record_turnout()
    assert said("vote.turnout") == 0
    with at(link.votation.opens_at + dt.timedelta(days=4)):
        tasks.record_turnout()
        tasks.record_turnout()
    assert said("vote.turnout") == 1
    with at(votes.closed(link)):
        tasks.record_turnout()
    assert said("vote.turnout") == 1


@pytest.mark.django_db(transaction=True)
def test_rolls_are_cleared_a_month_after_the_count():
    link = votes.make_vote()
    votes.cast(link, [1])
    with at(votes.closed(link)):
        tasks.count_closed()
        tasks.clear_rolls()
    assert RollLine.objects.filter(person__isnull=True).count() == 0
    with at(votes.closed(link) + dt.timedelta(days=31)):
        tasks.clear_rolls()
        tasks.clear_rolls()
    assert RollLine.objects.filter(person__isnull=True).count() == 1


@pytest.mark.django_db
def test_difference_is_logged_without_a_person_nor_a_choice(caplog):
    link = votes.make_vote()
    votes.cast(link, [1])
    with caplog.at_level(logging.ERROR):
        tasks.check_consistency()
    assert caplog.messages == []
    with votes.by_force():
        RollLine.objects.all().delete()
    with caplog.at_level(logging.ERROR):
        tasks.check_consistency()
    assert caplog.messages == [f"vote {link.votation.reference}: 0 voters on the web, 1 ballots, 1 receipts"]
