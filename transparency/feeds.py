"""The feed of the public register, in Atom and RSS."""

from django.conf import settings
from django.urls import reverse
from django.utils import feedgenerator
from django.utils.translation import get_language
from django.utils.translation import gettext as _

from transparency import register
from transparency.models import RegisterLine

ITEMS = 50
FORMATS: dict[str, type[feedgenerator.SyndicationFeed]] = {
    "atom": feedgenerator.Atom1Feed,
    "rss": feedgenerator.Rss201rev2Feed,
}


def lines(kind: str) -> tuple[str, str]:
    """Write the feed of the last lines, newest first.

    Shape: (XML text, content type); each line has one entry, which says what was done and never by whom.
    """
    feed = FORMATS[kind](
        title=_("Le registre public de %(site)s") % {"site": settings.SITE_NAME},
        link=settings.SITE_URL + reverse("transparency:register"),
        description=_("Chaque acte du portail, daté et scellé, que personne ne peut changer après coup."),
        language=get_language(),
        feed_url=settings.SITE_URL + reverse("transparency:feed", args=[kind]),
        author_name=settings.SITE_NAME,
    )
    for line in RegisterLine.objects.order_by("-number")[:ITEMS]:
        address = settings.SITE_URL + reverse("transparency:line", args=[line.number])
        feed.add_item(
            title=register.label(line.act),
            link=address,
            unique_id=address,
            description=line.content,
            pubdate=line.at,
            updateddate=line.at,
            categories=[str(register.ROLES.get(line.role, line.role))],
        )
    return feed.writeString("utf-8"), str(feed.content_type)  # type: ignore[attr-defined] # each format has one
