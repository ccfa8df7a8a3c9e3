"""What this app, and the packages it stands on, know about a person: exported on request, erased with the account."""

from collections.abc import Iterable
from functools import partial
from pathlib import PurePosixPath
from typing import Any

from allauth.account.models import EmailAddress, EmailConfirmation
from allauth.mfa.models import Authenticator
from allauth.socialaccount.models import SocialAccount, SocialToken
from allauth.usersessions.models import UserSession
from django.contrib.admin.models import LogEntry
from django.core.files.storage import default_storage
from django.db import transaction
from django.db.models import Model

from accounts import roles
from accounts.models import Consent, DataExport, Residency, User
from mulhouse.personal_data import Fate, Final, Group, Holding, Retention, declare

PUBLIC_TASK = "Mission d’intérêt public : la participation des habitants"
SECURITY = "Mission d’intérêt public : la sécurité des comptes"
AS_LONG_AS_THE_ACCOUNT = "Tant que le compte existe"


def _rows(model: type[Model], *fields: str, lookup: str = "user") -> Any:
    """Export the plain columns of a person's rows."""

    def export(user: User) -> Iterable[dict[str, Any]]:
        rows = model._default_manager.filter(**{lookup: user}).order_by("pk")  # noqa: SLF001 (its documented name)
        return list(rows.values(*fields))

    return export


def _delete(model: type[Model], *, lookup: str = "user") -> Any:
    def erase(user: User) -> None:
        model._default_manager.filter(**{lookup: user}).delete()  # noqa: SLF001 (its documented name)

    return erase


def _person(user: User) -> Iterable[dict[str, Any]]:
    return [
        {
            "adresse": user.email,
            "nom_public": user.public_name,
            "quartier": user.district.name if user.district else "",
            "annee_de_naissance": user.birth_year,
            "langue": user.language,
            "couleurs": user.scheme,
            "inscription": user.date_joined,
            "derniere_connexion": user.last_login,
            "roles": [role.label for role in roles.of(user)],
            "service": user.service.name if user.service else "",
        }
    ]


def _residencies(user: User) -> Iterable[dict[str, Any]]:
    return [
        {
            "quartier": row.district.name,
            "declare_le": row.declared_at,
            "demande_le": row.requested_at,
            "verifie_le": row.verified_on,
            "valable_jusqu_au": row.expires_on,
            "moyen": row.get_method_display(),
            "refuse_le": row.refused_at,
            "motif_du_refus": row.refusal_reason,
            "termine_le": row.ended_on,
        }
        for row in Residency.objects.filter(user=user).select_related("district").order_by("pk")
    ]


def _residency_files(user: User) -> Iterable[tuple[str, Any]]:
    for row in Residency.objects.filter(user=user).exclude(document="").order_by("pk"):
        suffix = PurePosixPath(row.document.name or "").suffix
        yield f"justificatif-{row.pk}{suffix}", row.document.open("rb")


def _erase_with_files(model: type[Residency] | type[DataExport], column: str) -> Any:
    def erase(user: User) -> None:
        rows = model.objects.filter(user=user)
        for name in rows.exclude(**{column: ""}).values_list(column, flat=True):
            transaction.on_commit(partial(default_storage.delete, name))
        rows.delete()

    return erase


def _delete_person(user: User) -> None:
    user.delete()


