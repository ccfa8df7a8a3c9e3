"""What pages show about notifications: the way to them from the header, and an address that refuses mails."""

from typing import Any

from django import template
from django.template import Context
from django.urls import reverse

from notifications import unread

register = template.Library()


@register.inclusion_tag("notifications/_bell.html", takes_context=True)
def notification_bell(context: Context) -> dict[str, Any]:
    """Lead to one's notifications, with the number that wait; nothing for visitors, and no query."""
    user = context.get("user")
    if user is None or not user.is_authenticated:
        return {"url": "", "number": 0, "words": ""}
    # Read with the person of the session; absent in the request that has just signed in.
    number = getattr(user, "unread_notifications", 0)
    return {"url": reverse("notifications:centre"), "number": number, "words": unread.words(number)}
