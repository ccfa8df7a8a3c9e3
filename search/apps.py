"""Recherche as an app."""

from django.apps import AppConfig


class SearchConfig(AppConfig):
    """One box over everything public, and over what one alone may see."""

    name = "search"
    verbose_name = "Recherche"
