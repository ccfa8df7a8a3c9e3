"""An agent at the desk: somebody comes without a computer, leaves with a receipt, and finds what became of their words."""

import io
import re

import pypdf
import pytest
from django.contrib.auth.models import Group
from django.urls import reverse
from django.utils import timezone

from ballots import rules as ballots_rules
from ballots.models import RollLine
from consultations.models import Contribution, Participation
from desk.models import Receipt
from tests import factories
from tests.ballots import votes
from tests.e2e import axe
from tests.e2e.journeys import Phone, follow, heading, press, sign_in
from tests.questionnaires.making import add_question, make_questionnaire


@pytest.fixture(params=["desktop", "phone", "without_script"])
def page(request):
    return request.getfixturevalue(request.param)


@pytest.fixture
def agent(live_server):
    """Somebody with the role of the desk, and a telephone."""
    user = factories.make_staff(email="guichet@example.org")
    user.groups.set(Group.objects.filter(name="desk"))
    return user


def open_the_desk(page, base, agent):
    sign_in(page, base + reverse("admin:desk_receipt_changelist"), agent.email, Phone(agent))


def say_who(page, given="Odette"):
    if page.get_by_label("au guichet").count():
        page.get_by_label("au guichet").check()
    page.get_by_label("Nom de naissance").fill("Zimmermann")
    page.get_by_label("Prénoms", exact=True).fill(given)
    page.get_by_label("Date de naissance").fill("1944-05-08")
    page.get_by_label("Quartier").select_option("Les Tilleuls")
    press(page, "Continuer")


def write_for_somebody(page, consultation):
    follow(page, "Saisir pour une personne")
    say_who(page)
    assert "Sans son accord, rien ne peut être écrit pour elle." in page.locator("main").inner_text()
    page.get_by_label("La personne a lu ou entendu ce texte").check()
    press(page, "Continuer")
    assert heading(page) == "Ce que dit la personne"
    page.get_by_label(re.compile(consultation.sections.first().title)).check()
    page.get_by_label("Proposition").check()
    page.get_by_label("Texte").fill("Un banc à l’ombre, près de l’arrêt.")
    press(page, "Publier et faire le reçu")


def test_somebody_without_a_computer_takes_part(page, live_server, agent):
    factories.make_district(name="Les Tilleuls")
    consultation = factories.make_consultation(sections=1, title="Quels arbres place de la Paix ?")
    factories.make_section(consultation, position=2)
    base = live_server.url
    open_the_desk(page, base, agent)
    write_for_somebody(page, consultation)

    receipt = Receipt.objects.get()
    assert receipt.number in heading(page)
    assert list(Participation.objects.values_list("channel", flat=True)) == ["desk"]
    # The person, at home, on somebody's telephone.
    page.context.clear_cookies()
    page.goto(base + reverse("desk:follow"))
    page.get_by_label("Numéro du reçu").fill(receipt.number.lower())
    press(page, "Chercher")
    follow(page, "Voir ce qu’il en est")
    assert "Une habitante ou un habitant du quartier Les Tilleuls, au guichet" in page.locator("main").inner_text()


def test_an_agent_sends_a_questionnaire_for_somebody(page, live_server, agent):
    """What the answer to the first question brings comes with the next sending; the receipt says what was done."""
    factories.make_district(name="Les Tilleuls")
    made = make_questionnaire(title="Vos déplacements")
    coming = add_question(made, label="Comment venez-vous ?", options=("À pied", "À vélo"), is_required=True)
    add_question(made, "text", label="Où rangez-vous votre vélo ?", on=coming, wanted=["À vélo"], is_required=True)
    open_the_desk(page, live_server.url, agent)
    follow(page, "Saisir pour une personne")
    page.get_by_label("La personne a lu ou entendu ce texte").check()
    say_who(page)
    page.get_by_role("link", name=re.compile("Vos déplacements")).click()
    page.get_by_role("radio", name="À vélo").check()
    press(page, "Enregistrer et faire le reçu")
    page.get_by_label(re.compile("Où rangez-vous votre vélo")).fill("Dans la cour.")
    press(page, "Enregistrer et faire le reçu")

    assert Receipt.objects.get().number in heading(page)
    response = made.responses.get()
    assert (response.channel, response.submitted_at is not None, response.person is not None) == ("desk", True, True)
    said = [(answer.option.label if answer.option else answer.text) for answer in response.answers.order_by("pk")]
    assert said == ["À vélo", "Dans la cour."]
    assert list(Participation.objects.values_list("channel", flat=True)) == ["desk"]


