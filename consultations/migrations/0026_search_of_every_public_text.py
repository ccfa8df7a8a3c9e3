"""What is asked in questionnaires and votes, free answers that are shown and texts that wait enter the search; one rule parts words.

The columns and the index of words are written again under the same names: the code of before reads them as well. Each table
is closed meanwhile (about three seconds for 50,000 contributions): PostgreSQL changes no such column otherwise.
"""

import django.contrib.postgres.indexes
import django.contrib.postgres.search
from django.db import migrations, models
from django.db.models import F, Func, TextField


def _words(field):
    return Func(F(field), function="search_parted", output_field=TextField())


def _vector(field, weight=None):
    return django.contrib.postgres.search.SearchVector(_words(field), config="french_unaccent", weight=weight)


def _kept(table, index, body, parted):
    """Write the column of the words of a table again, with its index."""

    def vector(column, weight):
        text = f"search_parted({column})" if parted else column
        return f"setweight(to_tsvector('french_unaccent'::regconfig, COALESCE({text}, '')), '{weight}')"

    return f"""
ALTER TABLE {table} DROP COLUMN search,
    ADD COLUMN search tsvector GENERATED ALWAYS AS ({vector("title", "A")} || {vector(body, "B")}) STORED;
CREATE INDEX {index} ON {table} USING gin (search);
"""


def _of_comments(parted):
    text = "search_parted(body)" if parted else "body"
    return f"""
DROP INDEX comment_search;
CREATE INDEX comment_search ON consultations_comment
    USING gin (to_tsvector('french_unaccent'::regconfig, COALESCE({text}, '')));
"""


def _column(body):
    return models.GeneratedField(
        expression=_vector("title", "A") + _vector(body, "B"),
        output_field=django.contrib.postgres.search.SearchVectorField(),
        db_persist=True,
    )


def _function(kind, query):
    return f"""
CREATE OR REPLACE FUNCTION search_of_{kind}(keys bigint[]) RETURNS SETOF search_text LANGUAGE sql STABLE AS $$ {query} $$;
"""


CONSULTATION = """
        SELECT c.id, c.title, concat_ws(' ', search_plain(c.summary), search_plain(c.description),
               search_plain(c.open_to_discussion), search_plain(c.not_open), c.place_name, c.place_address, (
                   SELECT string_agg(s.title || ' ' || s.question, ' ' ORDER BY s.position, s.id)
                   FROM consultations_section s WHERE s.consultation_id = c.id
               ){phases}),
               coalesce(c.published_at, c.created_at), ARRAY[c.slug::text], '', NULL::bigint
        FROM consultations_consultation c WHERE c.id = ANY(keys)
"""
PHASES = """, (
                   SELECT string_agg(p.name, ' ' ORDER BY p.position, p.id)
                   FROM consultations_phase p WHERE p.consultation_id = c.id
               )"""
QUESTIONNAIRE = """
        SELECT l.id, q.title, {body}, coalesce(q.published_at, q.created_at), ARRAY[q.reference::text],
               'consultation', l.consultation_id
        FROM consultations_consultationquestionnaire l JOIN questionnaires_questionnaire q ON q.id = l.questionnaire_id
        WHERE l.id = ANY(keys)
"""
ASKED = """concat_ws(' ', search_plain(q.intro), (
                   SELECT string_agg(concat_ws(' ', s.title, search_plain(s.intro), (
                       SELECT string_agg(concat_ws(' ', e.label, e.help, (
                           SELECT string_agg(r.label, ' ' ORDER BY r.position, r.id)
                           FROM questionnaires_row r WHERE r.question_id = e.id
                       ), (
                           SELECT string_agg(o.label, ' ' ORDER BY o.position, o.id)
                           FROM questionnaires_option o WHERE o.question_id = e.id
                       )), ' ' ORDER BY e.position, e.id)
                       FROM questionnaires_question e WHERE e.section_id = s.id
                   )), ' ' ORDER BY s.position, s.id)
                   FROM questionnaires_section s WHERE s.questionnaire_id = q.id
               ))"""
VOTE = """
        SELECT l.id, v.question, {body}, coalesce(v.published_at, v.created_at), ARRAY[v.reference::text],
               'consultation', l.consultation_id
        FROM consultations_consultationvote l JOIN ballots_votation v ON v.id = l.votation_id WHERE l.id = ANY(keys)
"""
OFFERED = """concat_ws(' ', search_plain(v.intro), (
                   SELECT string_agg(concat_ws(' ', o.label, o.description), ' ' ORDER BY o.number)
                   FROM ballots_option o WHERE o.votation_id = v.id
               ))"""
