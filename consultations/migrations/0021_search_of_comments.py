"""The index that agents read when they look for the words of a comment: the whole table was read."""

import django.contrib.postgres.indexes
import django.contrib.postgres.search
from django.contrib.postgres.operations import AddIndexConcurrently
from django.db import migrations


class Migration(migrations.Migration):
    atomic = False
    dependencies = [("consultations", "0020_answers_say_their_day")]

    operations = [
        AddIndexConcurrently(
            model_name="comment",
            index=django.contrib.postgres.indexes.GinIndex(
                django.contrib.postgres.search.SearchVector("body", config="french_unaccent"), name="comment_search"
            ),
        ),
    ]
