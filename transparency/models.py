"""The register (numbered lines, each bound to the one before, that nobody can change) and the accessibility faults reported."""

from typing import ClassVar, Self

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from mulhouse.references import new_reference


class RegisterLine(models.Model):
    """One act, as it was published. `content` is the exact text that was sealed; the other columns repeat it for filters.

    A trigger refuses UPDATE, DELETE and TRUNCATE, and a line that does not follow the last one.
    """

    number = models.PositiveBigIntegerField("numéro", primary_key=True)
    at = models.DateTimeField("le", db_index=True)
    act = models.CharField("acte", max_length=60)
    role = models.CharField("par", max_length=40)
    subject = models.CharField("objet", max_length=80, blank=True)
    content = models.TextField("contenu scellé")
    previous = models.CharField("sceau précédent", max_length=64)
    seal = models.CharField("sceau", max_length=64, unique=True)

    class Meta:
        verbose_name = "ligne du registre"
        verbose_name_plural = "registre public"
        ordering = ("-number",)
        indexes = (
            models.Index(fields=("act", "-number"), name="register_act"),
            models.Index(fields=("role", "-number"), name="register_role"),
            models.Index(fields=("subject", "-number"), name="register_subject"),
        )

    def __str__(self) -> str:
        return f"n° {self.number} · {self.act}"


class LineActor(models.Model):
    """Who stood behind a line, apart from the register: seen by few, erased with the person, purged after a year."""

    line = models.OneToOneField(RegisterLine, on_delete=models.CASCADE, primary_key=True, related_name="actor")
    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="register_acts")

    class Meta:
        verbose_name = "auteur d’un acte"
        verbose_name_plural = "auteurs des actes"

    def __str__(self) -> str:
        return f"n° {self.line_id}"


class AccessibilityFaultQuerySet(models.QuerySet["AccessibilityFault"]):
    """Named reads of the faults."""

    def waiting(self) -> Self:
        """Those that have no answer yet."""
        return self.filter(answered_at__isnull=True)

    def answered_in_time(self) -> Self:
        """Those answered before the promised instant."""
        return self.filter(answered_at__lte=F("due_at"))

    def late(self, *, at: object) -> Self:
        """Those that should have been answered by now and are not."""
        return self.waiting().filter(due_at__lt=at)


class AccessibilityFault(models.Model):
    """Something that somebody could not read or use. The answer is promised within a week, and public.

    What was described is seen by the team only; the address is erased a month after the answer.
    """

    reference = models.CharField("référence", max_length=8, unique=True, default=new_reference, editable=False)
    page = models.CharField(_("Page concernée"), max_length=300)
    description = models.TextField(_("Ce qui vous bloque"), max_length=3000)
    email = models.EmailField(_("Votre adresse électronique"), blank=True)
    language = models.CharField("langue", max_length=2, default="fr")
    received_at = models.DateTimeField("reçu le")
    due_at = models.DateTimeField("réponse promise pour le")
    answered_at = models.DateTimeField("répondu le", null=True, blank=True)
    answer = models.TextField("réponse", blank=True, max_length=3000)

    objects: ClassVar[models.Manager["AccessibilityFault"]] = AccessibilityFaultQuerySet.as_manager()

    class Meta:
        verbose_name = "défaut d’accessibilité"
        verbose_name_plural = "défauts d’accessibilité"
        ordering = ("-received_at", "-pk")
        permissions = (("answer_accessibilityfault", "Peut répondre à un signalement d’accessibilité"),)
        indexes = (
            models.Index(fields=("-received_at", "-id"), name="fault_recent"),
            models.Index(fields=("due_at",), condition=Q(answered_at__isnull=True), name="fault_waiting"),
        )
        constraints = (
            models.CheckConstraint(condition=Q(due_at__gt=F("received_at")), name="fault_due_after"),
            models.CheckConstraint(
                condition=Q(answered_at__isnull=True, answer="") | (Q(answered_at__isnull=False) & ~Q(answer="")),
                name="fault_answer_whole",
            ),
        )

    def __str__(self) -> str:
        return self.reference
