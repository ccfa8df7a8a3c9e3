"""Finances as an app."""

from django.apps import AppConfig


class FinancesConfig(AppConfig):
    """The city’s money made readable, and the commission open to residents."""

    name = "finances"
    verbose_name = "Finances"