FUNCTIONS = {
    "consultation": (CONSULTATION.format(phases=PHASES), CONSULTATION.format(phases="")),
    "questionnaire": (QUESTIONNAIRE.format(body=ASKED), QUESTIONNAIRE.format(body="search_plain(q.intro)")),
    "vote": (VOTE.format(body=OFFERED), VOTE.format(body="search_plain(v.intro)")),
}
# A free answer is copied once an agent shows it, and no sooner; what waits for moderation, for its author.
ADDED = {
    "answer": """
        SELECT i.id, q.label, i.words, i.received_at, ARRAY[i.reference::text], 'consultation', i.consultation_id
        FROM consultations_item i
        JOIN questionnaires_answer a ON a.id = i.answer_id AND a.shown_at IS NOT NULL
        JOIN questionnaires_question q ON q.id = a.question_id
        WHERE i.id = ANY(keys)
    """,
    "held": """
        SELECT h.id, coalesce(h.words->>'title', ''),
               concat_ws(' ', h.words->>'body', h.words->>'usage_when', h.words->>'usage_frequency', h.words->>'usage_role',
                         h.words->>'place'),
               h.submitted_at, ARRAY[h.reference::text], 'contribution', h.contribution_id
        FROM consultations_heldtext h
        WHERE h.id = ANY(keys) AND h.sort <> 'contribution' AND h.released_at IS NULL AND h.withdrawn_at IS NULL
    """,
}

# Statements on the parts of a questionnaire, of a vote or of a consultation lead to the whole.
PARTS = """
CREATE FUNCTION search_follow_parts() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE keys bigint[];
BEGIN
    IF TG_TABLE_NAME = 'questionnaires_section' THEN
        SELECT array_agg(DISTINCT l.id) INTO keys FROM search_rows r
        JOIN consultations_consultationquestionnaire l ON l.questionnaire_id = r.questionnaire_id;
    ELSIF TG_TABLE_NAME = 'questionnaires_question' THEN
        SELECT array_agg(DISTINCT l.id) INTO keys FROM search_rows r JOIN questionnaires_section s ON s.id = r.section_id
        JOIN consultations_consultationquestionnaire l ON l.questionnaire_id = s.questionnaire_id;
        -- The title of a free answer is its question.
        PERFORM search_apply('answer', (
            SELECT array_agg(i.id) FROM search_rows r
            JOIN questionnaires_answer a ON a.question_id = r.id AND a.shown_at IS NOT NULL
            JOIN consultations_item i ON i.answer_id = a.id
        ));
    ELSE
        SELECT array_agg(DISTINCT l.id) INTO keys FROM search_rows r JOIN questionnaires_question q ON q.id = r.question_id
        JOIN questionnaires_section s ON s.id = q.section_id
        JOIN consultations_consultationquestionnaire l ON l.questionnaire_id = s.questionnaire_id;
    END IF;
    PERFORM search_apply('questionnaire', keys);
    RETURN NULL;
END $$;
CREATE FUNCTION search_follow_options() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM search_apply('vote', (
        SELECT array_agg(DISTINCT l.id) FROM search_rows r
        JOIN consultations_consultationvote l ON l.votation_id = r.votation_id
    ));
    RETURN NULL;
END $$;
CREATE FUNCTION search_follow_items() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM search_apply('answer', (SELECT array_agg(id) FROM search_rows WHERE answer_id IS NOT NULL));
    RETURN NULL;
END $$;
CREATE FUNCTION search_follow_answer() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM search_apply('answer', (SELECT array_agg(id) FROM consultations_item WHERE answer_id = NEW.id));
    RETURN NULL;
END $$;
CREATE TRIGGER search_changed AFTER UPDATE OF shown_at ON questionnaires_answer
    FOR EACH ROW WHEN (OLD.shown_at IS DISTINCT FROM NEW.shown_at) EXECUTE FUNCTION search_follow_answer();
CREATE TRIGGER search_answer_changed AFTER UPDATE OF words, received_at ON consultations_item
    FOR EACH ROW WHEN (NEW.answer_id IS NOT NULL) EXECUTE FUNCTION search_follow_row('answer', 'id');
"""
PARTS_BACK = """
DROP TRIGGER search_answer_changed ON consultations_item;
DROP TRIGGER search_changed ON questionnaires_answer;
DROP FUNCTION search_follow_answer();
DROP FUNCTION search_follow_items();
DROP FUNCTION search_follow_options();
DROP FUNCTION search_follow_parts();
"""
# The table, what follows it, and its arguments.
FOLLOWED = (
    ("questionnaires_section", "search_follow_parts", ""),
    ("questionnaires_question", "search_follow_parts", ""),
    ("questionnaires_option", "search_follow_parts", ""),
    ("questionnaires_row", "search_follow_parts", ""),
    ("ballots_option", "search_follow_options", ""),
    ("consultations_phase", "search_follow", "'consultation', 'consultation_id'"),
    ("consultations_item", "search_follow_items", ""),
    ("consultations_heldtext", "search_follow", "'held', 'id'"),
)


