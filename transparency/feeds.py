"""The feed of the public register, in Atom and RSS."""

from typing import Any

from django.conf import settings
from django.urls import reverse
from django.utils.translation import gettext as _

from mulhouse import syndication
from transparency import register
from transparency.models import RegisterLine

ITEMS = 50


def lines(kind: str) -> tuple[str, str]:
    """Write the feed of the last lines, newest first.

    Shape: (XML text, content type); each line has one entry, which says what was done and never by whom.
    """
    return syndication.write(
        kind,
        title=_("Le registre public de %(site)s") % {"site": settings.SITE_NAME},
        description=_("Chaque acte du portail, daté et scellé, que personne ne peut changer après coup."),
        path=reverse("transparency:register"),
        feed_path=reverse("transparency:feed", args=[kind]),
        entries=map(_entry, RegisterLine.objects.order_by("-number")[:ITEMS]),
    )


def _entry(line: RegisterLine) -> dict[str, Any]:
    address = settings.SITE_URL + reverse("transparency:line", args=[line.number])
    return {
        "title": register.label(line.act),
        "link": address,
        "unique_id": address,
        "description": line.content,
        "pubdate": line.at,
        "updateddate": line.at,
        "categories": [str(register.ROLES.get(line.role, line.role))],
    }
