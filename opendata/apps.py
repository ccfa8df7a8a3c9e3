"""Données ouvertes as an app."""

from django.apps import AppConfig


class OpendataConfig(AppConfig):
    """Every public table, described once: files made each night, a catalogue, an API."""

    name = "opendata"
    verbose_name = "Données ouvertes"

    def ready(self) -> None:
        """Declare the tables of the rooms below, what the app writes on the register, and the acts that take nothing away."""
        # These need the registry of apps, which is ready by now.
        from opendata import beneath, datasets  # noqa: PLC0415
        from transparency import register  # noqa: PLC0415

        register.declare(register.Act("data.published", "Les fichiers de données ouvertes ont été refaits"))
        datasets.declare(*beneath.DATASETS)
        datasets.harmless(*beneath.HARMLESS, "data.published")
