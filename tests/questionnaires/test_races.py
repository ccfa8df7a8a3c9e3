"""Thirty threads at once: one response for a person, one for a key, whatever they press."""

import pytest
from django.contrib.auth.models import AnonymousUser
from django.utils import timezone

from questionnaires import actions, keys
from questionnaires.models import Answer, Response
from tests import factories
from tests.concurrency import run_in_threads
from tests.questionnaires.making import add_question, make_questionnaire, option
from transparency.models import RegisterLine

THREADS = 30

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.mark.parametrize("has_account", [True, False])
def test_one_response_each_from_thirty_threads(has_account):
    asked = make_questionnaire(accepts_without_account=True)
    question = add_question(asked)
    user = factories.make_resident() if has_account else AnonymousUser()
    token = "" if has_account else keys.new()
    yes, no = option(question, "Oui").pk, option(question, "Non").pk

    def send(number):
        answers = [Answer(question_id=question.pk, option_id=yes if number % 2 else no)]
        common = {"user": user, "token": token, "questionnaire": asked, "at": timezone.now()}
        actions.save_draft(**common, typed={f"q{question.pk}": [str(number)]})
        return actions.submit(**common, answers=answers).pk

    sent = run_in_threads(THREADS, send)

    response = Response.objects.get()
    assert set(sent) == {response.pk}
    assert Answer.objects.filter(response=response).count() == 1
    acts = list(RegisterLine.objects.values_list("act", flat=True).order_by("number"))
    assert (acts.count("questionnaire.answered"), len(acts)) == (1, THREADS)


def test_two_people_never_wait_for_one_response():
    asked = make_questionnaire(accepts_without_account=True)
    question = add_question(asked)

    def send(number):
        return actions.submit(
            user=AnonymousUser(),
            token=keys.new(),
            questionnaire=asked,
            answers=[Answer(question_id=question.pk, option=option(question, "Oui"))],
            at=timezone.now(),
        ).reference

    assert len(set(run_in_threads(10, send))) == 10
