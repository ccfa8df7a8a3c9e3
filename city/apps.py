"""The city's nomenclature as an app."""

from django.apps import AppConfig


class CityConfig(AppConfig):
    """Sectors, districts, themes, services, and how many people live there."""

    name = "city"
    verbose_name = "La ville"
