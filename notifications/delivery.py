"""Delivering the outbox: claim a mail, send it outside any transaction, settle.

Source: docs/decisions/0003-outbox.md.
"""

import logging
import smtplib
import uuid
from datetime import datetime, timedelta
from email import charset
from email.utils import format_datetime
from enum import Enum
from typing import Any
from urllib.parse import urlsplit

from django.conf import settings
from django.core.mail import EmailMultiAlternatives, get_connection
from django.core.mail.backends.base import BaseEmailBackend
from django.db.models import F
from django.utils import timezone

from mulhouse.breaker import Breaker
from mulhouse.db import assert_outside_transaction
from notifications import actions, recalling, retries, tracking
from notifications.models import OutboundMail

logger = logging.getLogger(__name__)

# Longer than the slowest exchange: EMAIL_TIMEOUT for each of its eight steps.
LEASE = timedelta(minutes=5)
# A code or a link is of no use to anybody after this.
SECRET_LIFE = timedelta(hours=1)
# A mail just queued has a task on its way.
GRACE = timedelta(seconds=30)
SWEPT_AT_ONCE = 500
SWEEP_LIFE = timedelta(seconds=25)
SERVER_REST_SECONDS = 60.0
# Of a header, its end not counted (RFC 5322, 2.1.1).
LONGEST_LINE = 998
SEVEN_BITS = charset.Charset("utf-8")
SEVEN_BITS.body_encoding = charset.QP
server = Breaker(SERVER_REST_SECONDS)


class Outcome(Enum):
    """What became of an attempt."""

    SENT = "sent"
    NOT_OURS = "not ours"
    LATER = "later"
    FAILED = "failed"
    TAKEN_BACK = "taken back"


def deliver(mail_id: uuid.UUID, *, at: datetime, backend: BaseEmailBackend | None = None) -> Outcome:
    """Send one mail, once: of all the workers that try, one claims it.

    `backend` may hold an open connection, for several mails in a row.

    Raises: RuntimeError inside a transaction.
    """
    assert_outside_transaction()
    if server.is_resting():
        return Outcome.LATER
    claim = uuid.uuid4()
    claimed = OutboundMail.objects.due(at=at).filter(pk=mail_id)
    taken = claimed.update(
        state=OutboundMail.State.CLAIMED, claim=claim, lease_until=at + LEASE, attempts=F("attempts") + 1
    )
    if not taken:
        return Outcome.NOT_OURS
    mail = OutboundMail.objects.get(pk=mail_id)
    if mail.secret and at >= mail.created_at + SECRET_LIFE:
        return _settle(mail, claim, Outcome.FAILED, error="too late to be of use")
    if not recalling.is_still_public(mail):
        recalling.take_back(mail=mail, claim=claim)
        return Outcome.TAKEN_BACK
    try:
        _message(mail, backend or get_connection(settings.DELIVERY_BACKEND)).send()
    except Exception as error:  # noqa: BLE001 (the edge of the task: whatever happened is written on the row)
        return _settle_failure(mail, claim, error, at=at)
    return _settle(mail, claim, Outcome.SENT)


class _Message(EmailMultiAlternatives):
    """A message that no relay needs to write anew, which would break its signature (DKIM).

    In seven bits, and each header on one line: the address of List-Unsubscribe too, which some programs do not read when folded.
    """

    encoding = SEVEN_BITS

    def message(self, **options: Any) -> Any:
        """Write it, its headers as long as they are."""
        written = super().message(**options)
        written.policy = written.policy.clone(max_line_length=LONGEST_LINE)
        return written


def _message(mail: OutboundMail, backend: BaseEmailBackend) -> EmailMultiAlternatives:
    """Write the message. Its id and date come from the row: sent twice, it is the same message."""
    message = _Message(
        subject=mail.subject,
        body=mail.text,
        from_email=settings.DEFAULT_FROM_EMAIL,
        to=[mail.to],
        reply_to=[settings.CONTACT["email"]],
        connection=backend,
        headers={
            **mail.headers,
            "Message-ID": f"<{mail.pk}@{urlsplit(settings.SITE_URL).hostname}>",
            "Date": format_datetime(mail.created_at),
            "Auto-Submitted": "auto-generated",
            **tracking.headers(mail),
        },
    )
    if mail.html:
        message.attach_alternative(mail.html, "text/html")
    return message


