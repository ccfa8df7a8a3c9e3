"""What the demonstration shows of promises: a service that can be reminded, and a clock that stands still for a public reason."""

import datetime as dt
from typing import Any

from city.models import Service
from transparency import actions, promising
from transparency.models import AccessibilityFault

ADDRESS = "participation@demo.example"
HELD_DAYS = 2


def play(*, agent: Any, at: dt.datetime) -> bool:
    """Report a fault as a visitor does, and wait for what they say; a second run changes nothing.

    Shape: False when it was played before.
    """
    if AccessibilityFault.objects.exists():
        return False
    Service.objects.filter(slug=promising.PORTAL_SERVICE, contact_email="").update(contact_email=ADDRESS)
    fault = actions.report_fault(
        page="La carte des quartiers",
        description="Avec mon lecteur d’écran, la carte ne dit pas le nom des quartiers.",
        email="",
        language="fr",
        at=at - dt.timedelta(days=HELD_DAYS + 1),
    )
    reason = "Nous avons demandé quel lecteur d’écran est utilisé, pour refaire l’essai."
    actions.pause_fault(actor=agent, fault=fault, reason=reason, at=at - dt.timedelta(days=HELD_DAYS))
    return True
