"""What this room knows about people: given back to them, and what becomes of it when their account closes."""

from collections.abc import Iterable
from typing import Any

from django.db.models import Q
from django.utils import timezone

from accounts.models import User
from mulhouse.personal_data import Fate, Final, Group, Holding, Retention
from privacy.models import (
    REQUEST_PROMISE,
    AccessLog,
    DataRequest,
    EliminationProposal,
    InactivityNotice,
    Limitation,
)
from transparency import promising

LAW = "Obligation légale\u00a0: vos droits sur vos données."


def _accesses(user: User) -> Iterable[dict[str, Any]]:
    for row in AccessLog.objects.filter(person=user).order_by("at", "pk"):
        yield {"le": row.at.date(), "par": row.function, "quoi": row.what, "pourquoi": row.why, "objet": row.subject}


def _forget_accesses(user: User) -> None:
    AccessLog.objects.filter(person=user).delete()
    AccessLog.objects.filter(actor=user).update(actor=None)


def _requests(user: User) -> Iterable[dict[str, Any]]:
    for row in DataRequest.objects.filter(_of(user)).order_by("pk"):
        yield {
            "reference": row.reference,
            "demande": row.get_kind_display(),
            "texte": row.words,
            "nom": row.name,
            "adresse": row.email,
            "recue_le": row.received_at,
            "a_repondre_pour_le": row.due_on,
            "prolongee_le": row.extended_at,
            "repondue_le": row.answered_at,
            "issue": row.get_outcome_display(),
            "reponse": row.answer,
        }


def _of(user: User) -> Q:
    """Those of the account, and those made without one from the same address."""
    return Q(user=user) | Q(email__iexact=user.email)


def _forget_requests(user: User) -> None:
    unanswered = DataRequest.objects.filter(_of(user), answered_at__isnull=True)
    for reference in unanswered.order_by("pk").values_list("reference", flat=True):
        promising.drop(kind=REQUEST_PROMISE, key=reference, at=timezone.now())
    unanswered.delete()
    DataRequest.objects.filter(_of(user)).update(user=None, words="", name="", email="", answer="")
    # A prolonged request keeps the proof that a reason was given, not the reason.
    prolonged = DataRequest.objects.filter(extended_at__isnull=False, words="", user=None)
    prolonged.update(extension_reason="—")


def _limitations(user: User) -> Iterable[dict[str, Any]]:
    for row in Limitation.objects.filter(user=user).order_by("pk"):
        yield {
            "depuis_le": row.since,
            "motif": row.reason,
            "levee_le": row.lifted_at,
            "motif_de_levee": row.lifted_reason,
        }


def _notices(user: User) -> Iterable[dict[str, Any]]:
    for row in InactivityNotice.objects.filter(user=user):
        yield {"avertissement": row.step, "dit_le": row.told_on, "fermeture_annoncee_pour_le": row.closes_on}


def _proposals(user: User) -> Iterable[dict[str, Any]]:
    for row in EliminationProposal.objects.filter(proposed_by=user).order_by("pk"):
        yield {"reference": row.reference, "proposee_le": row.proposed_at}


def _delete(model: type[Limitation] | type[InactivityNotice], user: User) -> None:
    model.objects.filter(user=user).delete()


def _unsign_proposals(user: User) -> None:
    EliminationProposal.objects.filter(proposed_by=user).update(proposed_by=None)


HOLDINGS = (
    Holding(
        model=AccessLog,
        label="Qui a consulté vos données",
        purpose="Vous dire quel service de la Ville a vu une donnée qui vous concerne, quand et pourquoi.",
        basis="Obligation légale\u00a0: la sécurité et la transparence des traitements.",
        period="Un an.",
        fate=Fate.ERASED,
        export=_accesses,
        erase=_forget_accesses,
        group=Group.RIGHTS,
        recipients="Vous. L’agent n’est montré que par sa fonction.",
        kept=Retention("la consultation", 365),
        final=Final.DESTROYED,
        source="Recommandation de la CNIL sur la journalisation (six mois à un an)",
    ),
    Holding(
        model=DataRequest,
        label="Vos demandes sur vos données",
        purpose="Répondre à vos demandes dans le délai de la loi, et pouvoir le prouver.",
        basis=LAW,
        period=(
            "Cinq ans après la réponse. Si vous fermez votre compte, les dates restent, sans ce que vous avez écrit ni votre nom\u00a0; "
            "une demande sans réponse est effacée. Une demande que personne ne confirme est effacée après un jour."
        ),
        fate=Fate.UNSIGNED,
        export=_requests,
        erase=_forget_requests,
        group=Group.RIGHTS,
        recipients="Les agents chargés des données personnelles. Ils ouvrent votre demande par un geste que vous voyez.",
        kept=Retention("la réponse", 1825),
        final=Final.DESTROYED,
        source="RGPD, art. 12 et 15 à 22\u00a0; code civil, art. 2224",
    ),
    Holding(
        model=Limitation,
        label="Les mesures qui mettent vos données de côté",
        purpose="Garder vos données sans les montrer pendant l’examen d’une demande.",
        basis=LAW,
        period="Tant que le compte existe.",
        fate=Fate.ERASED,
        export=_limitations,
        erase=lambda user: _delete(Limitation, user),
        group=Group.RIGHTS,
        recipients="Vous et les agents chargés des données personnelles.",
        kept=Retention("la fermeture du compte"),
        final=Final.DESTROYED,
        source="RGPD, art. 18",
    ),
    Holding(
        model=InactivityNotice,
        label="Les avertissements avant la fermeture d’un compte inutilisé",
        purpose="Vous prévenir trois fois avant de fermer un compte que personne n’utilise, et ne pas vous écrire deux fois.",
        basis="Obligation légale\u00a0: ne pas garder des données sans nécessité.",
        period="Jusqu’à votre retour, ou la fermeture du compte.",
        fate=Fate.ERASED,
        export=_notices,
        erase=lambda user: _delete(InactivityNotice, user),
        group=Group.ACCOUNT,
        recipients="Vous seul.",
        kept=Retention("votre retour, ou la fermeture du compte"),
        final=Final.DESTROYED,
        source="RGPD, art. 5.1.e\u00a0; recommandation de la CNIL sur les comptes inactifs (deux ans)",
    ),
    Holding(
        model=EliminationProposal,
        label="Les éliminations d’archives proposées par des agents",
        purpose="Savoir qu’un autre agent que celui qui propose inscrit le visa des Archives.",
        basis="Obligation légale\u00a0: code du patrimoine, art. L. 212-2.",
        period="Le bordereau est gardé pour toujours, sans l’agent après la fermeture de son compte.",
        fate=Fate.UNSIGNED,
        export=_proposals,
        erase=_unsign_proposals,
        group=Group.STAFF,
        recipients="L’administration du site et les Archives.",
        kept=Retention("la fermeture du compte de l’agent"),
        final=Final.UNLINKED,
        source="Code du patrimoine, art. L. 212-2 et R. 212-14",
    ),
)
