"""Audience as an app."""

from django.apps import AppConfig


class AudienceConfig(AppConfig):
    """How many pages are read each day, without cookie nor address."""

    name = "audience"
    verbose_name = "Audience"

    def ready(self) -> None:
        """Put the figures in the catalogue of open data."""
        # These need the registry of apps, which is ready by now.
        from audience import figures  # noqa: PLC0415
        from opendata import datasets  # noqa: PLC0415

        datasets.declare(figures.DATASET)
