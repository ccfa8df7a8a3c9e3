"""What every template may read about the site itself. No query here: error pages use it too."""

from typing import Any

from django.conf import settings
from django.http import HttpRequest


def site(request: HttpRequest) -> dict[str, Any]:
    """Give the site's name, address and mode, and the frame of a page that is shared (transparency.pages)."""
    return {
        "frame": getattr(request, "frame", "base.html"),
        "SITE_NAME": settings.SITE_NAME,
        "SITE_URL": settings.SITE_URL,
        "DEMO": settings.DEMO,
        "CONTACT": settings.CONTACT,
    }
