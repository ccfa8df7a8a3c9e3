"""What a procedure may ask of those who take part: read by `accounts.rules.residency_refusal`."""

from django.db import models
from django.utils.translation import gettext_lazy as _


class ResidencyLevel(models.TextChoices):
    """Where one must live, and how sure of it the city must be."""

    NONE = "none", _("toute personne intéressée")
    DECLARED = "declared", _("les personnes qui déclarent habiter Mulhouse")
    VERIFIED = "verified", _("les personnes dont la Ville a vérifié la résidence")
