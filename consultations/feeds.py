"""Feeds of the consultations, in Atom and RSS."""

from django.conf import settings
from django.urls import reverse
from django.utils import feedgenerator, timezone
from django.utils.translation import get_language
from django.utils.translation import gettext as _

from consultations.models import Consultation

ITEMS = 30
FORMATS: dict[str, type[feedgenerator.SyndicationFeed]] = {
    "atom": feedgenerator.Atom1Feed,
    "rss": feedgenerator.Rss201rev2Feed,
}


def consultations(kind: str) -> tuple[str, str]:
    """Write the feed of the published consultations, newest first.

    Shape: (XML text, content type); a consultation has one entry, dated of its publication.
    """
    url = settings.SITE_URL + reverse("consultations:list")
    feed = FORMATS[kind](
        title=_("Consultations de la ville de Mulhouse"),
        link=url,
        description=_("Les projets sur lesquels la Ville demande l’avis des habitants."),
        language=get_language(),
        feed_url=settings.SITE_URL + reverse("consultations:feed", args=[kind]),
        author_name=settings.SITE_NAME,
    )
    rows = Consultation.objects.published().filter(published_at__lte=timezone.now()).select_related("theme")
    for row in rows.order_by("-published_at", "-pk")[:ITEMS]:
        address = settings.SITE_URL + row.get_absolute_url()
        feed.add_item(
            title=row.title,
            link=address,
            unique_id=address,
            description=row.summary,
            pubdate=row.published_at,
            updateddate=row.published_at,
            categories=[row.theme.name],
        )
    return feed.writeString("utf-8"), str(feed.content_type)  # type: ignore[attr-defined] # each format has one
