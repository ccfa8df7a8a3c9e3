"""The feed of the news of all commitments, in Atom and RSS."""

from typing import Any

from django.conf import settings
from django.urls import reverse
from django.utils.translation import gettext as _

from commitments import presentation
from commitments.models import CommitmentNews
from mulhouse import syndication

ITEMS = 30


def news(kind: str) -> tuple[str, str]:
    """Write the feed of the news, newest first.

    Shape: (XML text, content type); each dated event has one entry.
    """
    rows = CommitmentNews.objects.visible().select_related("commitment", "commitment__service")
    return syndication.write(
        kind,
        title=_("Engagements de la ville de Mulhouse"),
        description=_("Ce que la Ville a promis, et ce qu’elle en a fait."),
        path=reverse("commitments:list"),
        feed_path=reverse("commitments:feed", args=[kind]),
        entries=map(_entry, rows.order_by("-published_at", "-pk")[:ITEMS]),
    )


def _entry(row: CommitmentNews) -> dict[str, Any]:
    address = f"{settings.SITE_URL}{row.commitment.get_absolute_url()}#{row.reference}"
    return {
        "title": f"{row.commitment.title}\u00a0: {presentation.event_title(row)}",
        "link": address,
        "unique_id": address,
        "description": row.text or row.commitment.description,
        "pubdate": row.published_at,
        "updateddate": row.published_at,
        "categories": [row.get_state_display()],
    }
