"""Ideas and supports written by an agent: who may, once whatever the channel, and nothing of an identity."""

import datetime as dt

import pytest
from django.db import transaction
from django.utils import timezone

from city.models import District
from desk import actions as desk
from desk.models import Assistance, Channel, Person, Receipt
from desk.tasks import forget
from ideas import actions, assisting, supporting
from ideas.models import CoAuthor, Idea, Support
from mulhouse.errors import DomainError
from notifications import subscriptions
from tests.concurrency import run_in_threads
from tests.factories import (
    make_campaign,
    make_district,
    make_idea,
    make_resident,
    make_staff,
    make_support,
    make_theme,
    today,
)
from transparency.models import RegisterLine

pytestmark = pytest.mark.django_db(transaction=True)

CROWD = 12
ONE, TWO = "a" * 64, "b" * 64


@pytest.fixture
def agent():
    return make_staff("desk.assist", "accounts.verify_residency")


def rebberg():
    return District.objects.filter(name="Rebberg").first() or make_district(name="Rebberg")


def helped(agent, campaign, *, fingerprint=ONE, channel=Channel.DESK, **fields):
    return desk.open_assistance(
        actor=agent,
        topic=campaign.topic,
        fingerprint=fingerprint,
        channel=channel,
        at=timezone.now(),
        **{
            "birth_year": 1980,
            "district": rebberg(),
            "is_residence_checked": False,
            "is_voting": False,
            **fields,
        },
    )


def said(**fields):
    values = {
        "title": "Des bancs à l’ombre",
        "need": "On ne peut pas s’asseoir.",
        "proposal": "Mettre des **bancs**.",
        "theme": make_theme(),
    }
    return assisting.Said(**{**values, **fields})


def deposited(agent, campaign, assistance, **fields):
    return assisting.deposit(
        actor=agent, campaign=campaign, assistance=assistance, said=said(**fields), at=timezone.now()
    )


def supported(agent, idea, assistance):
    return assisting.support(actor=agent, idea=idea, assistance=assistance, at=timezone.now())


def refused(gesture):
    with pytest.raises(DomainError) as caught:
        gesture()
    return caught.value.code


def tied(agent, fingerprint=ONE, **fields):
    """An account that an agent tied to an identity."""
    account = make_resident(birth_year=1980, **fields)
    desk.link_account(actor=agent, user=account, fingerprint=fingerprint)
    return account


def recorded(act):
    return RegisterLine.objects.filter(act=act).count()


# --- An idea -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("campaign", "fields", "code"),
    [
        ({"closes_on": -1, "supports_end_on": 9, "kind": "edition"}, {}, "closed"),
        ({"closes_on": -11, "supports_end_on": 9, "kind": "edition"}, {"channel": "paper"}, "closed"),
        ({"closes_on": -2, "supports_end_on": -1, "kind": "edition"}, {"channel": "paper"}, "closed"),
        ({"opens_on": 3}, {}, "not_open"),
        ({}, {"district": None}, "residency_missing"),
        ({"residency_level": "verified"}, {}, "residency_unverified"),
        ({"minimum_age": 16}, {"birth_year": 2020}, "too_young"),
    ],
)
def test_what_a_campaign_asks_holds_at_the_desk(agent, campaign, fields, code):
    days = {name: today() + dt.timedelta(days=value) for name, value in campaign.items() if name.endswith("_on")}
    row = make_campaign(**{**campaign, **days})
    assistance = helped(agent, row, **fields)
    assert refused(lambda: deposited(agent, row, assistance)) == code
    assert (Idea.objects.count(), Receipt.objects.count()) == (0, 0)


def test_an_idea_is_written_once_by_the_agent_who_opened_the_assistance_for_its_campaign(agent):
    campaign, other = make_campaign(), make_campaign()
    assistance = helped(agent, campaign)
    assert refused(lambda: deposited(agent, other, assistance)) == "other_subject"
    stranger = make_staff("desk.assist")
    assert refused(lambda: deposited(stranger, campaign, assistance)) == "not_yours"
    without = make_staff()
    assert refused(lambda: deposited(without, campaign, assistance)) == "not_allowed"
    deposited(agent, campaign, assistance)
    assert refused(lambda: deposited(agent, campaign, assistance, title="Une autre idée")) == "used"
    again = helped(agent, campaign)
    # The same paper in two hands.
    assert refused(lambda: deposited(agent, campaign, again)) == "said_already"
    assert Idea.objects.count() == 1


