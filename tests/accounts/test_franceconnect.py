"""FranceConnect against a real OpenID Connect provider on this machine: what it accepts, and each lie it refuses."""

import json
import secrets
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import SimpleNamespace
from urllib.parse import parse_qs, parse_qsl, urlsplit

import jwt
import pytest
from allauth.account.models import EmailAddress
from allauth.socialaccount.models import SocialAccount
from cryptography.hazmat.primitives.asymmetric import rsa
from django.urls import clear_url_caches, include, path

from accounts.models import User
from mulhouse import urls as site_urls

pytestmark = pytest.mark.writes_on_get("coming back from FranceConnect is a GET: it links, signs in, or writes a mail")

CLIENT_ID, CLIENT_SECRET = "mulhouse", "a-secret-of-the-test"

urlpatterns = [
    *site_urls.urlpatterns,
    path("compte/franceconnect/", include("accounts.franceconnect.urls")),
]


class Provider:
    """A small FranceConnect: one person, RSA signatures, and knobs that make it lie."""

    def __init__(self):
        self.key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
        self.other_key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
        self.nonce = ""
        self.claims = {}
        self.userinfo = {
            "sub": "fc-1",
            "email": "camille@habitants.example",
            "given_name": "Camille",
            "birthdate": "1990-01-01",
        }
        self.userinfo_as_jwt = False
        self.sign_with = self.key
        self.algorithm = "RS256"
        self.token_requests = []
        handler = type("Handler", (Handler,), {"provider": self})
        self.server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
        self.issuer = f"http://127.0.0.1:{self.server.server_port}"
        self.thread = threading.Thread(target=self.server.serve_forever, daemon=True)
        self.thread.start()

    def stop(self):
        self.server.shutdown()
        self.server.server_close()
        self.thread.join()

    def signed(self, claims, *, key=None):
        headers = {"kid": "k1"}
        if self.algorithm == "HS256":
            return jwt.encode(claims, CLIENT_SECRET.ljust(32, "-"), algorithm="HS256", headers=headers)
        return jwt.encode(claims, key or self.sign_with, algorithm=self.algorithm, headers=headers)

    def id_token(self):
        now = int(time.time())
        claims = {
            "iss": self.issuer, "aud": CLIENT_ID, "sub": "fc-1", "iat": now, "exp": now + 60,
            "nonce": self.nonce, "acr": "eidas1", **self.claims,
        }  # fmt: skip
        return self.signed({name: value for name, value in claims.items() if value is not None})


class Handler(BaseHTTPRequestHandler):
    provider: Provider

    def _answer(self, body, content_type="application/json"):
        data = body.encode() if isinstance(body, str) else json.dumps(body).encode()
        self.send_response(200)
        self.send_header("Content-Type", content_type)
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    def do_GET(self):
        it = self.provider
        if self.path == "/.well-known/openid-configuration":
            self._answer(
                {
                    "issuer": it.issuer,
                    "authorization_endpoint": f"{it.issuer}/authorize",
                    "token_endpoint": f"{it.issuer}/token",
                    "userinfo_endpoint": f"{it.issuer}/userinfo",
                    "jwks_uri": f"{it.issuer}/jwks",
                    "end_session_endpoint": f"{it.issuer}/end",
                    "token_endpoint_auth_methods_supported": ["client_secret_post"],
                }
            )
        elif self.path == "/jwks":
            public = json.loads(jwt.algorithms.RSAAlgorithm.to_jwk(it.key.public_key()))
            self._answer({"keys": [{**public, "kid": "k1", "alg": "RS256", "use": "sig"}]})
        elif it.userinfo_as_jwt:
            self._answer(
                it.signed({**it.userinfo, "iss": it.issuer, "aud": CLIENT_ID}), "application/jwt; charset=utf-8"
            )
        else:
            self._answer(it.userinfo)

    def do_POST(self):
        body = self.rfile.read(int(self.headers["Content-Length"])).decode()
        self.provider.token_requests.append(parse_qs(body))
        self._answer(
            {"access_token": "t", "token_type": "Bearer", "expires_in": 60, "id_token": self.provider.id_token()}
        )

    def log_message(self, *args):
        """Stay quiet."""