def _follow(table, function, arguments):
    run = f"FOR EACH STATEMENT EXECUTE FUNCTION {function}({arguments});"
    # An opinion changes at each step of the analysis: only its words matter, and a trigger of rows reads them.
    changed = (
        ""
        if table == "consultations_item"
        else f"""
CREATE TRIGGER search_part_changed AFTER UPDATE ON {table} REFERENCING NEW TABLE AS search_rows {run}"""
    )
    return f"""
CREATE TRIGGER search_part_added AFTER INSERT ON {table} REFERENCING NEW TABLE AS search_rows {run}
CREATE TRIGGER search_part_removed AFTER DELETE ON {table} REFERENCING OLD TABLE AS search_rows {run}{changed}
"""


def _follow_back(table):
    names = ("added", "removed") if table == "consultations_item" else ("added", "removed", "changed")
    return "".join(f"DROP TRIGGER search_part_{name} ON {table};" for name in names)


FILLED = {
    "consultation": "consultations_consultation",
    "questionnaire": "consultations_consultationquestionnaire",
    "vote": "consultations_consultationvote",
    "answer": "consultations_item",
    "held": "consultations_heldtext",
}


class Migration(migrations.Migration):
    """The columns, then the functions, the triggers, and what is there."""

    dependencies = (
        ("consultations", "0025_search_takes_what_is_there"),
        ("search", "0001_search"),
        ("questionnaires", "0004_sent_again"),
        ("ballots", "0003_votes_keep_their_lines"),
    )
    operations = (
        migrations.SeparateDatabaseAndState(
            database_operations=[
                migrations.RunSQL(
                    _kept("consultations_contribution", "contribution_search", "body", parted=True),
                    _kept("consultations_contribution", "contribution_search", "body", parted=False),
                ),
                migrations.RunSQL(
                    _kept("consultations_item", "item_search", "words", parted=True),
                    _kept("consultations_item", "item_search", "words", parted=False),
                ),
                migrations.RunSQL(_of_comments(parted=True), _of_comments(parted=False)),
            ],
            state_operations=[
                migrations.AlterField(model_name="contribution", name="search", field=_column("body")),
                migrations.AlterField(model_name="item", name="search", field=_column("words")),
                migrations.RemoveIndex(model_name="comment", name="comment_search"),
                migrations.AddIndex(
                    model_name="comment",
                    index=django.contrib.postgres.indexes.GinIndex(_vector("body"), name="comment_search"),
                ),
            ],
        ),
        *(migrations.RunSQL(_function(kind, new), _function(kind, old)) for kind, (new, old) in FUNCTIONS.items()),
        *(
            migrations.RunSQL(_function(kind, query), f"DROP FUNCTION search_of_{kind}(bigint[])")
            for kind, query in ADDED.items()
        ),
        migrations.RunSQL(PARTS, PARTS_BACK),
        *(migrations.RunSQL(_follow(*each), _follow_back(each[0])) for each in FOLLOWED),
        *(
            migrations.RunSQL(
                f"SELECT search_apply('{kind}', (SELECT array_agg(id ORDER BY id) FROM {table}))",  # noqa: S608 (names above)
                f"DELETE FROM search_document WHERE kind = '{kind}'" if kind in ADDED else migrations.RunSQL.noop,  # noqa: S608 (same)
            )
            for kind, table in FILLED.items()
        ),
    )
