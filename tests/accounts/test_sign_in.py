"""Signing in: refused first, limits that hold, codes, passwords, sessions that end."""

import re

import pytest
from allauth.mfa.models import Authenticator
from allauth.usersessions.models import UserSession
from django.contrib.sessions.models import Session
from django.test import Client, override_settings

from accounts.middleware import SEEN
from accounts.models import User
from notifications.models import OutboundMail
from tests.accounts.people import STRONG, code_in_mail, last_mail, later
from tests.factories import PASSWORD, make_staff, make_user, sign_in

pytestmark = pytest.mark.django_db
URL = "/compte/connexion/"
ADDRESS = "camille@habitants.example"
MISMATCH = "L’adresse ou le mot de passe n’est pas le bon."
TOO_MANY = "Trop d’essais."


def enter(client, password=PASSWORD, address=ADDRESS, **extra):
    return client.post(URL, {"login": address, "password": password, **extra})


def error_of(response):
    return response.context["form"].non_field_errors()[0]


def is_in(client):
    return "_auth_user_id" in client.session


@pytest.fixture
def camille():
    return make_user(email=ADDRESS)


# --- Refusals -------------------------------------------------------------------------------------------------------


def test_a_wrong_password_and_an_unknown_address_get_the_same_answer(client, camille):
    assert error_of(enter(client, "faux")) == MISMATCH
    assert error_of(enter(client, "faux", "personne@ailleurs.example")) == MISMATCH
    assert not is_in(client)


def test_a_suspended_account_does_not_open(client, camille):
    User.objects.filter(pk=camille.pk).update(is_active=False)
    assert enter(client)["Location"] == "/compte/suspendu/"
    assert not is_in(client)


def test_an_unconfirmed_address_is_confirmed_first(client, camille):
    camille.emailaddress_set.update(verified=False)
    assert enter(client)["Location"] == "/compte/adresse/confirmer/"
    assert not is_in(client)


def test_five_failures_in_a_minute_close_the_door_to_the_right_password_too(client, camille):
    for _try in range(5):
        assert error_of(enter(client, "faux")) == MISMATCH
    assert error_of(enter(client)).startswith(TOO_MANY)
    assert not is_in(client)


def test_ten_failures_in_a_quarter_of_an_hour_hold_across_minutes(client, camille):
    for minute in (0, 61):
        with later(minute):
            for _try in range(5):
                enter(client, "faux")
    with later(125):
        assert error_of(enter(client)).startswith(TOO_MANY)
    with later(16 * 60):
        enter(client)
    assert is_in(client)


def test_failures_count_for_one_address_whatever_the_network(camille):
    for number in range(5):
        enter(Client(REMOTE_ADDR=f"10.0.0.{number + 1}"), "faux")
    other = Client(REMOTE_ADDR="10.9.9.9")
    assert error_of(enter(other)).startswith(TOO_MANY)


def test_ten_failures_from_one_network_close_it_for_everybody(client, camille):
    for number in range(10):
        enter(client, "faux", f"personne{number}@ailleurs.example")
    assert error_of(enter(client)).startswith(TOO_MANY)


def test_twenty_posts_a_minute_from_one_network(client, camille):
    answers = [enter(client, "", f"p{number}@ailleurs.example").status_code for number in range(21)]
    assert answers == [200] * 20 + [429]


def test_a_right_password_does_not_use_up_the_tries(camille):
    for _time in range(6):
        client = Client()
        enter(client)
        assert is_in(client)


def test_a_new_password_opens_a_closed_door(client, camille):
    for _try in range(5):
        enter(client, "faux")
    client.post("/compte/mot-de-passe/oublie/", {"email": ADDRESS})
    client.post("/compte/mot-de-passe/oublie/code/", {"code": code_in_mail(ADDRESS)})
    client.post("/compte/mot-de-passe/oublie/choisir/", {"password1": STRONG})
    assert is_in(client)
    again = Client()
    enter(again, STRONG)
    assert is_in(again)


@pytest.mark.parametrize(
    ("url", "data"),
    [
        (URL, {"login": ADDRESS, "password": PASSWORD}),
        ("/compte/connexion/code/", {"email": ADDRESS}),
        ("/compte/mot-de-passe/oublie/", {"email": ADDRESS}),
        ("/compte/inscription/", {"email": "x@habitants.example"}),
    ],
)
def test_without_redis_nobody_gets_in(client, camille, url, data):
    """The counters can not be read: these forms answer « réessayez », they never let anybody try for free."""
    with _redis_down():
        assert client.post(url, data).status_code == 503
    assert not is_in(client)
    assert OutboundMail.objects.count() == 0


def _redis_down():
    """Point the cache at a port where nothing listens."""
    return override_settings(
        CACHES={
            "default": {
                "BACKEND": "django.core.cache.backends.redis.RedisCache",
                "LOCATION": "redis://127.0.0.1:1/0",
                "OPTIONS": {"socket_connect_timeout": 0.2},
            }
        }
    )