@pytest.fixture
def provider(settings):
    provider = Provider()
    settings.FRANCECONNECT = True
    settings.ROOT_URLCONF = __name__
    settings.SOCIALACCOUNT_PROVIDERS = {
        "franceconnect": {
            "APPS": [
                {
                    "provider_id": "franceconnect",
                    "name": "FranceConnect",
                    "client_id": CLIENT_ID,
                    "secret": CLIENT_SECRET,
                    "settings": {"server_url": provider.issuer, "token_auth_method": "client_secret_post"},
                }
            ]
        }
    }
    clear_url_caches()
    yield provider
    provider.stop()
    clear_url_caches()


def leave(client, provider, query=""):
    """Start a sign-in; give the parameters sent to FranceConnect."""
    response = client.post(f"/compte/franceconnect/{query}")
    assert response.status_code == 302
    target = urlsplit(response["Location"])
    assert f"{target.scheme}://{target.netloc}" == provider.issuer
    sent = dict(parse_qsl(target.query))
    provider.nonce = sent["nonce"]
    return SimpleNamespace(**sent)


def come_back(client, sent, **changes):
    query = {"code": "c", "state": sent.state, **changes}
    return client.get("/compte/franceconnect/retour/", query)


def signed_in(client):
    return "_auth_user_id" in client.session


@pytest.mark.django_db
def test_without_configuration_there_is_no_route(client):
    assert client.get("/compte/franceconnect/").status_code == 404


@pytest.mark.django_db
def test_leaving_sends_state_nonce_level_and_the_least_scope(client, provider):
    sent = leave(client, provider)
    assert sent.client_id == CLIENT_ID
    assert set(sent.scope.split()) == {"openid", "email"}
    assert sent.acr_values == "eidas1"
    assert len(sent.nonce) == 64
    assert sent.redirect_uri == "http://testserver/compte/franceconnect/retour/"


@pytest.mark.django_db
def test_each_departure_has_its_own_nonce_and_state(client, provider):
    first, second = leave(client, provider), leave(client, provider)
    assert first.nonce != second.nonce
    assert first.state != second.state


@pytest.mark.django_db
def test_the_address_bar_chooses_nothing(client, provider):
    sent = leave(client, provider, "?auth_params=acr_values%3Deidas9%26prompt%3Dnone&scope=birthdate")
    assert sent.acr_values == "eidas1"
    assert not hasattr(sent, "prompt")
    assert set(sent.scope.split()) == {"openid", "email"}


def _finish(client, response):
    """Accept the charter where the site asks for it."""
    if response.status_code == 302 and "inscription" in response["Location"]:
        response = client.post(response["Location"], {"email": "camille@habitants.example", "charter": "on"})
    return response


@pytest.mark.django_db
@pytest.mark.parametrize("as_jwt", [False, True])
def test_a_person_signs_in_and_only_the_identifier_is_kept(client, provider, as_jwt):
    provider.userinfo_as_jwt = as_jwt
    _finish(client, come_back(client, leave(client, provider)))
    assert signed_in(client)
    account = SocialAccount.objects.get()
    assert (account.provider, account.uid, account.extra_data) == ("franceconnect", "fc-1", {})
    assert account.user.email == "camille@habitants.example"
    assert account.user.public_name == ""
    assert account.user.birth_year is None


