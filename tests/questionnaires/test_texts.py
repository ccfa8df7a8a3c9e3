"""A free text, from the page where it was typed to the public answer of the city: nobody reads it before an agent has looked."""

import datetime as dt

import pytest
from django.urls import reverse
from django.utils import timezone

from consultations import analysis, asking, coverage, outcomes, tasks, telling
from consultations.models import Item
from mulhouse.errors import RefusedError
from notifications.models import OutboundMail
from questionnaires.models import Answer, Response
from tests import factories
from tests.ballots.test_pages import at
from tests.questionnaires.making import add_question, make_questionnaire, make_response, page_url, shown, url
from transparency.models import RegisterLine
from transparency.verification import verify_whole

pytestmark = pytest.mark.django_db
ANALYST = (
    "consultations.analyse_consultation",
    "consultations.publish_consultation",
    "consultations.change_consultation",
)
TEXT = "Je garde mes outils au douze rue des Tanneurs, dans la cave."


def listed(client, consultation, **asked):
    query = "&".join(f"{name}={value}" for name, value in {"voir": "avis", **asked}.items())
    return client.get(f"{reverse('consultations:outcomes', args=[consultation.slug])}?{query}").content.decode()


def page(route, consultation, *args):
    return reverse(f"admin:consultations_consultation_{route}", args=[consultation.pk, *args])


def answered(client, made, question):
    resident = factories.make_resident()
    client.force_login(resident)
    client.post(page_url(made), {**shown(question), f"q{question.pk}": TEXT})
    client.post(url(made, "check"))
    client.logout()
    return resident


def test_free_text_goes_from_the_form_to_the_public_answer(client):
    """Typed, sent, closed, collected by the night, seen, answered, shown: each step in its place, nothing before."""
    made = make_questionnaire(closes=1)
    consultation = made.consultation_link.consultation
    question = add_question(made, "text", label="Que faut-il garder ?")
    resident = answered(client, made, question)
    over = dt.datetime.combine(made.closes_on, dt.time(3), tzinfo=factories.PARIS)

    # Open: the night brings nothing.
    tasks.check_consistency()
    assert Item.objects.count() == 0
    with at(over):
        tasks.check_consistency()
        tasks.check_consistency()
    item = Item.objects.get()
    assert (item.words, item.place, item.channel) == (TEXT, "waiting", "web")
    assert coverage.of(consultation).without_outcome == 1

    # The agent finds it in the work list, with the question that was asked, and without its author.
    agent = factories.make_staff(*ANALYST)
    factories.sign_in(client, agent)
    assert item.reference in client.get(page("analysis", consultation)).content.decode()
    seen = client.get(page("analysis_item", consultation, item.reference)).content.decode()
    assert (TEXT in seen, question.label in seen) == (True, True)
    assert (resident.email in seen, str(resident.public_name) in seen) == (False, False)
    client.logout()
    assert (TEXT in listed(client, consultation), item.reference in listed(client, consultation)) == (False, False)

    # An answer of the city does not make the text public; showing it does.
    theme = factories.make_analysis_theme(consultation=consultation, members=[item])
    words = analysis.Words(title="Ateliers", public_title="Garder les ateliers")
    decided = analysis.Decided("kept", "Les caves restent.")
    analysis.save_theme(actor=agent, theme=theme, words=words, decided=decided, seen=theme.version)
    outcomes.publish(actor=agent, consultation=consultation, at=timezone.now())
    assert coverage.of(consultation).without_outcome == 0
    assert TEXT not in listed(client, consultation)
    assert TEXT not in listed(client, consultation, suite="retenus")
    factories.sign_in(client, agent)
    assert client.post(page("analysis_item", consultation, item.reference), {"geste": "montrer"}).status_code == 302
    client.logout()

    public = listed(client, consultation)
    assert all(words in public for words in (TEXT, question.label, item.reference, "Les caves restent."))
    response = Response.objects.get()
    for secret in (response.reference, resident.email, str(resident.public_name)):
        assert secret not in public
    # Its author finds it in their space, and was told.
    client.force_login(resident)
    assert "Les caves restent." in client.get(reverse("consultations:mine") + "?voir=questionnaires").content.decode()
    client.logout()
    with at(timezone.now() + telling.QUIET):
        tasks.tell_contributors()
    assert OutboundMail.objects.filter(to=resident.email, kind="consultations.outcomes").count() == 1

    # It can be taken back.
    asking.show_text(actor=agent, item=Item.objects.get(), is_shown=False, at=timezone.now())
    assert TEXT not in listed(client, consultation)
    lines = RegisterLine.objects.filter(act__startswith="questionnaire.text_").order_by("number")
    assert list(lines.values_list("act", "subject")) == [
        ("questionnaire.text_shown", item.reference),
        ("questionnaire.text_hidden", item.reference),
    ]
    assert all(TEXT[:20] not in line.content for line in lines)
    assert verify_whole().reason == ""


