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
from django.conf import settings
from django.utils import timezone

from notifications import actions, kinds, subscriptions
from notifications.models import OutboundMail

logger = logging.getLogger(__name__)

OUR_MESSAGE_ID = re.compile(r"<?([0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})@")


@dataclass(frozen=True)
class Provider:
    """How a provider speaks: its view, and what it calls an address that does not exist.

    It gives a message a number of its own: `header` is where it takes ours, `number` where it gives it back.
    """

    view: Any
    is_final: Callable[[Mapping[str, Any]], bool]
    number: Callable[[Any], Any]
    header: str = ""


def _from_message_id(event: Any) -> str:
    found = OUR_MESSAGE_ID.match(str(event.message_id or ""))
    return found.group(1) if found else ""


def _is_final_for_postmark(event: Mapping[str, Any]) -> bool:
    """Read a bounce, or the address that Postmark writes to no more because of one."""
    why = event.get("Type") or (event.get("SuppressSending") and event.get("SuppressionReason"))
    return why in {"HardBounce", "BadEmailAddress"}


PROVIDERS = {
    "brevo": Provider(
        BrevoTrackingWebhookView,
        lambda event: event.get("event") in {"hard_bounce", "invalid_email"},
        number=_from_message_id,
    ),
    "mailjet": Provider(
        MailjetTrackingWebhookView,
        lambda event: bool(event.get("hard_bounce")),
        number=lambda event: event.esp_event.get("CustomID"),
        header="X-MJ-CustomID",
    ),
    "postmark": Provider(
        PostmarkTrackingWebhookView,
        _is_final_for_postmark,
        number=lambda event: event.metadata.get("mail"),
        header="X-PM-Metadata-mail",
    ),
}


def headers(mail: OutboundMail) -> dict[str, str]:
    """Give the header by which the provider will name a mail in its reports; none for one that keeps our Message-ID."""
    provider = PROVIDERS.get(settings.EMAIL_PROVIDER)
    return {provider.header: str(mail.pk)} if provider and provider.header else {}


def receive(sender: Any, event: Any, esp_name: str, **_kwargs: Any) -> None:
    """Keep what one event of a provider says (anymail's signal)."""
    name, at = esp_name.lower(), timezone.now()
    if not event.recipient or name not in PROVIDERS:
        return
    provider = PROVIDERS[name]
    if event.event_type in {"bounced", "rejected"} and provider.is_final(event.esp_event):
        actions.note_bounce(address=event.recipient, code=str(event.reject_reason or ""), reported_by=name, at=at)
    elif event.event_type == "complained":
        mail = _mail_of(provider, event)
        kind = mail.kind if mail else ""
        actions.note_complaint(address=event.recipient, kind=kind, reported_by=name, at=at)
    elif event.event_type == "unsubscribed" and (mail := _mail_of(provider, event)) and mail.user_id:
        # By a link or a button of the provider's own: the same wish as by ours.
        link = subscriptions.Unsubscription(mail.user_id, subscriptions.KIND + mail.kind)
        actions.unsubscribe(link=link)
    logger.info("provider %s reported %s", name, event.event_type)


def _mail_of(provider: Provider, event: Any) -> OutboundMail | None:
    """Find which of our mails an event is about: by its number, else the last one that person could refuse."""
    refusable = [kind.code for kind in kinds.everything() if not kind.is_service]
    rows = OutboundMail.objects.filter(to__iexact=event.recipient, kind__in=refusable)
    try:
        found = rows.filter(pk=uuid.UUID(str(provider.number(event)))).first()
    except ValueError:
        found = None
    return found or rows.order_by("-created_at", "-pk").first()
