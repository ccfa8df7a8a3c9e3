"""Once per person, whatever the channel: questionnaires, votes, and accounts tied to an identity."""

import datetime as dt
import io
from pathlib import Path

import pytest
from django.core.files.storage import default_storage
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import transaction
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from PIL import Image

from ballots import rules as ballots_rules
from ballots.models import Option, RollLine, Votation
from consultations import assisting, participation
from consultations.models import ConsultationVote, Contribution, Participation
from desk import actions, people, tasks
from desk.models import Assistance, Channel, Person, Receipt
from ideas.models import CarryAnswer, Support
from mulhouse.errors import DomainError, RefusedError
from questionnaires.models import Answer, Response, ResponseFile
from tests.concurrency import run_in_threads
from tests.factories import (
    make_consultation,
    make_district,
    make_gathering,
    make_idea,
    make_resident,
    make_staff,
    sign_in,
    today,
)
from tests.questionnaires.making import add_question, make_questionnaire, make_response
from transparency.models import RegisterLine

pytestmark = pytest.mark.django_db(transaction=True)

FINGERPRINT = "a" * 64


def url(route, *args):
    return reverse(f"admin:desk_{route}", args=args)


@pytest.fixture
def agent():
    return make_staff("desk.assist", "accounts.verify_residency")


@pytest.fixture
def client(agent):
    return sign_in(Client(), agent)


def opened(agent, consultation, *, fingerprint=FINGERPRINT, channel=Channel.DESK, **fields):
    return actions.open_assistance(
        actor=agent,
        topic=consultation.topic,
        fingerprint=fingerprint,
        birth_year=1980,
        channel=channel,
        at=timezone.now(),
        **{"district": make_district(), "is_residence_checked": True, "is_voting": False, **fields},
    )


def make_vote(consultation, **fields):
    votation = Votation.objects.create(
        **{
            "question": "Quels arbres\u00a0?",
            "opens_on": today() - dt.timedelta(days=2),
            "ends_on": today() + dt.timedelta(days=5),
            **fields,
        }
    )
    for number in (1, 2):
        Option.objects.create(votation=votation, number=number, label=f"Arbre {number}")
    votation.published_at = timezone.now() - dt.timedelta(days=9)
    votation.save()
    return ConsultationVote.objects.create(consultation=consultation, votation=votation)


# --- Questionnaires --------------------------------------------------------------------------------------------------


def test_an_agent_types_answers_and_conditions_are_followed(client, agent):
    questionnaire = make_questionnaire()
    link = questionnaire.consultation_link
    asks = add_question(questionnaire, "single", label="Venez-vous\u00a0?")
    yes = asks.options.get(label="Oui")
    more = add_question(questionnaire, "text", on=asks, wanted=["Oui"], is_required=True)
    assistance = opened(agent, link.consultation)
    page = url("answer", assistance.key, link.pk)
    assert f'name="q{more.pk}"' not in client.get(page).content.decode()
    missing = client.post(page, {f"q{asks.pk}": yes.pk})
    assert missing.status_code == 422
    assert f'name="q{more.pk}"' in missing.content.decode()
    response = client.post(page, {f"q{asks.pk}": yes.pk, f"q{more.pk}": "À pied."})
    receipt = Receipt.objects.get()
    assert response["Location"] == url("ticket", receipt.number)
    sent = Response.objects.sent().get()
    assert (sent.channel, sent.age_band, sent.person) == ("desk", "40-59", assistance.person)
    assert list(Answer.objects.order_by("pk").values_list("question_id", "text")) == [
        (asks.pk, ""),
        (more.pk, "À pied."),
    ]
    assert list(Participation.objects.values_list("channel", flat=True)) == ["desk"]
    assert (receipt.act, receipt.reference) == ("answers", "")
    assert client.get(response["Location"]).status_code == 200


def test_whoever_answered_on_the_web_does_not_answer_again(client, agent):
    questionnaire = make_questionnaire()
    link = questionnaire.consultation_link
    asks = add_question(questionnaire, "text", label="Pourquoi\u00a0?")
    assistance = opened(agent, link.consultation)
    make_response(questionnaire, Answer(question=asks, text="Sur le web."), person=assistance.person)
    page = client.post(url("answer", assistance.key, link.pk), {f"q{asks.pk}": "Au guichet."})
    assert page.status_code == 422
    assert "Cette personne a déjà répondu" in page.content.decode()
    assert "web" not in page.content.decode().split("</nav>")[-1]
    assert Answer.objects.get().text == "Sur le web."
    # Nothing was used up: the agent may still write an opinion for them.
    assert Assistance.objects.get().used_at is None
    assert Receipt.objects.count() == 0


