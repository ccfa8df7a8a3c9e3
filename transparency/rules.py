"""May they? The answers that buttons, views and actions share."""

from datetime import datetime
from typing import Any

from django.utils.translation import gettext as _

from mulhouse.errors import Refusal
from transparency.models import AccessibilityFault


def answer_refusal(user: Any, fault: AccessibilityFault, *, at: datetime) -> Refusal | None:
    """Tell whether somebody may answer a reported fault: those in charge, once."""
    if not user.has_perm("transparency.answer_accessibilityfault"):
        return Refusal("not_in_charge", _("Cette page est réservée aux agents qui en ont la charge."))
    if fault.answered_at is not None:
        return Refusal("answered", _("Ce signalement a déjà reçu une réponse."))
    return None


def reveal_refusal(user: Any, *, at: datetime) -> Refusal | None:
    """Tell whether somebody may see who stood behind a line of the register."""
    if not user.has_perm("transparency.view_lineactor"):
        return Refusal("not_in_charge", _("Cette page est réservée aux agents qui en ont la charge."))
    return None
