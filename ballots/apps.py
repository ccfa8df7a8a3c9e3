"""Ballots as an app."""

from django.apps import AppConfig


class BallotsConfig(AppConfig):
    """Secret votes: who voted in one table, what was voted in another."""

    name = "ballots"
    verbose_name = "Votes secrets"