def test_a_closed_questionnaire_takes_nothing(client, agent):
    questionnaire = make_questionnaire(closes=0)
    link = questionnaire.consultation_link
    assistance = opened(agent, link.consultation)
    assert client.post(url("answer", assistance.key, link.pk)).status_code == 422
    assert Response.objects.count() == 0


def photo():
    out = io.BytesIO()
    exif = Image.Exif()
    exif[0x010E] = "Camille Zimmermannovic"
    Image.new("RGB", (40, 30), "teal").save(out, "JPEG", exif=exif)
    return SimpleUploadedFile("chez_camille.jpg", out.getvalue(), "image/jpeg")


def stored_files():
    root = Path(default_storage.location) / "questionnaires"
    return sorted(root.iterdir()) if root.exists() else []


def test_a_file_is_joined_at_the_desk_and_cleaned_as_on_the_web(client, agent):
    questionnaire = make_questionnaire()
    link = questionnaire.consultation_link
    asks = add_question(questionnaire, "file", is_required=True)
    before = stored_files()
    page = url("answer", opened(agent, link.consultation).key, link.pk)
    assert client.post(page).status_code == 422
    assert client.post(page, {f"q{asks.pk}": photo()}).status_code == 302
    kept = Answer.objects.get().file
    assert (kept.question, kept.response, kept.content_type) == (asks, Response.objects.get(), "image/webp")
    with kept.file.open() as file:
        content = file.read()
    assert b"Zimmermannovic" not in content
    assert len(stored_files()) == len(before) + 1


@pytest.mark.parametrize(
    ("name", "content"),
    [("photo.jpg", b"<script>alert(1)</script>"), ("plan.pdf", b"MZ\x90\x00"), ("vide.jpg", b"")],
)
def test_a_file_that_is_not_what_it_says_is_refused(client, agent, name, content):
    questionnaire = make_questionnaire()
    link, asks = questionnaire.consultation_link, add_question(questionnaire, "file")
    before = stored_files()
    page = client.post(
        url("answer", opened(agent, link.consultation).key, link.pk), {f"q{asks.pk}": SimpleUploadedFile(name, content)}
    )
    assert page.status_code == 422
    assert (Response.objects.count(), stored_files()) == (0, before)


def test_a_file_beside_a_mistake_is_asked_again(client, agent):
    questionnaire = make_questionnaire()
    link = questionnaire.consultation_link
    asks, why = add_question(questionnaire, "file"), add_question(questionnaire, "text", is_required=True)
    before = stored_files()
    page = client.post(url("answer", opened(agent, link.consultation).key, link.pk), {f"q{asks.pk}": photo()})
    assert page.status_code == 422
    assert "Choisissez de nouveau ce fichier" in page.content.decode()
    assert f'name="q{why.pk}"' in page.content.decode()
    assert stored_files() == before


def test_files_of_a_response_that_is_refused_are_taken_back(client, agent):
    questionnaire = make_questionnaire()
    link, asks = questionnaire.consultation_link, add_question(questionnaire, "file")
    assistance = opened(agent, link.consultation)
    make_response(questionnaire, person=assistance.person)
    before = stored_files()
    page = client.post(url("answer", assistance.key, link.pk), {f"q{asks.pk}": photo()})
    assert "Cette personne a déjà répondu" in page.content.decode()
    assert (ResponseFile.objects.count(), stored_files()) == (0, before)


# --- Votes -------------------------------------------------------------------------------------------------------------


def test_an_agent_gives_a_paper_ballot_once(client, agent):
    consultation = make_consultation(takes_contributions=False)
    link = make_vote(consultation)
    assistance = opened(agent, consultation)
    page = url("roll", assistance.key, link.pk)
    assert client.get(page).status_code == 200
    client.post(page)
    assert (RollLine.objects.count(), Receipt.objects.get().act) == (1, "vote")
    again = opened(agent, consultation, channel=Channel.PAPER)
    refused = client.post(url("roll", again.key, link.pk)).content.decode()
    assert "Cette personne a déjà voté" in refused
    assert RollLine.objects.count() == 1
    assert (Assistance.objects.get(pk=again.pk).used_at, Receipt.objects.count()) == (None, 1)


