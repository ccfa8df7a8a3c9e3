"""The city's own names: edited by those who hold the permission, never removed while something is filed under them."""

from collections.abc import Sequence
from typing import ClassVar

from django.contrib import admin

from city.models import District, Sector, Service, Theme
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
    fields = ("name", "slug", "sector", "position")
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
