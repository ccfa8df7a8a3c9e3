"""What a vote wrote stays as it was written, whoever writes to the database: its roll, its ballots, its receipts, its count."""

import datetime as dt
import re

import pytest
from django.db import IntegrityError, connection, transaction
from django.utils import timezone

from accounts.actions import close_account
from ballots import actions, counting
from ballots.models import BoxLine, PaperCount, Receipt, RollLine, Votation
from ballots.tally import Count, Score
from desk import merging
from desk.models import Person
from mulhouse.errors import DomainError
from tests import factories
from tests.ballots import votes

pytestmark = pytest.mark.django_db
REASON = "Une proposition manquait."


def refused(statement):
    """Tell why the database refuses a statement."""
    with connection.cursor() as cursor:
        # What a commit would check, now: a table is not emptied before.
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        cursor.execute("SET CONSTRAINTS ALL DEFERRED")
    with pytest.raises(IntegrityError) as caught, transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(statement)
    return str(caught.value).splitlines()[0]


def image():
    """Read every table of the votes, row by row."""
    found = {}
    with connection.cursor() as cursor:
        for table in ("votation", "option", "rollline", "boxline", "receipt", "papercount"):
            cursor.execute(f"SELECT t::text FROM ballots_{table} t ORDER BY 1")
            found[table] = cursor.fetchall()
    return found


@pytest.fixture
def agents():
    return [factories.make_staff(), factories.make_staff()]


def with_paper(agents):
    """Seven votes on the web, two at the desk, counted by two agents."""
    link = votes.make_vote()
    for choice in (1, 1, 1, 2, 2, 3, 3):
        votes.cast(link, [choice])
    votes.enter(link), votes.enter(link)
    sheet = Count(ballots=2, blank=0, spoiled=0, scores={1: Score(2, 0), 2: Score(0, 0), 3: Score(0, 0)})
    for agent in agents:
        actions.enter_paper_count(agent=agent, votation=link.votation, sheet=sheet, at=votes.closed(link))
    link.votation.refresh_from_db()
    assert link.votation.counted_at is not None
    return link


# Every gesture on every table of a result, as somebody would who holds the database and not the program.
FORBIDDEN = (
    "UPDATE ballots_boxline SET choices = '{2}'",
    "UPDATE ballots_boxline SET id = gen_random_uuid()",
    "DELETE FROM ballots_boxline WHERE choices = '{1}'",
    "TRUNCATE ballots_boxline",
    "INSERT INTO ballots_boxline (id, votation_id, choices) SELECT gen_random_uuid(), id, '{2}' FROM ballots_votation",
    "UPDATE ballots_receipt SET fingerprint = left('f' || fingerprint, 64)",
    "DELETE FROM ballots_receipt",
    "TRUNCATE ballots_receipt",
    "INSERT INTO ballots_receipt (fingerprint, votation_id) SELECT repeat('f', 64), id FROM ballots_votation",
    "UPDATE ballots_rollline SET channel = 'paper' WHERE channel = 'web'",
    "UPDATE ballots_rollline SET voted_on = voted_on - 1",
    "UPDATE ballots_rollline SET person_id = NULL, voted_on = voted_on - 1",
    "DELETE FROM ballots_rollline",
    "TRUNCATE ballots_rollline",
    (
        "INSERT INTO ballots_rollline (id, votation_id, person_id, channel, voted_on)"
        " SELECT gen_random_uuid(), id, NULL, 'web', now() FROM ballots_votation"
    ),
    "UPDATE ballots_papercount SET ballots = ballots + 1",
    "UPDATE ballots_papercount SET agent_id = NULL, scores = '{\"2\": [2, 0]}'",
    "DELETE FROM ballots_papercount",
    (
        "INSERT INTO ballots_papercount (votation_id, ballots, blank, spoiled, scores, entered_at)"
        " SELECT id, 9, 0, 0, '{}', now() FROM ballots_votation"
    ),
    "UPDATE ballots_option SET label = 'Autre chose' WHERE number = 1",
    "UPDATE ballots_option SET number = 9 WHERE number = 1",
    "DELETE FROM ballots_option",
    "INSERT INTO ballots_option (votation_id, number, label, description) SELECT id, 9, 'Neuf', '' FROM ballots_votation",
    "UPDATE ballots_votation SET counted_at = NULL",
    "UPDATE ballots_votation SET majority = 'two_thirds'",
    "UPDATE ballots_votation SET quorum = 1000",
    "UPDATE ballots_votation SET ends_on = ends_on + 1",
    "UPDATE ballots_votation SET published_at = NULL, counted_at = NULL",
    "DELETE FROM ballots_votation",
)


def test_nothing_of_a_counted_vote_is_changed_added_or_taken_away(agents):
    link = with_paper(agents)
    before, result = image(), counting.result(votes.reload(link), at=votes.closed(link))
    reasons = {statement: refused(statement) for statement in FORBIDDEN}
    assert {statement: reason for statement, reason in reasons.items() if not re.match(SAID, reason)} == {}
    assert image() == before
    assert counting.result(votes.reload(link), at=votes.closed(link)) == result


