"""What stands in the place of a text that moderation took away."""

from django.utils.translation import gettext as _

from ideas import setting_aside
from moderation import clauses


def stub(clause: str, *, is_comment: bool = False) -> str:
    """Say what stands in the place of a text that moderation took away: the clause, and nothing of the text.

    A text set aside is only not visible for now: neither moderation nor its author took it away.
    """
    if clause == setting_aside.REASON:
        return _("Commentaire non visible pour le moment") if is_comment else _("Idée non visible pour le moment")
    known = clauses.known(clause)
    if is_comment:
        words = _("Commentaire retiré\u00a0: article %(clause)s de la charte") if known else _("Commentaire retiré")
    else:
        words = _("Idée retirée\u00a0: article %(clause)s de la charte") if known else _("Idée retirée")
    return words % {"clause": clause} if known else words
