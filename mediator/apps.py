"""Mediator as an app."""

from django.apps import AppConfig


class MediatorConfig(AppConfig):
    """A dispute with the administration, in confidence."""

    name = "mediator"
    verbose_name = "Médiation"