def test_an_idea_said_at_the_desk_is_published_counted_and_leads_from_its_receipt(agent):
    campaign = make_campaign()
    idea, receipt = deposited(agent, campaign, helped(agent, campaign, channel=Channel.PHONE))
    idea = Idea.objects.get(pk=idea.pk)
    campaign.refresh_from_db()
    assert idea.is_visible
    assert (idea.author, idea.author_label, idea.signature, idea.district.name) == (None, "", "district", "Rebberg")
    assert (idea.channel, campaign.idea_count, idea.next_supports) == ("phone", 1, 50)
    assert idea.proposal_html == "<p>Mettre des <strong>bancs</strong>.</p>\n"
    assert (receipt.act, receipt.reference, receipt.path) == ("idea", idea.reference, idea.get_absolute_url())
    line = RegisterLine.objects.get(act="idea.assisted")
    assert idea.reference in line.content


def test_a_paper_received_in_time_is_entered_some_days_after(agent):
    days = {"opens_on": -20, "closes_on": -10, "supports_end_on": 20}
    campaign = make_campaign(kind="edition", **{name: today() + dt.timedelta(days=day) for name, day in days.items()})
    idea, _receipt = deposited(agent, campaign, helped(agent, campaign, channel=Channel.PAPER))
    assert idea.is_visible


def test_a_public_name_signs_and_an_account_tied_to_the_identity_keeps_it(agent):
    campaign, account = make_campaign(), tied(agent)
    idea, _receipt = deposited(agent, campaign, helped(agent, campaign), public_name="Odette du Rebberg")
    assert (idea.author, idea.author_label, idea.signature) == (account, "Odette du Rebberg", "name")
    assert subscriptions.is_following(account, idea.topic)
    # Their idea is theirs on the web too.
    assert refused(lambda: supporting.support(actor=account, idea=idea, at=timezone.now())) == "own"


def test_an_account_that_moderation_suspended_signs_nothing_at_the_desk(agent):
    campaign = make_campaign()
    tied(agent, blocked_until=timezone.now() + dt.timedelta(days=3))
    idea, _receipt = deposited(agent, campaign, helped(agent, campaign))
    assert idea.author is None


def test_a_name_given_at_the_desk_goes_with_the_account(agent):
    campaign, account = make_campaign(), tied(agent)
    idea, _receipt = deposited(agent, campaign, helped(agent, campaign), public_name="Odette")
    with transaction.atomic():
        actions.erase_ideas(user=account)
    idea.refresh_from_db()
    assert (idea.author, idea.author_label) == (None, "")


# --- Taking it back ----------------------------------------------------------------------------------------------------


def test_a_receipt_takes_its_idea_back_until_the_city_studies_it(agent):
    campaign = make_campaign()
    idea, receipt = deposited(agent, campaign, helped(agent, campaign))
    take_back = {"actor": agent, "receipt": receipt, "at": timezone.now()}
    assert refused(lambda: assisting.withdraw(**{**take_back, "actor": make_staff()})) == "not_allowed"
    Idea.objects.filter(pk=idea.pk).update(stage="study")
    assert refused(lambda: assisting.withdraw(**take_back)) == "studied"
    Idea.objects.filter(pk=idea.pk).update(stage="support")
    for _ in range(2):
        assisting.withdraw(**take_back)
    idea.refresh_from_db()
    campaign.refresh_from_db()
    assert (idea.withdrawn_at is None, campaign.idea_count) == (False, 0)
    assert recorded("idea.withdrawn") == 1


@pytest.mark.parametrize("act", ["idea", "support"])
def test_a_receipt_never_takes_back_what_somebody_wrote_on_the_web(agent, act):
    idea = make_idea(channel="web" if act == "idea" else "desk")
    receipt = Receipt.objects.create(
        act=act, channel="desk", topic=idea.campaign.topic, title="x", path="/", reference=idea.reference
    )
    assert refused(lambda: assisting.withdraw(actor=agent, receipt=receipt, at=timezone.now())) == "no_idea"
    idea.refresh_from_db()
    assert idea.withdrawn_at is None


# --- A support -----------------------------------------------------------------------------------------------------------


def counts(idea):
    idea.refresh_from_db()
    return idea.verified_count, idea.declared_count


