"""What this room tells people."""

from django.utils.translation import gettext_lazy as _

from notifications.kinds import Frequency, Kind

NEWS = Kind(
    "commitments.news",
    _("Nouvelles d’un engagement"),
    _("Ce qui arrive à un engagement que vous suivez\u00a0: pris, avancé, retardé, tenu."),
    frequency=Frequency.NOW,
)