def test_somebody_with_an_account_votes_on_paper_and_not_on_the_web_after(page, live_server, agent):
    factories.make_district(name="Les Tilleuls")
    consultation = factories.make_consultation()
    vote = votes.make_vote(consultation=consultation)
    account = votes.make_voter(email="odette@example.org")
    open_the_desk(page, live_server.url, agent)
    follow(page, "Saisir pour une personne")
    page.get_by_label("La personne a lu ou entendu ce texte").check()
    say_who(page)
    follow(page, f"Vote\u00a0: {vote.votation.question}")
    assert heading(page) == "Donner un bulletin papier"
    press(page, "Inscrire et faire le reçu")
    page.get_by_label("Oui", exact=True).check()
    press(page, "Inscrire et faire le reçu")
    assert "Aucun compte ouvert n’a cette adresse." in page.locator("main").inner_text()
    page.get_by_label("Adresse électronique du compte").fill(account.email)
    press(page, "Inscrire et faire le reçu")
    assert Receipt.objects.get().number in heading(page)
    assert RollLine.objects.get().person.user == account
    assert ballots_rules.vote_refusal(account, vote.votation, at=timezone.now()).code == "voted"


def test_the_notes_of_a_table(page, live_server, agent):
    factories.make_consultation(sections=2)
    open_the_desk(page, live_server.url, agent)
    follow(page, "Notes d’une table")
    page.get_by_label("Table", exact=True).fill("Table 4")
    page.get_by_label("Date", exact=True).fill("2026-03-12")
    page.get_by_label("Qui a pris les notes").fill("animatrice")
    page.get_by_label("Note", exact=True).first.fill("Des bancs à l’ombre.")
    press(page, "Ajouter 5 lignes")
    assert page.get_by_label("Note", exact=True).count() == 6
    page.get_by_label("Note", exact=True).nth(5).fill("Une fontaine près du marché.")
    press(page, "Publier ces notes")
    assert list(Contribution.objects.order_by("pk").values_list("title", "channel")) == [
        ("Des bancs à l’ombre.", "room"),
        ("Une fontaine près du marché.", "room"),
    ]


def test_the_second_of_two_twins_is_counted(page, live_server, agent):
    factories.make_district(name="Les Tilleuls")
    consultation = factories.make_consultation()
    open_the_desk(page, live_server.url, agent)
    for given in ("Odette Marie", "Odette Claire"):
        page.goto(live_server.url + reverse("admin:desk_open", args=[consultation.slug]))
        page.get_by_label("La personne a lu ou entendu ce texte").check()
        say_who(page, given)
        if given == "Odette Claire":
            follow(page, "C’est une autre personne")
            page.get_by_label("Sa jumelle ou son jumeau").check()
            page.get_by_label("La personne a lu ou entendu ce texte").check()
            page.get_by_label("Lieu de naissance").fill("Thann")
            say_who(page, given)
            assert "Sans pièce d’identité, personne ne peut être distingué." in page.locator("main").inner_text()
            page.get_by_label("J’ai sa pièce d’identité").check()
            press(page, "Continuer")
        page.get_by_label("Proposition").check()
        page.get_by_label(re.compile(consultation.sections.get().title)).check()
        page.get_by_label("Texte").fill(f"{given} : un banc à l’ombre.")
        press(page, "Publier et faire le reçu")
    assert (Participation.objects.count(), Contribution.objects.count()) == (2, 2)


