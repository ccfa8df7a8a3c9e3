"""The public register and open data as an app."""

from django.apps import AppConfig


class TransparencyConfig(AppConfig):
    """The register and the pages that show it."""

    name = "transparency"
    verbose_name = "Transparence"

    def ready(self) -> None:
        """Fill the registries: our own acts, tables about people, the agents' queue, and who writes the register down."""
        # These need the registry of apps, which is ready by now.
        from django.utils.translation import gettext_lazy as _  # noqa: PLC0415

        from mulhouse import journal, work  # noqa: PLC0415
        from mulhouse import personal_data as registry  # noqa: PLC0415
        from mulhouse import who_sees as acts  # noqa: PLC0415
        from transparency import (  # noqa: PLC0415
            deadlines,
            personal_data,
            promises,
            promising,
            queues,
            register,
            who_sees,
        )
        from transparency.models import FAULT_PROMISE  # noqa: PLC0415

        register.declare(
            register.Act("register.verified", "Le registre entier a été relu : il est intact"),
            register.Act("register.broken", "Le registre entier a été relu : une ligne est fausse"),
            register.Act("register.actor_seen", "L’auteur d’un acte a été montré à une personne habilitée"),
            register.Act("city.names_changed", "Un nom de quartier, de thème ou de service a changé"),
            register.Act("accessibility.reported", "Un défaut d’accessibilité a été signalé"),
            register.Act("promise.paused", "Le délai d’une réponse promise est arrêté, pour un motif public"),
            register.Act("promise.resumed", "Le délai d’une réponse promise court de nouveau"),
            register.Act("promise.reminded", "Le site a rappelé à un service une réponse promise"),
            register.Act("accessibility.answered", "Un signalement d’accessibilité a reçu sa réponse"),
        )
        promises.register(promising.SOURCE)
        promising.declare(
            promising.Kind(
                code=FAULT_PROMISE,
                label=_("Signalements d’accessibilité"),
                days=deadlines.ACCESSIBILITY_ANSWER_DAYS,
                service=promising.PORTAL_SERVICE,
                permission="transparency.answer_accessibilityfault",
                work_route="admin:transparency_accessibilityfault_changelist",
                work_label="Signalements d’accessibilité",
            )
        )
        journal.connect(register.record)
        registry.declare(*personal_data.HOLDINGS)
        acts.declare(*who_sees.ACTS)
        work.register(work.WorkQueue(None, queues.promises))
