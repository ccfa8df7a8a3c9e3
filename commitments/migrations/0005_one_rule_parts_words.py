"""Words are parted as the search parts them: a no-break space is no letter. The column keeps its name: the code of before reads it."""

import django.contrib.postgres.search
from django.db import migrations, models
from django.db.models import F, Func, TextField


def _kept(parted):
    def vector(column, weight):
        text = f"search_parted({column})" if parted else column
        return f"setweight(to_tsvector('french_unaccent'::regconfig, COALESCE({text}, '')), '{weight}')"

    return f"""
ALTER TABLE commitments_commitment DROP COLUMN search,
    ADD COLUMN search tsvector GENERATED ALWAYS AS ({vector("title", "A")} || {vector("description", "B")}) STORED;
CREATE INDEX commitment_search ON commitments_commitment USING gin (search);
"""


def _vector(field, weight):
    words = Func(F(field), function="search_parted", output_field=TextField())
    return django.contrib.postgres.search.SearchVector(words, config="french_unaccent", weight=weight)


class Migration(migrations.Migration):
    """A few hundred rows."""

    dependencies = (("commitments", "0004_search_follows_commitments"), ("search", "0001_search"))
    operations = (
        migrations.SeparateDatabaseAndState(
            database_operations=[migrations.RunSQL(_kept(parted=True), _kept(parted=False))],
            state_operations=[
                migrations.AlterField(
                    model_name="commitment",
                    name="search",
                    field=models.GeneratedField(
                        expression=_vector("title", "A") + _vector("description", "B"),
                        output_field=django.contrib.postgres.search.SearchVectorField(),
                        db_persist=True,
                    ),
                )
            ],
        ),
    )
