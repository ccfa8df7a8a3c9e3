"""Preparing, voting, counting: what is refused first, then what is written, once."""

import datetime as dt

import pytest
from django.db import IntegrityError, transaction
from django.utils import timezone

from ballots import actions, codes, counting, sealing
from ballots.models import Box, BoxLine, PaperCount, Receipt, RollLine, Votation
from ballots.tally import Count, Score
from consultations import voting
from consultations.models import Participation
from mulhouse.errors import DomainError, RefusedError
from tests import factories
from tests.ballots import votes
from transparency import register
from transparency.models import RegisterLine

pytestmark = pytest.mark.django_db


def acts():
    return list(RegisterLine.objects.order_by("number").values_list("act", flat=True))


def contents(link):
    return sealing.unseal(bytes(Box.objects.get(votation=link.votation).sealed), reference=link.votation.reference)


def written():
    return (RollLine.objects.count(), Receipt.objects.count(), Participation.objects.count())


# --- Refusals --------------------------------------------------------------------------------------------------------


def test_published_vote_changes_no_more():
    link = votes.make_vote()
    with transaction.atomic(), pytest.raises(RefusedError):
        actions.save(actor=None, votation=link.votation, values=votes.values(), options=[])
    with transaction.atomic(), pytest.raises(RefusedError):
        actions.discard(actor=None, votation=link.votation)
    with transaction.atomic(), pytest.raises(RefusedError):
        actions.publish(actor=None, votation=link.votation, at=timezone.now())


@pytest.mark.parametrize(("choices", "code"), [([9], "unknown"), ([1, 2], "too_many"), ([-1], "unknown")])
def test_wrong_ballot_writes_nothing(choices, code):
    link = votes.make_vote()
    with pytest.raises(DomainError) as raised:
        votes.cast(link, choices)
    assert raised.value.code == code
    assert raised.value.__cause__ is None
    assert written() == (0, 0, 0)
    assert contents(link) == {}


def test_somebody_who_may_not_vote_writes_nothing():
    link = votes.make_vote(residency_level="verified")
    with pytest.raises(RefusedError):
        votes.cast(link, [1])
    with pytest.raises(RefusedError):
        votes.cast(link, [1], voter=votes.make_voter(verified=True), at=link.votation.closes_at)
    assert written() == (0, 0, 0)


def test_helpers_of_a_service_refuse_to_run_alone():
    link = votes.make_vote()
    with pytest.raises(RuntimeError):
        _outside(lambda: actions.cast(actor=None, votation=link.votation, choices=[1], code="x", at=timezone.now()))


def _outside(function):
    """Run as if no transaction of a test were open."""
    from django.db import connection  # noqa: PLC0415 (one test)

    was, connection.in_atomic_block = connection.in_atomic_block, False
    try:
        return function()
    finally:
        connection.in_atomic_block = was


# --- Voting ----------------------------------------------------------------------------------------------------------


def test_vote_is_on_the_roll_in_the_box_and_in_the_ledger():
    link, voter = votes.make_vote(), votes.make_voter()
    before = acts()

    code = votes.cast(link, [2], voter=voter)

    line = RollLine.objects.get()
    assert (line.person.user, line.channel, line.voted_on) == (voter, "web", factories.today())
    assert contents(link) == {(2,): 1}
    assert Receipt.objects.get().pk == codes.fingerprint(code, reference=link.votation.reference)
    assert Participation.objects.get().person == line.person
    assert acts() == before


def test_voting_again_changes_nothing():
    link, voter = votes.make_vote(), votes.make_voter()
    votes.cast(link, [2], voter=voter)
    votes.cast(link, [3], voter=voter)
    assert contents(link) == {(2,): 1}
    assert written() == (1, 1, 1)


def test_blank_ballot_is_a_ballot():
    link = votes.make_vote()
    votes.cast(link, [])
    assert contents(link) == {(): 1}


def test_roll_holds_a_person_once_whatever_the_channel():
    link, voter = votes.make_vote(), votes.make_voter()
    person = votes.person_of(voter)
    assert votes.enter(link, person=person, channel="paper") is True
    assert votes.enter(link, person=person, channel="desk") is False
    votes.cast(link, [1], voter=voter)
    assert contents(link) == {}
    assert RollLine.objects.get().channel == "paper"
    with pytest.raises(IntegrityError), transaction.atomic():
        RollLine.objects.create(votation=link.votation, person=person, channel="web", voted_on=factories.today())


@pytest.mark.parametrize("channel", ["web", "import", "pigeon"])
def test_paper_ballots_are_given_where_there_is_paper(channel):
    link = votes.make_vote()
    with pytest.raises(ValueError, match=channel):
        votes.enter(link, channel=channel)


