"""Sectors, districts, themes and services: names the city gives, that every service of the portal files things under.

And how many people live there, to tell who is missing where people take part.
"""

from typing import ClassVar, Self

from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import Q

from mulhouse.ages import AgeBand

# The schematic map has so many columns and rows at most.
MAP_SIZE = 9


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
    # Its tile on the schematic map: columns from the west, rows from the north, as a table is read.
    map_column = models.PositiveSmallIntegerField(
        "colonne sur le plan", null=True, blank=True, validators=(MinValueValidator(1), MaxValueValidator(MAP_SIZE))
    )
    map_row = models.PositiveSmallIntegerField(
        "rang sur le plan",
        null=True,
        blank=True,
        validators=(MinValueValidator(1), MaxValueValidator(MAP_SIZE)),
        help_text="Le plan est un schéma\u00a0: la colonne 1 est à l’ouest, le rang 1 au nord. Vide\u00a0: le quartier n’y est pas.",
    )
    latitude = models.DecimalField("latitude", max_digits=8, decimal_places=5, null=True, blank=True)
    longitude = models.DecimalField(
        "longitude",
        max_digits=8,
        decimal_places=5,
        null=True,
        blank=True,
        help_text="D’un point au milieu du quartier, pour la carte détaillée. Vide\u00a0: il n’y est pas.",
    )

    class Meta(Named.Meta):
        verbose_name = "quartier"
        verbose_name_plural = "quartiers"
        constraints = (
            # Deferred: two districts may exchange their places.
            models.UniqueConstraint(
                fields=("map_column", "map_row"),
                name="district_tile_once",
                deferrable=models.Deferrable.DEFERRED,
                violation_error_message="Un autre quartier est déjà à cette place du plan.",
            ),
            models.CheckConstraint(
                condition=Q(map_column__isnull=True, map_row__isnull=True)
                | Q(map_column__isnull=False, map_row__isnull=False)
                & Q(map_column__range=(1, MAP_SIZE), map_row__range=(1, MAP_SIZE)),
                name="district_tile_whole",
                violation_error_message="Donnez la colonne et le rang, ou aucun des deux.",
            ),
            models.CheckConstraint(
                condition=Q(latitude__isnull=True, longitude__isnull=True)
                | Q(latitude__isnull=False, longitude__isnull=False)
                & Q(latitude__range=(47.6, 47.9), longitude__range=(7.1, 7.6)),
                name="district_near_mulhouse",
                violation_error_message="Indiquez la latitude et la longitude, à Mulhouse ou tout près.",
            ),
        )


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


class PopulationQuerySet(models.QuerySet["Population"]):
    """Named reads of the population."""

    def newest(self) -> Self:
        """The last year known of each place and band, by place and band."""
        return self.order_by("district_id", "age_band", "-year").distinct("district_id", "age_band")


class Population(models.Model):
    """How many people live in a district, or in the whole city, of an age band or of every age, in a year."""

    district = models.ForeignKey(
        District,
        verbose_name="quartier",
        null=True,
        blank=True,
        on_delete=models.PROTECT,
        related_name="populations",
        help_text="Aucun\u00a0: toute la ville.",
    )
    age_band = models.CharField(
        "tranche d’âge", max_length=5, blank=True, choices=AgeBand, help_text="Aucune\u00a0: tous les âges."
    )
    inhabitants = models.PositiveIntegerField("habitants")
    year = models.PositiveSmallIntegerField("année", validators=(MinValueValidator(1900), MaxValueValidator(2100)))
    source = models.CharField("source", max_length=300, help_text="Qui a compté, et où le lire.")
    is_estimate = models.BooleanField("estimation", default=False)

    objects: ClassVar[models.Manager["Population"]] = PopulationQuerySet.as_manager()

    class Meta:
        verbose_name = "population"
        verbose_name_plural = "population"
        ordering = ("-year", "district__position", "age_band")
        constraints = (
            models.UniqueConstraint(
                fields=("district", "age_band", "year"),
                name="population_once",
                nulls_distinct=False,
                violation_error_message="Ce nombre est déjà donné pour cette année.",
            ),
        )

    def __str__(self) -> str:
        place = self.district.name if self.district else "toute la ville"
        ages = f", {self.get_age_band_display()}" if self.age_band else ""
        return f"{place}{ages}, {self.year}"
