"""Passkeys in a real browser, with an authenticator that the browser plays: add one, sign in with it alone."""

import pytest

from tests.accounts.people import STRONG
from tests.factories import make_user

ADDRESS = "camille@habitants.example"


@pytest.fixture
def site(live_server):
    # A passkey belongs to a name, not to a number.
    return live_server.url.replace("127.0.0.1", "localhost")


def authenticator(page):
    session = page.context.new_cdp_session(page)
    session.send("WebAuthn.enable")
    options = {
        "protocol": "ctap2",
        "transport": "internal",
        "hasResidentKey": True,
        "hasUserVerification": True,
        "isUserVerified": True,
        "automaticPresenceSimulation": True,
    }
    session.send("WebAuthn.addVirtualAuthenticator", {"options": options})


@pytest.mark.django_db(transaction=True)
def test_a_passkey_is_added_and_signs_in_alone(desktop, site):
    make_user(email=ADDRESS, password=STRONG)
    authenticator(desktop)
    desktop.goto(f"{site}/compte/connexion/?next=/compte/securite/cles/ajouter/")
    desktop.fill("[name=login]", ADDRESS)
    desktop.fill("[name=password]", STRONG)
    desktop.click("form.formulaire button[type=submit]")
    desktop.fill("[name=password]", STRONG)  # the page asks again who one is
    desktop.click("form.formulaire button[type=submit]")
    desktop.fill("[name=name]", "Mon téléphone")
    desktop.check("[name=passwordless]")
    desktop.click("#mfa_webauthn_add")
    desktop.wait_for_url("**/codes-de-secours/")
    desktop.goto(f"{site}/compte/deconnexion/")
    desktop.click("main form button")
    desktop.wait_for_url(f"{site}/")
    desktop.goto(f"{site}/compte/connexion/")
    desktop.click("#passkey_login")
    desktop.wait_for_url("**/mon-espace/")
    assert desktop.inner_text("h1") == "Mon espace"


@pytest.mark.django_db(transaction=True)
def test_without_script_the_passkey_says_so_and_the_password_works(without_script, site):
    make_user(email=ADDRESS, password=STRONG)
    without_script.goto(f"{site}/compte/connexion/")
    assert not without_script.is_visible("#passkey_login")
    assert "Les clés d’accès demandent JavaScript" in without_script.inner_text("main")
    without_script.fill("[name=login]", ADDRESS)
    without_script.fill("[name=password]", STRONG)
    without_script.click("form.formulaire button[type=submit]")
    without_script.wait_for_url("**/mon-espace/")
