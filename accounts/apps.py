"""People as an app."""

from django.apps import AppConfig


class AccountsConfig(AppConfig):
    """Accounts, residency, roles."""

    name = "accounts"
    verbose_name = "Personnes"
