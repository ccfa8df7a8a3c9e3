"""Django's mail backend of this site: whatever sends a mail, a library included, fills the outbox."""

from collections.abc import Sequence
from typing import Any

from django.contrib.auth import get_user_model
from django.core.mail import EmailMessage, EmailMultiAlternatives
from django.core.mail.backends.base import BaseEmailBackend
from django.db import transaction
from django.db.models.functions import Lower

from notifications import outbox

KIND_HEADER = "X-Portal-Kind"


class OutboxBackend(BaseEmailBackend):
    """One row for each address, in the current transaction or in one of its own.

    What comes this way is written by libraries that open accounts (codes, links), so its text is kept a day only.
    """

    def send_messages(self, email_messages: Sequence[EmailMessage]) -> int:
        """Queue the messages. Raises: ValueError for an attachment, which the outbox does not hold."""
        with transaction.atomic():
            for message in email_messages:
                _enqueue(message)
        return len(email_messages)


def _enqueue(message: EmailMessage) -> None:
    if message.attachments:
        raise ValueError("The outbox holds no attachment: link to a page instead.")
    headers = {name: str(value) for name, value in message.extra_headers.items()}
    kind = headers.pop(KIND_HEADER, "library")
    for address in message.recipients():
        outbox.enqueue(
            kind=kind,
            to=address,
            subject=str(message.subject),
            text=str(message.body),
            html=_html(message),
            user=_person(address),
            headers=headers,
            secret=True,
        )


def _html(message: EmailMessage) -> str:
    alternatives = message.alternatives if isinstance(message, EmailMultiAlternatives) else []
    return next((str(content) for content, mimetype in alternatives if mimetype == "text/html"), "")


def _person(address: str) -> Any:
    people = get_user_model().objects.alias(lowered=Lower("email"))
    return people.filter(lowered=address.lower()).order_by("pk").first()
