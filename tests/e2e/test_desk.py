"""An agent at the desk: somebody comes without a computer, leaves with a receipt, and finds what became of their words."""

import re

import pytest
from django.contrib.auth.models import Group
from django.urls import reverse

from consultations.models import Contribution, Participation
from desk.models import Receipt
from tests import factories
from tests.e2e.journeys import Phone, follow, heading, press

PASSWORD = "quatre chevaux mangent du foin"


@pytest.fixture(params=["desktop", "phone", "without_script"])
def page(request):
    return request.getfixturevalue(request.param)


@pytest.fixture
def agent(live_server):
    """Somebody with the role of the desk, and a telephone."""
    user = factories.make_staff(email="guichet@example.org", password=PASSWORD)
    user.groups.set(Group.objects.filter(name="desk"))
    return user


def sign_in(page, base, phone):
    page.goto(base + reverse("admin:index"))
    page.get_by_label("Adresse électronique").fill("guichet@example.org")
    page.get_by_label("Mot de passe").fill(PASSWORD)
    press(page, "Se connecter")
    page.get_by_label("Code de l’application").fill(phone.code())
    press(page, "Se connecter")
    page.goto(base + reverse("admin:desk_receipt_changelist"))


def say_who(page):
    page.get_by_label("au guichet").check()
    page.get_by_label("Nom de naissance").fill("Zimmermann")
    page.get_by_label("Prénoms").fill("Odette")
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
    sign_in(page, base, Phone(agent))
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


def test_the_notes_of_a_table(page, live_server, agent):
    factories.make_consultation(sections=2)
    sign_in(page, live_server.url, Phone(agent))
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
