"""A published questionnaire is prolonged or cancelled in public, never closed before its day; what one sent is found again."""

import datetime as dt

import pytest
from django.db import IntegrityError, transaction
from django.urls import reverse
from django.utils import timezone

from consultations import asking
from consultations import tasks as consultation_tasks
from consultations.models import Item, Ruleset
from mulhouse.errors import DomainError
from notifications.models import OutboundMail
from questionnaires import actions, keys
from questionnaires.models import Answer, Questionnaire, Response
from tests import factories
from tests.ballots.test_pages import at
from tests.questionnaires.making import (
    add_question,
    make_questionnaire,
    make_response,
    option,
    page_url,
    shown,
    url,
)
from transparency.models import RegisterLine

pytestmark = pytest.mark.django_db
PERMISSIONS = (
    "consultations.change_consultation",
    "consultations.publish_consultation",
    "questionnaires.change_questionnaire",
    "questionnaires.publish_questionnaire",
)
REASON = "Le tract est arrivé en retard dans deux quartiers."


@pytest.fixture
def agent():
    return factories.make_staff(*PERMISSIONS)


@pytest.fixture
def asked():
    """An open questionnaire of a consultation whose rules are frozen."""
    made = make_questionnaire()
    add_question(made)
    Ruleset.objects.create(
        consultation=made.consultation_link.consultation,
        version=1,
        rules={},
        digest="0" * 64,
        in_force_at=timezone.now() - dt.timedelta(days=30),
    )
    return made


def extend(agent, made, *, days=4, reason=REASON, when=None):
    asking.extend(
        actor=agent,
        consultation=made.consultation_link.consultation,
        questionnaire=made,
        last_day=made.last_day + dt.timedelta(days=days),
        reason=reason,
        at=when or timezone.now(),
    )


def cancel(agent, made, *, reason=REASON, when=None):
    asking.cancel(
        actor=agent,
        consultation=made.consultation_link.consultation,
        questionnaire=made,
        reason=reason,
        at=when or timezone.now(),
    )


def code_of(call):
    with pytest.raises(DomainError) as refused:
        call()
    return refused.value.code


def fill(client, made, label="Oui"):
    question = made.sections.first().questions.first()
    client.post(page_url(made), {**shown(question), f"q{question.pk}": option(question, label).pk})
    return client.post(url(made, "check"))


# --- Denials -----------------------------------------------------------------------------------------------------------


def test_only_whoever_publishes_prolongs_or_cancels(asked):
    writer = factories.make_staff("consultations.change_consultation", "questionnaires.change_questionnaire")
    assert code_of(lambda: extend(writer, asked)) == "not_allowed"
    assert code_of(lambda: cancel(writer, asked)) == "not_allowed"


def test_neither_without_a_reason(agent, asked):
    assert code_of(lambda: extend(agent, asked, reason=" ")) == "reason"
    assert code_of(lambda: cancel(agent, asked, reason="\n")) == "reason"


@pytest.mark.parametrize("days", [0, -1])
def test_last_day_is_never_brought_forward(agent, asked, days):
    assert code_of(lambda: extend(agent, asked, days=days)) == "shorter"
    with pytest.raises(IntegrityError, match="questionnaire_only_extended"), transaction.atomic():
        Questionnaire.objects.update(first_closes_on=asked.closes_on)


def test_what_is_over_is_neither_opened_again_nor_cancelled(agent, asked):
    after = dt.datetime.combine(asked.closes_on, dt.time.min, tzinfo=factories.PARIS)
    assert code_of(lambda: extend(agent, asked, when=after)) == "closed"
    assert code_of(lambda: cancel(agent, asked, when=after)) == "closed"


# --- Prolonging, cancelling ----------------------------------------------------------------------------------------------


def test_prolonged_questionnaire_says_so_everywhere(agent, asked, client):
    respondent, before = factories.make_resident(), asked.last_day
    client.force_login(respondent)
    fill(client, asked)
    client.logout()
    extend(agent, asked)

    asked.refresh_from_db()
    assert (asked.first_last_day, asked.last_day) == (before, before + dt.timedelta(days=4))
    amendment = Ruleset.objects.first()
    line = RegisterLine.objects.get(act="questionnaire.extended")
    assert (amendment.reason, amendment.digest in line.content) == (REASON, True)
    assert "Dernier jour repoussé" in client.get(url(asked)).content.decode()
    page = client.get(reverse("consultations:rules", args=[asked.consultation_link.consultation.slug]))
    for words in (REASON, f"Le questionnaire «\u00a0{asked.title}", "une réponse par compte", "Qui peut répondre"):
        assert words in page.content.decode(), words
    # Somebody who only answered takes part: they are told, once.
    with at(dt.datetime.combine(factories.today(), dt.time(10), tzinfo=factories.PARIS)):
        for _ in range(2):
            consultation_tasks.announce_amendments()
    mail = OutboundMail.objects.get(kind="consultations.amendment", to=respondent.email)
    assert REASON in mail.text


