"""How an idea and what is written around it are signed in public."""

from typing import Any

from django.db.models import OuterRef, Q, Subquery, Value
from django.db.models.functions import Coalesce

from desk.signatures import ASSISTED, of_district, of_helped, of_person
from ideas.models import AuthorNews, Comment, Idea


def of_idea(idea: Idea) -> str:
    """Sign an idea (select `author` and `district`)."""
    if idea.author_label:
        return idea.author_label
    district = str(idea.district) if idea.district else ""
    if idea.channel in ASSISTED and idea.author_id is None:
        return of_helped(idea.get_channel_display(), district)
    if idea.signature == Idea.Signature.DISTRICT:
        return of_district(district)
    return of_person(idea.author.public_name if idea.author else None)


def of_comment(comment: Comment) -> str:
    """Sign a comment (select `author`)."""
    return comment.author_label or of_person(comment.author.public_name if comment.author else None)


def unnamed() -> Any:
    """Give, as an annotation of news (`own_district`), the district that signs for their author; None for one who signs with a name.

    Whoever signed the idea, or one of those that it gathers, by their district is not named by its news.
    """
    ideas = Idea.objects.filter(author=OuterRef("author"), signature=Idea.Signature.DISTRICT)
    ideas = ideas.filter(Q(pk=OuterRef("idea")) | Q(gatherings__gathering__parent=OuterRef("idea")))
    return Subquery(ideas.order_by("pk").values(name=Coalesce("district__name", Value("")))[:1])


def of_news(news: AuthorNews) -> str:
    """Sign news of an idea (select `author`, annotate `own_district`)."""
    district: str | None = news.own_district  # type: ignore[attr-defined]
    return of_person(news.author.public_name if news.author else None) if district is None else of_district(district)
