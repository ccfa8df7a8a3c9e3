"""What the sign-in pages show beside their form."""

from typing import Any

from django import template
from django.conf import settings
from django.template import Context

register = template.Library()


@register.inclusion_tag("accounts/_franceconnect_button.html", takes_context=True)
def franceconnect_button(context: Context) -> dict[str, Any]:
    """Show the way in by FranceConnect; nothing where it is not configured."""
    return {
        "shown": settings.FRANCECONNECT,
        "next": context.get("redirect_field_value") or "",
        "csrf_token": context.get("csrf_token", ""),
    }