def test_where_no_residence_is_verified_the_desk_asks_for_the_account_and_ties_it(client, agent):
    consultation, account = make_consultation(), make_resident(email="camille@example.org")
    link = make_vote(consultation, residency_level="declared")
    page = url("roll", opened(agent, consultation).key, link.pk)
    assert "La personne a-t-elle un compte" in client.get(page).content.decode()
    for typed in ({}, {"has_account": "oui"}, {"has_account": "oui", "email": "personne@example.org"}):
        assert client.post(page, typed).status_code == 422
    assert (RollLine.objects.count(), ballots_rules.vote_refusal(account, link.votation, at=timezone.now())) == (
        0,
        None,
    )
    assert client.post(page, {"has_account": "oui", "email": "Camille@example.org"}).status_code == 302
    assert RollLine.objects.get().person.user == account
    assert ballots_rules.vote_refusal(account, link.votation, at=timezone.now()).code == "voted"


def test_whoever_voted_on_the_web_and_says_so_gets_no_ballot(client, agent):
    consultation, account = make_consultation(), make_resident()
    link = make_vote(consultation, residency_level="declared")
    with transaction.atomic():
        RollLine.objects.create(votation=link.votation, person=people.of_user(account), channel="web", voted_on=today())
    page = url("roll", opened(agent, consultation).key, link.pk)
    refused = client.post(page, {"has_account": "oui", "email": account.email}).content.decode()
    assert "Cette personne a déjà voté" in refused
    assert (RollLine.objects.get().channel, Receipt.objects.count()) == ("web", 0)


def test_where_residences_are_verified_the_desk_does_not_ask(client, agent):
    consultation = make_consultation()
    page = client.get(url("roll", opened(agent, consultation).key, make_vote(consultation).pk)).content.decode()
    assert ("has_account" in page, "seul un compte rattaché à une identité le peut" in page) == (False, True)


def test_nobody_votes_on_the_phone_nor_without_a_checked_residence(client, agent):
    consultation = make_consultation()
    link = make_vote(consultation)
    phone = opened(agent, consultation, channel=Channel.PHONE)
    assert "On ne vote pas par téléphone" in client.post(url("roll", phone.key, link.pk)).content.decode()
    unchecked = opened(agent, consultation, is_residence_checked=False)
    assert "regardez un justificatif" in client.post(url("roll", unchecked.key, link.pk)).content.decode()
    assert RollLine.objects.count() == 0


def test_thirty_desks_and_a_web_account_are_one_person(agent):
    """Whatever the channels, at the same instant: one line of the roll, one response, one line of the ledger."""
    consultation = make_consultation()
    vote = make_vote(consultation)
    questionnaire = make_questionnaire(consultation=consultation)
    asks = add_question(questionnaire, "text", label="Pourquoi\u00a0?")
    channels = [Channel.DESK, Channel.PAPER]
    helped = [opened(agent, consultation, channel=channels[number % 2]) for number in range(30)]

    def act(number):
        at = timezone.now()
        try:
            if number % 2:
                assisting.enter_on_roll(actor=agent, link=vote, assistance=helped[number], at=at)
            else:
                answer = Answer(question=asks, text=f"Réponse {number}")
                assisting.answer(
                    actor=agent,
                    link=questionnaire.consultation_link,
                    assistance=helped[number],
                    answers=[answer],
                    uploads={},
                    at=at,
                )
        except DomainError as error:
            return error.code
        return "done"

    outcomes = run_in_threads(30, act)
    assert sorted(outcomes) == ["answered"] * 14 + ["done"] * 2 + ["voted"] * 14
    assert (RollLine.objects.count(), Response.objects.count(), Answer.objects.count()) == (1, 1, 1)
    assert (Participation.objects.count(), Person.objects.count(), Receipt.objects.count()) == (1, 1, 2)


def test_one_assistance_sent_thirty_times_is_one_contribution(agent):
    consultation = make_consultation()
    assistance = opened(agent, consultation)
    said = assisting.Said(section=consultation.sections.get(), kind="opinion", title="Des bancs", body="Des bancs.")

    def act(_number):
        try:
            assisting.contribute(
                actor=agent, consultation=consultation, assistance=assistance, said=said, at=timezone.now()
            )
        except RefusedError as error:
            return error.code
        return "done"

    assert sorted(run_in_threads(30, act)) == ["done"] + ["used"] * 29
    assert (Contribution.objects.count(), Receipt.objects.count()) == (1, 1)


# --- Accounts and identities ---------------------------------------------------------------------------------------------


