"""Audience as an app."""

from django.apps import AppConfig


class AudienceConfig(AppConfig):
    """How many pages are read each day, without cookie nor address."""

    name = "audience"
    verbose_name = "Audience"