def test_desk_gives_no_ballot_out_of_the_days():
    link = votes.make_vote()
    with pytest.raises(RefusedError):
        votes.enter(link, at=link.votation.closes_at)
    assert RollLine.objects.count() == 0


def test_desk_leaves_no_line_that_would_date_the_roll():
    link = votes.make_vote()
    head = register.head()
    votes.enter(link)
    assert register.head() == head


def test_count_says_by_which_channels_when_none_tells_on_anybody():
    for by_desk, told in ((4, False), (5, True)):
        link = votes.make_vote()
        voted(link)
        for _number in range(by_desk):
            votes.enter(link)
        sheet = Count(ballots=by_desk, scores={1: Score(by_desk), 2: Score(), 3: Score()})
        for _agent in range(2):
            actions.enter_paper_count(
                agent=factories.make_user(), votation=link.votation, sheet=sheet, at=votes.closed(link)
            )
        content = RegisterLine.objects.filter(act="vote.counted").latest("number").content
        assert ('"canaux":{"desk":5,"web":7}' in content) is told


# --- Counting --------------------------------------------------------------------------------------------------------


def voted(link, *, one=4, two=2, blank=1):
    for choices in ([1],) * one + ([2],) * two + ([],) * blank:
        votes.cast(link, choices)


def test_nothing_is_counted_while_somebody_may_still_be_written():
    link = votes.make_vote()
    voted(link)
    early = votes.closed(link) - dt.timedelta(seconds=1)
    assert actions.count(votation=link.votation, at=early) is False
    assert (BoxLine.objects.count(), Box.objects.count()) == (0, 1)


def test_count_opens_the_box_once():
    link = votes.make_vote(quorum=7)
    voted(link)
    at = votes.closed(link)

    assert actions.count(votation=link.votation, at=at) is True
    assert actions.count(votation=link.votation, at=at) is False

    lines = list(BoxLine.objects.order_by("pk").values_list("choices", flat=True))
    assert sorted(lines) == [[], [1], [1], [1], [1], [2], [2]]
    assert Box.objects.count() == 0
    line = RegisterLine.objects.get(act="vote.counted")
    assert '"bulletins":7' in line.content
    assert '"retenues":[1]' in line.content
    assert '{"oui":4,"proposition":1}' in line.content


def test_page_before_the_count_and_after_it_gives_the_same_numbers():
    link = votes.make_vote()
    voted(link)
    at = votes.closed(link)
    before = counting.result(votes.reload(link), at=at)
    actions.count(votation=link.votation, at=at)
    assert counting.result(votes.reload(link), at=at) == before
    assert before.count == Count(ballots=7, blank=1, scores={1: Score(4), 2: Score(2), 3: Score()})
    assert (before.voters, before.missing, before.outcome.kept) == (7, 0, (1,))


def test_small_vote_keeps_its_detail_off_the_register():
    link = votes.make_vote()
    voted(link, one=2, two=1, blank=0)
    actions.count(votation=link.votation, at=votes.closed(link))
    content = RegisterLine.objects.get(act="vote.counted").content
    assert '"faits":{"bulletins":3,"votants":3}' in content


def test_vote_that_nobody_cast_is_counted():
    link = votes.make_vote()
    assert actions.count(votation=link.votation, at=votes.closed(link)) is True
    assert counting.result(votes.reload(link), at=votes.closed(link)).count.ballots == 0


def test_no_ballot_enters_once_the_box_is_open():
    link = votes.make_vote()
    actions.count(votation=link.votation, at=votes.closed(link))
    with pytest.raises(RefusedError):
        votes.cast(votes_link(link), [1], at=link.votation.closes_at - dt.timedelta(seconds=1))
    assert written() == (0, 0, 0)


def votes_link(link):
    link.votation = votes.reload(link)
    return link


def test_stale_page_finds_the_box_open():
    """The vote was read before the count: the box that is gone answers."""
    link = votes.make_vote()
    actions.count(votation=link.votation, at=votes.closed(link))
    with pytest.raises(DomainError) as raised:
        votes.cast(link, [1], at=link.votation.closes_at - dt.timedelta(seconds=1))
    assert raised.value.code == "closed"
    assert written() == (0, 0, 0)


# --- Paper -----------------------------------------------------------------------------------------------------------


def sheet(one=2, two=1, blank=0, spoiled=0):
    return Count(
        ballots=one + two + blank + spoiled,
        blank=blank,
        spoiled=spoiled,
        scores={1: Score(one), 2: Score(two), 3: Score()},
    )


def make_counter():
    return factories.make_staff("consultations.change_consultation")


def enter_count(link, numbers, *, agent=None, at=None):
    agent = agent or make_counter()
    return voting.enter_paper_count(actor=agent, votation=link.votation, sheet=numbers, at=at or votes.closed(link))


