"""The guards of forms in a browser: the work it does by itself, the patience asked without script, the two buttons of the masks."""

import pytest
from django.urls import reverse

from accounts.forms import SignupForm
from accounts.models import User
from consultations.models import Comment
from tests import factories
from tests.e2e import axe
from tests.e2e.journeys import heading, press
from tests.e2e.test_accessibility import become

ADDRESS = "lea.muller@example.org"


def fill(page, base):
    page.goto(base + reverse("account_signup"))
    page.get_by_label("Adresse électronique").fill(ADDRESS)
    page.get_by_label("Mot de passe").fill("dix-neuf tilleuls")
    page.get_by_label("J’ai lu la charte").check()


@pytest.mark.django_db(transaction=True)
def test_the_browser_does_the_work_while_the_form_is_filled(desktop, live_server, monkeypatch):
    monkeypatch.setattr(SignupForm, "FASTEST_SECONDS", 0)
    fill(desktop, live_server.url)
    # Sent at once: the page waits for the work by itself.
    desktop.get_by_role("button", name="Créer mon compte").click()
    desktop.wait_for_url("**/adresse/confirmer/", timeout=40_000)
    assert heading(desktop) == "Confirmez votre adresse"
    assert User.objects.get().email == ADDRESS


@pytest.mark.django_db(transaction=True)
def test_without_script_the_page_says_how_long_to_wait(without_script, live_server):
    fill(without_script, live_server.url)
    assert "Sans JavaScript, prenez au moins vingt secondes" in without_script.inner_text("main")
    without_script.wait_for_timeout(4_500)
    press(without_script, "Créer mon compte")
    assert "Patientez" in without_script.inner_text("main")
    assert without_script.get_by_label("Adresse électronique").input_value() == ADDRESS
    assert User.objects.count() == 0


@pytest.mark.parametrize("kind", ["desktop", "without_script"])
@pytest.mark.django_db(transaction=True)
def test_a_number_in_a_comment_is_masked_by_a_button(kind, request, live_server):
    page = request.getfixturevalue(kind)
    contribution = factories.make_contribution()
    become(page, live_server.url, factories.make_resident(public_name="Karim D."))
    page.goto(live_server.url + contribution.get_absolute_url())
    page.get_by_role("radio", name="Pour").check(force=True)
    page.get_by_label("Votre commentaire").fill("Appelez-moi au 06 12 34 56 78.")
    press(page, "Publier mon commentaire")
    assert "Appelez-moi au [téléphone]." in page.inner_text(".masquage")
    if kind == "desktop":
        assert axe.violations(page) == []
        assert axe.overflow(page) == []
    press(page, "Masquer")
    assert Comment.objects.get().body == "Appelez-moi au [téléphone]."
