"""French search that forgives accents and typos: extensions, an immutable unaccent, and a text search configuration."""

from django.contrib.postgres.operations import BtreeGistExtension, TrigramExtension, UnaccentExtension
from django.db import migrations


class Migration(migrations.Migration):
    """Everything the other rooms' indexes rely on; it comes first."""

    initial = True
    dependencies = ()
    operations = (
        UnaccentExtension(),
        TrigramExtension(),
        BtreeGistExtension(),
        migrations.RunSQL(
            """
            CREATE FUNCTION f_unaccent(text) RETURNS text LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE
            AS $$ SELECT public.unaccent('public.unaccent'::regdictionary, $1) $$
            """,
            "DROP FUNCTION f_unaccent(text)",
        ),
        migrations.RunSQL(
            """
            CREATE TEXT SEARCH CONFIGURATION french_unaccent (COPY = pg_catalog.french);
            ALTER TEXT SEARCH CONFIGURATION french_unaccent
                ALTER MAPPING FOR hword, hword_part, word WITH unaccent, french_stem
            """,
            "DROP TEXT SEARCH CONFIGURATION french_unaccent",
        ),
    )
