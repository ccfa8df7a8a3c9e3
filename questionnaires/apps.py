"""Questionnaires as an app."""

from django.apps import AppConfig


class QuestionnairesConfig(AppConfig):
    """Questions asked to many, answered once by each, reported without names."""

    name = "questionnaires"
    verbose_name = "Questionnaires"