def test_cancelled_questionnaire_takes_shows_and_analyses_nothing(agent, asked, client):
    made = asked.sections.first()
    text = add_question(made, "text")
    for _ in range(6):
        make_response(asked, Answer(question=text, text="Des arbres"))
    cancel(agent, asked)

    page = client.get(url(asked)).content.decode()
    assert (REASON in page, "Questionnaire annulé" in page) == (True, True)
    after = dt.datetime.combine(asked.closes_on, dt.time(3), tzinfo=factories.PARIS)
    for when in (timezone.now(), after):
        with at(when):
            assert client.get(url(asked, "results")).status_code == 403
            assert client.get(url(asked, "export", form="csv")).status_code == 403
            assert client.post(page_url(asked), shown(text)).status_code == 403
    asked.refresh_from_db()
    assert list(Questionnaire.objects.closed(at=after)) == []
    # Nobody will read what was answered: it goes.
    assert actions.tidy(at=timezone.now() + dt.timedelta(days=29)) == 0
    assert actions.tidy(at=timezone.now() + dt.timedelta(days=31)) == 6
    assert (Response.objects.count(), Item.objects.count()) == (0, 0)


def test_agent_prolongs_then_cancels_from_the_builder(agent, asked, client):
    factories.sign_in(client, agent)
    link = asked.consultation_link
    address = reverse(
        "admin:consultations_consultation_questionnaire_publish", args=[link.consultation_id, asked.reference]
    )
    sent = {"geste": "prolonger", "prolongation-reason": REASON}
    assert client.post(address, {"geste": "prolonger"}).status_code == 422
    short = {**sent, "prolongation-last_day": asked.opens_on.isoformat()}
    assert "ne se raccourcit pas" in client.post(address, short).content.decode()
    later = {**sent, "prolongation-last_day": (asked.last_day + dt.timedelta(days=2)).isoformat()}
    assert client.post(address, later).status_code == 302
    assert client.post(address, {"geste": "annuler"}).status_code == 422
    assert client.post(address, {"geste": "annuler", "annulation-reason": REASON}).status_code == 302
    page = client.get(address).content.decode()
    assert ("Annulé le" in page, "Prolonger en public" in page) == (True, False)
    asked.refresh_from_db()
    assert asked.cancel_reason == REASON


# --- The receipt, the key --------------------------------------------------------------------------------------------------


def test_receipt_is_mailed_once_without_any_answer(client, asked):
    resident = factories.make_resident()
    client.force_login(resident)
    fill(client, asked)
    fill(client, asked, "Non")

    mail = OutboundMail.objects.get(kind="consultations.questionnaire")
    response = Response.objects.get()
    assert (mail.to, response.reference in mail.text, asked.title in mail.text) == (resident.email, True, True)
    question = asked.sections.first().questions.first()
    for part in (mail.subject, mail.text, mail.html):
        assert (question.label in part, ">Oui<" in part, ">Non<" in part) == (False, False, False)
    assert response.reference in client.get(url(asked, "thanks")).content.decode()


def test_no_mail_without_an_account_nor_from_an_agent(client):
    made = make_questionnaire(accepts_without_account=True)
    add_question(made)
    fill(client, made)
    assert (Response.objects.sent().count(), OutboundMail.objects.count()) == (1, 0)


def test_own_responses_are_found_and_nobody_elses(client, asked, django_assert_max_num_queries):
    resident, other = factories.make_resident(), factories.make_resident()
    mine = make_response(asked, user=resident)
    theirs = make_response(asked, user=other)
    client.force_login(resident)
    with django_assert_max_num_queries(12):
        page = client.get(reverse("consultations:mine") + "?voir=reponses").content.decode()
    assert (mine.reference in page, theirs.reference in page) == (True, False)
    assert all(words in page for words in (asked.title, "modifiable jusqu’au", url(asked)))


def test_key_opens_a_response_in_another_browser_and_no_other_one(client):
    made = make_questionnaire(accepts_without_account=True)
    add_question(made)
    other = make_questionnaire(accepts_without_account=True)
    add_question(other)
    fill(client, made)
    page = client.get(url(made, "thanks")).content.decode()
    response = Response.objects.get()
    shown_key = page.split('<p class="code-recu code-recu--long">')[1].split("</p>")[0]
    assert keys.hashed(keys.typed(shown_key)) == response.token_hash

    elsewhere = type(client)()
    for wrong in ("", "ABCD", keys.grouped(keys.new())):
        assert elsewhere.post(url(made, "resume"), {"key": wrong}).status_code == 422
    assert elsewhere.post(url(other, "resume"), {"key": shown_key}).status_code == 422
    assert set(elsewhere.cookies) <= {"csrftoken"}
    back = elsewhere.post(url(made, "resume"), {"key": shown_key.lower().replace("-", " ")})
    assert (back.status_code, back.url, "no-store" in back["Cache-Control"]) == (302, url(made, "thanks"), True)
    assert keys.typed(shown_key) not in back.url
    assert response.reference in elsewhere.get(url(made, "thanks")).content.decode()


def test_key_is_said_to_whoever_has_no_account_and_only_once_there_is_something(client):
    made = make_questionnaire(accepts_without_account=True)
    question = add_question(made)
    assert "Votre clé" not in client.get(page_url(made)).content.decode()
    client.post(page_url(made), shown(question))
    assert "Votre clé" in client.get(page_url(made)).content.decode()
    client.force_login(factories.make_resident())
    client.post(page_url(made), shown(question))
    assert "Votre clé" not in client.get(page_url(made)).content.decode()


def test_resuming_is_limited_by_address(client):
    made = make_questionnaire(accepts_without_account=True)
    codes = [client.post(url(made, "resume"), {"key": keys.new()}).status_code for _ in range(41)]
    assert (codes[39], codes[40]) == (422, 429)


@pytest.mark.parametrize("typed", ["", "0" * 23, "0" * 25, "é" * 24])
def test_what_is_no_key_reads_as_none(typed):
    assert keys.typed(typed) == ""
    assert keys.hashed(keys.typed(typed)) == ""
