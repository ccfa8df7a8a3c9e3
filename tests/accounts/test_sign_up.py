"""Opening an account: refused first, then a code, then « Mon espace »."""

import re

import pytest
from allauth.account.models import EmailAddress

from accounts.models import Consent, User
from mulhouse import charter, memory, proof_of_work
from notifications.models import OutboundMail
from tests.accounts.people import STRONG, code_in_mail, last_mail, later, opened, sign_up_data
from tests.concurrency import run_in_threads
from tests.factories import make_user

pytestmark = pytest.mark.django_db
URL = "/compte/inscription/"
CODE_URL = "/compte/adresse/confirmer/"
ADDRESS = "nouvelle@habitants.example"


def errors_of(response):
    return {name: list(map(str, found)) for name, found in response.context["form"].errors.items()}


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"email": "pas une adresse"}, "email"),
        ({"password1": "onze signes"}, "password1"),
        ({"password1": "qwerty123456"}, "password1"),
        ({"password1": "nouvelle@habitants"}, "password1"),
        ({"charter": ""}, "charter"),
        ({"opened": "", "proof": ""}, "__all__"),
        ({"opened": "forged"}, "__all__"),
    ],
    ids=["address", "short", "common", "like-the-address", "charter", "no-time", "forged-time"],
)
def test_sign_up_refuses(client, changes, field):
    response = client.post(URL, sign_up_data(ADDRESS, **changes))
    assert list(errors_of(response)) == [field]
    assert User.objects.count() == 0
    assert OutboundMail.objects.count() == 0


def test_who_is_too_fast_is_asked_once_more(client):
    data = sign_up_data(ADDRESS, opened=opened(seconds_ago=2))
    response = client.post(URL, data)
    assert errors_of(response) == {"__all__": ["Vous avez été très rapide. Relisez, puis envoyez de nouveau."]}
    with later(3):
        client.post(URL, data)
    assert User.objects.get().email == ADDRESS


def test_what_is_left_empty_is_named_and_speed_is_not_blamed_for_it(client):
    response = client.post(URL, {"opened": opened(seconds_ago=1)})
    assert errors_of(response) == {
        "email": ["Indiquez votre adresse électronique."],
        "password1": ["Choisissez un mot de passe."],
        "charter": ["Acceptez la charte pour ouvrir un compte."],
    }


@pytest.mark.parametrize("proof", ["", "0", "-1", "1e3", "９", "9" * 21, "abc"])
def test_without_the_work_of_the_browser_patience_is_asked(client, proof):
    data = sign_up_data(ADDRESS, opened=opened(seconds_ago=10), proof=proof)
    (said,) = errors_of(client.post(URL, data))["__all__"]
    assert re.fullmatch(
        "Sans JavaScript, ce site vérifie par l’attente que vous n’êtes pas un programme. "
        "Patientez (9|10)\u00a0secondes, puis envoyez de nouveau.",
        said,
    )
    assert User.objects.count() == 0
    with later(11):
        assert client.post(URL, data)["Location"] == CODE_URL


def test_the_work_of_another_page_is_not_taken(client):
    data = sign_up_data(ADDRESS, opened=opened(seconds_ago=5), proof=proof_of_work.solve(opened()))
    assert list(errors_of(client.post(URL, data))) == ["__all__"]
    assert User.objects.count() == 0


def test_a_challenge_serves_once_and_the_page_gives_another(client):
    data = sign_up_data(ADDRESS)
    assert client.post(URL, data).status_code == 302
    client.cookies.clear()
    again = client.post(URL, {**data, "email": "autre@habitants.example"})
    assert errors_of(again) == {
        "__all__": ["Cette page a déjà servi à ouvrir un compte. Relisez, puis envoyez de nouveau."]
    }
    assert User.objects.count() == 1
    new = again.context["form"]["opened"].value()
    assert new != data["opened"]
    with later(30):
        client.post(URL, {**data, "email": "autre@habitants.example", "opened": new, "proof": proof_of_work.solve(new)})
    assert User.objects.count() == 2


def test_a_mistake_does_not_spend_the_challenge(client):
    data = sign_up_data(ADDRESS)
    assert list(errors_of(client.post(URL, {**data, "charter": ""}))) == ["charter"]
    assert client.post(URL, data)["Location"] == CODE_URL


def test_a_challenge_lasts_three_hours(client):
    data = sign_up_data(ADDRESS, opened=opened(seconds_ago=3 * 3600 + 1))
    response = client.post(URL, data)
    assert errors_of(response) == {"__all__": ["Cette page a expiré. Relisez ce que vous avez écrit, puis envoyez."]}
    assert proof_of_work.read(response.context["form"]["opened"].value(), "sign-up")


def test_few_accounts_without_the_work_from_one_address(client):
    for number in range(6):
        data = sign_up_data(f"n{number}@habitants.example", opened=opened(seconds_ago=30), proof="")
        assert client.post(URL, data).status_code == 302
        client.cookies.clear()
    seventh = client.post(URL, sign_up_data(ADDRESS, opened=opened(seconds_ago=30), proof=""))
    assert "Plusieurs comptes viennent d’être ouverts depuis votre réseau." in errors_of(seventh)["__all__"][0]
    assert client.post(URL, sign_up_data(ADDRESS)).status_code == 302


def test_without_redis_the_challenge_is_not_taken_twice_for_free(client, monkeypatch):
    monkeypatch.setattr(memory.breaker, "is_resting", lambda: True)
    response = client.post(URL, sign_up_data(ADDRESS))
    assert "L’inscription est arrêtée pour quelques minutes." in errors_of(response)["__all__"][0]
    assert User.objects.count() == 0


