"""Report, decision, appeal, given back: in a browser, by keyboard in the queue, with the script and without it."""

import pytest
from django.test import Client
from django.urls import reverse

from consultations.models import Contribution
from moderation.models import Appeal, Case, Decision, Report
from tests import factories
from tests.e2e import axe
from tests.e2e.journeys import follow, heading, press
from tests.moderation import deciding


@pytest.fixture(params=["desktop", "without_script"])
def page(request):
    return request.getfixturevalue(request.param)


def enter(page, base, user):
    client = factories.sign_in(Client(), user)
    page.context.clear_cookies()
    page.context.add_cookies([{"name": "sessionid", "value": client.cookies["sessionid"].value, "url": base}])


def test_a_text_is_reported_taken_away_contested_and_given_back(page, live_server):
    base = live_server.url
    contribution = factories.make_contribution(title="Le banc des ânes", body="Ces ânes ont tort.")
    first, second = deciding.make_moderator(), deciding.make_moderator()

    page.goto(base + contribution.get_absolute_url())
    follow(page, "Signaler")
    assert heading(page) == "Signaler un contenu"
    press(page, "Envoyer le signalement")
    assert page.get_by_text("Choisissez un motif.").first.is_visible()
    page.get_by_label("Insulte, menace, accusation personnelle").check()
    page.get_by_label("Ce qui pose problème").fill("Le deuxième mot.")
    page.get_by_label("Votre nom").fill("Lucie Meyer")
    page.get_by_label("Votre adresse électronique").fill("lucie@example.org")
    page.get_by_label("Je crois de bonne foi").check()
    assert axe.violations(page) == []
    press(page, "Envoyer le signalement")
    assert heading(page) == f"Signalement {Report.objects.get().reference}"

    enter(page, base, first)
    page.goto(base + reverse("admin:moderation_case_changelist"))
    assert axe.violations(page) == []
    follow(page, "Le banc des ânes")
    page.get_by_label("Retirer", exact=True).check()
    page.get_by_label("Article de la charte").select_option("3.2")
    page.get_by_label("Les faits").fill("Ce mot insulte des voisins.")
    assert axe.violations(page) == []
    press(page, "Enregistrer la décision")
    assert Decision.objects.get().action == "hide"
    page.goto(base + contribution.get_absolute_url())
    assert heading(page) == "Contribution retirée\u00a0: article 3.2 de la charte"

    enter(page, base, contribution.author)
    page.goto(base + contribution.get_absolute_url())
    follow(page, "Lire les motifs et contester")
    follow(page, "Votre contribution, dossier")
    assert page.get_by_text("Ces ânes ont tort.").is_visible()
    page.get_by_label("Pourquoi cette décision doit changer").fill("Il s’agit des animaux du square.")
    assert axe.violations(page) == []
    press(page, "Contester cette décision")
    appeal = Appeal.objects.get()

    enter(page, base, second)
    page.goto(base + reverse("admin:moderation_case_appeals"))
    follow(page, f"Contestation {appeal.reference}")
    page.get_by_label("Annuler la décision").check()
    page.get_by_label("Pourquoi").fill("Ce sont bien des animaux.")
    assert axe.violations(page) == []
    press(page, "Envoyer la réponse")
    page.context.clear_cookies()
    page.goto(base + contribution.get_absolute_url())
    assert heading(page) == "Le banc des ânes"
    assert Contribution.objects.visible().get() == contribution


def test_the_queue_is_gone_through_by_keyboard(desktop, live_server):
    rows = [factories.make_contribution(title=f"Avis numéro {number}") for number in range(3)]
    for row in rows:
        deciding.report(row, fingerprint="a")
    enter(desktop, live_server.url, deciding.make_moderator())
    desktop.goto(live_server.url + reverse("admin:moderation_case_changelist"))
    desktop.get_by_label("Raccourcis à une lettre").wait_for()
    desktop.locator("h1").click()
    for key in ("j", "j", "Enter"):
        desktop.keyboard.press(key)
    desktop.wait_for_url("**/change/")
    desktop.wait_for_load_state("networkidle")
    assert heading(desktop) == f"Dossier {Case.objects.get(subject=rows[1].reference).reference}"
    assert not Decision.objects.exists()
    desktop.get_by_label("Raccourcis à une lettre").wait_for()
    desktop.keyboard.press("j")
    desktop.wait_for_load_state("networkidle")
    desktop.get_by_role("heading", name=f"Dossier {Case.objects.get(subject=rows[2].reference).reference}").wait_for()
