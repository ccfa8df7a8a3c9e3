"""Données personnelles as an app."""

from django.apps import AppConfig


class PrivacyConfig(AppConfig):
    """What the law owes people about their data: cases with a clock, retention, breaches, who looked."""

    name = "privacy"
    verbose_name = "Données personnelles"

    def ready(self) -> None:
        """Fill the registries: tables about people, acts, what waits for staff, and who writes down who looked."""
        # These need the registry of apps, which is ready by now.
        from django.utils.translation import gettext_lazy as _  # noqa: PLC0415

        from mulhouse import looking, work  # noqa: PLC0415
        from mulhouse import personal_data as registry  # noqa: PLC0415
        from mulhouse import who_sees as acts  # noqa: PLC0415
        from notifications import kinds as mails  # noqa: PLC0415
        from opendata import datasets  # noqa: PLC0415
        from privacy import actions, exports, letters, personal_data, queues, who_sees  # noqa: PLC0415
        from privacy.models import REQUEST_PROMISE  # noqa: PLC0415
        from transparency import promising, register  # noqa: PLC0415

        looking.connect(actions.note_access)
        registry.declare(*personal_data.HOLDINGS)
        acts.declare(*who_sees.ACTS)
        mails.declare(*letters.KINDS)
        # A month, as the calendar has it: the day comes with each promise.
        promising.declare(
            promising.Kind(code=REQUEST_PROMISE, label=_("Demandes sur des données personnelles"), days=30)
        )
        work.register(work.WorkQueue("privacy.handle_datarequest", queues.rights))
        register.declare(
            register.Act("data_request.received", "La Ville a reçu une demande sur des données personnelles"),
            register.Act("data_request.read", "Un agent a ouvert une demande sur des données personnelles"),
            register.Act("data_request.identified", "Un agent a établi l’identité de qui demande"),
            register.Act("data_request.extended", "Le délai d’une demande sur des données a été prolongé"),
            register.Act("data_request.answered", "La Ville a répondu à une demande sur des données personnelles"),
            register.Act("data.limited", "Les données d’une personne ont été mises de côté"),
            register.Act("data.limit_lifted", "Les données d’une personne ne sont plus mises de côté"),
            register.Act("data.purged", "Des données personnelles qui avaient fait leur temps ont été effacées"),
            register.Act("accounts.warned", "Des personnes ont été prévenues de la fermeture de leur compte inutilisé"),
            register.Act("account.expired", "Un compte que personne n’utilisait a été fermé"),
            register.Act("breach.recorded", "Une violation de données a été inscrite"),
            register.Act("breach.completed", "Une violation de données a été complétée"),
            register.Act("breach.notified", "La CNIL a été prévenue d’une violation de données"),
            register.Act("breach.unnotified", "Une violation de données sans risque n’est pas notifiée à la CNIL"),
            register.Act("breach.people_settled", "La Ville a décidé d’informer ou non les personnes d’une violation"),
            register.Act("elimination.proposed", "Une élimination d’archives a été proposée aux Archives"),
            register.Act("elimination.approved", "Les Archives ont donné leur visa à une élimination"),
            register.Act("elimination.refused", "Les Archives ont refusé une élimination"),
            register.Act("elimination.begun", "Une élimination d’archives visée a commencé"),
            register.Act("elimination.executed", "Une élimination d’archives est terminée"),
        )
        datasets.declare(
            datasets.Dataset(
                exports.TABLE,
                _("Agence de la participation citoyenne"),
                datasets.Frequency.IRREGULAR,
                page="privacy:processings",
                keywords=("données personnelles", "transparence"),
                routes=("privacy:processings_file",),
            )
        )
        datasets.harmless(
            *(f"data_request.{step}" for step in ("received", "read", "identified", "extended", "answered")),
            *(f"breach.{step}" for step in ("recorded", "completed", "notified", "unnotified", "people_settled")),
            *(f"elimination.{step}" for step in ("proposed", "approved", "refused", "begun")),
            "accounts.warned",
            "data.purged",
        )
