"""The feed of the news of all commitments, in Atom and RSS."""

from django.conf import settings
from django.urls import reverse
from django.utils import feedgenerator
from django.utils.translation import get_language
from django.utils.translation import gettext as _

from commitments import presentation
from commitments.models import CommitmentNews

ITEMS = 30
FORMATS: dict[str, type[feedgenerator.SyndicationFeed]] = {
    "atom": feedgenerator.Atom1Feed,
    "rss": feedgenerator.Rss201rev2Feed,
}


def news(kind: str) -> tuple[str, str]:
    """Write the feed of the news, newest first.

    Shape: (XML text, content type); each dated event has one entry.
    """
    feed = FORMATS[kind](
        title=_("Engagements de la ville de Mulhouse"),
        link=settings.SITE_URL + reverse("commitments:list"),
        description=_("Ce que la Ville a promis, et ce qu’elle en a fait."),
        language=get_language(),
        feed_url=settings.SITE_URL + reverse("commitments:feed", args=[kind]),
        author_name=settings.SITE_NAME,
    )
    rows = CommitmentNews.objects.visible().select_related("commitment", "commitment__service")
    for row in rows.order_by("-published_at", "-pk")[:ITEMS]:
        address = f"{settings.SITE_URL}{row.commitment.get_absolute_url()}#{row.reference}"
        feed.add_item(
            title=f"{row.commitment.title}\u00a0: {presentation.event_title(row)}",
            link=address,
            unique_id=address,
            description=row.text or row.commitment.description,
            pubdate=row.published_at,
            updateddate=row.published_at,
            categories=[row.get_state_display()],
        )
    return feed.writeString("utf-8"), str(feed.content_type)  # type: ignore[attr-defined] # each format has one
