"""Forty at once and more, on real connections: one ballot each, no ballot lost, one count."""

import subprocess
import sys
import time
from collections import Counter

import pytest
from django.conf import settings
from django.utils import timezone

from ballots import actions, codes, counting, sealing
from ballots.models import Box, BoxLine, Receipt, RollLine
from consultations import voting
from consultations.models import Participation
from tests.ballots import votes
from tests.concurrency import run_in_threads
from tests.processes import process_environment
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


@pytest.mark.parametrize("crowd", [100, 200])
def test_crowd_votes_through_as_many_connections_as_a_server_has(crowd):
    """Forty connections, each with the next voter as soon as the last is done; a third of them press the button twice."""
    link, at = votes.make_vote(), timezone.now()
    voters = [votes.make_voter() for _ in range(crowd)]
    waiting = list(enumerate(voters))
    waiting += waiting[::3]

    def one_connection(number):
        return [
            voting.cast(actor=voter, link=link, choices=[rank % 3 + 1], code=codes.new_code(), at=at)
            for rank, voter in waiting[number::CROWD]
        ]

    begun = time.monotonic()
    answers = [answer for given in run_in_threads(CROWD, one_connection) for answer in given]
    print(f"{crowd} voters: {(time.monotonic() - begun) * 1000 / len(waiting):.0f} ms each")

    assert sorted(answers) == [False] * (len(waiting) - crowd) + [True] * crowd
    assert contents(link) == dict(Counter((rank % 3 + 1,) for rank in range(crowd)))
    assert (RollLine.objects.count(), Receipt.objects.count(), Participation.objects.count()) == (crowd,) * 3
    actions.count(votation=link.votation, at=votes.closed(link))
    assert (BoxLine.objects.count(), counting.whole(votes.reload(link), contents_after(link)).missing) == (crowd, 0)


def contents_after(link):
    return counting.web_ballots(votes.reload(link), at=votes.closed(link))


VOTE = r"""
import os, sys
import django
django.setup()
from django.utils import timezone
from accounts.models import User
from ballots import codes
from consultations import voting
from consultations.models import ConsultationVote
def vote(keys):
    link = ConsultationVote.objects.select_related("consultation", "votation").get()
    at = timezone.now()
    voters = User.objects.filter(pk__in=keys.split(",")).order_by("pk")
    cast = [voting.cast(actor=voter, link=link, choices=[voter.pk % 3 + 1], code=codes.new_code(), at=at) for voter in voters]
    print(sum(cast), flush=True)
for keys in sys.argv[1:]:
    if os.fork() == 0:
        vote(keys)
        os._exit(0)
sys.exit(any(os.wait()[1] for _keys in sys.argv[1:]))
"""


def test_processes_that_share_nothing_lose_no_ballot():
    """Four servers, the same hundred voters twice over: each is counted once."""
    link = votes.make_vote()
    keys = [votes.make_voter().pk for _ in range(100)]
    shares = [keys[:50], keys[50:], keys[25:75], keys[:25] + keys[75:]]
    done = subprocess.run(
        [sys.executable, "-c", VOTE, *(",".join(map(str, share)) for share in shares)],
        cwd=settings.BASE_DIR,
        env=process_environment(),
        capture_output=True,
        text=True,
        check=False,
        timeout=200,
    )
    assert done.returncode == 0, done.stderr

    cast = [int(line) for line in done.stdout.split()]
    assert (len(cast), sum(cast)) == (4, 100)
    assert contents(link) == dict(Counter((key % 3 + 1,) for key in keys))
    assert (RollLine.objects.count(), Receipt.objects.count()) == (100, 100)
