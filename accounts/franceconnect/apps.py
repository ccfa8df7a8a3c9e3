"""FranceConnect as an app: django-allauth finds the provider in it."""

from django.apps import AppConfig


class FranceConnectConfig(AppConfig):
    """The provider class."""

    name = "accounts.franceconnect"
    label = "franceconnect"
    verbose_name = "FranceConnect"
