"""The same human on the web and at the desk at the same instant, and one paper in several hands: counted once."""

import datetime as dt
import uuid

import pytest
from django.db import transaction
from django.test import Client
from django.utils import timezone

from ballots import codes, sealing
from ballots.models import Box, RollLine
from consultations import actions, asking, assisting, voting
from consultations.models import Contribution, Participation, TableNotes
from desk import actions as desk
from desk import people
from desk.models import Assistance, Person, Receipt
from mulhouse.errors import DomainError
from questionnaires.models import Answer, Response
from tests.ballots import votes
from tests.concurrency import run_in_threads
from tests.factories import make_consultation, make_contribution, make_district, make_resident, make_staff
from tests.questionnaires.making import add_question, make_questionnaire

pytestmark = pytest.mark.django_db(transaction=True)

CROWD = 16
FINGERPRINT = "c" * 64


@pytest.fixture
def agent():
    return make_staff("desk.assist", "accounts.verify_residency")


@pytest.fixture
def human(agent):
    """Somebody with an account that an agent tied to their identity."""
    account = make_resident(birth_year=1980)
    desk.link_account(actor=agent, user=account, fingerprint=FINGERPRINT)
    return account


def helped(agent, consultation, **fields):
    return desk.open_assistance(
        actor=agent,
        topic=consultation.topic,
        birth_year=1980,
        at=timezone.now(),
        **{
            "fingerprint": FINGERPRINT,
            "channel": "desk",
            "district": make_district(),
            "is_residence_checked": True,
            "is_voting": False,
            **fields,
        },
    )


def outcome(gesture):
    """Give "done", or the code of a refusal said in words: anything else is a fault of the site."""
    try:
        gesture()
    except DomainError as error:
        return error.code
    return "done"


def at_once(gestures):
    return sorted(str(one) for one in run_in_threads(len(gestures), lambda number: outcome(gestures[number])))


