"""How a text is signed in public, whatever it is: one answer for pages, feeds, mails, exports and the staff space.

Never an address, never a name the person did not choose; a closed account leaves its texts unsigned.
"""

from django.utils.translation import gettext as _

from desk.models import Channel

# Written by an agent for somebody who has no account there.
ASSISTED = frozenset({Channel.DESK.value, Channel.PAPER.value, Channel.PHONE.value})


def of_helped(channel: str, district: str) -> str:
    """Sign for somebody for whom an agent wrote: where they live, and how they took part."""
    if district:
        words = {"district": district, "channel": channel}
        return _("Une habitante ou un habitant du quartier %(district)s, %(channel)s") % words
    return _("Une personne, %(channel)s") % {"channel": channel}


def of_district(district: str) -> str:
    """Sign for a resident who gave their district rather than their name."""
    return (
        _("Un habitant du quartier %(district)s") % {"district": district} if district else _("Un habitant de Mulhouse")
    )


def of_person(public_name: str | None) -> str:
    """Sign with a public name; None when the account is closed."""
    return _("Compte fermé") if public_name is None else public_name or _("Un habitant de Mulhouse")
