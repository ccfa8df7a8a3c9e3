"""Every text of a consultation enters the search in the transaction that writes it, whoever writes."""

from django.db import migrations


def _function(kind, query):
    return f"""
CREATE FUNCTION search_of_{kind}(keys bigint[]) RETURNS SETOF search_text LANGUAGE sql STABLE AS $$ {query} $$;
"""


# What the documents of each kind are: key, title, body, date, parts of the address, what it belongs to.
FUNCTIONS = {
    "consultation": """
        SELECT c.id, c.title, concat_ws(' ', search_plain(c.summary), search_plain(c.description),
               search_plain(c.open_to_discussion), search_plain(c.not_open), c.place_name, c.place_address, (
                   SELECT string_agg(s.title || ' ' || s.question, ' ' ORDER BY s.position, s.id)
                   FROM consultations_section s WHERE s.consultation_id = c.id
               )),
               coalesce(c.published_at, c.created_at), ARRAY[c.slug::text], '', NULL::bigint
        FROM consultations_consultation c WHERE c.id = ANY(keys)
    """,
    "contribution": """
        SELECT c.id, c.title, concat_ws(' ', search_plain(c.body_html), c.usage_when, c.usage_frequency, c.usage_role, c.place),
               coalesce(c.published_at, c.created_at), ARRAY[c.reference::text], 'consultation', c.consultation_id
        FROM consultations_contribution c WHERE c.id = ANY(keys)
    """,
    "comment": """
        SELECT m.id, '', search_plain(m.body_html), m.published_at, ARRAY[c.reference::text, m.reference::text],
               'contribution', m.contribution_id
        FROM consultations_comment m JOIN consultations_contribution c ON c.id = m.contribution_id WHERE m.id = ANY(keys)
    """,
    "outcome": """
        SELECT o.id, o.subject, concat_ws(' ', search_plain(o.summary), search_plain(o.explanation_html), o.forwarded_to),
               o.published_at,
               CASE WHEN t.id IS NOT NULL THEN ARRAY['theme', t.reference::text]
                    WHEN c.id IS NOT NULL THEN ARRAY['contribution', c.reference::text]
                    WHEN m.id IS NOT NULL THEN ARRAY['comment', mc.reference::text, m.reference::text]
                    ELSE ARRAY['opinion'] END,
               'consultation', o.consultation_id
        FROM consultations_outcome o
        LEFT JOIN consultations_analysistheme t ON t.id = o.theme_id
        LEFT JOIN consultations_item i ON i.id = o.item_id
        LEFT JOIN consultations_contribution c ON c.id = i.contribution_id
        LEFT JOIN consultations_comment m ON m.id = i.comment_id
        LEFT JOIN consultations_contribution mc ON mc.id = m.contribution_id
        WHERE o.id = ANY(keys)
    """,
    "report": """
        SELECT r.id, '', concat_ws(' ', search_plain(r.question), search_plain(r.participation_comment), search_plain(r.said),
               search_plain(r.minority), search_plain(r.decision), search_plain(r.reasons), search_plain(r.cost),
               search_plain(r.calendar), r.signatory, r.deliberation_number),
               coalesce(r.published_at, r.created_at), ARRAY[r.number::text], 'consultation', r.consultation_id
        FROM consultations_report r WHERE r.id = ANY(keys)
    """,
    "document": """
        SELECT d.id, d.title, search_plain(d.html_body), NULL::timestamptz,
               ARRAY[d.key::text, (d.html_body <> '')::text], 'consultation', d.consultation_id
        FROM consultations_document d WHERE d.id = ANY(keys)
    """,
    "questionnaire": """
        SELECT l.id, q.title, search_plain(q.intro), coalesce(q.published_at, q.created_at), ARRAY[q.reference::text],
               'consultation', l.consultation_id
        FROM consultations_consultationquestionnaire l JOIN questionnaires_questionnaire q ON q.id = l.questionnaire_id
        WHERE l.id = ANY(keys)
    """,
    "vote": """
        SELECT l.id, v.question, search_plain(v.intro), coalesce(v.published_at, v.created_at), ARRAY[v.reference::text],
               'consultation', l.consultation_id
        FROM consultations_consultationvote l JOIN ballots_votation v ON v.id = l.votation_id WHERE l.id = ANY(keys)
    """,
}
# The table, its kind, its key in that kind, and the columns that change what is found.
FOLLOWED = (
    (
        "consultations_consultation",
        "consultation",
        "id",
        "slug title summary description open_to_discussion not_open place_name place_address published_at",
    ),
    ("consultations_section", "consultation", "consultation_id", "title question position"),
    (
        "consultations_contribution",
        "contribution",
        "id",
        "title body_html usage_when usage_frequency usage_role place published_at",
    ),
    ("consultations_comment", "comment", "id", "body_html published_at"),
    ("consultations_outcome", "outcome", "id", "subject summary explanation_html"),
    (
        "consultations_report",
        "report",
        "id",
        "question participation_comment said minority decision reasons cost calendar signatory deliberation_number"
        " published_at",
    ),
    ("consultations_document", "document", "id", "title html_body"),
    ("consultations_consultationquestionnaire", "questionnaire", "id", "consultation_id questionnaire_id"),
    ("consultations_consultationvote", "vote", "id", "consultation_id votation_id"),
)


