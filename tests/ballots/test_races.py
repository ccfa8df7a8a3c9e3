"""Forty at once, on real connections: one ballot each, no ballot lost, one count."""

import pytest
from django.utils import timezone

from ballots import actions, codes, sealing
from ballots.models import Box, BoxLine, Receipt, RollLine
from consultations import voting
from consultations.models import Participation
from tests.ballots import votes
from tests.concurrency import run_in_threads
from transparency.models import RegisterLine
from transparency.verification import verify_whole

pytestmark = pytest.mark.django_db(transaction=True)
CROWD = 40


def contents(link):
    return sealing.unseal(bytes(Box.objects.get().sealed), reference=link.votation.reference)


def test_forty_sendings_of_one_person_are_one_ballot():
    link, voter, at = votes.make_vote(), votes.make_voter(), timezone.now()

    answers = run_in_threads(
        CROWD,
        lambda number: voting.cast(actor=voter, link=link, choices=[number % 3 + 1], code=codes.new_code(), at=at),
    )

    assert sorted(answers) == [False] * (CROWD - 1) + [True]
    assert sum(contents(link).values()) == 1
    assert (RollLine.objects.count(), Receipt.objects.count(), Participation.objects.count()) == (1, 1, 1)


def test_web_and_desk_at_the_same_instant_are_one_line():
    link, voter, at = votes.make_vote(), votes.make_voter(), timezone.now()
    person = votes.person_of(voter)

    def either(number):
        if number % 2:
            return votes.enter(link, person=person, at=at)
        return voting.cast(actor=voter, link=link, choices=[1], code=codes.new_code(), at=at)

    answers = run_in_threads(CROWD, either)

    assert sorted(answers) == [False] * (CROWD - 1) + [True]
    line = RollLine.objects.get()
    assert sum(contents(link).values()) == (1 if line.channel == "web" else 0)


def test_forty_people_are_forty_ballots():
    link, at = votes.make_vote(), timezone.now()
    voters = [votes.make_voter() for _ in range(CROWD)]

    answers = run_in_threads(
        CROWD,
        lambda number: voting.cast(
            actor=voters[number], link=link, choices=[number % 3 + 1], code=codes.new_code(), at=at
        ),
    )

    assert answers == [True] * CROWD
    assert contents(link) == {(1,): 14, (2,): 13, (3,): 13}
    assert (RollLine.objects.count(), Receipt.objects.count()) == (CROWD, CROWD)


def test_counting_from_many_workers_counts_once():
    link = votes.make_vote()
    for number in range(8):
        votes.cast(link, [number % 3 + 1])
    at = votes.closed(link)

    answers = run_in_threads(8, lambda _number: actions.count(votation=link.votation, at=at))

    assert sorted(answers) == [False] * 7 + [True]
    assert BoxLine.objects.count() == 8
    assert RegisterLine.objects.filter(act="vote.counted").count() == 1
    assert verify_whole().reason == ""
