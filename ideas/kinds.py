"""Every kind of mail of the idea box."""

from django.utils.translation import gettext_lazy as _

from notifications.kinds import Frequency, Kind, services

KINDS = (
    *services(
        "ideas",
        (("published", "Idée publiée", "Votre idée est publiée."),),
    ),
    Kind(
        "ideas.threshold",
        _("Seuils de soutien de mes idées"),
        _("Votre idée atteint un seuil de soutiens, ou la moitié du chemin."),
        frequency=Frequency.NOW,
        is_own=True,
        is_put_off=False,
    ),
    Kind(
        "ideas.term",
        _("Délai de mes idées"),
        _("Le délai pour soutenir votre idée se termine dans une semaine, ou il est passé."),
        frequency=Frequency.NOW,
        is_own=True,
        is_put_off=False,
    ),
)