def test_paper_is_counted_after_the_closing_and_only_where_there_is_some():
    link = votes.make_vote()
    with pytest.raises(RefusedError):
        enter_count(link, sheet())
    votes.enter(link)
    with pytest.raises(RefusedError):
        enter_count(link, sheet(), at=timezone.now())
    with pytest.raises(DomainError) as raised:
        enter_count(link, Count(ballots=3, scores={1: Score(9)}))
    assert raised.value.code == "sheet"
    assert PaperCount.objects.count() == 0


@pytest.mark.parametrize("permissions", [(), ("desk.assist",), ("consultations.view_consultation",)])
def test_only_agents_of_the_consultation_count_the_paper(permissions):
    """The action asks, whatever page calls it: two others who agree would make the result."""
    link = votes.make_vote()
    votes.enter(link)
    for agent in (factories.make_staff(*permissions), factories.make_resident()):
        with pytest.raises(RefusedError) as refused:
            enter_count(link, sheet(one=1, two=0), agent=agent)
        assert refused.value.code == "not_allowed"
    assert (PaperCount.objects.count(), votes.reload(link).counted_at) == (0, None)


def test_result_waits_for_two_agents_who_found_the_same():
    link = votes.make_vote()
    voted(link)
    for _ in range(3):
        votes.enter(link, channel="paper")
    first, second = make_counter(), make_counter()
    at = votes.closed(link)

    assert actions.count(votation=link.votation, at=at) is False
    assert enter_count(link, sheet(), agent=first) is False
    assert enter_count(link, sheet(), agent=first) is False
    assert enter_count(link, sheet(one=1, two=2), agent=second) is False
    assert counting.result(votes.reload(link), at=at) is None
    assert enter_count(link, sheet(), agent=second) is True

    found = counting.result(votes.reload(link), at=at)
    assert found.count == Count(ballots=10, blank=1, scores={1: Score(6), 2: Score(3), 3: Score()})
    assert (found.voters, found.by_hand, found.paper, found.missing) == (10, 3, 3, 0)
    with pytest.raises(RefusedError):
        enter_count(link, sheet())


def test_difference_between_the_paper_and_the_roll_is_kept():
    link = votes.make_vote()
    for _ in range(6):
        votes.enter(link, channel="paper")
    for _ in range(2):
        enter_count(link, sheet(one=3, two=2))
    found = counting.result(votes.reload(link), at=votes.closed(link))
    assert (found.by_hand, found.paper, found.missing) == (6, 5, 1)


# --- Forgetting, comparing -------------------------------------------------------------------------------------------


def test_roll_forgets_people_a_month_after_the_count():
    link = votes.make_vote()
    voted(link)
    counted = votes.closed(link)
    actions.count(votation=link.votation, at=counted)
    month = counted + dt.timedelta(days=30)
    second = dt.timedelta(seconds=1)

    assert actions.clear_roll(votation=link.votation, at=month) is False
    assert RollLine.objects.filter(person__isnull=True).count() == 0
    assert actions.clear_roll(votation=link.votation, at=month + second) is True
    assert actions.clear_roll(votation=link.votation, at=month + second) is False
    assert RollLine.objects.filter(person__isnull=True).count() == 7
    assert counting.result(votes.reload(link), at=month).voters == 7


def test_turnout_goes_to_the_register_once_a_day():
    link = votes.make_vote()
    voted(link)
    now = timezone.now()
    tomorrow = now + dt.timedelta(days=1)
    assert actions.record_turnout(votation=link.votation, at=now) is False
    assert actions.record_turnout(votation=link.votation, at=tomorrow) is True
    assert actions.record_turnout(votation=link.votation, at=tomorrow) is False
    line = RegisterLine.objects.get(act="vote.turnout")
    assert f'"faits":{{"jusqu_au":"{factories.today()}","votants":7}}' in line.content


def test_missing_ballot_is_found():
    link = votes.make_vote()
    voted(link)
    with transaction.atomic():
        assert counting.differences() == []
        with votes.by_force():
            RollLine.objects.filter(pk=RollLine.objects.order_by("pk")[0].pk).delete()
        found = counting.differences()
    assert [(one.web_voters, one.ballots, one.receipts) for one in found] == [(6, 7, 7)]
    actions.count(votation=link.votation, at=votes.closed(link))
    with votes.by_force():
        BoxLine.objects.filter(pk__in=BoxLine.objects.order_by("pk").values("pk")[:2]).delete()
    with transaction.atomic():
        assert [(one.web_voters, one.ballots, one.receipts) for one in counting.differences()] == [(6, 5, 7)]


def test_draft_is_thrown_away_whole():
    link = votes.make_draft()
    with transaction.atomic():
        actions.discard(actor=None, votation=link.votation)
    assert Votation.objects.count() == 0
    assert "vote.draft" in acts()
