"""Somebody without an account reads, searches, and checks for themselves that nobody rewrote the past."""

import pytest
from django.urls import reverse
from django.utils import timezone

from consultations import actions
from tests import factories
from tests.e2e.journeys import follow, heading, press
from transparency.models import RegisterLine


@pytest.fixture(params=["desktop", "phone", "without_script"])
def page(request):
    return request.getfixturevalue(request.param)


@pytest.fixture
def contribution(live_server):
    made = factories.make_contribution(title="Ouvrir les données publiques de la Ville")
    for choice in ("agree", "agree", "disagree"):
        actions.take_position(actor=factories.make_resident(), contribution=made, choice=choice, at=timezone.now())
    return made


def test_a_visitor_verifies_the_register(page, live_server, contribution):
    page.goto(live_server.url)
    follow(page, "Le registre public", within=page.get_by_role("contentinfo"))
    assert heading(page) == "Le registre public"
    assert page.get_by_role("row").count() == RegisterLine.objects.count() + 1
    follow(page, "Vérifier le registre")
    assert page.get_by_role("heading", name="Le registre est intact").is_visible()
    assert page.get_by_text("3 lignes relues").is_visible()


def test_a_visitor_reads_searches_and_is_asked_to_sign_in(page, live_server, contribution):
    consultation = contribution.consultation
    page.goto(live_server.url + reverse("consultations:list"))
    follow(page, consultation.title)
    assert heading(page) == consultation.title
    page.goto(live_server.url + reverse("consultations:contributions", args=[consultation.slug]))
    page.get_by_role("searchbox").first.fill("donnees publique")
    press(page, "Appliquer")
    follow(page, contribution.title)
    assert heading(page) == contribution.title
    assert page.context.cookies() == []
    follow(page, "Se connecter pour prendre position")
    assert page.url.startswith(live_server.url + reverse("account_login"))
