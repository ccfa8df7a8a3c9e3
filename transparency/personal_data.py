"""What this room knows about people."""

from collections.abc import Iterable
from typing import Any

from mulhouse.personal_data import Fate, Final, Group, Holding, Retention
from transparency import register
from transparency.models import AccessibilityFault, LineActor


def _acts(user: Any) -> Iterable[dict[str, Any]]:
    for actor in LineActor.objects.filter(user=user).select_related("line").order_by("line_id"):
        line = actor.line
        yield {
            "ligne": line.number,
            "le": line.at.isoformat(),
            "acte": register.label(line.act),
            "objet": line.subject,
        }


def _forget_acts(user: Any) -> None:
    LineActor.objects.filter(user=user).delete()


def _faults(user: Any) -> Iterable[dict[str, Any]]:
    for fault in AccessibilityFault.objects.filter(email__iexact=user.email):
        yield {
            "reference": fault.reference,
            "page": fault.page,
            "description": fault.description,
            "recu_le": fault.received_at.isoformat(),
        }


def _forget_faults(user: Any) -> None:
    AccessibilityFault.objects.filter(email__iexact=user.email).update(email="")


HOLDINGS = (
    Holding(
        model=LineActor,
        label="Auteurs des actes inscrits au registre",
        purpose="Savoir, en cas de contestation, qui a fait un acte inscrit au registre public.",
        basis="Mission d’intérêt public",
        period="Un an après l’acte. Le registre lui-même ne contient aucune donnée personnelle et reste public.",
        fate=Fate.ERASED,
        export=_acts,
        erase=_forget_acts,
        group=Group.PROOF,
        recipients="L’administration du site, sur demande écrite au registre public.",
        kept=Retention("l’acte", 365),
        final=Final.DESTROYED,
        source="Recommandation de la CNIL sur la journalisation (six mois à un an)",
    ),
    Holding(
        model=AccessibilityFault,
        label="Signalements d’accessibilité",
        purpose="Accuser réception d’un signalement et y répondre sous une semaine.",
        basis="Obligation légale",
        period="L’adresse : un mois après la réponse. La description : un an après la réponse.",
        fate=Fate.UNSIGNED,
        export=_faults,
        erase=_forget_faults,
        group=Group.WRITING,
        recipients="L’équipe du portail lit la description. L’adresse sert à vous répondre et n’est pas affichée.",
        kept=Retention("la réponse", 30),
        final=Final.DESTROYED,
        source="RGAA 4.1\u00a0; RGPD, art. 5.1.e",
    ),
)
