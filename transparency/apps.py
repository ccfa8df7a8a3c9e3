"""The public register and open data as an app."""

from django.apps import AppConfig


class TransparencyConfig(AppConfig):
    """The register and the pages that show it."""

    name = "transparency"
    verbose_name = "Transparence"
