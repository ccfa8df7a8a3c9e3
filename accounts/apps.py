"""People as an app."""

from typing import Any

from django.apps import AppConfig
from django.db.models.signals import post_migrate


class AccountsConfig(AppConfig):
    """Accounts, residency, roles."""

    name = "accounts"
    verbose_name = "Personnes"

    def ready(self) -> None:
        """Fill the registries: acts of the register, tables about people, the agents' queue, the roles."""
        from accounts import kinds as own_kinds  # noqa: PLC0415 (same)
        from accounts import personal_data, queues, who_sees  # noqa: PLC0415 (models are loaded by now)
        from mulhouse import who_sees as acts  # noqa: PLC0415 (same)
        from mulhouse import work  # noqa: PLC0415 (same)
        from notifications import kinds  # noqa: PLC0415 (same)
        from transparency import register  # noqa: PLC0415 (same)

        register.declare(
            register.Act("residency.verified", "Un agent a vérifié une résidence"),
            register.Act("residency.refused", "Un agent n’a pas pu vérifier une résidence"),
            register.Act("residency.unlocked", "Un agent a permis une nouvelle demande de vérification"),
            register.Act("role.granted", "Un rôle a été donné"),
            register.Act("role.revoked", "Un rôle a été retiré"),
            register.Act("account.suspended", "Un compte a été suspendu"),
            register.Act("account.reopened", "Un compte a été rouvert"),
            register.Act("account.closed", "Une personne a fermé son compte"),
            register.Act("profile.renamed", "Une personne a changé son nom public"),
            register.Act("residency.document_seen", "Un agent a ouvert un justificatif de domicile pour le vérifier"),
            register.Act("person.email_shown", "Une adresse électronique a été affichée à un agent"),
            register.Act("person.looked_up", "Un agent a cherché une déclaration de résidence par une adresse"),
        )
        kinds.declare(*own_kinds.KINDS)
        personal_data.declare_holdings()
        acts.declare(*who_sees.ACTS)
        work.register(work.WorkQueue("accounts.verify_residency", queues.residencies))
        post_migrate.connect(_sync_roles, dispatch_uid="accounts.roles")


def _sync_roles(sender: AppConfig, using: str, **kwargs: Any) -> None:
    """Give the roles what they may do in the app that was just migrated; its permissions exist since a moment ago."""
    from django.contrib.auth.models import Group  # noqa: PLC0415 (models are loaded by now)
    from django.db import connections  # noqa: PLC0415 (same)

    from accounts import roles  # noqa: PLC0415 (same)

    if Group._meta.db_table in connections[using].introspection.table_names():
        roles.sync(sender.label)
