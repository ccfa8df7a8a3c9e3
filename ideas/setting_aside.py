"""Hiding everything a person published around ideas while their data is set aside (RGPD, art. 18)."""

REASON = "Non visible pour le moment"
