"""Signing an idea with its author: invited by e-mail, accepted by an account that has that address. Only the author corrects the text.

Rows are locked as everywhere in the idea box: person, idea, then its invitations.
"""

import datetime as dt
from typing import Any

from allauth.account.models import EmailAddress
from django.db import transaction
from django.utils.translation import gettext as _

from accounts import rules as accounts_rules
from accounts.models import User
from desk.models import Person
from ideas import actions, invitations, rules, supporting
from ideas.models import CoAuthor, Idea, Stage, Support
from ideas.models.coauthors import MOST, MOST_ASKED
from mulhouse.db import assert_in_transaction
from mulhouse.errors import DomainError, Refusal, require
from notifications import subscriptions
from transparency import purging, register

# --- Who may ---------------------------------------------------------------------------------------------------------------


def invite_refusal(user: User, idea: Idea, *, at: dt.datetime) -> Refusal | None:
    """Tell whether somebody may ask others to sign an idea: its author, while it is a draft or gathers supports."""
    if idea.author_id != user.pk:
        return Refusal("not_author", _("Cette idée n’est pas la vôtre."))
    if idea.withdrawn_at is not None or idea.hidden_at is not None:
        return Refusal("withdrawn", _("Cette idée n’est plus publique\u00a0: personne ne peut la signer avec vous."))
    if idea.stage not in {Stage.SUPPORT, Stage.EXPIRED}:
        return Refusal("studied", _("La Ville étudie cette idée, ou y a répondu\u00a0: ses auteurs ne changent plus."))
    return accounts_rules.publishing_refusal(user, at=at)


def answer_refusal(user: User, invitation: CoAuthor, *, at: dt.datetime) -> Refusal | None:
    """Tell whether somebody may sign an idea (the invitation with its idea): invited, in time, under a public name.

    Shape: "not_yours" whatever keeps a stranger out: it says nothing of the idea, nor of who was invited.
    """
    if not is_invited(user, invitation) or at >= invitation.answer_by:
        return Refusal(
            "not_yours",
            _(
                "Cette invitation n’est pas pour ce compte, ou elle n’est plus valable. Connectez-vous avec l’adresse qui a "
                "reçu le courriel, ou demandez une autre invitation à l’auteur."
            ),
        )
    idea = invitation.idea
    if not idea.is_visible:
        return Refusal("withdrawn", _("Cette idée n’est plus publique."))
    if idea.author_id == user.pk:
        return Refusal("own", _("C’est votre idée\u00a0: vous la signez déjà."))
    if not user.public_name:
        return Refusal("public_name", _("Choisissez d’abord le nom public qui signera cette idée."))
    return accounts_rules.publishing_refusal(user, at=at)


def is_invited(user: User, invitation: CoAuthor) -> bool:
    """Tell whether an invitation that waits is for a confirmed address of this account."""
    if invitation.state != CoAuthor.State.INVITED:
        return False
    rows = EmailAddress.objects.filter(user=user, verified=True, email__iexact=invitation.email)
    return bool(rows.exists())


# --- Inviting --------------------------------------------------------------------------------------------------------------


@transaction.atomic(durable=True)
def invite(*, actor: User, idea: Idea, email: str, at: dt.datetime) -> CoAuthor:
    """Ask somebody, by their address, to sign an idea: written to at once, or when the idea is published.

    Raises: RefusedError; DomainError "own" for one's own address, "invited" for one that is waited for, "too_many" past MOST.
    Locks: the person, the idea.
    """
    person = actions.acting(actor)
    held = actions.locked(idea)
    require(invite_refusal(person, held, at=at))
    address = email.strip().lower()
    if EmailAddress.objects.filter(user=person, email__iexact=address).exists():
        raise DomainError("own", _("C’est votre adresse\u00a0: vous signez déjà cette idée."))
    asked = CoAuthor.objects.filter(idea=held)
    if asked.invited().filter(email=address).exists():
        raise DomainError(
            "invited", _("Cette personne est déjà invitée. Vous pouvez lui renvoyer le courriel, une fois.")
        )
    if asked.active().count() >= MOST:
        raise DomainError("too_many", _("Cinq co-auteurs au plus. Annulez une invitation pour en faire une autre."))
    if asked.count() >= MOST_ASKED:
        raise DomainError(
            "too_many", _("Vous avez fait dix invitations pour cette idée\u00a0: c’est le plus possible.")
        )
    invitation = CoAuthor.objects.create(idea=held, email=address, invited_at=at)
    if held.published_at is not None:
        invitations.send(invitation, held, at=at)
        register.record("idea.coauthor_invited", **_about(held, actor))
    return invitation


@transaction.atomic(durable=True)
def resend(*, actor: User, invitation: CoAuthor, at: dt.datetime) -> None:
    """Send an invitation again, once: its days to answer begin again.

    Raises: RefusedError; DomainError "resent" when it was, or is not waited for any more.
    Locks: the person, the idea.
    """
    person = actions.acting(actor)
    idea = actions.locked(invitation.idea)
    require(invite_refusal(person, idea, at=at))
    held = CoAuthor.objects.get(pk=invitation.pk)
    if not held.is_resendable:
        raise DomainError("resent", _("Ce courriel ne peut plus être renvoyé."))
    invitations.send(held, idea, at=at)


