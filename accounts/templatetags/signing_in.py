"""What the sign-in pages show beside their form."""

from typing import Any

from django import template
from django.conf import settings
from django.template import Context
from django.urls import reverse

from accounts.middleware import idle_limit

register = template.Library()


@register.inclusion_tag("accounts/_franceconnect_button.html", takes_context=True)
def franceconnect_button(context: Context) -> dict[str, Any]:
    """Show the way in by FranceConnect; nothing where it is not configured."""
    return {
        "shown": settings.FRANCECONNECT,
        "next": context.get("redirect_field_value") or "",
        "csrf_token": context.get("csrf_token", ""),
    }


@register.inclusion_tag("accounts/_idle_warning.html", takes_context=True)
def idle_warning(context: Context) -> dict[str, Any]:
    """Say two minutes before that an idle session is about to end, and let it go on; nothing for visitors."""
    user = context.get("user")
    if user is None or not user.is_authenticated:
        return {"limit": 0, "stay_url": ""}
    return {"limit": idle_limit(user), "stay_url": reverse("accounts:stay")}
