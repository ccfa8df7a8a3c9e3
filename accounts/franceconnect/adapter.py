"""What is asked of FranceConnect, and what is believed of its answer."""

import hmac
from typing import Any

import jwt
from allauth.socialaccount.adapter import get_adapter
from allauth.socialaccount.internal import jwtkit
from allauth.socialaccount.models import SocialApp, SocialLogin, SocialToken
from allauth.socialaccount.providers.oauth2.client import OAuth2Error
from allauth.socialaccount.providers.oauth2.views import OAuth2CallbackView
from allauth.socialaccount.providers.openid_connect.views import OpenIDConnectOAuth2Adapter
from django.http import HttpRequest, HttpResponseBase
from django.urls import reverse
from django.utils.crypto import salted_hmac

ACR = "eidas1"
# A stronger level than the one asked for is still an answer to it.
ACCEPTED_ACR = frozenset({"eidas1", "eidas2", "eidas3"})
# Never a symmetric algorithm: the header of a token must not choose to be checked with the public key as a secret.
ALGORITHMS = ("RS256", "ES256")
CLOCK_SKEW_SECONDS = 30
ID_TOKEN_SESSION_KEY = "franceconnect_id_token"  # noqa: S105 (a key of the session)


class FranceConnectAdapter(OpenIDConnectOAuth2Adapter):  # type: ignore[misc]
    """The exchange with FranceConnect: every token is verified by signature, whoever delivered it."""

    def __init__(self, request: HttpRequest, provider_id: str = "franceconnect") -> None:
        super().__init__(request, provider_id)
        self.nonce = ""

    def get_callback_url(self, request: HttpRequest, app: SocialApp) -> str:
        """Give the one callback address declared to FranceConnect, whatever the language of the page."""
        return request.build_absolute_uri(reverse("franceconnect_callback"))

    def complete_login(self, request: HttpRequest, app: SocialApp, token: SocialToken, **kwargs: Any) -> SocialLogin:
        """Verify what came back and build the sign-in.

        Raises: OAuth2Error when the token is missing, unsigned, for another site, expired, replayed, too weak, or when
        the identity does not match it; allauth shows its error page and nobody is signed in.
        """
        raw = kwargs["response"].get("id_token")
        if not raw:
            raise OAuth2Error("FranceConnect sent no id_token")
        identity = self._verified(app, raw)
        if not self.nonce or not hmac.compare_digest(str(identity.get("nonce", "")), self.nonce):
            raise OAuth2Error("The nonce of the id_token is not ours")
        if identity.get("acr") not in ACCEPTED_ACR:
            raise OAuth2Error("The level of assurance is too low")
        userinfo = self._userinfo(app, token.token)
        if userinfo.get("sub") != identity["sub"]:
            raise OAuth2Error("Userinfo is about somebody else")
        # Needed to close the FranceConnect session too (FC-03); it dies with this session.
        request.session[ID_TOKEN_SESSION_KEY] = raw
        return self.get_provider().sociallogin_from_response(
            request, {"id_token": {"sub": identity["sub"]}, "userinfo": userinfo}
        )

    def _verified(
        self, app: SocialApp, token: str, *, required: tuple[str, ...] = ("exp", "iat", "sub")
    ) -> dict[str, Any]:
        try:
            algorithm, key = jwtkit.fetch_key(token, self.openid_config["jwks_uri"], jwtkit.lookup_kid_jwk)
            if algorithm not in ALGORITHMS:
                raise OAuth2Error("Unexpected signature algorithm")
            return jwt.decode(
                token,
                key=key,
                algorithms=[algorithm],
                issuer=self.openid_config["issuer"],
                audience=app.client_id,
                leeway=CLOCK_SKEW_SECONDS,
                options={"require": [*required, "iss", "aud"]},
            )
        except (jwt.PyJWTError, KeyError) as error:
            raise OAuth2Error("Invalid token from FranceConnect") from error

    def _userinfo(self, app: SocialApp, access_token: str) -> dict[str, Any]:
        """Read the identity, plain or as a signed token (FC-06). Only the address is taken from it."""
        with get_adapter().get_requests_session() as session:
            response = session.get(self.profile_url, headers={"Authorization": f"Bearer {access_token}"})
            response.raise_for_status()
        if response.headers.get("content-type", "").split(";")[0].strip() == "application/jwt":
            data = self._verified(app, response.text, required=("sub",))
        else:
            data = response.json()
        return {key: data[key] for key in ("sub", "email") if key in data}


class FranceConnectCallbackView(OAuth2CallbackView):  # type: ignore[misc]
    """The return from FranceConnect, with the nonce that left with the person."""

    def _get_state(self, request: HttpRequest, provider: Any) -> tuple[dict[str, Any] | None, HttpResponseBase | None]:
        state, response = super()._get_state(request, provider)
        if state is not None:
            self.adapter.nonce = nonce_of(state.get("nonce_seed", ""))
        return state, response


def nonce_of(seed: str) -> str:
    """Derive the nonce from the seed kept in the session, so that the session alone does not give it."""
    return salted_hmac("accounts.franceconnect.nonce", seed, algorithm="sha256").hexdigest() if seed else ""
