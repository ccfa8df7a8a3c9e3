"""A published vote is prolonged or cancelled in public: never shortened, never by somebody who can know its result."""

import datetime as dt

import pytest
from django.db import IntegrityError, transaction
from django.utils import timezone

from ballots import actions, counting, dates, rules, tally, tasks
from ballots.models import Box, BoxLine, PaperCount, Receipt, RollLine, Votation
from consultations import amendments, editing, voting
from consultations import tasks as consultation_tasks
from consultations.models import Consultation, ConsultationVote, Ruleset
from mulhouse.errors import DomainError
from notifications.models import OutboundMail
from tests import factories
from tests.ballots import votes
from tests.ballots.test_pages import at, sign_in, text, url, workspace
from tests.concurrency import run_in_threads
from tests.consultations.test_editing import draft, fresh
from transparency.models import RegisterLine
from transparency.verification import verify_whole

pytestmark = pytest.mark.django_db
PERMISSIONS = ("consultations.change_consultation", "consultations.publish_consultation")
REASON = "La salle de dépouillement a été inondée."


@pytest.fixture
def agent():
    return factories.make_staff(*PERMISSIONS)


@pytest.fixture
def link(agent):
    """A vote announced in a consultation whose rules are frozen, open since two days."""
    row = draft()
    editing.publish(actor=agent, consultation=fresh(row), at=timezone.now())
    made = votes.make_draft(consultation=fresh(row))
    early = dates.midnight(made.votation.opens_on) - dt.timedelta(hours=1)
    voting.publish(actor=agent, consultation=fresh(row), votation=made.votation, at=early)
    return ConsultationVote.objects.select_related("consultation", "votation").get(pk=made.pk)


def extend(agent, link, *, days=3, reason=REASON, when=None):
    return voting.extend(
        actor=agent,
        consultation=link.consultation,
        votation=link.votation,
        ends_on=link.votation.ends_on + dt.timedelta(days=days),
        reason=reason,
        at=when or timezone.now(),
    )


def cancel(agent, link, *, reason=REASON, when=None):
    return voting.cancel(
        actor=agent,
        consultation=link.consultation,
        votation=link.votation,
        reason=reason,
        at=when or timezone.now(),
    )


def code_of(call):
    with pytest.raises(DomainError) as refused:
        call()
    return refused.value.code


# --- Denials -------------------------------------------------------------------------------------------------------


def test_only_whoever_publishes_prolongs_or_cancels(link):
    for gesture in (extend, cancel):
        for rights in ((), PERMISSIONS[:1]):
            assert code_of(lambda: gesture(factories.make_staff(*rights), link)) == "not_allowed"  # noqa: B023 (called at once)
    assert not RegisterLine.objects.filter(act__in=("vote.extended", "vote.cancelled")).exists()


@pytest.mark.parametrize("gesture", [extend, cancel])
def test_neither_without_a_reason(agent, link, gesture):
    assert code_of(lambda: gesture(agent, link, reason=" \n ")) == "reason"
    assert Box.objects.count() == 1


@pytest.mark.parametrize("days", [0, -1, -9])
def test_last_day_is_never_brought_forward(agent, link, days):
    assert code_of(lambda: extend(agent, link, days=days)) == "shorter"
    # Nor by a write that forgets the rule.
    with pytest.raises(IntegrityError, match="votation_only_extended"), transaction.atomic():
        Votation.objects.update(first_ends_on=link.votation.ends_on)


def test_closed_vote_is_not_opened_again(agent, link):
    assert code_of(lambda: extend(agent, link, when=link.votation.closes_at)) == "closed"


def test_vote_whose_result_can_be_known_is_not_cancelled(agent, link):
    assert rules.cancel_refusal(link.votation, at=votes.closed(link)).code == "counted"
    assert code_of(lambda: cancel(agent, link, when=votes.closed(link))) == "counted"
    actions.count(votation=link.votation, at=votes.closed(link))
    assert code_of(lambda: cancel(agent, link, when=votes.closed(link))) == "counted"


