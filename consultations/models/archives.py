"""The archive package of a consultation that is over: one file that holds everything public about it."""

from typing import ClassVar, Self

from django.db import models
from django.db.models import Q

from consultations.models.procedure import Consultation


class ArchivePackageQuerySet(models.QuerySet["ArchivePackage"]):
    """Named reads of packages."""

    def under_way(self) -> Self:
        """Asked for, and neither made nor given up."""
        return self.filter(state__in=(ArchivePackage.State.WAITING, ArchivePackage.State.MAKING))

    def ready(self) -> Self:
        """Those that can be downloaded: one at most for each consultation."""
        return self.filter(state=ArchivePackage.State.READY)


class ArchivePackage(models.Model):
    """A version of the package. A later one takes its file away: what was withdrawn since must leave the archive too."""

    class State(models.TextChoices):
        """Where its making stands."""

        WAITING = "waiting", "demandé"
        MAKING = "making", "en préparation"
        READY = "ready", "prêt"
        FAILED = "failed", "échoué"
        REPLACED = "replaced", "remplacé"

    consultation = models.ForeignKey(Consultation, on_delete=models.PROTECT, related_name="packages")
    version = models.PositiveSmallIntegerField("version")
    state = models.CharField("état", max_length=8, choices=State, default=State.WAITING)
    file = models.FileField("fichier", upload_to="archives/", blank=True)
    size = models.PositiveBigIntegerField("taille (octets)", default=0)
    sha256 = models.CharField("empreinte SHA-256", max_length=64, blank=True)
    # What the public rows it holds looked like: another print means that something was withdrawn, hidden or unsigned since.
    content_print = models.CharField("état des textes", max_length=200, blank=True)
    asked_at = models.DateTimeField("demandé le")
    begun_at = models.DateTimeField("commencé le", null=True, blank=True)
    made_at = models.DateTimeField("fait le", null=True, blank=True)

    objects: ClassVar[models.Manager["ArchivePackage"]] = ArchivePackageQuerySet.as_manager()

    class Meta:
        verbose_name = "dossier d’archives"
        verbose_name_plural = "dossiers d’archives"
        ordering = ("-version",)
        constraints = (
            models.UniqueConstraint(fields=("consultation", "version"), name="package_version_once"),
            models.UniqueConstraint(
                fields=("consultation",), condition=Q(state__in=("waiting", "making")), name="package_one_under_way"
            ),
            models.UniqueConstraint(fields=("consultation",), condition=Q(state="ready"), name="package_one_ready"),
            models.CheckConstraint(
                condition=~Q(state="ready") | (~Q(file="") & ~Q(sha256="") & Q(made_at__isnull=False)),
                name="package_ready_whole",
            ),
        )

    def __str__(self) -> str:
        return f"{self.consultation_id} v{self.version}"
