"""Ideas as an app."""

from django.apps import AppConfig


class IdeasConfig(AppConfig):
    """Residents propose and support; the city studies the most popular and most realistic, and answers."""

    name = "ideas"
    verbose_name = "Boîte à idées"
