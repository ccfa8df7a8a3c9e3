"""Who may do what with the data of others: the answers that buttons and actions share. Staff-only words are plain French."""

import datetime as dt
from typing import Any

from mulhouse.errors import Refusal
from privacy.models import Breach, DataRequest, EliminationProposal, Limitation

TRIES = 5


def handle_refusal(actor: Any, request: DataRequest) -> Refusal | None:
    """Tell whether somebody may deal with a request: those in charge, somebody else's, received and not answered."""
    if not actor.has_perm("privacy.handle_datarequest"):
        return Refusal("not_allowed", "Votre rôle ne permet pas de traiter une demande sur des données personnelles.")
    if request.user_id == actor.pk:
        return Refusal("own_request", "C’est votre propre demande\u00a0: un collègue y répond.")
    if request.received_at is None:
        return Refusal("unconfirmed", "L’adresse n’est pas confirmée\u00a0: cette demande n’est pas encore reçue.")
    if request.answered_at is not None:
        return Refusal("answered", "Cette demande a déjà reçu sa réponse.")
    return None


def answer_refusal(actor: Any, request: DataRequest, outcome: str) -> Refusal | None:
    """Tell whether a request can be answered: nothing is given, nor changed, before the person is known to be the right one."""
    if refusal := handle_refusal(actor, request):
        return refusal
    if not request.identity and outcome != DataRequest.Outcome.REFUSED:
        return Refusal("identity", "Établissez d’abord l’identité de la personne.")
    return None


def extend_refusal(actor: Any, request: DataRequest, *, today: dt.date) -> Refusal | None:
    """Tell whether the month can become three: once, with a reason, before the month is over.

    Source: RGPD, art. 12.3.
    """
    if refusal := handle_refusal(actor, request):
        return refusal
    if request.extended_at is not None:
        return Refusal("extended", "Le délai a déjà été prolongé.")
    if request.due_on is not None and today > request.due_on:
        return Refusal("late", "Le mois est passé\u00a0: le délai ne peut plus être prolongé.")
    return None


def clock_refusal(actor: Any, request: DataRequest) -> Refusal | None:
    """Tell whether the clock of a request may stop, or start again: only while nobody knows that the right person asks.

    Source: RGPD, art. 12.6.
    """
    if refusal := handle_refusal(actor, request):
        return refusal
    if request.identity:
        return Refusal("identified", "L’identité est établie\u00a0: le délai ne s’arrête pas.")
    return None


def limit_refusal(actor: Any, person: Any, standing: Limitation | None) -> Refusal | None:
    """Tell whether somebody may set the data of a person aside."""
    if not actor.has_perm("privacy.limit_person"):
        return Refusal("not_allowed", "Votre rôle ne permet pas de mettre de côté les données d’une personne.")
    if person is None:
        return Refusal("no_account", "Cette demande ne vient pas d’un compte\u00a0: cherchez d’abord lequel.")
    if person.pk == actor.pk:
        return Refusal(
            "own_data", "Vous ne pouvez pas mettre de côté vos propres données\u00a0: demandez à un collègue."
        )
    if standing is not None:
        return Refusal("limited", "Les données de cette personne sont déjà mises de côté.")
    return None


def lift_refusal(actor: Any, limitation: Limitation) -> Refusal | None:
    """Tell whether somebody may give the data of a person back to the public."""
    if not actor.has_perm("privacy.limit_person"):
        return Refusal("not_allowed", "Votre rôle ne permet pas de lever cette mesure.")
    if limitation.lifted_at is not None:
        return Refusal("lifted", "Cette mesure est déjà levée.")
    return None


def breach_refusal(actor: Any) -> Refusal | None:
    """Tell whether somebody keeps the register of breaches."""
    if not actor.has_perm("privacy.record_breach"):
        return Refusal("not_allowed", "Votre rôle ne permet pas de tenir le registre des violations.")
    return None


def notify_refusal(
    actor: Any, breach: Breach, *, notified_at: dt.datetime, now: dt.datetime, delay_reason: str
) -> Refusal | None:
    """Tell whether the notice to the CNIL can be written down: once, not in the future, and with a reason after 72 hours.

    Source: RGPD, art. 33.1.
    """
    if refusal := breach_refusal(actor):
        return refusal
    if breach.notified_at is not None:
        return Refusal("notified", "La CNIL est déjà prévenue.")
    if not breach.discovered_at <= notified_at <= now:
        return Refusal("instant", "La date doit suivre la découverte et ne pas être à venir.")
    if notified_at > breach.due_at and not delay_reason.strip():
        return Refusal("delay_reason", "Les 72 heures étaient passées\u00a0: dites pourquoi.")
    return None


def propose_refusal(actor: Any) -> Refusal | None:
    """Tell whether somebody may propose an elimination to the Archives."""
    if not actor.has_perm("privacy.propose_elimination"):
        return Refusal("not_allowed", "Votre rôle ne permet pas de proposer une élimination.")
    return None


def visa_refusal(actor: Any, proposal: EliminationProposal) -> Refusal | None:
    """Tell whether somebody may write down what the Archives answered: somebody else than who proposed.

    Source: code du patrimoine, art. L. 212-2 and R. 212-14.
    """
    if not actor.has_perm("privacy.approve_elimination"):
        return Refusal("not_allowed", "Votre rôle ne permet pas d’inscrire le visa des Archives.")
    if proposal.state != EliminationProposal.State.PROPOSED:
        return Refusal("settled", "Les Archives ont déjà répondu.")
    if proposal.proposed_by_id == actor.pk:
        return Refusal("own_proposal", "Vous avez proposé cette liste\u00a0: un collègue inscrit le visa.")
    return None


def execute_refusal(actor: Any, proposal: EliminationProposal) -> Refusal | None:
    """Tell whether an elimination may begin: never without the visa.

    Source: code du patrimoine, art. L. 214-3.
    """
    if not actor.has_perm("privacy.execute_elimination"):
        return Refusal("not_allowed", "Votre rôle ne permet pas d’exécuter une élimination.")
    if proposal.state in {EliminationProposal.State.PROPOSED, EliminationProposal.State.REFUSED}:
        return Refusal("no_visa", "Sans le visa du directeur des Archives départementales, rien n’est détruit.")
    if proposal.state != EliminationProposal.State.APPROVED:
        return Refusal("begun", "Cette élimination est déjà commencée.")
    return None