@pytest.fixture
def collected():
    made = make_questionnaire(opens=-30, closes=-1)
    question = add_question(made, "text")
    make_response(made, Answer(question=question, text=TEXT))
    consultation = made.consultation_link.consultation
    analysis.collect_answers(actor=None, consultation=consultation, at=timezone.now())
    return Item.objects.select_related("answer", "consultation").get()


def test_words_of_other_are_opinions_too():
    """« Autre : … » waits for an answer as a free text does; a choice without words does not."""
    made = make_questionnaire(opens=-30, closes=-1)
    question = add_question(made, "multiple", other="Autre usage")
    yes, other = question.options.get(label="Oui"), question.options.get(is_other=True)
    make_response(made, Answer(question=question, option=yes), Answer(question=question, option=other, text=TEXT))
    consultation = made.consultation_link.consultation
    for new in (1, 0):
        assert analysis.collect_answers(actor=None, consultation=consultation, at=timezone.now()) == new
    item = Item.objects.get()
    assert (item.words, item.kind, item.place, item.answer.option) == (TEXT, "answer", "waiting", other)
    assert asking.show_text(actor=factories.make_staff(*ANALYST), item=item, is_shown=True, at=timezone.now())


@pytest.mark.parametrize("rights", [(), ("consultations.change_consultation", "questionnaires.publish_questionnaire")])
def test_only_those_who_analyse_show_a_text(collected, rights):
    with pytest.raises(RefusedError):
        asking.show_text(actor=factories.make_staff(*rights), item=collected, is_shown=True, at=timezone.now())
    assert Answer.objects.get().shown_at is None


def test_showing_twice_is_said_once(collected):
    agent = factories.make_staff(*ANALYST)
    assert asking.show_text(actor=agent, item=collected, is_shown=True, at=timezone.now())
    assert not asking.show_text(actor=agent, item=collected, is_shown=True, at=timezone.now())
    assert RegisterLine.objects.filter(act="questionnaire.text_shown").count() == 1


def test_files_of_answers_follow_what_is_shown(client, collected):
    """The open data of the answers holds a line for what everybody reads, and for nothing else."""
    agent, consultation = factories.make_staff(*ANALYST), collected.consultation
    analysis.save_item(
        actor=agent,
        item=collected,
        themes=[],
        decided=analysis.Decided("kept", "Oui."),
        seen=collected.version,
        at=timezone.now(),
    )
    outcomes.publish(actor=agent, consultation=consultation, at=timezone.now())
    address = reverse("consultations:export", args=[consultation.slug, "suites", "csv"])
    assert collected.reference not in b"".join(client.get(address).streaming_content).decode()
    asking.show_text(actor=agent, item=collected, is_shown=True, at=timezone.now())
    assert collected.reference in b"".join(client.get(address).streaming_content).decode()


@pytest.mark.parametrize("count", [1, 12])
def test_list_costs_the_same_however_many_texts(client, django_assert_max_num_queries, count):
    made = make_questionnaire(opens=-30, closes=-1)
    question = add_question(made, "text")
    for number in range(count):
        make_response(made, Answer(question=question, text=f"{TEXT} {number}"))
    consultation = made.consultation_link.consultation
    analysis.collect_answers(actor=None, consultation=consultation, at=timezone.now())
    Answer.objects.update(shown_at=timezone.now())
    with django_assert_max_num_queries(9):
        assert listed(client, consultation).count(TEXT) >= count