# The words of the triggers: no other constraint stands for them.
SAID = "a ballot or a receipt is never|a line of the roll is never|a paper count is never|this vote is over|the options of|a published vote"


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE ballots_receipt SET fingerprint = left('f' || fingerprint, 64)",
        "DELETE FROM ballots_receipt",
        "UPDATE ballots_rollline SET channel = 'paper'",
        "DELETE FROM ballots_rollline",
        "UPDATE ballots_option SET label = 'Autre chose' WHERE number = 1",
        "UPDATE ballots_votation SET opens_on = opens_on - 1",
        "UPDATE ballots_votation SET residency_level = 'none'",
        "UPDATE ballots_votation SET published_at = NULL",
    ],
)
def test_what_was_declared_and_who_came_stay_while_the_vote_is_open(statement):
    link = votes.make_vote()
    votes.cast(link, [1])
    before = image()
    assert re.match(SAID, refused(statement))
    assert image() == before


def test_cancelled_vote_takes_nothing_more():
    link = votes.make_vote()
    votes.cast(link, [1])
    with transaction.atomic():
        actions.cancel(actor=None, votation=link.votation, reason=REASON, at=timezone.now())
    for statement in FORBIDDEN:
        if statement.startswith("INSERT") and "papercount" not in statement:
            assert re.match(SAID, refused(statement)), statement
    for statement in (
        "UPDATE ballots_votation SET cancelled_at = NULL, cancel_reason = ''",
        "UPDATE ballots_votation SET cancel_reason = 'Une autre raison'",
        "DELETE FROM ballots_rollline",
        "DELETE FROM ballots_receipt",
    ):
        assert re.match(SAID, refused(statement)), statement
    assert (RollLine.objects.count(), Receipt.objects.count(), BoxLine.objects.count()) == (1, 1, 0)


def test_desk_that_comes_too_late_is_told_that_the_vote_is_over():
    """The page was read before the count: nothing is written, and the agent is told why."""
    link = votes.make_vote()
    last = link.votation.closes_at - dt.timedelta(seconds=1)
    actions.count(votation=link.votation, at=votes.closed(link))
    with pytest.raises(DomainError) as raised:
        votes.enter(link, at=last)
    assert raised.value.code == "closed"
    assert RollLine.objects.count() == 0


# --- What must still pass ----------------------------------------------------------------------------------------------


def test_draft_changes_as_long_as_nobody_saw_it():
    link = votes.make_draft()
    with transaction.atomic():
        options = [actions.OptionEdit(name) for name in ("Une fontaine", "Un kiosque", "Rien")]
        actions.save(actor=None, votation=link.votation, values=votes.values(quorum=3), options=options)
    assert [row.label for row in Votation.objects.get().options.all()] == ["Une fontaine", "Un kiosque", "Rien"]


def test_day_is_put_off_while_the_vote_is_open():
    link = votes.make_vote()
    later = link.votation.ends_on + dt.timedelta(days=4)
    with transaction.atomic():
        actions.extend(actor=None, votation=link.votation, ends_on=later, reason=REASON, at=timezone.now())
    assert Votation.objects.get().ends_on == later


def test_agent_counts_again_until_the_two_agree(agents):
    link = votes.make_vote()
    votes.enter(link)
    for number in (2, 1):
        sheet = Count(ballots=number, blank=0, spoiled=number, scores={n: Score(0, 0) for n in (1, 2, 3)})
        actions.enter_paper_count(agent=agents[0], votation=link.votation, sheet=sheet, at=votes.closed(link))
    assert [row.ballots for row in PaperCount.objects.all()] == [1]


def test_account_closes_after_the_count_and_the_result_stays(agents):
    """The voter's and that of an agent who counted: the names go, no number moves."""
    link = with_paper(agents)
    voter = RollLine.objects.filter(channel="web").earliest("pk").person.user
    result = counting.result(votes.reload(link), at=votes.closed(link))
    agents[0].user_permissions.clear()
    type(agents[0]).objects.filter(pk=agents[0].pk).update(is_staff=False)
    close_account(user=voter)
    close_account(user=agents[0])
    assert PaperCount.objects.filter(agent__isnull=True).count() == 1
    assert counting.result(votes.reload(link), at=votes.closed(link)) == result


def test_roll_forgets_its_people_a_month_later_and_for_good(agents):
    link = with_paper(agents)
    late = votes.closed(link) + dt.timedelta(days=31)
    assert actions.clear_roll(votation=link.votation, at=late)
    assert set(RollLine.objects.values_list("person", flat=True)) == {None}
    person = Person.objects.earliest("pk").pk
    assert re.match(SAID, refused(f"UPDATE ballots_rollline SET person_id = {person}"))


def test_two_rows_of_one_person_become_one_after_the_count(agents):
    link = with_paper(agents)
    gone = RollLine.objects.filter(channel="desk").earliest("pk").person
    kept = Person.objects.create()
    with transaction.atomic():
        merging.merge(kept, gone)
    assert RollLine.objects.filter(person=kept).count() == 1
    assert counting.result(votes.reload(link), at=votes.closed(link)).voters == 9
