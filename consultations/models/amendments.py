"""The rules of the game of a consultation, as they were frozen, and each version since."""

from typing import ClassVar, Self

from django.db import models
from django.db.models import Q

from consultations.models.procedure import Consultation


class RulesetQuerySet(models.QuerySet["Ruleset"]):
    """Named reads of rulesets."""

    def to_announce(self) -> Self:
        """Amendments of which those who take part were not all told."""
        return self.filter(version__gt=1, told_at__isnull=True)


class Ruleset(models.Model):
    """The rules at a version: the first is frozen at publication, each later one is an amendment with its reason.

    A row never changes, but for the instant at which everybody had been told; a trigger holds it.
    """

    consultation = models.ForeignKey(Consultation, on_delete=models.CASCADE, related_name="rulesets")
    version = models.PositiveSmallIntegerField("version")
    rules = models.JSONField("règles")
    digest = models.CharField("empreinte SHA-256", max_length=64)
    reason = models.CharField("motif", max_length=300, blank=True)
    in_force_at = models.DateTimeField("en vigueur depuis le")
    told_at = models.DateTimeField("annoncée le", null=True, blank=True)

    objects: ClassVar[models.Manager["Ruleset"]] = RulesetQuerySet.as_manager()

    class Meta:
        verbose_name = "règles du jeu"
        verbose_name_plural = "règles du jeu"
        ordering = ("-version",)
        constraints = (
            models.UniqueConstraint(fields=("consultation", "version"), name="ruleset_version_once"),
            models.CheckConstraint(condition=Q(version=1) | ~Q(reason=""), name="ruleset_amendment_reasoned"),
        )

    def __str__(self) -> str:
        return f"{self.consultation_id} v{self.version}"