@pytest.mark.parametrize(
    ("state", "fields", "code"),
    [
        ({"stage": "study"}, {}, "stage"),
        ({"supports_until": dt.date(2020, 1, 1)}, {}, "expired"),
        ({"withdrawn_at": dt.datetime(2026, 1, 1, tzinfo=dt.UTC)}, {}, "withdrawn"),
        ({}, {"district": None}, "residency_missing"),
    ],
)
def test_an_idea_that_takes_no_support_takes_none_at_the_desk(agent, state, fields, code):
    idea = make_idea()
    assistance = helped(agent, idea.campaign, **fields)
    Idea.objects.filter(pk=idea.pk).update(**state)
    idea.refresh_from_db()
    assert refused(lambda: supported(agent, idea, assistance)) == code
    assert (Support.objects.count(), Receipt.objects.count()) == (0, 0)
    # Nothing was written: the person is still there.
    assert Assistance.objects.get(pk=assistance.pk).used_at is None


def test_neither_the_author_nor_who_signs_with_them_supports_an_idea_at_the_desk(agent):
    author, other = tied(agent, ONE), tied(agent, TWO)
    idea = make_idea(author=author)
    CoAuthor.objects.create(
        idea=idea, user=other, state="accepted", invited_at=timezone.now(), answered_at=timezone.now()
    )
    for fingerprint in (ONE, TWO):
        assistance = helped(agent, idea.campaign, fingerprint=fingerprint)
        assert refused(lambda assistance=assistance: supported(agent, idea, assistance)) == "own"
    assert counts(idea) == (0, 0)


@pytest.mark.parametrize(("is_checked", "expected"), [(True, (1, 0)), (False, (0, 1))])
def test_a_support_is_verified_when_the_agent_checked_the_residence(agent, is_checked, expected):
    idea = make_idea()
    receipt = supported(agent, idea, helped(agent, idea.campaign, is_residence_checked=is_checked))
    assert counts(idea) == expected
    # The receipt says which idea, and nothing that the public reference would lead to.
    assert (receipt.act, receipt.path, receipt.reference) == ("support", idea.get_absolute_url(), "")
    assert idea.reference not in RegisterLine.objects.get(act="idea.supported").content


def test_a_verified_account_counts_as_verified_without_a_paper(agent):
    idea = make_idea()
    tied(agent, verified=True)
    supported(agent, idea, helped(agent, idea.campaign))
    assert counts(idea) == (1, 0)


def test_a_support_given_already_says_nothing_to_the_agent(agent):
    idea, account = make_idea(), tied(agent)
    first = supported(agent, idea, helped(agent, idea.campaign, fingerprint=TWO))
    supporting.support(actor=account, idea=idea, at=timezone.now())
    second = supported(agent, idea, helped(agent, idea.campaign))
    assert counts(idea) == (0, 2)
    same = ("act", "channel", "topic", "title", "path", "reference")
    assert [getattr(first, name) for name in same] == [getattr(second, name) for name in same]


def test_a_support_is_taken_back_by_who_gave_it(agent):
    idea = make_idea()
    make_support(idea=idea)
    supported(agent, idea, helped(agent, idea.campaign))
    assert counts(idea) == (0, 2)
    for _ in range(2):
        assisting.take_support_back(actor=agent, idea=idea, assistance=helped(agent, idea.campaign), at=timezone.now())
    assert counts(idea) == (0, 1)
    assert recorded("idea.unsupported") == 1


# --- A signed sheet --------------------------------------------------------------------------------------------------------


def signed(*fingerprints, birth_year=1980, **fields):
    place = fields["district"] if "district" in fields else rebberg()
    return [assisting.Signed(each, birth_year, place) for each in fingerprints]


def entered(agent, idea, lines):
    return assisting.enter_sheet(actor=agent, idea=idea, lines=lines, at=timezone.now())


def test_a_sheet_is_refused_whole(agent):
    idea = make_idea(campaign=make_campaign(minimum_age=16))
    assert refused(lambda: entered(make_staff(), idea, signed(ONE))) == "not_allowed"
    assert refused(lambda: entered(agent, idea, [])) == "no_line"
    assert refused(lambda: entered(agent, idea, signed(*[ONE] * 31))) == "too_many"
    assert refused(lambda: entered(agent, idea, [*signed(ONE), *signed(TWO, district=None)])) == "residency_missing"
    assert refused(lambda: entered(agent, idea, [*signed(ONE), *signed(TWO, birth_year=2020)])) == "too_young"
    checked = make_idea(campaign=make_campaign(residency_level="verified"))
    assert refused(lambda: entered(agent, checked, signed(ONE))) == "residency_unverified"
    assert (Support.objects.count(), Person.objects.count()) == (0, 0)


