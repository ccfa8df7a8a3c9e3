"""Who is told of a commitment: those who follow it, and those who follow what it comes from."""

from collections.abc import Collection

from django.db.models import Exists, OuterRef, QuerySet

from accounts.models import User
from commitments.models import Commitment
from notifications.models import Subscription
from notifications.topics import Topic


def followers(commitment: Commitment) -> QuerySet[User]:
    """Give the people to tell, each once, in the order of their accounts; `follows_it` tells the closer of the two ways."""
    mine = Subscription.objects.filter(user=OuterRef("pk"))
    rows = User.objects.filter(is_active=True).annotate(follows_it=Exists(mine.filter(topic=commitment.own_topic)))
    topics = [topic for topic in (commitment.own_topic, commitment.topic) if topic]
    return rows.filter(Exists(mine.filter(topic__in=topics))).order_by("pk")


def topic(reference: str) -> Topic | None:
    """Name a commitment that people follow."""
    row = Commitment.objects.published().filter(reference=reference).first()
    return Topic(title=row.title, url=row.get_absolute_url()) if row else None


def named(references: Collection[str]) -> dict[str, Topic]:
    """Name the commitments among them that everybody sees."""
    rows = Commitment.objects.published().filter(reference__in=references).defer("search").order_by("pk")
    return {row.reference: Topic(row.title, row.get_absolute_url()) for row in rows}
