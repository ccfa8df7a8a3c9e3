"""What this room knows about people."""

from collections.abc import Iterable
from typing import Any

from django.db.models import Q

from mulhouse.personal_data import Fate, Final, Group, Holding, Retention
from notifications import topics
from notifications.models import OutboundMail, Subscription


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
)