@transaction.atomic(durable=True)
def cancel(*, actor: User, invitation: CoAuthor) -> None:
    """Take an invitation back before it is answered; its address is erased. Repeating it is no error.

    Raises: RefusedError when the idea is not theirs.
    Locks: the person, the idea.
    """
    person = actions.acting(actor)
    idea = actions.locked(invitation.idea)
    if idea.author_id != person.pk:
        require(Refusal("not_author", _("Cette idée n’est pas la vôtre.")))
    waiting = CoAuthor.objects.invited().filter(pk=invitation.pk)
    if waiting.filter(sent=0).delete()[0]:
        # Nobody was written to: nothing happened.
        return
    if waiting.update(state=CoAuthor.State.CANCELLED, email=""):
        register.record("idea.coauthor_cancelled", **_about(idea, actor))


# --- Answering -------------------------------------------------------------------------------------------------------------


@transaction.atomic(durable=True)
def accept(*, actor: User, invitation: CoAuthor, at: dt.datetime, follow: bool = True) -> CoAuthor:
    """Sign an idea with its author; repeating it is no error. Whoever supported it does not any more: one does not support one's own.

    Shape: the address is erased, the account stands in its place.
    Raises: RefusedError.
    Locks: the person, the idea.
    """
    person = actions.acting(actor)
    idea = actions.locked(invitation.idea)
    held = CoAuthor.objects.get(pk=invitation.pk)
    if held.state == CoAuthor.State.ACCEPTED and held.user_id == person.pk:
        return held
    held.idea = idea
    require(answer_refusal(person, held, at=at))
    if follow:
        subscriptions.add(actor, idea.topic)
    if already := CoAuthor.objects.accepted().filter(idea=idea, user=person).first():
        # Invited by two addresses: one signature.
        _end(held, CoAuthor.State.CANCELLED, at=at)
        return already
    held.state, held.user, held.email, held.answered_at = CoAuthor.State.ACCEPTED, person, "", at
    held.save(update_fields=["state", "user", "email", "answered_at"])
    if idea.stage == Stage.SUPPORT:
        supporting.take_away(idea, Support.objects.filter(person__user=person))
    invitations.tell_author(idea, person.public_name)
    register.record("idea.coauthor_accepted", **_about(idea, actor))
    return held


@transaction.atomic(durable=True)
def decline(*, actor: User, invitation: CoAuthor, at: dt.datetime) -> None:
    """Refuse to sign, or sign no more: nothing of who it was is kept. Repeating it is no error.

    Raises: RefusedError for an invitation that is somebody else's.
    Locks: the person, the idea.
    """
    person = actions.acting(actor)
    idea = actions.locked(invitation.idea)
    held = CoAuthor.objects.get(pk=invitation.pk)
    if held.state == CoAuthor.State.DECLINED:
        return
    held.idea = idea
    signs = held.state == CoAuthor.State.ACCEPTED and held.user_id == person.pk
    if not signs and not (is_invited(person, held) and at < held.answer_by):
        require(answer_refusal(person, held, at=at))
    _end(held, CoAuthor.State.DECLINED, at=at)
    if signs:
        register.record("idea.coauthor_left", **_about(idea, None))
    else:
        register.record("idea.coauthor_declined", **_about(idea, None))


def _end(held: CoAuthor, state: CoAuthor.State, *, at: dt.datetime) -> None:
    held.state, held.user, held.email, held.answered_at = state, None, "", at
    held.save(update_fields=["state", "user", "email", "answered_at"])


def _about(idea: Idea, actor: User | None) -> dict[str, Any]:
    """Give what the register says of any of these gestures; never who refused, nor who left."""
    return {
        "role": actions.RESIDENT,
        "subject": idea.reference,
        "facts": {"campagne": idea.campaign.slug},
        "actor": actor,
    }


def signs(person: Person, idea: Idea) -> bool:
    """Tell whether the account tied to a person, if any, is the author or a co-author of an idea."""
    if person.user_id is None:
        return False
    return idea.author_id == person.user_id or rules.is_coauthor(person.user_id, idea)


# --- Time ------------------------------------------------------------------------------------------------------------------


@transaction.atomic(durable=True)
def forget(*, at: dt.datetime) -> None:
    """Erase the addresses of those who did not answer in time; an invitation that was never sent goes whole.

    Shape: a line on the register when something went: how many addresses, never whose.
    """
    late = CoAuthor.objects.late(at=at)
    unsent = late.filter(sent=0).delete()[0]
    expired = late.update(state=CoAuthor.State.EXPIRED, email="")
    purging.note(adresses_invitees=unsent + expired)


# --- Closing an account ------------------------------------------------------------------------------------------------------


def erase(*, user: User) -> None:
    """Take somebody's name off what they signed, forget the invitations they have, and those they made.

    Raises: RuntimeError outside a transaction.
    """
    assert_in_transaction()
    CoAuthor.objects.of(user).delete()
    waiting = CoAuthor.objects.invited().filter(idea__author=user)
    waiting.update(state=CoAuthor.State.CANCELLED, email="")