# --- Ways in --------------------------------------------------------------------------------------------------------


def test_address_and_password_whatever_the_capitals(client, camille):
    assert enter(client, address="Camille@Habitants.example")["Location"] == "/mon-espace/"
    assert is_in(client)


def test_one_comes_back_where_one_was(client, camille):
    asked = client.get("/mon-espace/profil/")
    assert asked["Location"] == "/compte/connexion/?next=/mon-espace/profil/"
    assert enter(client, next="/mon-espace/profil/")["Location"] == "/mon-espace/profil/"


def test_one_is_never_sent_to_another_site(client, camille):
    assert enter(client, next="https://ailleurs.example/")["Location"] == "/mon-espace/"


def test_a_code_by_mail_signs_in(client, camille):
    client.post("/compte/connexion/code/", {"email": ADDRESS})
    assert last_mail(ADDRESS).kind == "accounts.sign_in_code"
    client.post("/compte/connexion/code/confirmer/", {"action": "verify", "code": code_in_mail(ADDRESS)})
    assert is_in(client)


def test_a_code_asked_for_an_unknown_address_looks_the_same(client):
    response = client.post("/compte/connexion/code/", {"email": "inconnue@habitants.example"})
    assert response["Location"] == "/compte/connexion/code/confirmer/"
    assert last_mail("inconnue@habitants.example").kind == "accounts.unknown_account"
    client.post("/compte/connexion/code/confirmer/", {"action": "verify", "code": "000000"})
    assert not is_in(client)


def test_the_reset_answers_the_same_whether_the_account_exists(client, camille):
    known = client.post("/compte/mot-de-passe/oublie/", {"email": ADDRESS})
    unknown = Client().post("/compte/mot-de-passe/oublie/", {"email": "inconnue@habitants.example"})
    assert known["Location"] == unknown["Location"] == "/compte/mot-de-passe/oublie/code/"


def test_a_reset_three_times_an_hour(client, camille):
    answers = [client.post("/compte/mot-de-passe/oublie/", {"email": ADDRESS}).status_code for _ in range(4)]
    assert answers == [302, 302, 302, 429]


def test_a_reset_code_lasts_an_hour(client, camille):
    client.post("/compte/mot-de-passe/oublie/", {"email": ADDRESS})
    with later(3601):
        response = client.post("/compte/mot-de-passe/oublie/code/", {"code": code_in_mail(ADDRESS)})
    assert response["Location"] == "/compte/connexion/"


def test_the_new_address_is_proven_before_it_replaces_the_old(client, camille):
    enter(client)
    client.post("/compte/confirmer/", {"password": PASSWORD, "next": "/compte/adresse/"})
    client.post("/compte/adresse/", {"email": "neuve@habitants.example", "action_add": "1"})
    camille.refresh_from_db()
    assert camille.email == ADDRESS
    client.post("/compte/adresse/confirmer/", {"action": "verify", "code": code_in_mail("neuve@habitants.example")})
    camille.refresh_from_db()
    assert camille.email == "neuve@habitants.example"
    assert list(camille.emailaddress_set.values_list("email", flat=True)) == ["neuve@habitants.example"]
    assert last_mail(ADDRESS).kind == "accounts.email_changed"


def test_changing_address_asks_who_one_is(client, camille):
    sign_in(client, camille)
    response = client.post("/compte/adresse/", {"email": "neuve@habitants.example", "action_add": "1"})
    assert response["Location"].startswith("/compte/confirmer/")


def test_the_mails_speak_the_language_of_the_person(client, camille):
    User.objects.filter(pk=camille.pk).update(language="de")
    client.post("/compte/connexion/code/", {"email": ADDRESS})
    assert last_mail(ADDRESS).html.startswith('<!DOCTYPE html>\n<html lang="de">')


def test_a_password_never_reaches_a_log_nor_a_mail(client, camille, caplog):
    enter(client, "un mot de passe secret")
    enter(client)
    assert "un mot de passe secret" not in caplog.text
    assert PASSWORD not in caplog.text


# --- Sessions -------------------------------------------------------------------------------------------------------


def test_a_session_is_listed_and_the_others_can_be_closed(client, camille):
    other = Client()
    enter(other)
    enter(client)
    assert UserSession.objects.filter(user=camille).count() == 2
    client.post("/compte/securite/sessions/")
    assert UserSession.objects.filter(user=camille).count() == 1
    assert other.get("/mon-espace/").status_code == 302
    assert client.get("/mon-espace/").status_code == 200


@pytest.mark.parametrize(("hours", "status"), [(7.9, 200), (8.1, 302)])
def test_a_resident_stays_eight_hours(client, camille, hours, status):
    enter(client)
    with later(hours * 3600):
        assert client.get("/mon-espace/").status_code == status


