"""A questionnaire with conditions, filled on a telephone, with its scripts and without any, by somebody who has no account."""

import pytest

from questionnaires.models import Answer, Response
from tests import factories
from tests.e2e import axe
from tests.e2e.journeys import follow, heading, press
from tests.questionnaires.making import add_question, add_section, make_questionnaire, url
from transparency.models import RegisterLine
from transparency.verification import verify_whole


@pytest.fixture(params=["phone", "without_script"])
def page(request):
    return request.getfixturevalue(request.param)


@pytest.fixture
def asked(live_server):
    """Three pages: the second is for those who cycle only."""
    consultation = factories.make_consultation(title="Journée sans voiture")
    made = make_questionnaire(
        consultation=consultation, title="Vos déplacements", accepts_without_account=True, intro="Trois minutes."
    )
    factories.make_district(name="Les Tilleuls")
    coming = add_question(
        made, label="Comment venez-vous ?", options=("À pied", "À vélo"), other="Autrement", is_required=True
    )
    add_question(made, "text", label="Où rangez-vous votre vélo ?", on=coming, wanted=["À vélo"])
    cycling = add_section(made, "À vélo")
    add_question(cycling, "scale", label="Vous sentez-vous en sécurité ?", on=coming, wanted=["À vélo"])
    last = add_section(made, "Pour finir")
    add_question(last, "ranking", label="Que faut-il d’abord ?", options=("Des bancs", "De l’ombre"))
    add_question(last, "matrix", label="L’entretien", options=("Bon", "Mauvais"), rows=("Propreté", "Éclairage"))
    add_question(last, "district", label="Votre quartier")
    return made


def accessible(page, name):
    found = [*axe.violations(page), *axe.overflow(page), *axe.cut_under_text_spacing(page)]
    assert found == [], name


def test_a_questionnaire_with_conditions_is_filled_on_a_telephone(page, live_server, asked):
    base = live_server.url
    page.goto(base + asked.consultation_link.consultation.get_absolute_url())
    follow(page, "Répondre au questionnaire")
    assert heading(page) == "Vos déplacements"
    follow(page, "Répondre au questionnaire", within=page.locator("main"))
    assert heading(page) == "Vos trajets"
    assert page.get_by_text("Page 1 sur 3").filter(visible=True).count() == 1

    # Nothing chosen: the error is beside the question, and what leads to it comes first.
    press(page, "Continuer")
    assert page.get_by_role("link", name="Comment venez-vous").count() == 1
    assert page.get_by_text("Choisissez une réponse.").count() == 2

    page.get_by_role("radio", name="À vélo").check()
    press(page, "Continuer")
    assert page.get_by_text("Votre réponse amène une suite").is_visible()
    page.get_by_label("Où rangez-vous votre vélo").fill("Dans la cave, et c’est lourd.")
    press(page, "Garder et finir plus tard")
    assert heading(page) == "Vos déplacements"

    # Coming back, everything is there.
    page.goto(base + url(asked) + "page/1/")
    assert page.get_by_label("Où rangez-vous votre vélo").input_value() == "Dans la cave, et c’est lourd."
    press(page, "Continuer")
    assert heading(page) == "À vélo"
    page.get_by_role("radio", name="4").check()
    press(page, "Continuer")
    assert heading(page) == "Pour finir"
    page.get_by_label("Votre premier choix").select_option("De l’ombre")
    page.get_by_role("group", name="Propreté").get_by_role("radio", name="Bon").check()
    page.get_by_label("Votre quartier").select_option("Les Tilleuls")
    press(page, "Continuer")

    assert heading(page) == "Relisez, puis envoyez"
    assert page.get_by_text("Dans la cave, et c’est lourd.").is_visible()
    assert Response.objects.sent().count() == 0
    press(page, "Envoyer mes réponses")
    assert heading(page) == "Merci, votre réponse est envoyée"
    response = Response.objects.get()
    assert page.get_by_text(response.reference).count() == 1
    assert (response.person, Answer.objects.count(), response.district.name) == (None, 6, "Les Tilleuls")

    # One changes one's mind: those who walk are not asked about cycling any more.
    follow(page, "Modifier ma réponse")
    page.get_by_role("radio", name="À pied").check()
    press(page, "Continuer")
    assert heading(page) == "Pour finir"
    press(page, "Continuer")
    press(page, "Envoyer mes réponses")
    assert Answer.objects.filter(text__contains="cave").count() == 0
    assert [Response.objects.count(), Answer.objects.count()] == [1, 4]
    assert set(RegisterLine.objects.values_list("act", flat=True)) == {
        "questionnaire.answered",
        "questionnaire.answer_changed",
    }
    assert verify_whole().reason == ""


def test_each_page_of_a_questionnaire_is_accessible(phone, live_server, asked):
    base = live_server.url
    for address in (url(asked), url(asked) + "page/1/"):
        phone.goto(base + address)
        accessible(phone, address)
    press(phone, "Continuer")
    accessible(phone, "errors")
    phone.get_by_role("radio", name="À pied").check()
    press(phone, "Continuer")
    accessible(phone, "page 3")
    press(phone, "Continuer")
    accessible(phone, "check")
    press(phone, "Envoyer mes réponses")
    accessible(phone, "thanks")
    # Whoever comes next on this phone is asked whose response it is, and begins anew.
    phone.goto(base + url(asked))
    follow(phone, "Répondre au questionnaire", within=phone.locator("main"))
    assert heading(phone) == "Est-ce votre réponse\u00a0?"
    accessible(phone, "start")
    press(phone, "Ce n’est pas moi\u00a0: recommencer")
    assert heading(phone) == "Vos trajets"
    assert phone.get_by_role("radio", name="À pied").is_checked() is False