def _follow(table, kind, key, columns):
    before = ", ".join(f"OLD.{name}" for name in columns.split())
    after = ", ".join(f"NEW.{name}" for name in columns.split())
    arguments = f"'{kind}', '{key}'"
    return f"""
CREATE TRIGGER search_added AFTER INSERT ON {table}
    REFERENCING NEW TABLE AS search_rows FOR EACH STATEMENT EXECUTE FUNCTION search_follow({arguments});
CREATE TRIGGER search_removed AFTER DELETE ON {table}
    REFERENCING OLD TABLE AS search_rows FOR EACH STATEMENT EXECUTE FUNCTION search_follow({arguments});
CREATE TRIGGER search_changed AFTER UPDATE OF {", ".join(columns.split())} ON {table}
    FOR EACH ROW WHEN (({before}) IS DISTINCT FROM ({after})) EXECUTE FUNCTION search_follow_row({arguments});
"""


# The texts of questionnaires and votes lie in rooms of their own: what says whose they are leads to them.
LINKED = """
CREATE FUNCTION search_follow_questionnaire() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM search_apply('questionnaire', (
        SELECT array_agg(id) FROM consultations_consultationquestionnaire WHERE questionnaire_id = NEW.id
    ));
    RETURN NULL;
END $$;
CREATE FUNCTION search_follow_vote() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM search_apply('vote', (
        SELECT array_agg(id) FROM consultations_consultationvote WHERE votation_id = NEW.id
    ));
    RETURN NULL;
END $$;
CREATE TRIGGER search_changed AFTER UPDATE OF title, intro, published_at ON questionnaires_questionnaire
    FOR EACH ROW EXECUTE FUNCTION search_follow_questionnaire();
CREATE TRIGGER search_changed AFTER UPDATE OF question, intro, published_at ON ballots_votation
    FOR EACH ROW EXECUTE FUNCTION search_follow_vote();
"""
LINKED_BACK = """
DROP TRIGGER search_changed ON ballots_votation;
DROP TRIGGER search_changed ON questionnaires_questionnaire;
DROP FUNCTION search_follow_vote();
DROP FUNCTION search_follow_questionnaire();
"""


class Migration(migrations.Migration):
    """Functions, then triggers; no table changes."""

    dependencies = (
        ("consultations", "0023_moderated_files"),
        ("search", "0001_search"),
        ("questionnaires", "0004_sent_again"),
        ("ballots", "0003_votes_keep_their_lines"),
    )
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
        migrations.RunSQL(LINKED, LINKED_BACK),
    )
