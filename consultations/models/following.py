"""What the city owes after a consultation: reminders of its promise, what contributors were told, the commitments it took."""

from django.db import models
from django.db.models.functions import Now

from commitments.models import Commitment
from consultations.models.procedure import Consultation


class PromiseReminder(models.Model):
    """A reminder of the promised answer, sent once for each step of the clock after a given end of the opinions."""

    consultation = models.ForeignKey(Consultation, on_delete=models.CASCADE, related_name="promise_reminders")
    ended_on = models.DateField("fin des avis")
    days = models.PositiveSmallIntegerField("jours après la fin")
    sent_at = models.DateTimeField("envoyé le")

    class Meta:
        verbose_name = "rappel de promesse"
        verbose_name_plural = "rappels de promesse"
        constraints = (
            models.UniqueConstraint(fields=("consultation", "ended_on", "days"), name="promise_reminder_once"),
        )

    def __str__(self) -> str:
        return f"{self.consultation_id}, {self.days} jours"


class Telling(models.Model):
    """The answers published at an instant are told to those who had asked: with those of other instants, in one mail to each.

    The rows of a consultation that have one `begun_at` are one sending; it is over once they have a `finished_at`.
    """

    consultation = models.ForeignKey(Consultation, on_delete=models.CASCADE, related_name="tellings")
    given_at = models.DateTimeField("réponses publiées le")
    begun_at = models.DateTimeField("envoi commencé le", db_default=Now())
    people = models.PositiveIntegerField("personnes", default=0)
    finished_at = models.DateTimeField("terminé le", null=True, blank=True)

    class Meta:
        verbose_name = "envoi des réponses"
        verbose_name_plural = "envois des réponses"
        constraints = (models.UniqueConstraint(fields=("consultation", "given_at"), name="telling_once"),)

    def __str__(self) -> str:
        return f"{self.consultation_id}, {self.given_at:%Y-%m-%d}"


class ConsultationCommitment(models.Model):
    """A commitment that the city took after a consultation."""

    consultation = models.ForeignKey(Consultation, on_delete=models.PROTECT, related_name="commitment_links")
    # A draft that is thrown away takes its link with it; a public commitment is never deleted.
    commitment = models.OneToOneField(Commitment, on_delete=models.CASCADE, related_name="consultation_link")

    class Meta:
        verbose_name = "engagement d’une consultation"
        verbose_name_plural = "engagements des consultations"

    def __str__(self) -> str:
        return f"{self.consultation_id} → {self.commitment_id}"