@pytest.mark.parametrize(("minutes", "status"), [(29, 200), (31, 302)])
def test_staff_stays_half_an_hour(client, minutes, status):
    sign_in(client, make_staff())
    client.get("/mon-espace/")
    with later(minutes * 60):
        assert client.get("/mon-espace/").status_code == status


def test_being_there_keeps_the_session(client, camille):
    enter(client)
    for hours in (6, 12, 18):
        with later(hours * 3600):
            assert client.get("/mon-espace/").status_code == 200


def test_the_end_of_a_session_is_announced_and_leads_back(client, camille):
    enter(client)
    with later(9 * 3600):
        response = client.get("/mon-espace/profil/?depuis=ici")
        assert response["Location"] == "/mon-espace/session-terminee/?next=%2Fmon-espace%2Fprofil%2F%3Fdepuis%3Dici"
        page = client.get(response["Location"])
    assert "Votre session a pris fin" in page.content.decode()
    assert 'value="/mon-espace/profil/?depuis=ici"' in page.content.decode()


def test_a_form_sent_too_late_leads_back_to_its_page(client, camille):
    enter(client)
    with later(9 * 3600):
        response = client.post("/mon-espace/profil/", {}, headers={"referer": "http://testserver/mon-espace/profil/"})
    assert response["Location"].endswith("?next=http%3A%2F%2Ftestserver%2Fmon-espace%2Fprofil%2F")


def test_a_fragment_asked_too_late_moves_the_whole_page(client, camille):
    enter(client)
    with later(9 * 3600):
        response = client.get("/mon-espace/", headers={"hx-request": "true"})
    assert response["HX-Redirect"].startswith("/mon-espace/session-terminee/")


def test_a_button_pressed_once_signed_out_leads_to_signing_in_and_back_to_its_page(client):
    button, page = "/concertations/quais/suivre/", "http://testserver/concertations/quais/"
    wanted = f"{URL}?next=http%3A//testserver/concertations/quais/"
    assert client.post(button, headers={"referer": page})["Location"] == wanted
    assert client.post(button, headers={"referer": "https://ailleurs.example/"})["Location"] == f"{URL}?next={button}"
    inside = client.post(button, headers={"referer": page, "HX-Request": "true"})
    assert (inside.status_code, inside["HX-Redirect"], inside.content) == (200, wanted, b"")


def test_the_session_is_written_at_most_once_a_minute(client, camille, django_assert_num_queries):
    enter(client)
    before = Session.objects.get().expire_date
    client.get("/mon-espace/")
    client.get("/mon-espace/")
    assert Session.objects.get().expire_date == before
    seen = client.session[SEEN]
    with later(61):
        client.get("/mon-espace/")
    assert client.session[SEEN] >= seen + 61


def test_signing_out_asks_then_closes(client, camille):
    enter(client)
    assert client.get("/compte/deconnexion/").status_code == 200
    assert is_in(client)
    assert client.post("/compte/deconnexion/")["Location"] == "/"
    assert not is_in(client)


# --- Passkeys (the ceremony itself is a browser's: tests/e2e) ---------------------------------------------------------


def test_a_passkey_that_is_not_one_signs_nobody_in(client):
    response = client.post("/compte/connexion/cle/", {"credential": "{}"})
    assert response["Location"] == URL
    assert not is_in(client)


def test_a_passkey_ceremony_starts_with_a_challenge(client):
    answer = client.get("/compte/connexion/cle/", headers={"accept": "application/json"}).json()
    assert re.fullmatch(r"[\w-]{40,}", answer["request_options"]["publicKey"]["challenge"])


def test_nobody_sees_the_keys_of_another(client, camille):
    other = make_user()
    key = Authenticator.objects.create(
        user=other, type=Authenticator.Type.WEBAUTHN, data={"name": "x", "credential": {}}
    )
    enter(client)
    client.post("/compte/confirmer/", {"password": PASSWORD})
    assert client.post(f"/compte/securite/cles/{key.pk}/retirer/").status_code == 404
    assert Authenticator.objects.filter(pk=key.pk).exists()


# --- The end of a session, announced --------------------------------------------------------------------------------


def test_the_page_knows_how_long_the_session_lasts(client, camille):
    enter(client)
    assert 'data-idle="28800"' in client.get("/mon-espace/").content.decode()
    other = sign_in(Client(), make_staff())
    assert 'data-idle="1800"' in other.get("/mon-espace/").content.decode()
    assert "data-idle" not in Client().get(URL).content.decode()


def test_staying_renews_the_session_and_needs_one(client, camille):
    assert client.get("/mon-espace/rester/").status_code == 302
    enter(client)
    for hours in (7, 14):
        with later(hours * 3600):
            assert client.get("/mon-espace/rester/").status_code == 204
