"""Desk as an app."""

from django.apps import AppConfig


class DeskConfig(AppConfig):
    """People who take part without the web, and the rule that everybody counts once."""

    name = "desk"
    verbose_name = "Guichet"
