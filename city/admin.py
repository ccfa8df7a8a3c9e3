"""The city's own names: edited by those who hold the permission, never removed while something is filed under them."""

from collections.abc import Sequence
from typing import ClassVar

from django.contrib import admin

from city.models import District, Population, Sector, Service, Theme
from mulhouse.staff import NamesAdmin


@admin.register(Sector)
class SectorAdmin(NamesAdmin):
    """Large parts of the city."""

    list_display = ("name", "position")
    list_intro = "Les grands secteurs de la ville. Chacun réunit des quartiers."
    fields = ("name", "slug", "position")
    prepopulated_fields: ClassVar[dict[str, Sequence[str]]] = {"slug": ("name",)}


@admin.register(District)
class DistrictAdmin(NamesAdmin):
    """The smallest places the portal asks about."""

    list_display = ("name", "sector", "position")
    list_select_related = ("sector",)
    list_intro = "Les quartiers. Une personne n’est jamais située plus finement."
    search_fields = ("name",)
    fields = ("name", "slug", "sector", "position", "map_column", "map_row", "latitude", "longitude")
    prepopulated_fields: ClassVar[dict[str, Sequence[str]]] = {"slug": ("name",)}


@admin.register(Theme)
class ThemeAdmin(NamesAdmin):
    """What consultations are about."""

    list_display = ("name", "motif", "position")
    list_intro = "Les thèmes. Le motif habille les pages sans photo."
    search_fields = ("name",)
    fields = ("name", "slug", "motif", "position")
    prepopulated_fields: ClassVar[dict[str, Sequence[str]]] = {"slug": ("name",)}


@admin.register(Service)
class ServiceAdmin(NamesAdmin):
    """Who answers in the city, by function."""

    list_display = ("name", "contact_email", "position")
    list_intro = "Les services de la Ville, nommés par leur fonction et jamais par une personne."
    search_fields = ("name",)
    fields = ("name", "slug", "contact_email", "position")
    prepopulated_fields: ClassVar[dict[str, Sequence[str]]] = {"slug": ("name",)}


@admin.register(Population)
class PopulationAdmin(NamesAdmin):
    """How many people live where: the reports compare those who took part with them."""

    list_display = ("place", "band", "inhabitants", "year", "is_estimate", "source")
    list_select_related = ("district",)
    list_filter = ("year", "is_estimate")
    list_intro = (
        "Les bilans comparent les participants à ces nombres, pour dire qui manque. "
        "La commande «\u00a0import_population\u00a0» les reprend d’un fichier CSV."
    )
    fields = ("district", "age_band", "inhabitants", "year", "source", "is_estimate")

    @admin.display(description="lieu", ordering="district__position")
    def place(self, row: Population) -> str:
        """Name the place."""
        return row.district.name if row.district else "Toute la ville"

    @admin.display(description="âge", ordering="age_band")
    def band(self, row: Population) -> str:
        """Name the age band."""
        return str(row.get_age_band_display()) if row.age_band else "Tous les âges"
