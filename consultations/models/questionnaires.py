"""The questionnaires of a consultation: the room next door holds them, this table says whose they are."""

from django.db import models

from consultations.models.procedure import Consultation
from questionnaires.models import Questionnaire


class ConsultationQuestionnaire(models.Model):
    """A questionnaire asked by a consultation."""

    consultation = models.ForeignKey(Consultation, on_delete=models.PROTECT, related_name="questionnaire_links")
    questionnaire = models.OneToOneField(Questionnaire, on_delete=models.CASCADE, related_name="consultation_link")
    position = models.PositiveSmallIntegerField("ordre", default=1)

    class Meta:
        verbose_name = "questionnaire d’une consultation"
        verbose_name_plural = "questionnaires des consultations"
        ordering = ("position", "pk")

    def __str__(self) -> str:
        return str(self.questionnaire)
