"""The table of what can be found, the lexicon, and the functions by which triggers of every room keep them exact."""

import django.contrib.postgres.fields
import django.contrib.postgres.indexes
import django.contrib.postgres.search
from django.db import migrations, models
from django.db.models import F, Func
from django.db.models.functions import Now

# A lexeme of 2 kB or a vector of 1 MB would refuse the write of the source: texts are cut far below.
WORDS = """
-- The parser takes a no-break space for a letter: « vous ? » would be one word.
CREATE FUNCTION search_spaced(words text) RETURNS text LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
    SELECT translate(words, chr(160) || chr(8239), '  ')
$$;

-- « GNU/Linux » is two words, where PostgreSQL sees the path of a file.
CREATE FUNCTION search_parted(words text) RETURNS text LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
    SELECT translate(words, chr(160) || chr(8239) || '/', '   ')
$$;

CREATE FUNCTION search_vector(kind text, title text, body text) RETURNS tsvector LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
    SELECT setweight(to_tsvector('public.french_unaccent'::regconfig, public.search_parted(title)), 'A')
        || setweight(to_tsvector('public.french_unaccent'::regconfig, public.search_parted(body)), 'B')
        || array_to_tsvector(ARRAY['#' || kind] || ARRAY(
            SELECT DISTINCT '_' || word FROM unnest(tsvector_to_array(
                to_tsvector('pg_catalog.simple'::regconfig, public.search_parted(title || ' ' || body))
                || to_tsvector('pg_catalog.simple'::regconfig, public.f_unaccent(public.search_parted(title || ' ' || body)))
            )) AS word
            WHERE length(word) BETWEEN 2 AND 40 AND word ~ '^[[:alpha:]]+(-[[:alpha:]]+)*$'
        ))
$$;

CREATE FUNCTION search_plain(html text) RETURNS text LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
    SELECT btrim(regexp_replace(
        replace(replace(replace(replace(replace(replace(replace(
            regexp_replace(left(coalesce(html, ''), 50000), '<[^>]*>', ' ', 'g'),
            '&lt;', '<'), '&gt;', '>'), '&quot;', '"'), '&#39;', ''''), '&#x27;', ''''), '&nbsp;', ' '), '&amp;', '&'),
        '[[:cntrl:][:space:]]+', ' ', 'g'))
$$;
"""
WORDS_BACK = """
DROP FUNCTION search_plain(text);
DROP FUNCTION search_vector(text, text, text);
DROP FUNCTION search_parted(text);
DROP FUNCTION search_spaced(text);
"""

# Each kind has a function `search_of_<kind>(keys)`, which says what its documents are: triggers, the first filling and the
# nightly check all ask it.
KEPT = """
CREATE TYPE search_text AS (
    object_id bigint, title text, body text, dated_at timestamptz, parts text[], parent_kind text, parent_id bigint
);

CREATE FUNCTION search_apply(what text, keys bigint[]) RETURNS integer LANGUAGE plpgsql AS $$
DECLARE gone integer; changed integer;
BEGIN
    IF keys IS NULL THEN
        RETURN 0;
    END IF;
    EXECUTE format(
        'DELETE FROM search_document d WHERE d.kind = $1 AND d.object_id = ANY($2)
         AND d.object_id NOT IN (SELECT object_id FROM %I($2))', 'search_of_' || what
    ) USING what, keys;
    GET DIAGNOSTICS gone = ROW_COUNT;
    EXECUTE format(
        'INSERT INTO search_document AS d (kind, object_id, title, body, dated_at, parts, parent_kind, parent_id)
         SELECT $1, s.object_id, left(coalesce(s.title, ''''), 1000), left(coalesce(s.body, ''''), 50000),
                s.dated_at, s.parts, s.parent_kind, s.parent_id
         FROM %I($2) s ORDER BY s.object_id
         ON CONFLICT (kind, object_id) DO UPDATE SET
            title = excluded.title, body = excluded.body, dated_at = excluded.dated_at, parts = excluded.parts,
            parent_kind = excluded.parent_kind, parent_id = excluded.parent_id, changed_at = now()
         WHERE (d.title, d.body, d.dated_at, d.parts, d.parent_kind, d.parent_id) IS DISTINCT FROM
            (excluded.title, excluded.body, excluded.dated_at, excluded.parts, excluded.parent_kind, excluded.parent_id)',
        'search_of_' || what
    ) USING what, keys;
    GET DIAGNOSTICS changed = ROW_COUNT;
    RETURN gone + changed;
END $$;

-- After a statement that adds or takes away rows (its transition table is `search_rows`): the kind, the column of the key.
CREATE FUNCTION search_follow() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE keys bigint[];
BEGIN
    EXECUTE format('SELECT array_agg(DISTINCT %I::bigint) FROM search_rows', TG_ARGV[1]) INTO keys;
    PERFORM search_apply(TG_ARGV[0], keys);
    RETURN NULL;
END $$;

-- After a row whose texts changed: the kind, the column of the key.
CREATE FUNCTION search_follow_row() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE key bigint;
BEGIN
    EXECUTE format('SELECT ($1).%I::bigint', TG_ARGV[1]) INTO key USING NEW;
    PERFORM search_apply(TG_ARGV[0], ARRAY[key]);
    RETURN NULL;
END $$;
"""
KEPT_BACK = """
DROP FUNCTION search_follow_row();
DROP FUNCTION search_follow();
DROP FUNCTION search_apply(text, bigint[]);
DROP TYPE search_text;
"""

