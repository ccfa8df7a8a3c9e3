"""How an idea and what is written around it are signed in public."""

from desk.signatures import ASSISTED, of_district, of_helped, of_person
from ideas.models import Comment, Idea


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
