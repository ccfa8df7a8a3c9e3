"""The register: numbered lines, each bound to the one before, that nobody can change or remove."""

from django.conf import settings
from django.db import models


class RegisterLine(models.Model):
    """One act, as it was published. `content` is the exact text that was sealed; the other columns repeat it for filters.

    A trigger refuses UPDATE, DELETE and TRUNCATE, and a line that does not follow the last one.
    """

    number = models.PositiveBigIntegerField("numéro", primary_key=True)
    at = models.DateTimeField("le", db_index=True)
    act = models.CharField("acte", max_length=60)
    role = models.CharField("par", max_length=40)
    subject = models.CharField("objet", max_length=80, blank=True, db_index=True)
    content = models.TextField("contenu scellé")
    previous = models.CharField("sceau précédent", max_length=64)
    seal = models.CharField("sceau", max_length=64, unique=True)

    class Meta:
        verbose_name = "ligne du registre"
        verbose_name_plural = "registre public"
        ordering = ("-number",)
        indexes = (models.Index(fields=("act", "-number"), name="register_act"),)

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
