"""What of the idea box can be followed, named in one query each: what is hidden or not published is not named."""

from collections.abc import Collection

from django.urls import reverse

from ideas import amending
from ideas.models import Amendment, AuthorNews, Campaign, Idea
from ideas.models.amending import Said
from notifications.topics import Topic

IDEA, CAMPAIGN = "idea", "campaign"
AMENDMENT, AUTHOR_NEWS = amending.AMENDMENT_KIND, amending.NEWS_KIND


def ideas_named(references: Collection[str]) -> dict[str, Topic]:
    """Name the ideas that everybody sees."""
    rows = Idea.objects.visible().filter(reference__in=references).only("reference", "title").order_by("pk")
    return {row.reference: Topic(row.title, row.get_absolute_url()) for row in rows}


def campaigns_named(slugs: Collection[str]) -> dict[str, Topic]:
    """Name the campaigns that everybody sees."""
    rows = Campaign.objects.published().filter(slug__in=slugs).only("slug", "title").order_by("pk")
    return {row.slug: Topic(row.title, row.get_absolute_url()) for row in rows}


def amendments_named(references: Collection[str]) -> dict[str, Topic]:
    """Name the changes proposed that everybody sees, by the idea they change; nobody follows one, mails tell of it."""
    return _said(Amendment, references, "amendment")


def author_news_named(references: Collection[str]) -> dict[str, Topic]:
    """Name the news of authors that everybody sees, by their idea; nobody follows one, mails tell of it."""
    return _said(AuthorNews, references, "author_news")


def _said(model: type[Said], references: Collection[str], route: str) -> dict[str, Topic]:
    rows = model.objects.public().filter(reference__in=references).order_by("pk")
    return {
        reference: Topic(title, reverse(f"ideas:{route}", args=[idea, reference]))
        for reference, title, idea in rows.values_list("reference", "idea__title", "idea__reference")
    }
