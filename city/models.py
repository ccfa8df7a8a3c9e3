"""Sectors, districts, themes and services: names the city gives, that every service of the portal files things under."""

from django.db import models


class Named(models.Model):
    """A name, its address form, and its place in lists."""

    name = models.CharField("nom", max_length=80, unique=True)
    slug = models.SlugField("identifiant d’adresse", max_length=80, unique=True)
    position = models.PositiveSmallIntegerField("ordre", default=0)

    class Meta:
        abstract = True
        ordering = ("position", "name")

    def __str__(self) -> str:
        return self.name


class Sector(Named):
    """A large part of the city, made of districts."""

    class Meta(Named.Meta):
        verbose_name = "secteur"
        verbose_name_plural = "secteurs"


class District(Named):
    """A district (quartier), the smallest place the portal asks about: a person is never placed more finely."""

    sector = models.ForeignKey(Sector, verbose_name="secteur", on_delete=models.PROTECT, related_name="districts")

    class Meta(Named.Meta):
        verbose_name = "quartier"
        verbose_name_plural = "quartiers"


class Motif(models.TextChoices):
    """The printed-cotton motif that stands for a theme where there is no photo."""

    WATER = "eau", "Eau"
    LEAF = "feuille", "Feuille"
    MESH = "maille", "Maille"
    COTTON = "indienne", "Indienne"


class Theme(Named):
    """What a consultation or an idea is about."""

    motif = models.CharField("motif", max_length=10, choices=Motif, default=Motif.COTTON)

    class Meta(Named.Meta):
        verbose_name = "thème"
        verbose_name_plural = "thèmes"


class Service(Named):
    """A service of the city that answers for something, named by its function and never by a person."""

    contact_email = models.EmailField("courriel du service", blank=True)

    class Meta(Named.Meta):
        verbose_name = "service"
        verbose_name_plural = "services"
