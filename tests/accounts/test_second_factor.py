"""A role without a second factor can do nothing; with one, the session says so."""

import base64
import hashlib
import hmac
import struct
import time

import pytest
from allauth.mfa.models import Authenticator
from django.test import Client
from django.urls import reverse

from accounts.adapters import SecondFactorAdapter
from accounts.devices import COOKIE
from notifications.models import OutboundMail
from tests.accounts.people import later
from tests.factories import PASSWORD, make_staff, make_user, sign_in

pytestmark = pytest.mark.django_db
GATE = "/mon-espace/deuxieme-facteur/"
SECRET = "JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP"
LONG = "dix-neuf tilleuls devant la filature"


def totp(secret=SECRET, *, steps=0):
    counter = struct.pack(">Q", int(time.time()) // 30 + steps)
    digest = hmac.new(base64.b32decode(secret), counter, hashlib.sha1).digest()
    offset = digest[-1] & 15
    value = struct.unpack(">I", digest[offset : offset + 4])[0] & 0x7FFFFFFF
    return f"{value % 10**6:06d}"


def with_totp(user):
    Authenticator.objects.create(
        user=user, type=Authenticator.Type.TOTP, data={"secret": SecondFactorAdapter().encrypt(SECRET)}
    )
    return user


def enter(client, user, password=LONG):
    return client.post("/compte/connexion/", {"login": user.email, "password": password})


def staff(**fields):
    return make_staff("accounts.verify_residency", "accounts.view_residency", **{"password": LONG, **fields})


PAGES = (
    "/",
    "/mon-espace/",
    "/mon-espace/profil/",
    "/gestion/",
    "/concertations/",
    "/registre/",
    "/mon-espace/donnees/",
)


@pytest.mark.parametrize("page", PAGES)
def test_without_a_second_factor_every_page_leads_to_it(client, page):
    enter(client, staff())
    assert client.get(page)["Location"] == GATE


def test_without_a_second_factor_no_form_is_taken(client):
    user = staff()
    enter(client, user)
    response = client.post("/mon-espace/profil/", {"public_name": "Agence", "language": "fr", "scheme": ""})
    assert response["Location"] == GATE
    user.refresh_from_db()
    assert user.public_name != "Agence"


def test_sign_in_leads_to_the_gate_and_the_gate_to_activation(client):
    assert enter(client, staff())["Location"] == GATE
    page = client.get(GATE).content.decode()
    assert reverse("mfa_activate_totp") in page
    assert reverse("mfa_add_webauthn") in page


def test_a_resident_is_never_asked(client):
    enter(client, make_user(password=LONG))
    assert client.get("/mon-espace/").status_code == 200
    assert client.get(GATE)["Location"] == "/mon-espace/"


def test_activating_counts_as_the_second_factor_of_the_session(client):
    enter(client, staff())
    activate = reverse("mfa_activate_totp")
    assert client.get(activate)["Location"].startswith("/compte/confirmer/")
    client.post("/compte/confirmer/", {"password": LONG, "next": activate})
    secret = client.get(activate).context["form"].secret
    assert client.post(activate, {"code": "000000"}).status_code == 200
    response = client.post(activate, {"code": totp(secret)})
    assert response["Location"] == reverse("mfa_view_recovery_codes")
    assert len(client.get(reverse("mfa_view_recovery_codes")).context["unused_codes"]) == 10
    assert client.get("/gestion/").status_code == 200


def test_with_one_the_code_is_asked_before_the_session_opens(client):
    user = with_totp(staff())
    assert enter(client, user)["Location"] == "/compte/connexion/deuxieme-facteur/"
    assert "_auth_user_id" not in client.session
    assert client.post("/compte/connexion/deuxieme-facteur/", {"code": "000000"}).status_code == 200
    assert "_auth_user_id" not in client.session
    response = client.post("/compte/connexion/deuxieme-facteur/", {"code": totp()})
    assert response["Location"] == "/gestion/"
    assert client.get("/gestion/").status_code == 200


def test_a_code_serves_once(client):
    user = with_totp(staff())
    code = totp()
    enter(client, user)
    client.post("/compte/connexion/deuxieme-facteur/", {"code": code})
    other = Client()
    enter(other, user)
    other.post("/compte/connexion/deuxieme-facteur/", {"code": code})
    assert "_auth_user_id" not in other.session


def test_five_wrong_codes_close_the_door_for_a_while(client):
    enter(client, with_totp(staff()))
    for _try in range(5):
        client.post("/compte/connexion/deuxieme-facteur/", {"code": "000000"})
    response = client.post("/compte/connexion/deuxieme-facteur/", {"code": totp()})
    assert response.status_code == 200
    assert "_auth_user_id" not in client.session


def test_the_admin_sign_in_is_the_one_of_the_site(client):
    response = client.get("/gestion/", follow=True)
    assert response.redirect_chain[-1][0].startswith("/compte/connexion/?next=")


def test_a_session_with_a_factor_lost_since_goes_on_and_the_next_one_asks(client):
    user = staff()
    sign_in(client, user)
    assert client.get("/gestion/").status_code == 200
    again = Client()
    enter(again, user)
    assert again.get("/gestion/")["Location"] == GATE


def test_the_last_factor_of_a_role_can_not_be_removed(client):
    user = with_totp(staff())
    sign_in(client, user)
    client.post("/compte/confirmer/", {"password": LONG})
    client.post(reverse("mfa_deactivate_totp"))
    assert Authenticator.objects.filter(user=user).count() == 1


def test_a_resident_may_remove_theirs(client):
    user = with_totp(make_user(password=LONG))
    sign_in(client, user)
    client.post("/compte/confirmer/", {"password": LONG})
    client.post(reverse("mfa_deactivate_totp"))
    assert not Authenticator.objects.filter(user=user).exists()


def test_the_secret_is_encrypted_in_the_database(client):
    enter(client, make_user(password=LONG))
    client.post("/compte/confirmer/", {"password": LONG})
    activate = reverse("mfa_activate_totp")
    secret = client.get(activate).context["form"].secret
    client.post(activate, {"code": totp(secret)})
    stored = Authenticator.objects.get(type=Authenticator.Type.TOTP).data["secret"]
    assert secret not in stored
    assert SecondFactorAdapter().decrypt(stored) == secret


def test_the_square_is_an_image_the_policy_allows_with_the_key_in_words(client):
    enter(client, make_user(password=LONG))
    client.post("/compte/confirmer/", {"password": LONG})
    response = client.get(reverse("mfa_activate_totp"))
    page = response.content.decode()
    assert 'src="data:image/svg+xml;base64,' in page
    assert response.context["form"].secret in page
    assert "img-src 'self' data:" in response["Content-Security-Policy"]


# --- A password from before the role ----------------------------------------------------------------------------------


def test_a_short_password_is_changed_before_the_role_is_used(client):
    user = with_totp(staff(password="onze lettres"))
    enter(client, user, "onze lettres")
    client.post("/compte/connexion/deuxieme-facteur/", {"code": totp()})
    assert client.get("/gestion/")["Location"] == GATE
    assert "15 caractères" in client.get(GATE).content.decode()
    short = client.post("/compte/mot-de-passe/", {"oldpassword": "onze lettres", "password1": "treize signes"})
    assert short.context["form"].errors["password1"] == [
        "Ce mot de passe est trop court\u00a0: il en faut au moins 15 caractères."
    ]
    client.post("/compte/mot-de-passe/", {"oldpassword": "onze lettres", "password1": LONG})
    assert client.get("/gestion/").status_code == 200


# --- New device (SEC-05) ----------------------------------------------------------------------------------------------


def notices(user):
    return OutboundMail.objects.filter(to=user.email, kind="accounts.new_device").count()


def enter_fully(client, user, *, steps=0):
    enter(client, user)
    client.post("/compte/connexion/deuxieme-facteur/", {"code": totp(steps=steps)})


def test_staff_is_told_of_a_new_device_once(client):
    user = with_totp(staff())
    enter_fully(client, user)
    assert notices(user) == 1
    client.post("/compte/deconnexion/")
    with later(60):
        enter_fully(client, user)
    assert "_auth_user_id" in client.session
    assert notices(user) == 1
    with later(120):
        enter_fully(Client(), user)
    assert notices(user) == 2


def test_a_forged_mark_is_a_new_device(client):
    user = with_totp(staff())
    client.cookies[COOKIE] = "forged"
    enter_fully(client, user)
    assert notices(user) == 1


def test_residents_are_not_followed(client):
    user = make_user()
    enter(client, user, PASSWORD)
    assert COOKIE not in client.cookies
    assert notices(user) == 0
