"""The secret votes of a consultation: the room of ballots holds them, this table says whose they are."""

import datetime as dt
from typing import Any, ClassVar, Self

from django.db import models

from ballots.models import Votation
from consultations.models.procedure import Consultation


class ConsultationVoteQuerySet(models.QuerySet["ConsultationVote"]):
    """Named reads of the votes of consultations."""

    def visible_to(self, user: Any) -> Self:
        """What this person may see: the published votes of what they may see; drafts stay in the workspace."""
        return self.filter(consultation__in=Consultation.objects.visible_to(user), votation__published_at__isnull=False)

    def running(self, *, on: dt.date) -> Self:
        """Those in which one can vote on a day."""
        standing = Votation.objects.standing().filter(opens_on__lte=on, ends_on__gte=on)
        return self.filter(votation__in=standing)


class ConsultationVote(models.Model):
    """A secret vote held by a consultation."""

    consultation = models.ForeignKey(Consultation, on_delete=models.PROTECT, related_name="vote_links")
    votation = models.OneToOneField(Votation, on_delete=models.CASCADE, related_name="consultation_link")

    objects: ClassVar[models.Manager["ConsultationVote"]] = ConsultationVoteQuerySet.as_manager()

    class Meta:
        verbose_name = "vote d’une consultation"
        verbose_name_plural = "votes des consultations"
        ordering = ("pk",)

    def __str__(self) -> str:
        return str(self.votation)