def everything_open():
    """A consultation in which an agent may write an opinion, answers of each kind, and a line of a roll."""
    factories.make_district(name="Les Tilleuls")
    consultation = factories.make_consultation(sections=2)
    questionnaire = make_questionnaire(consultation=consultation)
    for kind in ("single", "matrix", "ranking", "text", "file"):
        add_question(questionnaire, kind, rows=("Le pont",), is_required=True)
    return consultation, questionnaire, votes.make_vote(consultation=consultation)


def test_every_page_of_the_desk_is_accessible(desktop, live_server, agent):
    """Each page, and each with its errors; narrow and dark, wide and light."""
    page, base = desktop, live_server.url
    consultation, questionnaire, vote = everything_open()
    found = []

    def look(name):
        for width, scheme in ((390, "dark"), (1280, "light")):
            page.set_viewport_size({"width": width, "height": 844})
            page.emulate_media(color_scheme=scheme)
            wrong = [*axe.violations(page), *axe.overflow(page)]
            found.extend(f"{name} {width}: {line}" for line in wrong)

    open_the_desk(page, base, agent)
    look("home")
    for route, button in (("link", "Rattacher le compte"), ("open", "Continuer"), ("namesake", "Continuer")):
        page.goto(base + reverse(f"admin:desk_{route}", args=[] if route == "link" else [consultation.slug]))
        look(route)
        press(page, button)
        look(f"{route} with errors")
    for route, takes in (("help", []), ("table", [consultation.slug])):
        page.goto(base + reverse(f"admin:desk_{route}", args=takes))
        look(route)
    page.get_by_text("Reprendre les notes d’un tableur").click()
    page.get_by_label("Coller des lignes").fill("9;avis;Perdue.\n1;poème;Non.\nsans;colonne")
    press(page, "Reprendre ces lignes")
    look("table with errors")
    page.goto(base + reverse("admin:desk_open", args=[consultation.slug]))
    page.get_by_label("La personne a lu ou entendu ce texte").check()
    page.get_by_label("J’ai vu un justificatif").check()
    say_who(page)
    look("act")
    press(page, "Publier et faire le reçu")
    look("act with errors")
    key = page.url.rstrip("/").rsplit("/", 1)[1]
    page.goto(base + reverse("admin:desk_roll", args=[key, vote.pk]))
    look("roll")
    press(page, "Inscrire et faire le reçu")
    look("roll with errors")
    page.goto(base + reverse("admin:desk_answer", args=[key, questionnaire.consultation_link.pk]))
    look("answer")
    press(page, "Enregistrer et faire le reçu")
    look("answer with errors")
    page.goto(base + reverse("admin:desk_act", args=[key]))
    page.get_by_label("Expertise d’usage").check()
    page.get_by_label(re.compile(consultation.sections.first().title)).check()
    page.get_by_label("Texte").fill("Le trottoir est étroit.")
    page.get_by_label("À quel rythme").fill("chaque jour")
    press(page, "Publier et faire le reçu")
    look("receipt")
    follow(page, "Retirer l’avis, à la demande de la personne")
    look("withdraw")
    page.goto(base + reverse("desk:follow") + "?reference=AAAAAAAA")
    look("follow with errors")
    assert found == []


@pytest.mark.parametrize(("route", "sheets"), [("paper_form", 3), ("poster", 1)])
def test_what_is_printed_is_a_sheet_of_paper(desktop, live_server, route, sheets):
    """Nothing of the site around it: who one is on a sheet of its own, which is destroyed; no question alone at the foot of a page."""
    consultation = factories.make_consultation(sections=2, title="Quels arbres place de la Paix ?")
    desktop.goto(live_server.url + reverse(f"consultations:{route}", args=[consultation.slug]))
    assert axe.violations(desktop) == []
    printed = pypdf.PdfReader(io.BytesIO(desktop.pdf(format="A4")))
    words = " ".join(sheet.extract_text() for sheet in printed.pages)
    assert len(printed.pages) == sheets
    assert "Quels arbres" in words
    assert consultation.slug in words
    assert "Se connecter" not in words