def _both_took_part(consultation):
    """An account and an identity, each in the ledger of one consultation; the identity first."""
    account = make_resident()
    with transaction.atomic():
        of_account, of_identity = people.of_user(account), people.of_identity(FINGERPRINT)
        participation.note(consultation, of_account, channel=Channel.WEB, at=timezone.now())
        early = timezone.now() - dt.timedelta(days=3)
        participation.note(consultation, of_identity, channel=Channel.PAPER, at=early)
        participation.note(make_consultation(), of_identity, channel=Channel.PHONE, at=early)
    return account, of_account, of_identity


def test_two_rows_of_the_ledger_become_the_first(agent):
    consultation = make_consultation()
    account, of_account, of_identity = _both_took_part(consultation)
    assert actions.link_account(actor=agent, user=account, fingerprint=FINGERPRINT) == of_account
    assert not Person.objects.filter(pk=of_identity.pk).exists()
    rows = Participation.objects.order_by("consultation_id").values_list("consultation_id", "person_id", "channel")
    assert [row[1:] for row in rows] == [(of_account.pk, "paper"), (of_account.pk, "phone")]
    assert Participation.objects.get(consultation=consultation).first_on == today() - dt.timedelta(days=3)


def test_both_answered_is_refused_and_changes_nothing(agent):
    questionnaire = make_questionnaire()
    account, of_account, of_identity = _both_took_part(make_consultation())
    make_response(questionnaire, person=of_account)
    make_response(questionnaire, person=of_identity)
    with pytest.raises(DomainError) as refused:
        actions.link_account(actor=agent, user=account, fingerprint=FINGERPRINT)
    assert refused.value.code == "both_took_part"
    assert Person.objects.get(pk=of_identity.pk).identity_hash == FINGERPRINT
    assert Person.objects.get(pk=of_account.pk).identity_hash is None
    assert Participation.objects.filter(person=of_identity).count() == 2


def test_an_identity_is_of_one_account_and_an_account_of_one_identity(agent):
    first, second = make_resident(), make_resident()
    actions.link_account(actor=agent, user=first, fingerprint=FINGERPRINT)
    with pytest.raises(DomainError) as refused:
        actions.link_account(actor=agent, user=second, fingerprint=FINGERPRINT)
    assert refused.value.code == "other_account"
    with pytest.raises(DomainError) as refused:
        actions.link_account(actor=agent, user=first, fingerprint="b" * 64)
    assert refused.value.code == "other_identity"
    assert RegisterLine.objects.filter(act="desk.account_linked").count() == 1


def test_linking_needs_both_permissions():
    for permissions in ((), ("desk.assist",), ("accounts.verify_residency",)):
        with pytest.raises(RefusedError):
            actions.link_account(actor=make_staff(*permissions), user=make_resident(), fingerprint=FINGERPRINT)
    assert Person.objects.count() == 0


def test_every_table_that_points_at_a_person_follows(agent):
    """A new table that does not follow would leave the old row in the way: `gone.delete()` refuses."""
    account = make_resident()
    consultation = make_consultation()
    vote = make_vote(consultation)
    questionnaire = make_questionnaire(consultation=consultation)
    assistance = opened(agent, consultation)
    assisting.enter_on_roll(actor=agent, link=vote, assistance=assistance, at=timezone.now())
    make_response(questionnaire, person=assistance.person)
    Support.objects.create(idea=make_idea(), person=assistance.person, supported_on=today())
    CarryAnswer.objects.create(gathering=make_gathering(), person=assistance.person, is_yes=False)
    kept = actions.link_account(actor=agent, user=account, fingerprint=FINGERPRINT)
    for relation in Person._meta.related_objects:
        rows = relation.related_model.objects.filter(**{f"{relation.field.name}__isnull": False})
        assert {getattr(row, relation.field.attname) for row in rows} == {kept.pk}, relation


# --- Forgetting --------------------------------------------------------------------------------------------------------


def test_the_night_forgets_assistances_and_old_fingerprints(agent):
    consultation = make_consultation()
    kept, gone = opened(agent, consultation), opened(agent, consultation, fingerprint="b" * 64)
    old = timezone.now() - dt.timedelta(days=1, minutes=1)
    Assistance.objects.filter(pk=gone.pk).update(opened_at=old, expires_at=old + dt.timedelta(minutes=15))
    Person.objects.filter(pk=gone.person_id).update(identity_on=today() - dt.timedelta(days=731))
    Person.objects.filter(pk=kept.person_id).update(identity_on=today() - dt.timedelta(days=730))
    tasks.forget()
    assert list(Assistance.objects.all()) == [kept]
    assert dict(Person.objects.values_list("pk", "identity_hash")) == {
        kept.person_id: FINGERPRINT,
        gone.person_id: None,
    }