def test_a_sheet_counts_each_person_once_and_says_how_many_not_who(agent):
    idea, account = make_idea(), tied(agent, ONE)
    author = tied(agent, "c" * 64)
    Idea.objects.filter(pk=idea.pk).update(author=author)
    supporting.support(actor=account, idea=idea, at=timezone.now())
    found = entered(agent, idea, signed(ONE, TWO, TWO, "c" * 64, "d" * 64))
    assert (found.lines, found.counted, found.known) == (5, 2, 3)
    assert counts(idea) == (0, 3)
    assert list(Support.objects.order_by("pk").values_list("channel", flat=True)) == ["web", "paper", "paper"]
    again = entered(agent, idea, signed(ONE, TWO, "d" * 64))
    assert (again.counted, counts(idea)) == (0, (0, 3))
    assert recorded("idea.sheet_entered") == 2


def test_a_sheet_passes_the_threshold_once(agent):
    idea = make_idea(campaign=make_campaign(thresholds=((4, "Rencontre"),)))
    entered(agent, idea, signed(*(sign * 64 for sign in "abcdef")))
    assert recorded("idea.threshold_passed") == 2
    idea.refresh_from_db()
    assert idea.next_supports is None


# --- At the same instant -----------------------------------------------------------------------------------------------------


def outcome(gesture):
    try:
        gesture()
    except DomainError as error:
        return error.code
    return "done"


def at_once(gestures):
    return sorted(str(one) for one in run_in_threads(len(gestures), lambda number: outcome(gestures[number])))


@pytest.mark.parametrize("turn", range(3))
def test_a_support_on_the_web_at_the_desk_and_on_a_sheet_is_one(agent, turn):
    idea, account = make_idea(), tied(agent)
    helps = [helped(agent, idea.campaign) for _ in range(CROWD // 3)]
    place = make_district()
    gestures = [
        *[lambda: supporting.support(actor=account, idea=idea, at=timezone.now())] * (CROWD // 3),
        *[lambda one=one: supported(agent, idea, one) for one in helps],
        *[lambda: entered(agent, idea, [assisting.Signed(ONE, 1980, place)])] * (CROWD // 3),
    ]
    assert at_once(gestures) == ["done"] * CROWD
    assert (Support.objects.count(), sum(counts(idea)), Person.objects.count()) == (1, 1, 1)


@pytest.mark.parametrize("turn", range(3))
def test_sheets_with_the_same_people_in_any_order_never_wait_for_each_other(agent, turn):
    ideas = [make_idea(), make_idea()]
    accounts = [tied(agent, sign * 64) for sign in "ab"]
    place, prints = make_district(), [sign * 64 for sign in "abcdef"]

    def sheet(number):
        lines = [assisting.Signed(each, 1980, place) for each in (prints if number % 2 else reversed(prints))]
        entered(agent, ideas[number // 2 % 2], lines)

    gestures = [
        *[lambda number=number: sheet(number) for number in range(8)],
        *[lambda who=who: supporting.support(actor=who, idea=ideas[0], at=timezone.now()) for who in accounts],
        lambda: desk.link_account(actor=agent, user=make_resident(), fingerprint="f" * 64),
    ]
    assert at_once(gestures) == ["done"] * len(gestures)
    assert [sum(counts(idea)) for idea in ideas] == [6, 6]
    assert Support.objects.count() == 12


# --- What is kept ----------------------------------------------------------------------------------------------------------------


def test_a_fingerprint_stays_as_long_as_the_idea_gathers_supports(agent):
    idea = make_idea()
    entered(agent, idea, signed(ONE))
    Person.objects.update(identity_on=today() - dt.timedelta(days=800))
    forget()
    assert Person.objects.get().identity_hash == ONE
    Idea.objects.filter(pk=idea.pk).update(stage="done")
    forget()
    assert Person.objects.get().identity_hash is None
    # The count stays.
    assert sum(counts(idea)) == 1
