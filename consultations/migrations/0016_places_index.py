"""The index that the map reads: counts by district and the list of one district, of what names a place."""

from django.contrib.postgres.operations import AddIndexConcurrently
from django.db import migrations, models


class Migration(migrations.Migration):
    atomic = False
    dependencies = [("consultations", "0015_places_and_packages")]

    operations = [
        AddIndexConcurrently(
            model_name="contribution",
            index=models.Index(
                models.F("consultation"),
                models.F("place_district"),
                models.OrderBy(models.F("published_at"), descending=True),
                models.OrderBy(models.F("id"), descending=True),
                condition=models.Q(
                    ("hidden_at__isnull", True),
                    ("published_at__isnull", False),
                    ("withdrawn_at__isnull", True),
                    models.Q(
                        ("place_district__isnull", False), models.Q(("place", ""), _negated=True), _connector="OR"
                    ),
                ),
                name="contribution_place",
            ),
        ),
    ]
