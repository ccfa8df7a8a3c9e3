"""Councils as an app."""

from django.apps import AppConfig


class CouncilsConfig(AppConfig):
    """Residents drawn by lot, who sit independently of the city."""

    name = "councils"
    verbose_name = "Conseils d’habitants"
