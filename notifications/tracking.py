"""What the mail provider reports of our mails: addresses that refuse them, complaints. Off until a provider is named.

Soft refusals pass: only what says that an address does not exist stops the mails one may refuse.
"""

import logging
import re
import uuid
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from anymail.webhooks.brevo import BrevoTrackingWebhookView
from anymail.webhooks.mailjet import MailjetTrackingWebhookView
from anymail.webhooks.postmark import PostmarkTrackingWebhookView
from django.utils import timezone

from notifications import actions, kinds
from notifications.models import OutboundMail

logger = logging.getLogger(__name__)

OUR_MESSAGE_ID = re.compile(r"<?([0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})@")


@dataclass(frozen=True)
class Provider:
    """How a provider speaks: its view, and what it calls an address that does not exist."""

    view: Any
    is_final: Callable[[Mapping[str, Any]], bool]


PROVIDERS = {
    "brevo": Provider(BrevoTrackingWebhookView, lambda event: event.get("event") in {"hard_bounce", "invalid_email"}),
    "mailjet": Provider(MailjetTrackingWebhookView, lambda event: bool(event.get("hard_bounce"))),
    "postmark": Provider(
        PostmarkTrackingWebhookView, lambda event: event.get("Type") in {"HardBounce", "BadEmailAddress"}
    ),
}


def receive(sender: Any, event: Any, esp_name: str, **_kwargs: Any) -> None:
    """Keep what one event of a provider says (anymail's signal)."""
    name, at = esp_name.lower(), timezone.now()
    if not event.recipient or name not in PROVIDERS:
        return
    if event.event_type in {"bounced", "rejected"} and PROVIDERS[name].is_final(event.esp_event):
        actions.note_bounce(address=event.recipient, code=str(event.reject_reason or ""), reported_by=name, at=at)
    elif event.event_type == "complained":
        actions.note_complaint(address=event.recipient, kind=_kind_of(event), reported_by=name, at=at)
    logger.info("provider %s reported %s", name, event.event_type)


def _kind_of(event: Any) -> str:
    """Find which of our mails a complaint is about: by its number, else the last one that person could refuse."""
    refusable = [kind.code for kind in kinds.everything() if not kind.is_service]
    rows = OutboundMail.objects.filter(to__iexact=event.recipient, kind__in=refusable)
    number = OUR_MESSAGE_ID.match(str(event.message_id or ""))
    found = rows.filter(pk=uuid.UUID(number.group(1))).first() if number else None
    found = found or rows.order_by("-created_at", "-pk").first()
    return found.kind if found else ""
