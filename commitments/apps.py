"""Commitments as an app."""

from django.apps import AppConfig


class CommitmentsConfig(AppConfig):
    """What the city promised, by when, and what became of it."""

    name = "commitments"
    verbose_name = "Engagements"
