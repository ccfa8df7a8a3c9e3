"""Données ouvertes as an app."""

from django.apps import AppConfig


class OpendataConfig(AppConfig):
    """Every public table, described once: files made each night, a catalogue, an API."""

    name = "opendata"
    verbose_name = "Données ouvertes"
