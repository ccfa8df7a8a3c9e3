"""Where each district of Mulhouse stands on the schematic map: a grid drawn by hand from who borders whom, not a survey."""

from django.db import migrations

# (column from the west, row from the north). The city moves a tile in its administration.
TILES = {
    "bourtzwiller": (3, 1),
    "doller": (2, 2),
    "wolf-wagner": (4, 2),
    "cite-briand": (2, 3),
    "franklin-fridolin": (3, 3),
    "vauban-neppert-sellier-waldner": (4, 3),
    "drouot": (5, 3),
    "dornach": (1, 4),
    "brustlein": (2, 4),
    "centre-historique": (3, 4),
    "europe-bassin-nordfeld": (4, 4),
    "barbanegre": (5, 4),
    "coteaux": (1, 5),
    "daguerre": (2, 5),
    "fonderie": (3, 5),
    "haut-poirier": (2, 6),
    "rebberg": (4, 6),
}


def place_districts(apps, schema_editor):
    """Give a tile to the districts that have none; where the city put one since, it stays."""
    district = apps.get_model("city", "District")
    taken = set(district.objects.exclude(map_column=None).values_list("map_column", "map_row"))
    for slug, (column, row) in TILES.items():
        if (column, row) not in taken:
            district.objects.filter(slug=slug, map_column=None).update(map_column=column, map_row=row)


class Migration(migrations.Migration):
    dependencies = [("city", "0005_district_map")]

    operations = [migrations.RunPython(place_districts, migrations.RunPython.noop)]