def declare_holdings() -> None:
    """Tell the registry about the tables of people; called once, when the apps are ready."""
    declare(
        Holding(
            model=User,
            label="Votre compte",
            purpose="Vous reconnaître, signer ce que vous publiez, savoir si une procédure vous est ouverte",
            basis=PUBLIC_TASK,
            period=AS_LONG_AS_THE_ACCOUNT,
            fate=Fate.ERASED,
            export=_person,
            erase=_delete_person,
            group=Group.ACCOUNT,
            recipients=(
                "Tout le monde voit votre nom public. Le reste\u00a0: vous\u00a0; "
                "l’administration du site voit l’adresse sur motif, et vous le voyez."
            ),
            kept=Retention("la fermeture du compte, ou deux ans sans connexion"),
            final=Final.DESTROYED,
            source="RGPD, art. 5.1.e\u00a0; recommandation de la CNIL sur les comptes inactifs (deux ans)",
        ),
        Holding(
            model=EmailAddress,
            label="Votre adresse électronique",
            purpose="Vous connecter et vous écrire ; jamais affichée",
            basis=PUBLIC_TASK,
            period=AS_LONG_AS_THE_ACCOUNT,
            fate=Fate.ERASED,
            export=_rows(EmailAddress, "email", "verified", "primary"),
            erase=_delete(EmailAddress),
            group=Group.ACCOUNT,
            recipients="Vous. L’administration du site sur motif, et vous le voyez.",
            kept=Retention("la fermeture du compte, ou deux ans sans connexion"),
            final=Final.DESTROYED,
            source="RGPD, art. 5.1.e\u00a0; recommandation de la CNIL sur les comptes inactifs (deux ans)",
        ),
        Holding(
            model=EmailConfirmation,
            label="Confirmation de votre adresse",
            purpose="Savoir que l’adresse est bien la vôtre",
            basis=SECURITY,
            period="Trois jours",
            fate=Fate.ERASED,
            export=_rows(EmailConfirmation, "created", "sent", lookup="email_address__user"),
            erase=_delete(EmailConfirmation, lookup="email_address__user"),
            group=Group.SECURITY,
            recipients="Personne\u00a0: le site seul.",
            kept=Retention("l’envoi", 3),
            final=Final.DESTROYED,
            source="RGPD, art. 5.1.e",
        ),
        Holding(
            model=Residency,
            label="Où vous habitez",
            purpose="Savoir si une procédure réservée aux habitants vous est ouverte",
            basis=PUBLIC_TASK,
            period="Tant que le compte existe ; le justificatif est effacé dès que l’agent a répondu",
            fate=Fate.ERASED,
            export=_residencies,
            erase=_erase_with_files(Residency, "document"),
            files=_residency_files,
            group=Group.ACCOUNT,
            recipients="Les agents chargés de vérifier les résidences. Eux seuls ouvrent le justificatif, et vous le voyez.",
            kept=Retention("la fermeture du compte\u00a0; le justificatif, jusqu’à la réponse"),
            final=Final.DESTROYED,
            source="RGPD, art. 5.1.c et 5.1.e",
        ),
        Holding(
            model=Consent,
            label="Ce que vous avez accepté",
            purpose="Garder la preuve de la version acceptée, et de son retrait",
            basis=PUBLIC_TASK,
            period=AS_LONG_AS_THE_ACCOUNT,
            fate=Fate.ERASED,
            export=_rows(Consent, "purpose", "version", "given_at", "withdrawn_at"),
            erase=_delete(Consent),
            group=Group.RIGHTS,
            recipients="Vous. L’administration du site en cas de contestation.",
            kept=Retention("la fermeture du compte"),
            final=Final.DESTROYED,
            source="RGPD, art. 7.1",
        ),
        Holding(
            model=DataExport,
            label="Les copies de vos données",
            purpose="Vous remettre la copie demandée",
            basis="Obligation légale : votre droit d’accès",
            period="Sept jours",
            fate=Fate.ERASED,
            export=_rows(DataExport, "requested_at", "ready_at", "expires_at", "fetched_at"),
            erase=_erase_with_files(DataExport, "file"),
            group=Group.RIGHTS,
            recipients="Vous seul.",
            kept=Retention("la préparation", 7),
            final=Final.DESTROYED,
            source="RGPD, art. 15",
        ),
        Holding(
            model=Authenticator,
            label="Vos moyens de vous connecter",
            purpose="Protéger votre compte : application de codes, clés d’accès, codes de secours",
            basis=SECURITY,
            period="Tant que vous les gardez",
            fate=Fate.ERASED,
            export=_rows(Authenticator, "type", "created_at", "last_used_at"),
            erase=_delete(Authenticator),
            group=Group.SECURITY,
            recipients="Vous. Les secrets ne sont montrés à personne.",
            kept=Retention("leur retrait, ou la fermeture du compte"),
            final=Final.DESTROYED,
            source="RGPD, art. 32",
        ),
        Holding(
            model=UserSession,
            label="Vos sessions ouvertes",
            purpose="Vous montrer où votre compte est ouvert, et le fermer à distance",
            basis=SECURITY,
            period="Tant que la session est ouverte",
            fate=Fate.ERASED,
            export=_rows(UserSession, "created_at", "last_seen_at", "ip", "user_agent"),
            erase=_delete(UserSession),
            group=Group.SECURITY,
            recipients="Vous seul.",
            kept=Retention("la fin de la session"),
            final=Final.DESTROYED,
            source="RGPD, art. 32",
        ),
        Holding(
            model=SocialAccount,
            label="Votre lien avec FranceConnect",
            purpose="Vous reconnaître quand vous passez par FranceConnect : un identifiant, aucune identité",
            basis=PUBLIC_TASK,
            period="Tant que vous gardez ce lien",
            fate=Fate.ERASED,
            export=_rows(SocialAccount, "provider", "uid", "date_joined", "last_login"),
            erase=_delete(SocialAccount),
            group=Group.ACCOUNT,
            recipients="Vous. Personne d’autre.",
            kept=Retention("la rupture du lien, ou la fermeture du compte"),
            final=Final.DESTROYED,
            source="Règles de FranceConnect\u00a0; RGPD, art. 5.1.c",
        ),
        Holding(
            model=SocialToken,
            label="Jetons de FranceConnect",
            purpose="Aucun : ils ne sont pas gardés",
            basis=SECURITY,
            period="Jamais gardés",
            fate=Fate.ERASED,
            export=_rows(SocialToken, "expires_at", lookup="account__user"),
            erase=_delete(SocialToken, lookup="account__user"),
            group=Group.SECURITY,
            recipients="Personne.",
            kept=Retention("la connexion", 0),
            final=Final.DESTROYED,
            source="RGPD, art. 5.1.c",
        ),
        Holding(
            model=LogEntry,
            label="Vos gestes dans l’espace des agents",
            purpose="Savoir qui a modifié quoi",
            basis=SECURITY,
            period=AS_LONG_AS_THE_ACCOUNT,
            fate=Fate.ERASED,
            export=_rows(LogEntry, "action_time", "change_message"),
            erase=_delete(LogEntry),
            group=Group.STAFF,
            recipients="L’administration du site.",
            kept=Retention("la fermeture du compte de l’agent"),
            final=Final.DESTROYED,
            source="RGPD, art. 32\u00a0; recommandation de la CNIL sur la journalisation",
        ),
    )
