"""The free texts of questionnaires that the city shows: reported and moderated as everything that residents write."""

import pytest
from django.urls import reverse
from django.utils import timezone

from consultations import analysis, asking
from consultations.models import Item
from moderation import actions, cases, kinds
from moderation.models import Case, Decision
from mulhouse.errors import RefusedError
from notifications.models import OutboundMail
from questionnaires.models import Answer
from tests import factories
from tests.moderation import deciding
from tests.questionnaires.making import add_question, make_questionnaire, make_response
from transparency.models import RegisterLine

pytestmark = pytest.mark.django_db
TEXT = "Mon voisin du douze est un imbécile."
GIVEN = {
    "reason": "insult",
    "words": "Le mot de la fin.",
    "name": "Lucie",
    "email": "lucie@example.org",
    "good_faith": "on",
}
ANALYST = ("consultations.analyse_consultation", "consultations.change_consultation")


@pytest.fixture
def item():
    made = make_questionnaire(opens=-30, closes=-1)
    question = add_question(made, "text", label="Que faut-il changer ?")
    make_response(made, Answer(question=question, text=TEXT))
    analysis.collect_answers(actor=None, consultation=made.consultation_link.consultation, at=timezone.now())
    return Item.objects.select_related("answer", "consultation").get()


def report_url(item):
    return reverse("moderation:report", args=["reponse", item.reference])


def listed(client, item):
    return client.get(reverse("consultations:outcomes", args=[item.consultation.slug]) + "?voir=avis").content.decode()


def show(item, *, actor=None):
    return asking.show_text(actor=actor or factories.make_staff(*ANALYST), item=item, is_shown=True, at=timezone.now())


def decide(case, action, clause):
    kind = kinds.of(case.kind)
    return actions.decide(
        actor=deciding.make_moderator(),
        case=case,
        action=action,
        clause=clause,
        facts="Une insulte.",
        passages=[],
        seen=cases.seen_of(case, kind.find(case.subject)),
        at=timezone.now(),
    )


def test_what_nobody_reads_is_not_reported(client, item):
    assert client.get(report_url(item)).status_code == 404
    # A comment or a contribution is reported under its own name.
    contribution = factories.make_contribution()
    other = Item.objects.create(
        consultation=contribution.consultation,
        contribution=contribution,
        kind="opinion",
        channel="web",
        received_at=timezone.now(),
    )
    assert client.get(report_url(other)).status_code == 404


def test_from_the_list_of_opinions_to_its_removal(client, item):
    show(item)
    assert f'href="{report_url(item)}"' in listed(client, item)
    page = client.get(report_url(item)).content.decode()
    assert TEXT in page
    assert client.post(report_url(item), GIVEN).status_code == 302
    case = Case.objects.get()
    assert (case.kind, case.subject, case.author, case.cause) == ("free_answer", item.reference, None, "reports")

    factories.sign_in(client, deciding.make_moderator())
    page = client.get(reverse("admin:moderation_case_change", args=[case.pk])).content.decode()
    assert (TEXT in page, "Que faut-il changer" in page) == (True, True)
    client.logout()
    decide(case, "hide", "3.2")

    assert TEXT not in listed(client, item)
    assert client.get(report_url(item)).status_code == 404
    line = RegisterLine.objects.get(act="moderation.hidden")
    assert line.subject == item.reference
    # Nobody knows who wrote it: nobody but who reported is written to.
    assert set(OutboundMail.objects.values_list("to", flat=True)) == {"lucie@example.org"}
    # Agents go on reading it, and do not show it again.
    item.refresh_from_db()
    with pytest.raises(RefusedError) as caught:
        show(item)
    assert caught.value.code == "hidden"
    assert (Answer.objects.get().text, Answer.objects.get().shown_at) == (TEXT, None)


def test_the_words_stay_with_the_agents_once_nobody_contests(client, item):
    show(item)
    client.post(report_url(item), GIVEN)
    made = decide(Case.objects.get(), "hide", "3.2")
    assert actions.forget_original(decision=made, at=made.appeal_until)
    made.refresh_from_db()
    assert (made.original, Answer.objects.get().text, Item.objects.get().words) == ({}, TEXT, TEXT)


def test_kept_it_stays_in_the_list(client, item):
    show(item)
    client.post(report_url(item), GIVEN)
    decide(Case.objects.get(), "keep", "")
    assert TEXT in listed(client, item)
    assert Decision.objects.get().action == "keep"


def test_what_an_agent_took_back_meanwhile_is_gone(client, item):
    show(item)
    client.post(report_url(item), GIVEN)
    asking.show_text(actor=factories.make_staff(*ANALYST), item=item, is_shown=False, at=timezone.now())
    with pytest.raises(Exception, match="n’est plus là"):
        decide(Case.objects.get(), "hide", "3.2")
