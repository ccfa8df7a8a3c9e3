"""Modération as an app."""

from django.apps import AppConfig


class ModerationConfig(AppConfig):
    """One queue for everything residents write: reports, reasoned decisions, appeals, blocks."""

    name = "moderation"
    verbose_name = "Modération"
