"""Following, choosing how often, reading, sending again, and what mail servers say.

What somebody follows and reads is nobody else’s business; sending again, which staff does, is on the register.
"""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from django.contrib.auth import get_user_model
from django.contrib.auth.base_user import AbstractBaseUser
from django.db import transaction
from django.db.models.functions import Lower

from mulhouse import queue
from mulhouse.errors import DomainError
from notifications import addresses, frequencies, kinds, subscriptions
from notifications.kinds import Frequency
from notifications.models import AddressState, Notification, OutboundMail, Preference
from transparency import register


@transaction.atomic(durable=True)
def follow(*, user: AbstractBaseUser, topic: str) -> bool:
    """Tell somebody what is new on a topic.

    Shape: False when they already followed it.
    """
    return subscriptions.add(user, topic)


@transaction.atomic(durable=True)
def unfollow(*, user: AbstractBaseUser, topic: str) -> bool:
    """Stop telling it, what waits for a digest included.

    Shape: False when there was nothing to stop.
    """
    return _stop_topic(user.pk, topic)


@transaction.atomic(durable=True)
def unsubscribe(*, link: subscriptions.Unsubscription) -> bool:
    """Stop what the link of a mail names, a topic or a kind of mail, without signing in.

    Shape: False when there was nothing to stop.
    """
    if link.topic.startswith(subscriptions.KIND):
        return _stop_kind(link.user_id, link.topic.removeprefix(subscriptions.KIND))
    return _stop_topic(link.user_id, link.topic)


def _stop_topic(user_id: int, topic: str) -> bool:
    Notification.objects.filter(user_id=user_id, topic=topic).exclude(digest="").update(digest="")
    return subscriptions.remove(user_id, topic)


def _stop_kind(user_id: int, code: str) -> bool:
    """Stop a kind of mail; a digest, by stopping every kind that leaves in it."""
    person = get_user_model().objects.filter(pk=user_id).select_for_update(of=("self",), no_key=True).first()
    if person is None:
        return False
    digest = next((name for name, kind in kinds.DIGESTS.items() if kind == code), None)
    now = frequencies.of_person(user_id)
    stopped = [name for name, frequency in now.items() if frequency == digest or (name == code and digest is None)]
    if digest is not None:
        # What the weekly limit put off leaves in that digest too, whatever its own frequency.
        Notification.objects.filter(user_id=user_id, digest=digest).update(digest="")
    return _set(user_id, {name: Frequency.NEVER for name in stopped if now[name] is not Frequency.NEVER})


def _set(user_id: int, wanted: Mapping[str, Frequency]) -> bool:
    """Write some frequencies, and let what waits follow them."""
    rows = [Preference(user_id=user_id, kind=code, frequency=frequency) for code, frequency in wanted.items()]
    Preference.objects.bulk_create(
        rows, update_conflicts=True, unique_fields=["user", "kind"], update_fields=["frequency"]
    )
    for code, frequency in wanted.items():
        waiting = Notification.objects.filter(user_id=user_id, kind=code).exclude(digest="")
        # What waited already does not leave alone any more: « tout de suite » is for what comes next.
        digest = {Frequency.NEVER: "", Frequency.NOW: Frequency.DAILY.value}.get(frequency, frequency.value)
        waiting.update(digest=digest)
    return bool(rows)


@transaction.atomic(durable=True)
def choose(*, user: AbstractBaseUser, wanted: Mapping[str, Frequency]) -> bool:
    """Keep how often somebody wants the mails of some kinds.

    Shape: False when nothing changed.
    Raises: DomainError "unknown" for a kind nobody chooses.
    Locks: the person's row: what is being told them waits.
    """
    get_user_model().objects.select_for_update(of=("self",), no_key=True).get(pk=user.pk)
    now = frequencies.of_person(user.pk)
    if not wanted.keys() <= now.keys():
        raise DomainError("unknown", "Cette sorte de courriel ne se choisit pas.")
    return _set(user.pk, {code: frequency for code, frequency in wanted.items() if now[code] is not frequency})


@transaction.atomic(durable=True)
def mark_read(*, notification: Notification, at: datetime) -> bool:
    """Mark a notification as read.

    Shape: False when it was.
    """
    return bool(Notification.objects.unread().filter(pk=notification.pk).update(read_at=at))


@transaction.atomic(durable=True)
def mark_all_read(*, user: AbstractBaseUser, at: datetime) -> int:
    """Mark what somebody was told until now as read.

    Shape: how many.
    """
    return Notification.objects.unread().filter(user_id=user.pk, created_at__lte=at).update(read_at=at)


# --- What mail servers say ---------------------------------------------------------------------------------------------


@transaction.atomic(durable=True)
def note_bounce(*, address: str, code: str, reported_by: str, at: datetime) -> None:
    """Keep that an address refuses mails for good: only service messages try it from now on.

    Locks: the row of the address.
    """
    addresses.note(address, at=at, reported_by=reported_by, bounced_at=at, bounce_code=code[:60])


@transaction.atomic(durable=True)
def note_complaint(*, address: str, kind: str, reported_by: str, at: datetime) -> None:
    """Keep that somebody called a mail unwanted, and send them that kind no more.

    Locks: the row of the address.
    """
    row = addresses.note(address, at=at, reported_by=reported_by, complained_at=at, complained_of=kind)
    if row.user_id is not None and kind:
        _stop_kind(row.user_id, kind)


@transaction.atomic(durable=True)
def try_again(*, user: Any) -> bool:
    """Forget that the address of somebody refused mails: they say it works.

    Shape: False when nothing was known.
    """
    rows = AddressState.objects.alias(lowered=Lower("address")).filter(lowered=user.email.lower())
    return bool(rows.update(bounced_at=None, bounce_code=""))


@transaction.atomic(durable=True)
def reopen_address(*, actor: Any, state: AddressState, reason: AddressState.Reopening, at: datetime) -> None:
    """Write again to an address that refused mails, for staff and with a reason.

    Raises: DomainError "not_allowed", or "not_refusing" when it does not refuse (any more).
    """
    if not actor.has_perm("notifications.change_addressstate"):
        raise DomainError("not_allowed", "Votre rôle ne permet pas d’écrire de nouveau à une adresse.")
    refusing = AddressState.objects.filter(pk=state.pk, bounced_at__isnull=False)
    if not refusing.update(bounced_at=None, bounce_code="", updated_at=at):
        raise DomainError("not_refusing", "Cette adresse ne refuse plus nos courriels\u00a0: il n’y a rien à changer.")
    register.record("mail.address_reopened", role="agent", facts={"motif": reason.label}, actor=actor)


@transaction.atomic(durable=True)
def retry(*, actor: Any, mail: OutboundMail, at: datetime) -> None:
    """Put a mail that failed back in the outbox, for as many attempts as a new one.

    Raises: DomainError "not_failed" when it left, is on its way, or opens an account (a new code is asked for instead).
    """
    if not actor.has_perm("notifications.retry_outboundmail"):
        raise DomainError("not_allowed", "Votre rôle ne permet pas de renvoyer un courriel.")
    failed = OutboundMail.objects.filter(pk=mail.pk, state=OutboundMail.State.FAILED, secret=False)
    if not failed.update(state=OutboundMail.State.QUEUED, send_after=at, attempts=0, claim=None, lease_until=None):
        raise DomainError("not_failed", "Ce courriel n’est pas en échec\u00a0: il n’y a rien à renvoyer.")
    queue.after_commit("notifications.deliver", mail_id=str(mail.pk))
    register.record("mail.retried", role="agent", facts={"sorte": mail.kind}, actor=actor)
