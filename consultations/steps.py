"""The phases of a consultation as the stepper shows them, to residents and to the agents who prepare them."""

import datetime as dt
from collections.abc import Sequence

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from consultations import phases
from mulhouse import typography
from mulhouse.templatetags.ui import Phase, State

STATES: dict[phases.Status, State] = {
    phases.Status.PAST: "done",
    phases.Status.CURRENT: "current",
    phases.Status.UPCOMING: "next",
}


def steps(spans: Sequence[phases.Span], *, at: dt.datetime) -> list[Phase]:
    """Describe each phase at an instant: when it holds, and where it stands in words."""
    return [
        Phase(
            name=span.name,
            when=typography.date_range(span.starts_on, span.ends_on),
            state=STATES[phases.status(span, at=at)],
            state_words=state_words(span, at=at),
        )
        for span in spans
    ]


def state_words(span: phases.Span, *, at: dt.datetime) -> str:
    """Say where a phase stands: « Terminé », « En cours : encore 12 jours », « À venir »."""
    status = phases.status(span, at=at)
    if status is phases.Status.PAST:
        return _("Terminé")
    if status is phases.Status.UPCOMING:
        return _("À venir")
    left = phases.days_left(span, at=at)
    if left is None:
        return _("En cours")
    if left == 1:
        return _("En cours\u00a0: dernier jour")
    return ngettext("En cours\u00a0: encore %(count)s jour", "En cours\u00a0: encore %(count)s jours", left) % {
        "count": left
    }