@pytest.mark.parametrize("turn", range(4))
def test_a_vote_on_the_web_and_at_the_desk_is_one(agent, human, turn):
    link = votes.make_vote()
    helps = [helped(agent, link.consultation) for _ in range(CROWD // 2)]

    def on_the_web():
        if not voting.cast(actor=human, link=link, choices=[1], code=codes.new_code(), at=timezone.now()):
            raise DomainError("voted", "")

    def at_the_desk(assistance):
        assisting.enter_on_roll(actor=agent, link=link, assistance=assistance, at=timezone.now())

    found = at_once([on_the_web] * (CROWD // 2) + [lambda one=one: at_the_desk(one) for one in helps])
    assert found == ["done"] + ["voted"] * (CROWD - 1)
    line = RollLine.objects.get()
    box = sealing.unseal(bytes(Box.objects.get().sealed), reference=link.votation.reference)
    # A paper ballot is counted by hand, on the evening: the box holds the other one.
    assert sum(box.values()) == (1 if line.channel == "web" else 0)
    assert Participation.objects.get().channel == line.channel
    assert (Person.objects.count(), Receipt.objects.count()) == (1, 0 if line.channel == "web" else 1)


@pytest.mark.parametrize("turn", range(4))
def test_answers_on_the_web_and_at_the_desk_are_one_response(agent, human, turn):
    questionnaire = make_questionnaire()
    link, asked = questionnaire.consultation_link, add_question(questionnaire, "text")
    helps = [helped(agent, link.consultation) for _ in range(CROWD // 2)]

    def on_the_web():
        answers = [Answer(question=asked, text="Du web.")]
        asking.send(user=human, token="", link=link, answers=answers, at=timezone.now())

    def at_the_desk(assistance):
        answers = [Answer(question=asked, text="Du guichet.")]
        assisting.answer(actor=agent, link=link, assistance=assistance, answers=answers, uploads={}, at=timezone.now())

    found = at_once([on_the_web] * (CROWD // 2) + [lambda one=one: at_the_desk(one) for one in helps])
    # On the web one may answer again until the end; the desk never writes over what was sent.
    assert set(found) <= {"done", "answered"}
    assert found.count("answered") in {CROWD // 2, CROWD // 2 - 1}
    response = Response.objects.get()
    assert Answer.objects.get().text == "Du web."
    assert response.channel == Participation.objects.get().channel
    assert Person.objects.count() == 1


@pytest.mark.parametrize("turn", range(4))
def test_opinions_on_the_web_and_at_the_desk_are_of_one_person(agent, human, turn):
    consultation = make_consultation()
    section = consultation.sections.get()
    drafts = [
        make_contribution(consultation=consultation, section=section, author=human, published_at=None)
        for _ in range(CROWD // 2)
    ]
    helps = [helped(agent, consultation) for _ in range(CROWD // 2)]

    def on_the_web(draft):
        actions.publish(actor=human, contribution=draft, at=timezone.now())

    def at_the_desk(assistance):
        said = assisting.Said(section=section, kind="opinion", title="Des bancs", body=f"Avis {assistance.pk}")
        assisting.contribute(
            actor=agent, consultation=consultation, assistance=assistance, said=said, at=timezone.now()
        )

    gestures = [lambda one=one: on_the_web(one) for one in drafts] + [lambda one=one: at_the_desk(one) for one in helps]
    assert at_once(gestures) == ["done"] * CROWD
    consultation.refresh_from_db()
    assert consultation.contribution_count == Contribution.objects.filter(published_at__isnull=False).count() == CROWD
    assert (Participation.objects.count(), Person.objects.count()) == (1, 1)


def test_all_three_gestures_at_once_are_one_person(agent, human):
    """Opinion, answers and vote, by both channels: whatever waits for whatever, nobody is left behind by a deadlock."""
    link = votes.make_vote()
    consultation = link.consultation
    questionnaire = make_questionnaire(consultation=consultation)
    asked, section = add_question(questionnaire, "text"), consultation.sections.get()
    draft = make_contribution(consultation=consultation, section=section, author=human, published_at=None)
    helps = [helped(agent, consultation) for _ in range(3)]
    said = assisting.Said(section=section, kind="opinion", title="Des bancs", body="Des bancs.")
    at = timezone.now

    def answers():
        return [Answer(question=asked, text="Oui.")]

    gestures = [
        lambda: actions.publish(actor=human, contribution=draft, at=at()),
        lambda: voting.cast(actor=human, link=link, choices=[1], code=codes.new_code(), at=at()),
        lambda: asking.send(user=human, token="", link=questionnaire.consultation_link, answers=answers(), at=at()),
        lambda: assisting.contribute(actor=agent, consultation=consultation, assistance=helps[0], said=said, at=at()),
        lambda: assisting.enter_on_roll(actor=agent, link=link, assistance=helps[1], at=at()),
        lambda: assisting.answer(
            actor=agent,
            link=questionnaire.consultation_link,
            assistance=helps[2],
            answers=answers(),
            uploads={},
            at=at(),
        ),
    ]
    assert set(at_once(gestures)) <= {"done", "answered", "voted"}
    assert (RollLine.objects.count(), Response.objects.sent().count()) == (1, 1)
    assert (Participation.objects.count(), Person.objects.count()) == (1, 1)


def test_thirty_agents_with_one_paper_enter_it_once():
    consultation = make_consultation()
    section = consultation.sections.get()
    agents = [make_staff("desk.assist") for _ in range(30)]
    helps = [helped(agent, consultation, channel="paper") for agent in agents]

    def enter(number):
        # Two agents never type quite the same.
        body = ["Des bancs à l’ombre.", "des bancs  à l’ombre.\n", "DES BANCS À L’OMBRE."][number % 3]
        said = assisting.Said(section=section, kind="opinion", title="Des bancs", body=body)
        assisting.contribute(
            actor=agents[number], consultation=consultation, assistance=helps[number], said=said, at=timezone.now()
        )

    found = at_once([lambda number=number: enter(number) for number in range(30)])
    assert found == ["done"] + ["said_already"] * 29
    assert (Contribution.objects.count(), Receipt.objects.count(), Participation.objects.count()) == (1, 1, 1)
    # Nothing was used up for the others: they may write something else.
    assert Assistance.objects.filter(used_at=None).count() == 29


def test_thirty_agents_with_the_sheet_of_a_table_enter_it_once():
    consultation = make_consultation()
    section, agents = consultation.sections.get(), [make_staff("desk.assist") for _ in range(30)]
    said = [
        assisting.Said(section=section, kind="opinion", title=f"Note {rank}", body=f"Note {rank}.") for rank in range(9)
    ]
    day = dt.date(2026, 3, 12)

    def enter(number):
        return assisting.enter_table(
            actor=agents[number],
            consultation=consultation,
            key=uuid.uuid4(),
            table=assisting.Table(name="Table 4", gathering="atelier", held_on=day, rapporteur="animatrice", people=8),
            notes=said,
            at=timezone.now(),
        )[1]

    assert sorted(run_in_threads(30, enter)) == [False] * 29 + [True]
    consultation.refresh_from_db()
    assert (Contribution.objects.count(), consultation.contribution_count, TableNotes.objects.count()) == (9, 9, 1)


def test_two_people_say_the_same_words():
    """A text that many copy is said by each of them."""
    consultation, agent = make_consultation(), make_staff("desk.assist")
    said = assisting.Said(section=consultation.sections.get(), kind="opinion", title="Des bancs", body="Des bancs.")
    for letter in "ab":
        assisting.contribute(
            actor=agent,
            consultation=consultation,
            assistance=helped(agent, consultation, channel="paper", fingerprint=letter * 64),
            said=said,
            at=timezone.now(),
        )
    assert (Contribution.objects.count(), Participation.objects.count()) == (2, 2)


def test_an_account_is_tied_while_both_take_part(agent):
    """Tying, voting on the web and being given a paper ballot at the same instant: one ballot in all, or both before tying."""
    link = votes.make_vote()
    account = make_resident(birth_year=1980)
    with transaction.atomic():
        people.of_identity(FINGERPRINT)
    helps = [helped(agent, link.consultation) for _ in range(4)]
    gestures = [
        *[lambda: desk.link_account(actor=agent, user=account, fingerprint=FINGERPRINT)] * 4,
        *[lambda: voting.cast(actor=account, link=link, choices=[1], code=codes.new_code(), at=timezone.now())] * 4,
        *[
            lambda one=one: assisting.enter_on_roll(actor=agent, link=link, assistance=one, at=timezone.now())
            for one in helps
        ],
    ]
    found = at_once(gestures)
    assert set(found) <= {"done", "voted", "both_took_part"}, found
    people_left = Person.objects.count()
    assert people_left == (2 if "both_took_part" in found else 1)
    assert RollLine.objects.count() == people_left
    assert Client().get(link.consultation.get_absolute_url()).status_code == 200


# --- Accounts that nobody tied to an identity -----------------------------------------------------------------------------


def cast(user, link):
    if not voting.cast(actor=user, link=link, choices=[1], code=codes.new_code(), at=timezone.now()):
        raise DomainError("voted", "")


def enter(agent, link, assistance):
    assisting.enter_on_roll(actor=agent, link=link, assistance=assistance, at=timezone.now())


def in_the_box(link):
    return sum(sealing.unseal(bytes(Box.objects.get().sealed), reference=link.votation.reference).values())


def test_an_account_nobody_tied_gives_no_second_voice_where_residences_are_verified(agent):
    """The web knows an account, the desk a fingerprint: nothing says they are one person."""
    link, account = votes.make_vote(residency_level="verified"), make_resident(verified=True, birth_year=1980)
    helps = [helped(agent, link.consultation) for _ in range(CROWD // 2)]
    gestures = [lambda: cast(account, link)] * (CROWD // 2)
    gestures += [lambda one=one: enter(agent, link, one) for one in helps]
    found = at_once(gestures)
    assert found == ["done"] + ["identity_missing"] * (CROWD // 2) + ["voted"] * (CROWD // 2 - 1)
    assert (RollLine.objects.get().channel, in_the_box(link)) == ("desk", 0)


@pytest.mark.parametrize("turn", range(3))
def test_an_account_tied_at_the_instant_of_voting_gives_one_voice(agent, turn):
    link, account = votes.make_vote(residency_level="verified"), make_resident(verified=True, birth_year=1980)
    with transaction.atomic():
        people.of_identity(FINGERPRINT)
    helps = [helped(agent, link.consultation) for _ in range(4)]
    found = at_once(
        [
            *[lambda: desk.link_account(actor=agent, user=account, fingerprint=FINGERPRINT)] * 4,
            *[lambda: cast(account, link)] * 4,
            *[lambda one=one: enter(agent, link, one) for one in helps],
        ]
    )
    assert set(found) <= {"done", "voted", "identity_missing"}, found
    line = RollLine.objects.get()
    assert (Person.objects.count(), in_the_box(link)) == (1, 1 if line.channel == "web" else 0)


@pytest.mark.parametrize("turn", range(3))
def test_whoever_says_they_have_an_account_has_one_voice_where_residences_are_declared(agent, turn):
    link, account = votes.make_vote(residency_level="declared"), make_resident(birth_year=1980)
    helps = [helped(agent, link.consultation) for _ in range(4)]

    def at_the_desk(assistance):
        desk.link_assisted(actor=agent, user=account, assistance=assistance, at=timezone.now())
        enter(agent, link, assistance)

    found = at_once([lambda: cast(account, link)] * 4 + [lambda one=one: at_the_desk(one) for one in helps])
    assert found == ["done"] + ["voted"] * 7
    line = RollLine.objects.get()
    assert (Person.objects.count(), in_the_box(link)) == (1, 1 if line.channel == "web" else 0)
