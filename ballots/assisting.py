"""Giving somebody a paper ballot, at the desk of any service that holds a vote."""

import datetime as dt
from collections.abc import Callable

from accounts.models import User
from ballots import actions
from ballots.models import Votation
from desk import actions as desk
from desk import rules as desk_rules
from desk.models import Act, Assistance, Channel, Receipt
from mulhouse.db import assert_in_transaction
from mulhouse.errors import DomainError, Refusal, require


def phone_refusal(channel: str) -> Refusal | None:
    """Tell whether somebody may be given a ballot by a channel."""
    if channel == Channel.PHONE:
        return Refusal("phone", "On ne vote pas par téléphone\u00a0: le bulletin est secret.")
    return None


def enter_on_roll(
    *,
    actor: User,
    votation: Votation,
    assistance: Assistance,
    topic: str,
    path: str,
    at: dt.datetime,
    note: Callable[[Assistance], None] | None = None,
) -> Receipt:
    """Write that somebody is given a paper ballot, once whatever the channel, and make their receipt.

    Shape: `topic` is what the assistance must have been opened for; `note` is called once they are on the roll, for the service's
    own count of people.
    Raises: RefusedError when the assistance is used, over or for something else, when the vote takes nothing, or when the person
    does not meet what it asks, or on the phone; DomainError "voted" when this person has voted; RuntimeError outside a transaction.
    Locks: the assistance, the roll, then what `note` does: the ballot of the web takes them in the same order. Nothing on the
    register, as for that ballot.
    """
    assert_in_transaction()
    held = desk.use(actor=actor, assistance=assistance, at=at)
    if held.topic != topic:
        require(Refusal("other_subject", "Cette saisie a été ouverte pour autre chose que ce vote."))
    require(phone_refusal(held.channel))
    require(
        desk_rules.place_refusal(
            held, residency_level=votation.residency_level, minimum_age=votation.minimum_age, at=at
        )
    )
    receipt = desk.issue_receipt(
        act=Act.VOTE, channel=held.channel, topic=topic, title=votation.question[:200], path=path
    )
    count = None if note is None else lambda: note(held)
    if not actions.enter_on_roll(votation=votation, person=held.person, channel=held.channel, at=at, note=count):
        raise DomainError("voted", "Cette personne a déjà voté. Elle ne reçoit pas de bulletin.")
    return receipt