def test_vote_whose_paper_is_being_counted_is_not_cancelled(agent, link):
    votes.enter(link)
    sheet = tally.Count(ballots=1, scores={1: tally.Score(1), 2: tally.Score(), 3: tally.Score()})
    voting.enter_paper_count(actor=agent, votation=link.votation, sheet=sheet, at=votes.closed(link))
    assert code_of(lambda: cancel(agent, link, when=votes.closed(link))) == "counting"


# --- Prolonging ----------------------------------------------------------------------------------------------------


def test_prolonged_vote_says_so_everywhere(agent, link, client):
    before = link.votation.ends_on
    votes.cast(link, [1], voter=(voter := votes.make_voter()))
    extend(agent, link)
    extend(agent, ConsultationVote.objects.select_related("consultation", "votation").get(), days=2, reason="Encore.")

    row = votes.reload(link)
    assert (row.first_ends_on, row.ends_on) == (before, before + dt.timedelta(days=5))
    line = RegisterLine.objects.filter(act="vote.extended").order_by("number").first()
    first, second = Ruleset.objects.filter(version__gte=3).order_by("version")
    assert (line.subject, REASON in line.content, first.digest in line.content) == (row.reference, True, True)
    assert (first.reason, second.reason) == (REASON, "Encore.")
    assert "Dernier jour repoussé" in text(client.get(url(link)))
    page = text(client.get(f"/concertations/{link.consultation.slug}/regles/"))
    assert all(words in page for words in (REASON, "Encore.", "Le vote secret «\u00a0Que mettre"))
    # Somebody who only voted takes part: they are told, once for each change.
    with at(dt.datetime.combine(factories.today(), dt.time(10), tzinfo=factories.PARIS)):
        for _ in range(2):
            consultation_tasks.announce_amendments()
    mails = OutboundMail.objects.filter(kind="consultations.amendment", to=voter.email)
    assert sorted(REASON in mail.text for mail in mails) == [False, False, True]
    # Of a change, only the line that changed is told; of a vote that is announced, everything.
    found = sorted(("Quand" in mail.text, "Quorum" in mail.text) for mail in mails)
    assert found == [(True, False), (True, False), (True, True)]
    with at(dates.closing(before) + dt.timedelta(hours=1)):
        votes.cast(link_of(link), [2], at=timezone.now())
        assert not actions.count(votation=row, at=timezone.now())
    assert verify_whole().reason == ""


def link_of(link):
    return ConsultationVote.objects.select_related("consultation", "votation").get(pk=link.pk)


def test_vote_joins_the_rules_of_its_consultation(agent, link):
    """Frozen and hashed with them, the day it is announced: who, when, how many, how secret."""
    first, second = Ruleset.objects.order_by("version")
    assert (first.rules.get("votes"), second.reason) == (None, voting.ANNOUNCED)
    held = second.rules["votes"][link.votation.reference]
    assert (held["ends_on"], held["quorum"], held["options"]) == (
        link.votation.ends_on.isoformat(),
        0,
        list(votes.OPTIONS),
    )
    assert second.digest == amendments.digest(second.rules)
    assert second.digest in RegisterLine.objects.get(act="vote.published").content


def test_rules_page_says_every_rule_of_a_vote(link, client):
    page = text(client.get(f"/concertations/{link.consultation.slug}/regles/"))
    for words in ("Qui peut voter", "Quorum", "Majorité", "une voix par personne", "Secret", "à partir de 5 bulletins"):
        assert words in page, words


# --- Cancelling ----------------------------------------------------------------------------------------------------


