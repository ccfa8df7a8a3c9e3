"""The sectors, districts, themes and services of Mulhouse (city magazine, November 2021, for the districts)."""

from django.db import migrations
from django.utils.text import slugify

SECTORS = {
    "Bourtzwiller": ("Bourtzwiller",),
    "D8": ("Wolf-Wagner", "Vauban-Neppert-Sellier-Waldner", "Franklin-Fridolin"),
    "Drouot-Barbanègre": ("Drouot", "Barbanègre"),
    "Manufactures": ("Cité-Briand", "Daguerre", "Doller", "Brustlein"),
    "Mulhouse Grand Centre": ("Centre historique", "Fonderie", "Europe-Bassin-Nordfeld", "Rebberg"),
    "West": ("Coteaux", "Dornach", "Haut-Poirier"),
}
THEMES = (
    ("espaces-publics", "Espaces publics", "maille"),
    ("nature-climat", "Nature et climat", "feuille"),
    ("eau-energie", "Eau et énergie", "eau"),
    ("mobilites", "Se déplacer", "maille"),
    ("education", "École et jeunesse", "indienne"),
    ("culture", "Culture et patrimoine", "indienne"),
    ("sport", "Sport et loisirs", "feuille"),
    ("solidarites", "Solidarités et santé", "eau"),
    ("logement", "Logement", "maille"),
    ("emploi-commerce", "Emploi et commerce", "maille"),
    ("numerique", "Numérique", "indienne"),
    ("vie-democratique", "Vie démocratique", "indienne"),
)
SERVICES = (
    ("agence-participation", "Agence de la participation citoyenne"),
    ("espaces-publics", "Espaces publics et voirie"),
    ("nature", "Espaces verts et nature en ville"),
    ("mobilites", "Déplacements"),
    ("education", "Éducation et enfance"),
    ("culture", "Culture et lecture publique"),
    ("renouvellement-urbain", "Habitat et renouvellement urbain"),
    ("proprete", "Propreté urbaine"),
    ("action-sociale", "Action sociale"),
    ("sport", "Sport et jeunesse"),
    ("finances", "Finances"),
    ("accueil", "Accueil et état civil"),
)


def name_the_city(apps, schema_editor):
    """Write the names that are missing; what the city has renamed since keeps its new name."""
    sector_model, district_model = apps.get_model("city", "Sector"), apps.get_model("city", "District")
    theme_model, service_model = apps.get_model("city", "Theme"), apps.get_model("city", "Service")
    position = 0
    for rank, (name, districts) in enumerate(SECTORS.items(), start=1):
        sector, _ = sector_model.objects.get_or_create(slug=slugify(name), defaults={"name": name, "position": rank})
        for district in districts:
            position += 1
            district_model.objects.get_or_create(
                slug=slugify(district), defaults={"name": district, "sector": sector, "position": position}
            )
    for rank, (slug, name, motif) in enumerate(THEMES, start=1):
        theme_model.objects.get_or_create(slug=slug, defaults={"name": name, "motif": motif, "position": rank})
    for rank, (slug, name) in enumerate(SERVICES, start=1):
        service_model.objects.get_or_create(slug=slug, defaults={"name": name, "position": rank})


class Migration(migrations.Migration):
    dependencies = [("city", "0002_initial")]

    operations = [migrations.RunPython(name_the_city, migrations.RunPython.noop)]
