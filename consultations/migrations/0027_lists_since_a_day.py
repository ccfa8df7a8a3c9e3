"""What was published since a day is found from an index, whatever the number of consultations: the lists of the API."""

from django.contrib.postgres.operations import AddIndexConcurrently
from django.db import migrations, models
from django.db.models import F, Q


class Migration(migrations.Migration):
    """Three indexes."""

    atomic = False
    dependencies = (("consultations", "0026_search_of_every_public_text"),)
    operations = (
        AddIndexConcurrently(
            model_name="contribution",
            index=models.Index(
                F("published_at").desc(),
                F("id").desc(),
                name="contribution_published",
                condition=Q(published_at__isnull=False, withdrawn_at__isnull=True),
            ),
        ),
        AddIndexConcurrently(
            model_name="comment",
            index=models.Index(
                F("published_at").desc(),
                F("id").desc(),
                name="comment_published",
                condition=Q(withdrawn_at__isnull=True, hidden_at__isnull=True),
            ),
        ),
        AddIndexConcurrently(
            model_name="itemoutcome",
            index=models.Index(F("given_at").desc(), F("id").desc(), name="item_outcome_given"),
        ),
    )
