"""The city's nomenclature as an app."""

from django.apps import AppConfig


class CityConfig(AppConfig):
    """Sectors, districts, themes, services."""

    name = "city"
    verbose_name = "La ville"
