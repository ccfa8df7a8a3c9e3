"""How many times each page was read on each day; nothing about who read it."""

from django.db import models


class Device(models.TextChoices):
    """The coarsest word about what a page was read on."""

    PHONE = "telephone", "Téléphone ou tablette"
    COMPUTER = "ordinateur", "Ordinateur"


class DailyPageCount(models.Model):
    """A page, by its route and the public name of what it shows, read so many times on a day."""

    day = models.DateField("jour")
    route = models.CharField("page", max_length=80)
    subject = models.CharField("objet", max_length=120, blank=True)
    language = models.CharField("langue", max_length=2)
    device = models.CharField("appareil", max_length=12, choices=Device)
    views = models.PositiveBigIntegerField("lectures")

    class Meta:
        verbose_name = "lectures d’une page"
        verbose_name_plural = "lectures des pages"
        ordering = ("-day", "route", "subject")
        constraints = (
            models.UniqueConstraint(fields=("day", "route", "subject", "language", "device"), name="page_count_once"),
            models.CheckConstraint(condition=models.Q(views__gt=0), name="page_count_positive"),
        )

    def __str__(self) -> str:
        return f"{self.day} {self.route} {self.subject}"


class Batch(models.Model):
    """A batch of counts that was added: adding it again changes nothing."""

    key = models.UUIDField("lot", primary_key=True)
    added_at = models.DateTimeField("ajouté le")

    class Meta:
        verbose_name = "lot de lectures"
        verbose_name_plural = "lots de lectures"
        ordering = ("-added_at",)

    def __str__(self) -> str:
        return str(self.key)
