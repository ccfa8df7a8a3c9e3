"""How a text is signed in public: one answer for pages, feeds, mails, exports and the staff space.

Never an address, never a name the person did not choose; a closed account leaves its texts unsigned.
"""

from django.utils.translation import gettext as _

from consultations.models import Comment, Contribution
from desk.models import Channel

# Written by an agent for somebody who has no account there.
ASSISTED = frozenset({Channel.DESK.value, Channel.PAPER.value, Channel.PHONE.value})


def of_contribution(contribution: Contribution) -> str:
    """Sign a contribution (select `author` and `district`)."""
    if contribution.author_label:
        return contribution.author_label
    if contribution.channel in ASSISTED and contribution.author_id is None:
        return of_helped(contribution.get_channel_display(), str(contribution.district or ""))
    if contribution.signature == Contribution.Signature.DISTRICT:
        return of_district(str(contribution.district) if contribution.district else "")
    return of_person(contribution.author.public_name if contribution.author else None)


def of_helped(channel: str, district: str) -> str:
    """Sign for somebody for whom an agent wrote: where they live, and how they took part."""
    if district:
        words = {"district": district, "channel": channel}
        return _("Une habitante ou un habitant du quartier %(district)s, %(channel)s") % words
    return _("Une personne, %(channel)s") % {"channel": channel}


def of_comment(comment: Comment) -> str:
    """Sign a comment (select `author`)."""
    return comment.author_label or of_person(comment.author.public_name if comment.author else None)


def of_district(district: str) -> str:
    """Sign for a resident who gave their district rather than their name."""
    return (
        _("Un habitant du quartier %(district)s") % {"district": district} if district else _("Un habitant de Mulhouse")
    )


def of_person(public_name: str | None) -> str:
    """Sign with a public name; None when the account is closed."""
    return _("Compte fermé") if public_name is None else public_name or _("Un habitant de Mulhouse")
