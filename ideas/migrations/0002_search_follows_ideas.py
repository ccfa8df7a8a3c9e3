"""What is written in the idea box enters the search in the transaction that writes it, whoever writes; what is there, now."""

from django.db import migrations

# What the documents of each kind are: key, title, body, date, parts of the address, what it belongs to.
FUNCTIONS = {
    "idea_campaign": """
        SELECT c.id, c.title, search_plain(c.summary), coalesce(c.published_at, c.created_at), ARRAY[c.slug::text], '',
               NULL::bigint
        FROM ideas_campaign c WHERE c.id = ANY(keys)
    """,
    "idea": """
        SELECT i.id, i.title, concat_ws(' ', search_plain(i.need_html), search_plain(i.proposal_html), i.beneficiaries, i.cost,
               i.place, i.behalf_name),
               coalesce(i.published_at, i.created_at), ARRAY[i.reference::text], 'idea_campaign', i.campaign_id
        FROM ideas_idea i WHERE i.id = ANY(keys)
    """,
    "idea_comment": """
        SELECT m.id, '', search_plain(m.body_html), m.published_at, ARRAY[i.reference::text, m.reference::text], 'idea', i.id
        FROM ideas_comment m JOIN ideas_idea i ON i.id = m.idea_id WHERE m.id = ANY(keys)
    """,
    "idea_answer": """
        SELECT a.id, '', concat_ws(' ', search_plain(a.reason_html), a.next_step, a.handed_to, a.remedy, a.correction),
               a.published_at, ARRAY[i.reference::text, a.reference::text], 'idea', i.id
        FROM ideas_answer a JOIN ideas_idea i ON i.id = a.idea_id WHERE a.id = ANY(keys)
    """,
    "idea_reaction": """
        SELECT r.id, '', search_plain(r.body_html), r.published_at, ARRAY[i.reference::text, a.reference::text], 'idea', i.id
        FROM ideas_reaction r JOIN ideas_answer a ON a.id = r.answer_id JOIN ideas_idea i ON i.id = a.idea_id
        WHERE r.id = ANY(keys)
    """,
    "idea_news": """
        SELECT e.id, '', search_plain(e.text_html), e.published_at, ARRAY[i.reference::text, e.reference::text], 'idea', i.id
        FROM ideas_event e JOIN ideas_idea i ON i.id = e.idea_id WHERE e.id = ANY(keys) AND e.text_html <> ''
    """,
    # What waits for moderation, for its author; an idea that waits is found as their draft.
    "idea_held": """
        SELECT h.id, coalesce(h.words->>'title', ''),
               concat_ws(' ', h.words->>'body', h.words->>'need', h.words->>'proposal', h.words->>'beneficiaries',
                         h.words->>'cost', h.words->>'place'),
               h.submitted_at, ARRAY[h.reference::text], 'idea', h.idea_id
        FROM ideas_heldtext h
        WHERE h.id = ANY(keys) AND h.sort <> 'idea' AND h.released_at IS NULL AND h.withdrawn_at IS NULL
    """,
}
# The table, its kind, and the columns that change what is found.
FOLLOWED = (
    ("ideas_campaign", "idea_campaign", "slug title summary published_at"),
    ("ideas_idea", "idea", "title need_html proposal_html beneficiaries cost place behalf_name published_at"),
    ("ideas_comment", "idea_comment", "body_html published_at"),
    ("ideas_answer", "idea_answer", "reason_html next_step handed_to remedy correction"),
    ("ideas_reaction", "idea_reaction", "body_html"),
    ("ideas_event", "idea_news", "text_html"),
    ("ideas_heldtext", "idea_held", "words submitted_at released_at withdrawn_at"),
)


def _function(kind, query):
    return f"""
CREATE FUNCTION search_of_{kind}(keys bigint[]) RETURNS SETOF search_text LANGUAGE sql STABLE AS $$ {query} $$;
"""


def _follow(table, kind, columns):
    before, after = (", ".join(f"{row}.{name}" for name in columns.split()) for row in ("OLD", "NEW"))
    return f"""
CREATE TRIGGER search_added AFTER INSERT ON {table}
    REFERENCING NEW TABLE AS search_rows FOR EACH STATEMENT EXECUTE FUNCTION search_follow('{kind}', 'id');
CREATE TRIGGER search_removed AFTER DELETE ON {table}
    REFERENCING OLD TABLE AS search_rows FOR EACH STATEMENT EXECUTE FUNCTION search_follow('{kind}', 'id');
CREATE TRIGGER search_changed AFTER UPDATE OF {", ".join(columns.split())} ON {table}
    FOR EACH ROW WHEN (({before}) IS DISTINCT FROM ({after})) EXECUTE FUNCTION search_follow_row('{kind}', 'id');
"""


class Migration(migrations.Migration):
    """Functions, triggers, then what is there; no table changes."""

    dependencies = (("ideas", "0001_initial"), ("search", "0001_search"))
    operations = (
        *(
            migrations.RunSQL(_function(kind, query), f"DROP FUNCTION search_of_{kind}(bigint[])")
            for kind, query in FUNCTIONS.items()
        ),
        *(
            migrations.RunSQL(
                _follow(*each),
                "".join(f"DROP TRIGGER search_{name} ON {each[0]};" for name in ("added", "removed", "changed")),
            )
            for each in FOLLOWED
        ),
        *(
            migrations.RunSQL(
                f"SELECT search_apply('{kind}', (SELECT array_agg(id ORDER BY id) FROM {table}))",  # noqa: S608 (names above)
                f"DELETE FROM search_document WHERE kind = '{kind}'",  # noqa: S608 (same)
            )
            for table, kind, _columns in FOLLOWED
        ),
    )