@pytest.mark.django_db
@pytest.mark.parametrize(
    "claims",
    [
        {"nonce": "another"},
        {"nonce": None},
        {"acr": "eidas0"},
        {"acr": None},
        {"iss": "https://elsewhere.example"},
        {"aud": "another-site"},
        {"exp": 1_700_000_000},
        {"exp": None},
        {"sub": "fc-2"},
        {"sub": None},
    ],
    ids=lambda claims: "-".join(f"{name}={value}" for name, value in claims.items()),
)
def test_an_altered_token_is_refused(client, provider, claims):
    provider.claims = claims
    come_back(client, leave(client, provider))
    assert not signed_in(client)
    assert SocialAccount.objects.count() == 0


@pytest.mark.django_db
def test_a_token_signed_by_somebody_else_is_refused(client, provider):
    provider.sign_with = provider.other_key
    come_back(client, leave(client, provider))
    assert not signed_in(client)


@pytest.mark.django_db
def test_a_token_signed_with_a_shared_secret_is_refused(client, provider):
    provider.algorithm = "HS256"
    come_back(client, leave(client, provider))
    assert not signed_in(client)


@pytest.mark.django_db
def test_a_userinfo_token_signed_by_somebody_else_is_refused(client, provider):
    provider.userinfo_as_jwt = True
    sent = leave(client, provider)
    genuine = provider.id_token()
    provider.id_token = lambda: genuine
    provider.sign_with = provider.other_key
    come_back(client, sent)
    assert not signed_in(client)


@pytest.mark.django_db
def test_a_state_that_is_not_ours_is_refused(client, provider):
    come_back(client, leave(client, provider), state=secrets.token_hex(8))
    assert not signed_in(client)


@pytest.mark.django_db
def test_a_return_is_used_once(client, provider):
    sent = leave(client, provider)
    _finish(client, come_back(client, sent))
    client.logout()
    come_back(client, sent)
    assert not signed_in(client)


@pytest.mark.django_db
def test_an_existing_account_is_not_taken_over_by_its_address(client, provider):
    resident = User.objects.create_user("camille@habitants.example", "un mot de passe assez long")
    EmailAddress.objects.create(user=resident, email=resident.email, verified=True, primary=True)
    _finish(client, come_back(client, leave(client, provider)))
    assert not signed_in(client)
    assert SocialAccount.objects.count() == 0


@pytest.mark.django_db
def test_an_account_is_linked_by_somebody_who_has_proven_it(client, provider):
    password = "un mot de passe assez long"
    resident = User.objects.create_user("moi@habitants.example", password)
    EmailAddress.objects.create(user=resident, email=resident.email, verified=True, primary=True)
    client.force_login(resident, backend="django.contrib.auth.backends.ModelBackend")
    response = come_back(client, leave(client, provider, "?process=connect"))
    assert response["Location"] == "/compte/confirmer/"
    assert SocialAccount.objects.count() == 0
    client.post("/compte/confirmer/", {"password": password})
    assert SocialAccount.objects.get().user == resident


@pytest.mark.django_db
def test_signing_out_closes_the_franceconnect_session_too(client, provider):
    _finish(client, come_back(client, leave(client, provider)))
    response = client.post("/compte/deconnexion/")
    target = urlsplit(response["Location"])
    sent = dict(parse_qsl(target.query))
    assert f"{target.scheme}://{target.netloc}{target.path}" == f"{provider.issuer}/end"
    assert jwt.decode(sent["id_token_hint"], options={"verify_signature": False})["sub"] == "fc-1"
    assert sent["post_logout_redirect_uri"] == "http://testserver/compte/franceconnect/deconnecte/"
    assert not signed_in(client)
    assert client.get("/compte/franceconnect/deconnecte/", {"state": sent["state"]}).status_code == 302
    assert client.get("/compte/franceconnect/deconnecte/", {"state": "forged"})["Location"] == "/"


@pytest.mark.django_db
def test_somebody_who_came_otherwise_signs_out_here_only(client, provider):
    resident = User.objects.create_user("moi@habitants.example", "un mot de passe assez long")
    client.force_login(resident, backend="django.contrib.auth.backends.ModelBackend")
    assert client.post("/compte/deconnexion/")["Location"] == "/"
