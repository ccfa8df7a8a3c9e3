"""What this room knows about people."""

from collections.abc import Iterable
from typing import Any

from django.db.models import Q

from mulhouse.personal_data import Fate, Final, Group, Holding, Retention
from notifications import kinds, topics
from notifications.models import AddressState, Notification, OutboundMail, Preference, Subscription


def _mails(user: Any) -> Iterable[dict[str, Any]]:
    for mail in OutboundMail.objects.filter(user=user).order_by("created_at", "pk"):
        yield {
            "le": mail.created_at.isoformat(),
            "a": mail.to,
            "sujet": mail.subject,
            "etat": mail.get_state_display(),
            # A code that still opens the account has no place in a file one keeps.
            "texte": "" if mail.secret else mail.text,
        }


def _forget_mails(user: Any) -> None:
    # Some left before the account was there to tie them to: « this address has no account ».
    OutboundMail.objects.filter(Q(user=user) | Q(to__iexact=user.email)).delete()


def _subscriptions(user: Any) -> Iterable[dict[str, Any]]:
    for subscription in Subscription.objects.filter(user=user).order_by("created_at", "pk"):
        topic = topics.describe(subscription.topic)
        yield {
            "sujet_suivi": topic.title if topic else subscription.topic,
            "depuis_le": subscription.created_at.isoformat(),
        }


def _forget_subscriptions(user: Any) -> None:
    Subscription.objects.filter(user=user).delete()


def _notifications(user: Any) -> Iterable[dict[str, Any]]:
    for row in Notification.objects.filter(user=user).order_by("created_at", "pk"):
        yield {
            "le": row.created_at.isoformat(),
            "ce_qui_est_nouveau": row.subject_line,
            "page": row.url,
            "lue_le": row.read_at.isoformat() if row.read_at else None,
            "partie_par_courriel_le": row.mailed_at.isoformat() if row.mailed_at else None,
        }


def _forget_notifications(user: Any) -> None:
    Notification.objects.filter(user=user).delete()


def _preferences(user: Any) -> Iterable[dict[str, Any]]:
    labels = {kind.code: str(kind.label) for kind in kinds.everything()}
    for row in Preference.objects.filter(user=user).order_by("pk"):
        yield {"sorte": labels.get(row.kind, row.kind), "frequence": row.get_frequency_display()}


def _forget_preferences(user: Any) -> None:
    Preference.objects.filter(user=user).delete()


def _addresses(user: Any) -> Iterable[dict[str, Any]]:
    for row in AddressState.objects.filter(user=user).order_by("pk"):
        yield {
            "adresse": row.address,
            "refusee_le": row.bounced_at.isoformat() if row.bounced_at else None,
            "plainte_le": row.complained_at.isoformat() if row.complained_at else None,
        }


def _forget_addresses(user: Any) -> None:
    AddressState.objects.filter(Q(user=user) | Q(address__iexact=user.email)).delete()


HOLDINGS = (
    Holding(
        model=OutboundMail,
        label="Courriels envoyés",
        purpose="Vous écrire ce que vous attendez du portail, et pouvoir prouver que c’est parti.",
        basis="Mission d’intérêt public",
        period="Un code : un jour. Le texte : trente jours. La trace de l’envoi : six mois.",
        fate=Fate.ERASED,
        export=_mails,
        erase=_forget_mails,
        group=Group.WRITING,
        recipients="Vous. Les agents voient le sujet et une adresse masquée, jamais le texte.",
        kept=Retention("l’envoi", 180),
        final=Final.DESTROYED,
        source="RGPD, art. 5.1.e\u00a0; recommandation de la CNIL sur la journalisation",
    ),
    Holding(
        model=Subscription,
        label="Abonnements",
        purpose="Vous prévenir de ce que vous suivez.",
        basis="Votre demande",
        period="Jusqu’à ce que vous vous désabonniez ou fermiez votre compte.",
        fate=Fate.ERASED,
        export=_subscriptions,
        erase=_forget_subscriptions,
        group=Group.WRITING,
        recipients="Vous seul. Personne ne voit ce que vous suivez.",
        kept=Retention("votre désabonnement, ou la fermeture du compte"),
        final=Final.DESTROYED,
        source="RGPD, art. 6.1.a et 7.3",
    ),
    Holding(
        model=Notification,
        label="Notifications",
        purpose="Vous dire ce qui est nouveau dans ce que vous suivez, une seule fois.",
        basis="Votre demande",
        period="Six mois.",
        fate=Fate.ERASED,
        group=Group.WRITING,
        recipients="Vous seul.",
        kept=Retention("l’envoi", 180),
        final=Final.DESTROYED,
        source="RGPD, art. 5.1.e",
        export=_notifications,
        erase=_forget_notifications,
    ),
    Holding(
        model=Preference,
        label="Fréquence des courriels",
        purpose="Vous écrire aussi souvent que vous l’avez choisi.",
        basis="Votre demande",
        period="Tant que le compte existe.",
        fate=Fate.ERASED,
        group=Group.WRITING,
        recipients="Vous seul.",
        kept=Retention("la fermeture du compte"),
        final=Final.DESTROYED,
        source="RGPD, art. 5.1.e",
        export=_preferences,
        erase=_forget_preferences,
    ),
    Holding(
        model=AddressState,
        label="Adresses qui refusent nos courriels",
        purpose="Ne plus écrire à une adresse qui n’existe pas, ni à qui s’en est plaint.",
        basis="Mission d’intérêt public",
        period="Tant que le compte existe\u00a0; sans compte, six mois.",
        fate=Fate.ERASED,
        group=Group.WRITING,
        recipients="Les agents qui tiennent le site.",
        kept=Retention("la fermeture du compte"),
        final=Final.DESTROYED,
        source="RGPD, art. 5.1.d",
        export=_addresses,
        erase=_forget_addresses,
    ),
)
