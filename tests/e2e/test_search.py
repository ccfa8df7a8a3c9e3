"""The box at the top of every page: by keyboard, without script, in every state, read by axe-core."""

import re

import pytest
from django.urls import reverse

from search import actions
from tests import factories
from tests.e2e import axe
from tests.e2e.journeys import follow, heading, press

WORDS = "Des tilleuls pour la fontaine"


@pytest.fixture
def texts(live_server):
    district = factories.make_district(name="Les Tilleuls")
    consultation = factories.make_consultation(title="Quelle place pour la fontaine ?", districts=[district])
    author = factories.make_resident()
    rows = [
        factories.make_contribution(
            consultation=consultation, author=author, title=f"{WORDS}, {number}", body="À l’ombre, un banc. " * 30
        )
        for number in range(25)
    ]
    actions.count_words()
    return consultation, rows


def field(page):
    return page.get_by_role("combobox", name="Rechercher sur le site")


def test_suggestions_are_reached_by_the_keyboard_from_any_page(desktop, live_server, texts):
    desktop.goto(live_server.url)
    box, options = field(desktop), desktop.get_by_role("option")
    assert box.get_attribute("aria-expanded") == "false"
    box.press_sequentially("quelle pl")
    options.first.wait_for()
    assert box.get_attribute("aria-expanded") == "true"
    said = desktop.locator("#annonce")
    said.get_by_text(re.compile(r"\d suggestion")).wait_for(state="attached")
    assert axe.violations(desktop) == []
    box.press("ArrowDown")
    chosen = desktop.locator(f"#{box.get_attribute('aria-activedescendant')}")
    assert chosen.get_attribute("aria-selected") == "true"
    # The focus never leaves the field: Escape closes, and what was typed is still there.
    box.press("Escape")
    assert (options.count(), box.input_value(), box.get_attribute("aria-expanded")) == (0, "quelle pl", "false")
    box.press_sequentially("a")
    options.first.wait_for()
    box.press("ArrowDown")
    box.press("Enter")
    desktop.wait_for_url("**/concertations/**")
    assert heading(desktop) == texts[0].title


def test_the_field_still_searches_once_suggestions_are_shown(desktop, live_server, texts):
    desktop.goto(live_server.url)
    field(desktop).press_sequentially("tilleuls")
    desktop.get_by_role("option").first.wait_for()
    field(desktop).press("Enter")
    desktop.wait_for_url("**/recherche/?q=tilleuls")
    assert desktop.locator(".trouve").count() == 20


@pytest.fixture(params=["desktop", "phone", "without_script"])
def page(request):
    return request.getfixturevalue(request.param)


def test_searching_filtering_and_correcting_a_date(page, live_server, texts):
    page.goto(live_server.url + reverse("search:results"))
    box = page.locator("#id_q")
    box.fill("tileul fontane")
    box.press("Enter")
    page.wait_for_load_state("networkidle")
    assert page.locator(".trouve").count() == 20
    assert page.get_by_text("Vouliez-vous dire").is_visible()
    follow(page, "Suivante")
    assert "page=2" in page.url
    page.get_by_text("Filtrer", exact=True).click()
    page.get_by_label("Du", exact=True).fill("2026-03-02")
    page.get_by_label("Au", exact=True).fill("2026-03-01")
    press(page, "Rechercher", within=page.locator("form.recherche"))
    assert page.get_by_role("alert").get_by_text("Ce jour vient avant celui du début.").is_visible()
    assert page.title().startswith("Erreur")
    page.get_by_label("Au", exact=True).fill("2099-12-31")
    press(page, "Rechercher", within=page.locator("form.recherche"))
    assert page.locator(".trouve").count() == 20
    follow(page, "Tout effacer")
    assert page.url.endswith("?q=tileul+fontane")
    assert page.context.cookies() == []


STATES = {
    "nothing asked": "",
    "many": "?q=fontaine",
    "one kind, last page": "?q=fontaine&sorte=contribution&page=2",
    "misspelt": "?q=fontiane+tilleusl",
    "nothing found": "?q=zzzzzz&etat=ouvert",
    "an error": "?q=fontaine&du=2026-03-02&au=2026-03-01",
    "too far": "?q=fontaine&page=99",
}


@pytest.mark.parametrize("state", STATES)
def test_each_state_is_read_by_everybody(desktop, live_server, texts, state):
    desktop.goto(live_server.url + reverse("search:results") + STATES[state])
    found = []
    for width in (1280, 390, 320):
        for scheme in ("light", "dark"):
            desktop.set_viewport_size({"width": width, "height": 900})
            desktop.emulate_media(color_scheme=scheme, reduced_motion="reduce")
            found += [f"{width} {scheme}: {line}" for line in (*axe.violations(desktop), *axe.overflow(desktop))]
    found += axe.cut_under_text_spacing(desktop)
    assert found == []