# A word that no document holds any more leaves the lexicon with the text that held it. Words of more documents than one
# erases in a day are left to the nightly count: asking for them would read long lists.
FORGET = """
CREATE FUNCTION search_forget() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE gone text[];
BEGIN
    IF TG_OP = 'DELETE' THEN
        SELECT array_agg(DISTINCT substr(lexeme, 2)) INTO gone FROM search_before, unnest(search) WHERE lexeme LIKE '\\_%';
    ELSE
        SELECT array_agg(word) INTO gone FROM (
            SELECT substr(lexeme, 2) AS word FROM search_before, unnest(search) WHERE lexeme LIKE '\\_%'
            EXCEPT SELECT substr(lexeme, 2) FROM search_after, unnest(search) WHERE lexeme LIKE '\\_%'
        ) words;
    END IF;
    DELETE FROM search_word WHERE folded IN (
        SELECT w.folded FROM search_word w
        WHERE w.shown = ANY(gone) AND w.documents <= 50
        AND NOT EXISTS (SELECT 1 FROM search_document d WHERE d.search @@ ('''_' || w.shown || '''')::tsquery)
        ORDER BY w.folded FOR UPDATE SKIP LOCKED
    );
    RETURN NULL;
END $$;

CREATE TRIGGER search_document_deleted AFTER DELETE ON search_document
    REFERENCING OLD TABLE AS search_before FOR EACH STATEMENT EXECUTE FUNCTION search_forget();
CREATE TRIGGER search_document_changed AFTER UPDATE ON search_document
    REFERENCING OLD TABLE AS search_before NEW TABLE AS search_after
    FOR EACH STATEMENT EXECUTE FUNCTION search_forget();
"""
FORGET_BACK = """
DROP TRIGGER search_document_changed ON search_document;
DROP TRIGGER search_document_deleted ON search_document;
DROP FUNCTION search_forget();
"""


class Migration(migrations.Migration):
    """Functions before the column they compute, triggers after the tables they write."""

    initial = True
    dependencies = (("city", "0001_search"),)
    operations = (
        migrations.RunSQL(WORDS, WORDS_BACK),
        migrations.CreateModel(
            name="Document",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("kind", models.CharField(max_length=20, verbose_name="sorte")),
                ("object_id", models.BigIntegerField(verbose_name="clé de la source")),
                ("title", models.TextField(blank=True, verbose_name="titre")),
                ("body", models.TextField(blank=True, verbose_name="texte")),
                ("dated_at", models.DateTimeField(null=True, verbose_name="date")),
                (
                    "parts",
                    django.contrib.postgres.fields.ArrayField(
                        base_field=models.TextField(), size=None, verbose_name="parties de l’adresse"
                    ),
                ),
                ("parent_kind", models.CharField(blank=True, max_length=20, verbose_name="sorte du parent")),
                ("parent_id", models.BigIntegerField(null=True, verbose_name="clé du parent")),
                ("changed_at", models.DateTimeField(db_default=Now(), verbose_name="écrit le")),
                (
                    "search",
                    models.GeneratedField(
                        db_persist=True,
                        expression=Func(F("kind"), F("title"), F("body"), function="search_vector"),
                        output_field=django.contrib.postgres.search.SearchVectorField(),
                    ),
                ),
            ],
            options={"verbose_name": "texte cherché", "verbose_name_plural": "textes cherchés"},
        ),
        migrations.AddIndex(
            model_name="document",
            index=django.contrib.postgres.indexes.GinIndex(fields=["search"], name="search_document_words"),
        ),
        migrations.AddIndex(
            model_name="document",
            index=models.Index(
                "kind", F("dated_at").desc(nulls_last=True), F("id").desc(), name="search_document_recent"
            ),
        ),
        migrations.AddIndex(
            model_name="document", index=models.Index(fields=["changed_at"], name="search_document_changed")
        ),
        migrations.AddConstraint(
            model_name="document",
            constraint=models.UniqueConstraint(fields=("kind", "object_id"), name="search_document_once"),
        ),
        migrations.CreateModel(
            name="Word",
            fields=[
                (
                    "folded",
                    models.CharField(max_length=60, primary_key=True, serialize=False, verbose_name="sans accent"),
                ),
                ("shown", models.CharField(db_index=True, max_length=60, verbose_name="mot")),
                ("documents", models.PositiveIntegerField(default=1, verbose_name="textes")),
                (
                    "keys",
                    django.contrib.postgres.fields.ArrayField(
                        base_field=models.CharField(max_length=60), size=None, verbose_name="clés"
                    ),
                ),
            ],
            options={"verbose_name": "mot du lexique", "verbose_name_plural": "lexique"},
        ),
        migrations.AddIndex(
            model_name="word",
            index=django.contrib.postgres.indexes.GinIndex(fields=["keys"], name="search_word_keys"),
        ),
        migrations.RunSQL(KEPT, KEPT_BACK),
        migrations.RunSQL(FORGET, FORGET_BACK),
    )
