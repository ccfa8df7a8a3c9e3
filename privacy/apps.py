"""Données personnelles as an app."""

from django.apps import AppConfig


class PrivacyConfig(AppConfig):
    """What the law owes people about their data: cases with a clock, retention, breaches, who looked."""

    name = "privacy"
    verbose_name = "Données personnelles"