def test_one_challenge_from_eight_threads_serves_once():
    challenge = proof_of_work.read(opened(), "sign-up")
    assert sorted(run_in_threads(8, lambda _number: proof_of_work.spend(challenge))) == [False] * 7 + [True]


@pytest.mark.parametrize("url", [URL, "/compte/inscription/cle/"])
def test_both_doors_ask_for_the_work_and_say_what_happens_without_script(client, url):
    page = client.get(url).content.decode()
    assert "data-preuve" in page
    assert 'name="proof" data-bits="16"' in page
    assert "<noscript>" in page
    assert 'autocomplete="off" tabindex="-1"' in page or 'tabindex="-1" autocomplete="off"' in page


def test_the_door_of_passkeys_is_guarded_too(client):
    url = "/compte/inscription/cle/"
    data = {name: value for name, value in sign_up_data(ADDRESS).items() if name != "password1"}
    assert list(errors_of(client.post(url, {**data, "opened": opened(seconds_ago=5), "proof": ""}))) == ["__all__"]
    assert User.objects.count() == 0
    assert client.post(url, data).status_code == 302
    assert User.objects.count() == 1


def test_a_program_that_fills_the_trap_opens_nothing_and_sees_no_difference(client):
    response = client.post(URL, sign_up_data(ADDRESS, website="https://spam.example"))
    assert response["Location"] == CODE_URL
    assert User.objects.count() == 0
    assert OutboundMail.objects.count() == 0


def test_sign_up_then_code_then_own_page(client):
    response = client.post(URL, sign_up_data("Nouvelle@Habitants.example"))
    assert response["Location"] == CODE_URL
    user = User.objects.get()
    assert (user.email, user.public_name, user.language) == (ADDRESS, "", "fr")
    assert "_auth_user_id" not in client.session
    response = client.post(CODE_URL, {"action": "verify", "code": code_in_mail(ADDRESS)})
    assert response["Location"] == "/mon-espace/"
    assert int(client.session["_auth_user_id"]) == user.pk
    assert EmailAddress.objects.get().verified
    assert [(row.purpose, row.version) for row in Consent.objects.all()] == [("charter", charter.CURRENT.number)]


def test_the_language_of_the_page_is_kept(client):
    client.post("/de/compte/inscription/", sign_up_data(ADDRESS))
    assert User.objects.get().language == "de"


def test_the_code_has_six_digits_and_is_in_the_mail_only(client, caplog):
    client.post(URL, sign_up_data(ADDRESS))
    code = code_in_mail(ADDRESS)
    mail = last_mail(ADDRESS)
    assert (mail.kind, mail.secret, len(code)) == ("accounts.sign_up_code", True, 6)
    assert mail.subject == f"Votre code : {code}"
    assert code not in caplog.text


def test_a_wrong_code_signs_nobody_in_and_the_fifth_ends_it(client):
    client.post(URL, sign_up_data(ADDRESS))
    code = code_in_mail(ADDRESS)
    wrong = "000000" if code != "000000" else "111111"
    for _try in range(4):
        assert client.post(CODE_URL, {"action": "verify", "code": wrong}).status_code == 200
    assert client.post(CODE_URL, {"action": "verify", "code": wrong})["Location"] == "/compte/connexion/"
    client.post(CODE_URL, {"action": "verify", "code": code})
    assert "_auth_user_id" not in client.session
    assert not EmailAddress.objects.get().verified


def test_a_code_lasts_ten_minutes(client):
    client.post(URL, sign_up_data(ADDRESS))
    code = code_in_mail(ADDRESS)
    with later(601):
        client.post(CODE_URL, {"action": "verify", "code": code})
    assert "_auth_user_id" not in client.session


def test_an_address_that_has_an_account_gets_a_mail_and_the_page_says_the_same(client):
    make_user(email=ADDRESS)
    response = client.post(URL, sign_up_data(ADDRESS))
    assert response["Location"] == CODE_URL
    assert User.objects.count() == 1
    assert last_mail(ADDRESS).kind == "accounts.account_already_exists"
    known = client.get(CODE_URL).content.decode()
    client.cookies.clear()
    client.post(URL, sign_up_data("autre@habitants.example"))
    unknown = client.get(CODE_URL).content.decode()
    for page in (known, unknown):
        assert "Il contient un code à six chiffres" in page


def test_somebody_who_is_signed_in_is_sent_to_their_page(client):
    client.force_login(make_user())
    assert client.get(URL)["Location"] == "/mon-espace/"


def test_the_page_has_no_inline_style_and_hides_the_trap(client):
    page = client.get(URL).content.decode()
    assert " style=" not in page
    assert 'name="website" tabindex="-1"' in page


@pytest.mark.django_db(transaction=True)
def test_one_account_for_an_address_from_thirty_threads(client):
    from django.test import Client  # noqa: PLC0415

    pages = [sign_up_data(ADDRESS) for _number in range(30)]

    def sign_up(number):
        # One address of the network each: the limit per address is not what is tried here.
        own = Client(REMOTE_ADDR=f"10.0.0.{number + 1}")
        return own.post(URL, pages[number]).status_code

    answers = run_in_threads(30, sign_up)
    assert User.objects.count() == 1
    assert EmailAddress.objects.count() == 1
    assert Consent.objects.count() == 1
    # Either the page of the code, or « trop vite » when the mails to one address come too fast: never an error.
    assert set(answers) <= {302, 429}


def test_the_password_is_not_the_only_thing_kept_apart(client):
    client.post(URL, sign_up_data(ADDRESS))
    assert STRONG not in last_mail(ADDRESS).text
    assert User.objects.get().password != STRONG
