"""The files of the datasets: what is given between two nights."""

from typing import ClassVar, Self

from django.db import models


class DumpQuerySet(models.QuerySet["Dump"]):
    """Named reads of the files."""

    def by_code(self, code: str) -> Self:
        """Those of a dataset, CSV first."""
        return self.filter(code=code).order_by("form")


class Dump(models.Model):
    """A file of a dataset, as made last: its row is switched once the file is whole and stored."""

    class Form(models.TextChoices):
        """In which form."""

        CSV = "csv", "CSV"
        JSON = "json", "JSON"

    code = models.SlugField("jeu de données", max_length=40)
    form = models.CharField("format", max_length=4, choices=Form)
    file = models.FileField("fichier", upload_to="donnees/", max_length=200)
    size = models.PositiveBigIntegerField("taille (octets)")
    rows = models.PositiveBigIntegerField("lignes")
    sha256 = models.CharField("empreinte SHA-256", max_length=64)
    made_at = models.DateTimeField("fait le")
    # The last line of the register when the rows began to be read: what was taken away since is not in doubt before it.
    head = models.PositiveBigIntegerField("ligne du registre")

    objects: ClassVar[models.Manager["Dump"]] = DumpQuerySet.as_manager()

    class Meta:
        verbose_name = "fichier de données ouvertes"
        verbose_name_plural = "fichiers de données ouvertes"
        ordering = ("code", "form")
        constraints = (models.UniqueConstraint(fields=("code", "form"), name="dump_once"),)

    def __str__(self) -> str:
        return f"{self.code}.{self.form}"