def _settle_failure(mail: OutboundMail, claim: uuid.UUID, error: Exception, *, at: datetime) -> Outcome:
    if retries.is_about_the_server(error):
        server.rest()
    if retries.is_about_the_address(error):
        actions.note_bounce(address=mail.to, code=_said(error), reported_by="smtp", at=at)
    wait = retries.wait_after(mail.attempts) if retries.is_worth_a_retry(error) else None
    said = _said(error)
    if wait is None:
        logger.error("mail %s (%s) given up after %s attempts: %s", mail.pk, mail.kind, mail.attempts, said)
        return _settle(mail, claim, Outcome.FAILED, error=said)
    logger.warning("mail %s (%s) will be tried again in %s: %s", mail.pk, mail.kind, wait, said)
    return _settle(mail, claim, Outcome.LATER, error=said, send_after=at + wait)


def _said(error: Exception) -> str:
    """Name a failure without the address it is about."""
    if isinstance(error, smtplib.SMTPResponseException):
        return f"{type(error).__name__} {error.smtp_code}"
    if isinstance(error, smtplib.SMTPRecipientsRefused):
        codes = sorted({code for code, _reason in error.recipients.values()})
        return f"{type(error).__name__} {' '.join(map(str, codes))}"
    return type(error).__name__


def _settle(
    mail: OutboundMail, claim: uuid.UUID, outcome: Outcome, *, error: str = "", send_after: datetime | None = None
) -> Outcome:
    """Write the outcome, unless the lease ran out and somebody else holds the mail."""
    state = {
        Outcome.SENT: OutboundMail.State.SENT,
        Outcome.LATER: OutboundMail.State.QUEUED,
        Outcome.FAILED: OutboundMail.State.FAILED,
    }[outcome]
    OutboundMail.objects.filter(pk=mail.pk, claim=claim).update(
        state=state,
        claim=None,
        lease_until=None,
        last_error=error,
        send_after=send_after or mail.send_after,
        sent_at=timezone.now() if outcome is Outcome.SENT else None,
    )
    return outcome


def sweep(*, at: datetime) -> int:
    """Take up what has no worker: claims whose worker died, and mails whose time has come or whose task was lost.

    Shape: the number of mails sent.
    Raises: RuntimeError inside a transaction.
    """
    assert_outside_transaction()
    abandoned = OutboundMail.objects.abandoned(at=at)
    # A mail that kills its worker again and again must not do so for ever.
    abandoned.filter(attempts__gt=len(retries.WAITS)).update(
        state=OutboundMail.State.FAILED, claim=None, lease_until=None, last_error="abandoned by its workers"
    )
    abandoned.update(state=OutboundMail.State.QUEUED, claim=None, lease_until=None, send_after=at - GRACE)
    due = OutboundMail.objects.due(at=at - GRACE).order_by("send_after").values_list("pk", flat=True)
    backend = get_connection(settings.DELIVERY_BACKEND)
    sent = 0
    for mail_id in list(due[:SWEPT_AT_ONCE]):
        if server.is_resting() or timezone.now() >= at + SWEEP_LIFE:
            break
        sent += _deliver_on(backend, mail_id, at=at) is Outcome.SENT
    backend.close()
    return sent


def _deliver_on(backend: BaseEmailBackend, mail_id: uuid.UUID, *, at: datetime) -> Outcome:
    """Send on a connection that stays open as long as nothing goes wrong on it."""
    try:
        backend.open()
    except OSError as error:
        logger.warning("mail server unreachable: %s", type(error).__name__)
        server.rest()
        return Outcome.LATER
    outcome = deliver(mail_id, at=at, backend=backend)
    if outcome in {Outcome.LATER, Outcome.FAILED}:
        backend.close()
    return outcome
