"""Consultations as an app."""

from django.apps import AppConfig


class ConsultationsConfig(AppConfig):
    """Consultations, contributions, positions, debate."""

    name = "consultations"
    verbose_name = "Consultations"
