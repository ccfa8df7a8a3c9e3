"""What is written outside the pages: assisted entry, letting go of drafts, closing an account."""

import datetime as dt

import pytest
from django.contrib.auth.models import AnonymousUser
from django.core.files.base import ContentFile
from django.db import IntegrityError, transaction
from django.utils import timezone

from consultations import asking
from consultations.models import Participation
from desk.models import Person
from mulhouse.errors import RefusedError
from questionnaires import actions, keys, personal_data, tasks
from questionnaires.models import Answer, Response, ResponseFile
from tests import factories
from tests.questionnaires.making import add_question, make_questionnaire, make_response, option
from transparency.models import RegisterLine

pytestmark = pytest.mark.django_db(transaction=True)


def test_a_response_has_exactly_one_key():
    asked = make_questionnaire()
    for fields in ({}, {"token_hash": ""}, {"person": Person.objects.create(), "token_hash": "a" * 64}):
        with pytest.raises(IntegrityError), transaction.atomic():
            Response.objects.create(questionnaire=asked, **fields)


def test_without_an_account_a_key_is_needed():
    with pytest.raises(ValueError, match="key"):
        actions.save_draft(
            user=AnonymousUser(),
            token="",
            questionnaire=make_questionnaire(accepts_without_account=True),
            typed={},
            at=timezone.now(),
        )


def test_a_key_of_one_questionnaire_finds_nothing_in_another():
    token = keys.new()
    asked, other = (make_questionnaire(accepts_without_account=True) for _number in range(2))
    actions.save_draft(user=AnonymousUser(), token=token, questionnaire=asked, typed={}, at=timezone.now())
    rows = Response.objects

    assert rows.of(asked, user=AnonymousUser(), token_hash=keys.hashed(token)).count() == 1
    assert rows.of(other, user=AnonymousUser(), token_hash=keys.hashed(token)).count() == 0
    assert rows.of(asked, user=AnonymousUser(), token_hash="").count() == 0


def test_an_agent_sends_for_somebody_who_is_counted_by_their_channel():
    asked = make_questionnaire()
    question = add_question(asked)
    person, district = Person.objects.create(), factories.make_district()
    for label in ("Oui", "Non"):
        with transaction.atomic():
            asking.send_within(
                link=asked.consultation_link,
                answers=[Answer(question=question, option=option(question, label))],
                person=person,
                channel="paper",
                district=district,
                birth_year=1990,
                at=timezone.now(),
            )
    response = Response.objects.get()

    assert (response.person, response.channel, response.district) == (person, "paper", district)
    assert Answer.objects.get().option.label == "Non"
    assert Participation.objects.get().channel == "paper"
    assert set(RegisterLine.objects.values_list("role", flat=True)) == {"agent"}


def test_assisted_entry_stops_with_the_questionnaire():
    asked = make_questionnaire(opens=-5, closes=0)

    with pytest.raises(RefusedError), transaction.atomic():
        asking.send_within(
            link=asked.consultation_link, answers=[], person=Person.objects.create(), channel="desk", at=timezone.now()
        )


def test_a_month_after_the_end_drafts_are_gone_and_what_was_sent_stays():
    old, recent = make_questionnaire(opens=-90, closes=-31), make_questionnaire(opens=-90, closes=-20)
    question = add_question(old, "file")
    left = make_response(old, submitted_at=None, draft={"q1": ["Un texte"]})
    kept = ResponseFile(response=left, question=question, name="a.pdf", content_type="application/pdf", size=1)
    kept.file.save("a.pdf", ContentFile(b"x"))
    sent = make_response(old, draft={"q1": ["Un texte"]})
    waiting = make_response(recent, submitted_at=None)
    tasks.tidy()

    assert set(Response.objects.all()) == {sent, waiting}
    sent.refresh_from_db()
    assert (sent.draft, kept.file.storage.exists(kept.file.name)) == ({}, False)
    tasks.tidy()
    assert Response.objects.count() == 2


def test_closing_an_account_leaves_the_response_without_any_link():
    user = factories.make_resident()
    person = Person.objects.create(user=user)
    sent, unsent = make_questionnaire(), make_questionnaire()
    question = add_question(sent)
    response = make_response(sent, Answer(question=question, option=option(question, "Oui")), person=person)
    make_response(unsent, person=person, submitted_at=None)
    with transaction.atomic():
        actions.erase_responses(user=user)

    response.refresh_from_db()
    assert (response.person, len(response.token_hash), Response.objects.count()) == (None, 64, 1)
    assert Answer.objects.count() == 1


def test_what_a_person_gets_back():
    user = factories.make_resident()
    asked = make_questionnaire()
    question = add_question(asked, label="Content ?")
    response = make_response(
        asked, Answer(question=question, option=option(question, "Oui")), user=user, age_band="25-39"
    )
    kept = ResponseFile(response=response, question=question, name="a.pdf", content_type="application/pdf", size=1)
    kept.file.save("a.pdf", ContentFile(b"x"))
    holding = personal_data.HOLDINGS[0]

    found = list(holding.export(user))
    assert (found[0]["reference"], found[0]["reponses"]) == (
        response.reference,
        [{"question": "Content ?", "choix": "Oui"}],
    )
    assert [(name, file.read()) for name, file in holding.files(user)] == [(f"questionnaires/{kept.key}-a.pdf", b"x")]
    assert list(holding.export(factories.make_resident())) == []


def test_what_was_sent_counts_until_it_is_sent_again():
    asked = make_questionnaire()
    question = add_question(asked)
    user = factories.make_resident()
    common = {"user": user, "token": "", "questionnaire": asked}
    at = timezone.now()
    first = actions.submit(**common, answers=[Answer(question=question, option=option(question, "Oui"))], at=at)
    actions.save_draft(**common, typed={f"q{question.pk}": ["x"]}, at=at + dt.timedelta(hours=1))

    assert Answer.objects.get().option.label == "Oui"
    again = actions.submit(**common, answers=[], at=at + dt.timedelta(hours=2))
    assert (again.pk, again.submitted_at, Answer.objects.count()) == (first.pk, at, 0)
