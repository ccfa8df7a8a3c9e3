"""How a contribution and its comments are signed in public."""

from consultations.models import Comment, Contribution
from desk.signatures import ASSISTED, of_district, of_helped, of_person


def of_contribution(contribution: Contribution) -> str:
    """Sign a contribution (select `author` and `district`)."""
    if contribution.author_label:
        return contribution.author_label
    district = str(contribution.district) if contribution.district else ""
    if contribution.channel in ASSISTED and contribution.author_id is None:
        return of_helped(contribution.get_channel_display(), district)
    if contribution.signature == Contribution.Signature.DISTRICT:
        return of_district(district)
    return of_person(contribution.author.public_name if contribution.author else None)


def of_comment(comment: Comment) -> str:
    """Sign a comment (select `author`)."""
    return comment.author_label or of_person(comment.author.public_name if comment.author else None)
