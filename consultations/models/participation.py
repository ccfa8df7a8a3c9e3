"""Who took part in a consultation: each person once, whatever they did and by whatever channel; and who sat at a table."""

import uuid

from django.db import models
from django.db.models import Q

from city.models import District
from consultations.models.procedure import Consultation
from desk.models import Channel, Person
from mulhouse.ages import AgeBand


class Participation(models.Model):
    """One person in one consultation: the channel and the day of their first gesture, nothing of what they said.

    The row outlives the account: the count stays. Somebody known by a pseudonym of another platform has its key
    (`source_key`) in place of a person.
    """

    consultation = models.ForeignKey(Consultation, on_delete=models.CASCADE, related_name="participations")
    person = models.ForeignKey(
        Person, null=True, blank=True, on_delete=models.PROTECT, related_name="consultation_participations"
    )
    source_key = models.CharField("pseudonyme d’import", max_length=180, null=True, blank=True, unique=True)
    channel = models.CharField("premier canal", max_length=8, choices=Channel)
    district = models.ForeignKey(
        District, verbose_name="quartier", null=True, blank=True, on_delete=models.SET_NULL, related_name="+"
    )
    age_band = models.CharField("tranche d’âge", max_length=5, blank=True, choices=AgeBand)
    first_on = models.DateField("premier geste le")

    class Meta:
        verbose_name = "participation"
        verbose_name_plural = "participations"
        ordering = ("pk",)
        constraints = (
            models.UniqueConstraint(fields=("consultation", "person"), name="participation_once"),
            models.CheckConstraint(
                condition=Q(person__isnull=False, source_key__isnull=True)
                | Q(person__isnull=True, source_key__isnull=False),
                name="participation_of_one",
            ),
        )

    def __str__(self) -> str:
        return f"participation {self.pk}"


class TableNotes(models.Model):
    """The notes of one table of a meeting, entered in one go: each is a contribution whose source is this row.

    Nobody at a table is identified: the number of people is what was counted there, beside the ledger and never in it.
    """

    # Drawn with the form: sending it twice enters it once.
    key = models.UUIDField("clé", default=uuid.uuid4, unique=True, editable=False)
    consultation = models.ForeignKey(Consultation, on_delete=models.CASCADE, related_name="tables")
    table = models.CharField("table", max_length=30)
    gathering = models.CharField("rencontre", max_length=30)
    held_on = models.DateField("date de la rencontre")
    rapporteur = models.CharField("fonction de qui a pris les notes", max_length=80)
    people = models.PositiveSmallIntegerField("personnes à la table", null=True, blank=True)
    entered_at = models.DateTimeField("saisies le")

    class Meta:
        verbose_name = "notes d’une table"
        verbose_name_plural = "notes des tables"
        ordering = ("held_on", "pk")

    def __str__(self) -> str:
        return f"{self.table}, {self.gathering} du {self.held_on:%d/%m/%Y}"
