"""Outgoing mail, notifications and subscriptions as an app."""

from django.apps import AppConfig


class NotificationsConfig(AppConfig):
    """What is told to people, and by which way."""

    name = "notifications"
    verbose_name = "Notifications et courriels"

    def ready(self) -> None:
        """Fill the registries: tables about people, what waits for staff, and who queues the mails of the rooms below."""
        # These need the registry of apps, which is ready by now.
        from anymail.signals import tracking as provider_reports  # noqa: PLC0415

        from mulhouse import letters, work  # noqa: PLC0415
        from mulhouse import personal_data as registry  # noqa: PLC0415
        from mulhouse import who_sees as acts  # noqa: PLC0415
        from notifications import kinds, outbox, personal_data, queues, tracking, who_sees  # noqa: PLC0415
        from opendata import datasets  # noqa: PLC0415
        from transparency import register  # noqa: PLC0415

        registry.declare(*personal_data.HOLDINGS)
        acts.declare(*who_sees.ACTS)
        kinds.declare(
            *kinds.OWN, *kinds.BELOW, kinds.Kind(kinds.LIBRARY, "Message d’une bibliothèque", "Un code ou un lien.")
        )
        provider_reports.connect(tracking.receive, dispatch_uid="notifications.tracking")
        letters.connect(outbox.enqueue_template)
        datasets.harmless("mail.retried", "mail.address_reopened")
        register.declare(
            register.Act("mail.retried", "Un agent a renvoyé un courriel qui n’était pas parti"),
            register.Act(
                "mail.address_reopened", "Le site écrit de nouveau à une adresse qui avait refusé ses courriels"
            ),
        )
        work.register(work.WorkQueue("notifications.view_outboundmail", queues.failed_mails))
