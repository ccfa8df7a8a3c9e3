"""Commitments and their news enter the search in the transaction that writes them; those already there, now."""

from django.db import migrations

FUNCTIONS = """
CREATE FUNCTION search_of_commitment(keys bigint[]) RETURNS SETOF search_text LANGUAGE sql STABLE AS $$
    SELECT c.id, c.title, search_plain(c.description), coalesce(c.published_at, c.created_at), ARRAY[c.reference::text],
           '', NULL::bigint
    FROM commitments_commitment c WHERE c.id = ANY(keys)
$$;
CREATE FUNCTION search_of_news(keys bigint[]) RETURNS SETOF search_text LANGUAGE sql STABLE AS $$
    SELECT n.id, '', search_plain(n.text_html), n.published_at, ARRAY[c.reference::text, n.reference::text],
           'commitment', n.commitment_id
    FROM commitments_commitmentnews n JOIN commitments_commitment c ON c.id = n.commitment_id
    WHERE n.id = ANY(keys) AND n.text_html <> ''
$$;
"""
FUNCTIONS_BACK = """
DROP FUNCTION search_of_news(bigint[]);
DROP FUNCTION search_of_commitment(bigint[]);
"""
TABLES = (
    ("commitments_commitment", "commitment", ("title", "description", "published_at")),
    ("commitments_commitmentnews", "news", ("text_html", "published_at")),
)


def _follow(table, kind, columns):
    before, after = (", ".join(f"{row}.{name}" for name in columns) for row in ("OLD", "NEW"))
    return f"""
CREATE TRIGGER search_added AFTER INSERT ON {table}
    REFERENCING NEW TABLE AS search_rows FOR EACH STATEMENT EXECUTE FUNCTION search_follow('{kind}', 'id');
CREATE TRIGGER search_removed AFTER DELETE ON {table}
    REFERENCING OLD TABLE AS search_rows FOR EACH STATEMENT EXECUTE FUNCTION search_follow('{kind}', 'id');
CREATE TRIGGER search_changed AFTER UPDATE OF {", ".join(columns)} ON {table}
    FOR EACH ROW WHEN (({before}) IS DISTINCT FROM ({after})) EXECUTE FUNCTION search_follow_row('{kind}', 'id');
"""


class Migration(migrations.Migration):
    """Functions, triggers, then what is there."""

    dependencies = (("commitments", "0003_news_of_words"), ("search", "0001_search"))
    operations = (
        migrations.RunSQL(FUNCTIONS, FUNCTIONS_BACK),
        *(
            migrations.RunSQL(
                _follow(*each),
                "".join(f"DROP TRIGGER search_{name} ON {each[0]};" for name in ("added", "removed", "changed")),
            )
            for each in TABLES
        ),
        *(
            migrations.RunSQL(
                f"SELECT search_apply('{kind}', (SELECT array_agg(id ORDER BY id) FROM {table}))",  # noqa: S608 (names above)
                f"DELETE FROM search_document WHERE kind = '{kind}'",  # noqa: S608 (same)
            )
            for table, kind, _columns in TABLES
        ),
    )
