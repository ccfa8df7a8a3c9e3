"""Outgoing mail and subscriptions as an app."""

from django.apps import AppConfig


class NotificationsConfig(AppConfig):
    """Outbox and subscriptions."""

    name = "notifications"
    verbose_name = "Courriels et abonnements"

    def ready(self) -> None:
        """Fill the registries: tables about people, what waits for staff, and who queues the mails of the rooms below."""
        # These need the registry of apps, which is ready by now.
        from mulhouse import letters, work  # noqa: PLC0415
        from mulhouse import personal_data as registry  # noqa: PLC0415
        from notifications import outbox, personal_data, queues  # noqa: PLC0415
        from transparency import register  # noqa: PLC0415

        registry.declare(*personal_data.HOLDINGS)
        letters.connect(outbox.enqueue_template)
        register.declare(register.Act("mail.retried", "Un agent a renvoyé un courriel qui n’était pas parti"))
        work.register(work.WorkQueue("notifications.view_outboundmail", queues.failed_mails))
