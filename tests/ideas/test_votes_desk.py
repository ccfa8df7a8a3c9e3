"""The paper ballots of a campaign's vote: the same roll as the web, once for each person, and nothing said on the register."""

import datetime as dt

import pytest
from django.db import transaction
from django.urls import reverse
from django.utils import timezone

from ballots import codes
from ballots.models import Receipt as BallotReceipt
from ballots.models import RollLine
from desk import actions as desk
from desk.models import Assistance, Person, Receipt
from ideas import voting
from ideas.models import CampaignVote
from mulhouse.errors import DomainError, RefusedError
from tests import factories
from tests.ballots import votes
from tests.ballots.test_pages import contents, text
from tests.concurrency import run_in_threads
from tests.desk.test_pages import identity
from tests.factories import sign_in
from transparency.models import RegisterLine

pytestmark = pytest.mark.django_db


def page(route, *args):
    return reverse(f"admin:desk_idea_{route}", args=args)


def ended():
    """A campaign in which one deposits and supports no more: what is left is the vote."""
    ago = [factories.today() - dt.timedelta(days=days) for days in (90, 60, 40)]
    return factories.make_campaign(kind="edition", opens_on=ago[0], closes_on=ago[1], supports_end_on=ago[2])


@pytest.fixture
def agent(client):
    user = factories.make_staff("desk.assist", "accounts.verify_residency")
    sign_in(client, user)
    return user


def assisted(agent, link, *, number=1, **fields):
    """Begin to write for somebody."""
    return desk.open_assistance(
        actor=agent,
        fingerprint=f"{number:064x}",
        birth_year=1980,
        **{
            "topic": link.campaign.topic,
            "channel": "desk",
            "district": factories.make_district(),
            "is_residence_checked": True,
            "is_voting": True,
            "at": timezone.now(),
            **fields,
        },
    )


def enter(agent, link, assistance, *, at=None):
    return voting.enter_on_roll(actor=agent, link=link, assistance=assistance, at=at or timezone.now())


# --- Refusals --------------------------------------------------------------------------------------------------------


def test_desk_is_closed_to_whoever_may_not_write_for_somebody(client):
    link = votes.make_campaign_vote()
    agent = factories.make_staff("desk.assist")
    addresses = [
        page("open", link.campaign.slug),
        page("namesake", link.campaign.slug),
        page("roll", assisted(agent, link).key, link.pk),
    ]
    sign_in(client, factories.make_resident())
    assert [client.get(address).status_code for address in addresses] == [302] * 3
    sign_in(client, factories.make_staff("ideas.change_campaign"))
    assert [client.get(address).status_code for address in addresses] == [403] * 3


def test_paper_is_refused_on_the_phone_for_another_thing_and_out_of_the_days(agent):
    link, other = votes.make_campaign_vote(), votes.make_campaign_vote()
    consultation = votes.make_vote()
    cases = {
        "phone": (link, assisted(agent, link, channel="phone"), None),
        "other_subject": (other, assisted(agent, link, number=2), None),
        "closed": (link, assisted(agent, link, number=3, at=link.votation.closes_at), link.votation.closes_at),
        "residency_missing": (link, assisted(agent, link, number=4, district=None), None),
    }
    for code, (vote, assistance, at) in cases.items():
        with pytest.raises(DomainError) as refused:
            enter(agent, vote, assistance, at=at)
        assert refused.value.code == code
    with pytest.raises(RefusedError):
        enter(factories.make_staff(), link, assisted(agent, link, number=5))
    assert (RollLine.objects.count(), Receipt.objects.count()) == (0, 0)
    assert consultation.votation.roll.count() == 0


def test_desk_opens_nothing_where_no_vote_is_open(client, agent):
    draft, over = (
        votes.make_campaign_draft(campaign=ended()),
        votes.make_campaign_vote(campaign=ended(), opens_on=factories.today() - dt.timedelta(days=40)),
    )
    for link in (draft, over):
        assert client.get(page("open", link.campaign.slug)).context["refusal"].code == "closed"
        assert client.post(page("open", link.campaign.slug), identity()).status_code == 422
        assert link.campaign.title not in text(client.get(reverse("admin:desk_receipt_changelist")))
        assistance = assisted(agent, link, number=link.pk)
        shown = client.get(page("roll", assistance.key, link.pk))
        assert shown.status_code == (404 if link is draft else 200)
    assert RollLine.objects.count() == 0


# --- At the desk -----------------------------------------------------------------------------------------------------


