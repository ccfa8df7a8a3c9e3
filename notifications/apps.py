"""Outgoing mail and subscriptions as an app."""

from django.apps import AppConfig


class NotificationsConfig(AppConfig):
    """Outbox and subscriptions."""

    name = "notifications"
    verbose_name = "Courriels et abonnements"
