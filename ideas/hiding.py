"""What stands in the place of an idea that moderation took away."""

from django.utils.translation import gettext as _

from ideas import setting_aside
from moderation import clauses


def stub(clause: str) -> str:
    """Say what stands in the place of a text that moderation took away: the clause, and nothing of the text."""
    if clause == setting_aside.REASON:
        return _("Idée non visible pour le moment")
    known = clauses.known(clause)
    words = _("Idée retirée\u00a0: article %(clause)s de la charte") if known else _("Idée retirée")
    return words % {"clause": clause} if known else words
