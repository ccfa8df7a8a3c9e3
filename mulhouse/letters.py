"""The outbox, for the rooms below it: they say what is to be written to whom, `notifications` queues it.

Apps above `notifications` call `notifications.outbox.enqueue_template` itself.
"""

from collections.abc import Mapping
from typing import Any, Protocol


class Sender(Protocol):
    """The part of `notifications.outbox.enqueue_template` that the lower rooms use."""

    def __call__(
        self, *, kind: str, to: str, template: str, context: Mapping[str, Any], language: str = "fr"
    ) -> object:
        """Queue a mail in the current transaction."""


_senders: list[Sender] = []


def connect(sender: Sender) -> None:
    """Say who queues the mails; called once, from AppConfig.ready()."""
    _senders[:] = [sender]


def send(*, kind: str, to: str, template: str, context: Mapping[str, Any], language: str = "fr") -> None:
    """Queue the mail that `templates/emails/<template>` make of `context`.

    Raises: RuntimeError outside a transaction.
    """
    for sender in _senders:
        sender(kind=kind, to=to, template=template, context=context, language=language)
