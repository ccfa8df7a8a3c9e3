"""The decision report (restitution) of a consultation: what the city tells those who took part. What is published is never rewritten."""

from typing import ClassVar, Self

from django.contrib.postgres.fields import ArrayField
from django.core.validators import URLValidator
from django.db import models
from django.db.models import F, Q
from django.urls import reverse

from consultations.models.analysis import Item
from consultations.models.procedure import Consultation


class ReportQuerySet(models.QuerySet["Report"]):
    """Named reads of reports."""

    def published(self) -> Self:
        """Those everybody reads, the newest version first."""
        return self.filter(published_at__isnull=False).order_by("consultation", "-number")

    def drafts(self) -> Self:
        """Those agents are writing."""
        return self.filter(published_at__isnull=True)


class Report(models.Model):
    """One version of the report of a consultation. A draft has no `published_at`; a correction is a new version.

    `figures` holds the numbers as they were on the day of publication, small counts already merged: nothing finer is kept.
    """

    class PdfState(models.TextChoices):
        """Where its PDF file stands."""

        NONE = "none", "pas demandé"
        PREPARING = "preparing", "en préparation"
        READY = "ready", "prêt"
        FAILED = "failed", "à refaire"

    consultation = models.ForeignKey(Consultation, on_delete=models.PROTECT, related_name="reports")
    number = models.PositiveSmallIntegerField("version", default=1)
    question = models.TextField("la question posée", blank=True)
    participation_comment = models.TextField("qui a participé, en mots", blank=True)
    said = models.TextField("ce qui a été dit", blank=True)
    minority = models.TextField("les points de vue minoritaires", blank=True)
    decision = models.TextField("ce que la Ville a décidé", blank=True)
    reasons = models.TextField("pourquoi", blank=True)
    cost = models.TextField("combien cela coûte", blank=True)
    calendar = models.TextField("le calendrier", blank=True)
    signatory = models.CharField("fonction qui signe", max_length=160, blank=True)
    deliberation_number = models.CharField("délibération", max_length=80, blank=True)
    deliberation_url = models.CharField(
        "lien vers la délibération", max_length=600, blank=True, validators=(URLValidator(schemes=("https", "http")),)
    )
    contact = models.CharField("contact", max_length=200, blank=True)
    correction = models.CharField("ce que cette version corrige", max_length=300, blank=True)
    figures = models.JSONField("chiffres figés", null=True, blank=True, editable=False)
    # Raised by each change, so that two agents never overwrite each other without knowing.
    version = models.PositiveIntegerField(default=1, editable=False)
    created_at = models.DateTimeField("commencé le", auto_now_add=True)
    saved_at = models.DateTimeField("enregistré le", auto_now=True)
    published_at = models.DateTimeField("publié le", null=True, blank=True)
    pdf = models.FileField("fichier PDF", upload_to="bilans/", blank=True, editable=False)
    pdf_size = models.PositiveBigIntegerField("taille du PDF (octets)", default=0, editable=False)
    pdf_state = models.CharField(max_length=9, choices=PdfState, default=PdfState.NONE, editable=False)
    pdf_asked_at = models.DateTimeField("PDF demandé le", null=True, blank=True, editable=False)

    objects: ClassVar[models.Manager["Report"]] = ReportQuerySet.as_manager()

    class Meta:
        verbose_name = "bilan"
        verbose_name_plural = "bilans"
        ordering = ("consultation", "-number")
        indexes = (
            models.Index(F("published_at").desc(), name="report_recent", condition=Q(published_at__isnull=False)),
        )
        constraints = (
            models.UniqueConstraint(fields=("consultation", "number"), name="report_number_once"),
            models.UniqueConstraint(
                fields=("consultation",), name="report_one_draft", condition=Q(published_at__isnull=True)
            ),
            models.CheckConstraint(
                condition=Q(published_at__isnull=True) | Q(figures__isnull=False), name="report_published_with_figures"
            ),
            models.CheckConstraint(
                condition=Q(published_at__isnull=True) | Q(number=1) | ~Q(correction=""),
                name="report_correction_said",
                violation_error_message="Dites ce que cette version corrige.",
            ),
            models.CheckConstraint(condition=~Q(pdf_state="ready") | ~Q(pdf=""), name="report_ready_has_pdf"),
        )
        permissions = (("publish_report", "Peut publier un bilan"),)

    def __str__(self) -> str:
        return f"{self.consultation}, bilan v{self.number}"

    def get_absolute_url(self) -> str:
        """Give the public address of this version."""
        return reverse("consultations:report_version", args=[self.consultation.slug, self.number])


class ReportRow(models.Model):
    """An opinion behind the figures of a public version, as it was counted on that day. A trigger refuses to change or delete it.

    What the city answered is not here: it is dated already (`ItemOutcome`).
    """

    report = models.ForeignKey(Report, on_delete=models.PROTECT, related_name="rows")
    item = models.ForeignKey(Item, on_delete=models.PROTECT, related_name="report_rows")
    # The rank of its part in the consultation, 0 for none.
    part = models.PositiveSmallIntegerField("partie")
    themes = ArrayField(models.CharField(max_length=8), verbose_name="références de ses sujets")
    comments = models.PositiveIntegerField("commentaires")
    agree = models.PositiveIntegerField("d’accord")
    mixed = models.PositiveIntegerField("mitigés")
    disagree = models.PositiveIntegerField("pas d’accord")

    class Meta:
        verbose_name = "avis d’un bilan"
        verbose_name_plural = "avis des bilans"
        constraints = (models.UniqueConstraint(fields=("report", "item"), name="report_row_once"),)

    def __str__(self) -> str:
        return f"{self.report_id}, {self.item_id}"


# What agents write: rich texts, then lines.
REPORT_TEXTS = ("question", "participation_comment", "said", "minority", "decision", "reasons", "cost", "calendar")
REPORT_LINES = ("signatory", "deliberation_number", "deliberation_url", "contact", "correction")