def test_cancelled_vote_is_never_counted_nor_shown(agent, link, client):
    voter = votes.make_voter()
    code = votes.cast(link, [2], voter=voter)
    for _ in range(6):
        votes.cast(link, [1])
    cancel(agent, link)

    row = votes.reload(link)
    late = votes.closed(link)
    assert (Box.objects.count(), BoxLine.objects.count(), PaperCount.objects.count()) == (0, 0, 0)
    assert (RollLine.objects.count(), Receipt.objects.count()) == (7, 7)
    assert not actions.count(votation=row, at=late)
    assert counting.result(row, at=late) is None
    with pytest.raises(DomainError):
        counting.web_ballots(row, at=late)
    assert list(Votation.objects.to_count(at=late)) == []
    line = RegisterLine.objects.get(act="vote.cancelled")
    assert (REASON in line.content, "voix" in line.content) == (True, False)
    for when in (timezone.now(), late):
        with at(when):
            page = text(client.get(url(link)))
            assert ("Vote annulé" in page, REASON in page, "Le résultat</h2>" in page) == (True, True, False)
            assert client.get(f"{url(link)}resultat.csv").status_code == 404
            checked = text(client.post(f"{url(link)}recu/", {"code": code}))
            assert "détruite sans être ouverte" in checked
            sign_in(client, votes.make_voter())
            assert client.post(f"{url(link)}bulletin/", {"choix": "1", "etape": "voter"}).status_code == 403
            client.logout()
    with transaction.atomic():
        assert counting.differences() == []
    with at(dt.datetime.combine(factories.today(), dt.time(10), tzinfo=factories.PARIS)):
        consultation_tasks.announce_amendments()
    told = OutboundMail.objects.filter(kind="consultations.amendment", to=voter.email, text__contains=REASON).get()
    assert "L’urne a été détruite sans être ouverte." in told.text
    assert verify_whole().reason == ""


def test_cancelled_vote_forgets_its_voters_a_month_later(agent, link):
    votes.cast(link, [1])
    cancel(agent, link)
    assert not actions.clear_roll(votation=link.votation, at=timezone.now() + dt.timedelta(days=29))
    assert actions.clear_roll(votation=link.votation, at=timezone.now() + dt.timedelta(days=31))
    assert list(RollLine.objects.values_list("person", flat=True)) == [None]


def test_database_never_holds_a_vote_both_counted_and_cancelled(agent, link):
    cancel(agent, link)
    with pytest.raises(IntegrityError, match="votation_cancelled_uncounted"), transaction.atomic():
        Votation.objects.update(counted_at=timezone.now())


@pytest.mark.django_db(transaction=True)
def test_cancelling_among_voters_leaves_no_ballot_and_no_stuck_transaction(agent, link):
    voters = [votes.make_voter() for _ in range(12)]
    when = timezone.now()

    def either(number):
        if number == 6:
            return cancel(agent, link, when=when).cancelled_at
        return voting.cast(actor=voters[number], link=link, choices=[1], code=f"{number:012d}", at=when)

    answers = run_in_threads(12, either)
    stopped = [answer for answer in answers if isinstance(answer, DomainError)]
    voted = [answer for answer in answers if answer is True]
    assert len(stopped) + len(voted) == 11
    assert answers[6] == when
    # Whoever was told that they voted is on the roll, whoever was not is not.
    assert (RollLine.objects.count(), Receipt.objects.count(), Box.objects.count()) == (len(voted), len(voted), 0)
    tasks.sweep_boxes()
    assert verify_whole().reason == ""


# --- The workspace -------------------------------------------------------------------------------------------------


def test_agent_prolongs_then_cancels_from_the_workspace(agent, link, client):
    sign_in(client, agent)
    address = workspace("vote", link.consultation.pk, link.votation.pk)
    day = (link.votation.ends_on + dt.timedelta(days=2)).isoformat()
    short = (link.votation.ends_on - dt.timedelta(days=1)).isoformat()
    sent = {"geste": "prolonger", "prolongation-reason": REASON}

    assert "Ce champ est obligatoire" in text(client.post(address, {"geste": "prolonger"}))
    assert "ne se raccourcit pas" in text(client.post(address, {**sent, "prolongation-ends_on": short}))
    assert client.post(address, {**sent, "prolongation-ends_on": day}).status_code == 302
    assert votes.reload(link).ends_on.isoformat() == day
    assert "Cochez cette case" in text(client.post(address, {"geste": "annuler", "annulation-reason": REASON}))
    sent = {"geste": "annuler", "annulation-reason": REASON, "annulation-sure": "on"}
    assert client.post(address, sent).status_code == 302
    page = text(client.get(address))
    assert ("Annulé le" in page, "Repousser le dernier jour" in page, "Annuler le vote" in page) == (True, False, False)
    assert Consultation.objects.get().rulesets.count() == 4
