"""What votes know about a person: that they voted. What they voted is known to nobody, so it can neither be given nor erased."""

from collections.abc import Iterable
from typing import Any

from accounts.models import User
from ballots.models import PaperCount, RollLine
from mulhouse.personal_data import Fate, Final, Group, Holding, Retention

BASIS = "Mission d’intérêt public\u00a0: la participation des habitants aux décisions de la Ville."


def _roll(user: User) -> Iterable[dict[str, Any]]:
    rows = RollLine.objects.filter(person__user=user).select_related("votation")
    for row in rows.order_by("voted_on", "votation_id"):
        yield {
            "vote": row.votation.question,
            "reference": row.votation.reference,
            "vous_avez_vote_le": row.voted_on,
            "canal": row.get_channel_display(),
            "votre_choix": "Personne ne le connaît : il n’est lié à aucun nom.",
        }


def _leave_roll(user: User) -> None:
    """The line stays, so that nobody votes twice; its person is cut from the account by the desk, from the line a month after the count."""


def _counts(user: User) -> Iterable[dict[str, Any]]:
    for row in PaperCount.objects.filter(agent=user).select_related("votation").order_by("pk"):
        yield {"vote": row.votation.reference, "saisi_le": row.entered_at, "bulletins": row.ballots}


def _unsign_counts(user: User) -> None:
    PaperCount.objects.filter(agent=user).update(agent=None)


HOLDINGS = (
    Holding(
        model=RollLine,
        label="Votes secrets\u00a0: le fait d’avoir voté",
        purpose="Faire voter chaque personne une seule fois, en ligne ou sur papier. Votre choix n’est lié ni à vous ni à cette ligne.",
        basis=BASIS,
        period="Un mois après le dépouillement, puis la ligne reste sans personne, pour le nombre de votants.",
        fate=Fate.KEPT,
        export=_roll,
        erase=_leave_roll,
        group=Group.TAKING_PART,
        recipients="Les agents du vote voient qu’une personne a voté. Personne ne voit ce qu’elle a voté.",
        kept=Retention("le dépouillement", 30),
        final=Final.UNLINKED,
        source="Délibération CNIL n° 2019-053 sur le vote électronique",
    ),
    Holding(
        model=PaperCount,
        label="Votes secrets\u00a0: les comptages des agents",
        purpose="Faire compter les bulletins papier par deux agents qui trouvent le même nombre.",
        basis=BASIS,
        period="Le comptage reste, sans l’agent, après la fermeture de son compte.",
        fate=Fate.UNSIGNED,
        export=_counts,
        erase=_unsign_counts,
        group=Group.STAFF,
        recipients="L’administration du site.",
        kept=Retention("la fermeture du compte de l’agent"),
        final=Final.UNLINKED,
        source="RGPD, art. 5.1.e",
    ),
)
