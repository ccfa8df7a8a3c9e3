"""What of the idea box can be followed, named in one query each: what is hidden or not published is not named."""

from collections.abc import Collection

from ideas.models import Campaign, Idea
from notifications.topics import Topic

IDEA, CAMPAIGN = "idea", "campaign"


def ideas_named(references: Collection[str]) -> dict[str, Topic]:
    """Name the ideas that everybody sees."""
    rows = Idea.objects.visible().filter(reference__in=references).only("reference", "title").order_by("pk")
    return {row.reference: Topic(row.title, row.get_absolute_url()) for row in rows}


def campaigns_named(slugs: Collection[str]) -> dict[str, Topic]:
    """Name the campaigns that everybody sees."""
    rows = Campaign.objects.published().filter(slug__in=slugs).only("slug", "title").order_by("pk")
    return {row.slug: Topic(row.title, row.get_absolute_url()) for row in rows}
