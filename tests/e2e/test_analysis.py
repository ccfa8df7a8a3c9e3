"""An agent sorts opinions by keyboard, with the script and without it, and turns the one-letter keys off."""

import pytest
from django.test import Client
from django.urls import reverse

from consultations.models import ItemTheme
from tests import factories
from tests.e2e import axe
from tests.e2e.journeys import follow, heading, press

RIGHTS = ("consultations.analyse_consultation", "consultations.change_consultation")


@pytest.fixture
def town(live_server):
    """Three opinions, a theme, and the session of an agent."""
    consultation = factories.make_consultation(phase="analyse", title="Le square")
    for number in range(3):
        contribution = factories.make_contribution(consultation=consultation, title=f"Idée numéro {number}")
        factories.make_item(contribution=contribution)
    theme = factories.make_analysis_theme(consultation=consultation, title="Des bancs")
    client = factories.sign_in(Client(), factories.make_staff(*RIGHTS))
    return consultation, theme, client.cookies["sessionid"].value


def opened(page, base, town, query=""):
    consultation, _theme, session = town
    page.context.add_cookies([{"name": "sessionid", "value": session, "url": base}])
    page.goto(base + reverse("admin:consultations_consultation_analysis", args=[consultation.pk]) + query)


def listening(page, new):
    """Wait for a page that a key opened, and for its own keys: the script shows the switch once it listens."""
    new.wait_for()
    page.get_by_label("Raccourcis à une lettre").wait_for()


def sorted_titles():
    return sorted(ItemTheme.objects.values_list("item__title", flat=True))


def test_opinions_are_sorted_with_letters(desktop, live_server, town):
    opened(desktop, live_server.url, town)
    desktop.locator("#theme-geste").select_option("Des bancs")
    desktop.locator("h1").click()
    # The one where the agent is, without ticking it; then two that are ticked, the theme being still chosen.
    desktop.keyboard.press("j")
    desktop.keyboard.press("a")
    listening(desktop, desktop.get_by_text("1 avis ajouté à"))
    assert sorted_titles() == ["Idée numéro 2"]
    for key in "jjxjxa":
        desktop.keyboard.press(key)
    listening(desktop, desktop.get_by_text("2 avis ajoutés à"))
    assert sorted_titles() == ["Idée numéro 0", "Idée numéro 1", "Idée numéro 2"]
    assert axe.violations(desktop) == []


def test_letters_are_turned_off_for_good(desktop, live_server, town):
    opened(desktop, live_server.url, town)
    desktop.get_by_label("Raccourcis à une lettre").uncheck()
    desktop.reload()
    assert not desktop.get_by_label("Raccourcis à une lettre").is_checked()
    desktop.locator("h1").click()
    desktop.keyboard.press("j")
    assert desktop.evaluate("document.activeElement.name || ''") != "avis"


def test_one_opinion_leads_to_the_next_by_letter(desktop, live_server, town):
    opened(desktop, live_server.url, town)
    follow(desktop, "Idée numéro 2")
    desktop.keyboard.press("j")
    listening(desktop, desktop.get_by_role("heading", name="Idée numéro 1"))
    desktop.keyboard.press("k")
    listening(desktop, desktop.get_by_role("heading", name="Idée numéro 2"))
    assert axe.violations(desktop) == []


def test_everything_works_without_script(without_script, live_server, town):
    consultation, theme, _session = town
    page = without_script
    opened(page, live_server.url, town, "?theme=sans")
    # Keys that would do nothing are not offered.
    assert not page.get_by_text("Raccourcis à une lettre").is_visible()
    page.get_by_label("Cocher").first.check()
    page.locator("#theme-geste").select_option("Des bancs")
    press(page, "Ajouter au thème")
    assert sorted_titles() == ["Idée numéro 2"]
    follow(page, "Idée numéro 1")
    follow(page, "Avis suivant")
    assert page.get_by_role("heading", name="Idée numéro 0").is_visible()
    assert page.get_by_role("link", name="Avis suivant").count() == 0
    follow(page, "Retour à la liste")
    assert page.url.endswith("?theme=sans")
    assert heading(page)
    assert theme.links.count() == 1
    assert consultation.items.count() == 3