def test_agent_gives_a_paper_ballot_once_and_the_register_says_nothing(client, agent):
    link = votes.make_campaign_vote(campaign=ended())
    home = text(client.get(reverse("admin:desk_receipt_changelist")))
    addresses = [page("open", link.campaign.slug), votes.url(link, "paper_ballot"), page("sheets", link.campaign.slug)]
    assert [address in home for address in addresses] == [True, True, False]
    before = RegisterLine.objects.count()
    phone = client.post(page("open", link.campaign.slug), identity(channel="phone"))
    assert (phone.status_code, "On ne vote pas par téléphone" in text(phone)) == (422, True)
    shown = client.post(page("open", link.campaign.slug), identity())
    assistance = Assistance.objects.get()
    assert shown["Location"] == page("roll", assistance.key, link.pk)
    assert "Donner un bulletin papier" in text(client.get(shown["Location"]))
    done = client.post(shown["Location"], {"has_account": "non"})
    receipt = Receipt.objects.get()
    assert done["Location"] == reverse("admin:desk_ticket", args=[receipt.number])
    ticket = text(client.get(done["Location"]))
    assert (votes.url(link) in ticket, page("open", link.campaign.slug) in ticket) == (True, True)
    assert "Il dit que vous avez voté, pas ce que vous avez voté." in ticket
    # The same person again gets none.
    again = client.post(page("open", link.campaign.slug), identity())
    assert "née ce jour-là, a déjà voté" in text(client.get(again["Location"]))
    assert page("namesake", link.campaign.slug) in text(client.get(again["Location"]))
    assert "Cette personne a déjà voté" in text(client.post(again["Location"], {"has_account": "non"}))
    assert (RollLine.objects.get().channel, contents(link)) == ("desk", {})
    assert RegisterLine.objects.count() == before


def test_vote_stands_beside_what_else_is_written_in_a_campaign(client, agent):
    link = votes.make_campaign_vote()
    campaign = link.campaign
    home = text(client.get(reverse("admin:desk_receipt_changelist")))
    addresses = [page("open", campaign.slug), votes.url(link, "paper_ballot"), page("sheets", campaign.slug)]
    assert [address in home for address in addresses] == [True, True, True]
    before = RegisterLine.objects.count()
    opening = client.get(page("open", campaign.slug))
    assert [label for label, _words in opening.context["agreements"]] == [
        "une idée",
        "un soutien à une idée",
        "une inscription sur la liste d’un vote",
    ]
    # What is not secret may still come by phone; the agent never begins in public while people vote.
    assert client.post(page("open", campaign.slug), identity(channel="phone")).status_code == 302
    by_phone = Assistance.objects.get()
    refused = client.post(page("roll", by_phone.key, link.pk), {"has_account": "non"})
    assert (refused.status_code, "On ne vote pas par téléphone" in text(refused)) == (422, True)
    shown = client.get(page("act", by_phone.key))
    tabs = [(tab.url, tab.current) for tab in shown.context["acts"]]
    roll = page("roll", by_phone.key, link.pk)
    assert tabs == [(page("act", by_phone.key), True), (page("find", by_phone.key), False), (roll, False)]
    assert [tab.current for tab in client.get(roll).context["acts"]] == [False, False, True]
    assert (RegisterLine.objects.count(), RollLine.objects.count()) == (before, 0)


def test_key_of_another_subject_opens_no_vote(client, agent):
    link, consultation = votes.make_campaign_vote(), factories.make_consultation()
    assistance = assisted(agent, link, topic=consultation.topic)
    assert client.get(page("roll", assistance.key, link.pk)).status_code == 404


def test_whoever_voted_on_the_web_gets_no_ballot(agent):
    link, voter = votes.make_campaign_vote(residency_level="verified"), votes.make_voter(verified=True)
    votes.cast(link, [1], voter=voter)
    assistance = assisted(agent, link)
    Assistance.objects.filter(pk=assistance.pk).update(person=Person.objects.get(user=voter))
    assistance.refresh_from_db()
    with pytest.raises(DomainError) as refused:
        enter(agent, link, assistance)
    assert refused.value.code == "voted"


# --- At once ---------------------------------------------------------------------------------------------------------

CROWD = 24


@pytest.mark.django_db(transaction=True)
def test_one_person_on_the_web_and_at_many_desks_is_one_line():
    link, voter = votes.make_campaign_vote(residency_level="verified"), votes.make_voter(verified=True)
    person = Person.objects.get(user=voter)
    agents = [factories.make_staff("desk.assist") for _ in range(CROWD // 2)]
    assistances = [assisted(agent, link, number=n) for n, agent in enumerate(agents, start=1)]
    Assistance.objects.update(person=person)
    at = timezone.now()

    def either(number):
        if number % 2:
            fresh = Assistance.objects.select_related("person").get(pk=assistances[number // 2].pk)
            try:
                enter(agents[number // 2], link, fresh, at=at)
            except DomainError as error:
                return error.code != "voted"
            return True
        return voting.cast(actor=voter, link=link, choices=[number % 3 + 1], code=codes.new_code(), at=at)

    answers = run_in_threads(CROWD, either)

    assert sorted(answers) == [False] * (CROWD - 1) + [True]
    line = RollLine.objects.get()
    assert sum(contents(link).values()) == BallotReceipt.objects.count() == (1 if line.channel == "web" else 0)


@pytest.mark.django_db(transaction=True)
def test_crowd_of_baskets_is_as_many_ballots():
    link, at = votes.make_campaign_vote(), timezone.now()
    voters = [votes.make_voter() for _ in range(CROWD)]
    baskets = ([1, 2], [2, 3], [1, 3])
    answers = run_in_threads(
        CROWD,
        lambda n: voting.cast(actor=voters[n], link=link, choices=baskets[n % 3], code=codes.new_code(), at=at),
    )
    assert answers == [True] * CROWD
    assert contents(link) == {tuple(one): CROWD // 3 for one in baskets}
    assert (RollLine.objects.count(), BallotReceipt.objects.count()) == (CROWD, CROWD)
    with transaction.atomic():
        assert CampaignVote.objects.get().votation.roll.count() == CROWD
