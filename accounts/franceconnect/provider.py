"""FranceConnect as django-allauth knows a provider."""

import secrets
from typing import Any

from allauth.account.models import EmailAddress
from allauth.socialaccount.providers.openid_connect.provider import OpenIDConnectProvider
from django.http import HttpRequest, HttpResponseBase
from django.urls import reverse
from django.utils.http import urlencode

from accounts.franceconnect.adapter import ACR, FranceConnectAdapter, nonce_of


class FranceConnectProvider(OpenIDConnectProvider):  # type: ignore[misc]
    """Asks for the address only, keeps the identifier only, listens to nothing in the address bar."""

    id = "franceconnect"
    name = "FranceConnect"
    oauth2_adapter_class = FranceConnectAdapter

    def get_login_url(self, request: HttpRequest, **kwargs: Any) -> str:
        """Give the address that starts the sign-in."""
        url = reverse("franceconnect_login")
        return f"{url}?{urlencode(kwargs)}" if kwargs else url

    def get_callback_url(self) -> str:
        """Give the path declared to FranceConnect."""
        return reverse("franceconnect_callback")

    def get_default_scope(self) -> list[str]:
        """Ask for the least (FC-05): who it is, and where to write."""
        return ["openid", "email"]

    def get_scope_from_request(self, request: HttpRequest) -> list[str]:
        """Ignore a `scope` typed in the address (FC-02)."""
        return list(self.get_scope())

    def get_auth_params_from_request(self, request: HttpRequest, action: str) -> dict[str, str]:
        """Ignore `auth_params` typed in the address (FC-02)."""
        return dict(self.get_auth_params())

    def redirect(
        self, request: HttpRequest, process: str, next_url: str | None = None, data: Any = None, **kwargs: Any
    ) -> HttpResponseBase:
        """Send the person to FranceConnect with a fresh nonce and the level of assurance asked for."""
        seed = secrets.token_urlsafe(32)
        kwargs["auth_params"] = {
            **(kwargs.get("auth_params") or {}),
            "nonce": nonce_of(seed),
            "acr_values": ACR,
        }
        response: HttpResponseBase = super().redirect(request, process, next_url, data, nonce_seed=seed, **kwargs)
        return response

    def extract_uid(self, data: dict[str, Any]) -> str:
        """Take the identifier from the signed token."""
        return str(data["id_token"]["sub"])

    def extract_extra_data(self, data: dict[str, Any]) -> dict[str, Any]:
        """Store nothing of the pivot identity."""
        return {}

    def extract_common_fields(self, data: dict[str, Any]) -> dict[str, Any]:
        """Fill the account with the address only: the public name is the person's choice."""
        return {"email": data["userinfo"].get("email")}

    def extract_email_addresses(self, data: dict[str, Any]) -> list[EmailAddress]:
        """Take the address as proven: it is not asked for again (FC-04)."""
        email = data["userinfo"].get("email")
        return [EmailAddress(email=email, verified=True, primary=True)] if email else []


provider_classes = [FranceConnectProvider]
