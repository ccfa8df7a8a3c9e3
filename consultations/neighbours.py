"""Opinions that probably say the same: French full text for the words, trigrams for the titles. Suggestions, never decisions.

The words of an opinion are looked up from the rarest on: those that few opinions hold say most, and lead the index to few rows.
Every opinion that holds one of them is compared, RANKED at most, whatever the size of the consultation; words that come
everywhere only help to put them in order. Where words find too little, titles that look alike are added: that finds misspellings.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from django.contrib.postgres.fields import ArrayField
from django.db import connection
from django.db.models import QuerySet, TextField
from django.db.models.expressions import RawSQL

from consultations.models import AnalysisTheme, Item

NEIGHBOURS = 8
RANKED = 1500
# The words that say most: those of the title first, then those that come back, then the longest.
WORDS = 14
SHORTEST = 3
MEMBERS = 300

# As one value of the row of an opinion.
_WORDS_OF_ITEM = f"""ARRAY(
    SELECT lexeme::text FROM unnest(consultations_item.search) WHERE length(lexeme) >= {SHORTEST}
    ORDER BY ('A' = ANY(weights)) DESC, cardinality(positions) DESC, length(lexeme) DESC, lexeme LIMIT {WORDS}
)"""  # noqa: S608 (only numbers written above enter it)
_WORDS_OF_THEME = """
    SELECT lexeme FROM (
        SELECT lexeme, 1000 AS weight FROM unnest(to_tsvector('french_unaccent', search_parted(%(text)s)))
        WHERE length(lexeme) >= %(shortest)s
        UNION ALL
        SELECT lexeme, count(*) FROM (
            SELECT i.search FROM consultations_item i JOIN consultations_itemtheme t ON t.item_id = i.id
            WHERE t.theme_id = %(theme)s ORDER BY i.id LIMIT %(members)s
        ) m, unnest(m.search) WHERE 'A' = ANY(weights) AND length(lexeme) >= %(shortest)s GROUP BY lexeme
    ) w GROUP BY lexeme ORDER BY sum(weight) DESC, lexeme LIMIT %(words)s
"""
_LEFT_OUT = """
    i.consultation_id = %(consultation)s AND i.place IN ('waiting', 'answered') AND i.id <> %(item)s
    AND NOT EXISTS (SELECT 1 FROM consultations_itemtheme t WHERE t.item_id = i.id AND t.theme_id = %(theme)s)
"""
_LIKENESS = "similarity(f_unaccent(lower({0}.title)), f_unaccent(lower(%(text)s)))"
# How many opinions hold each word is counted no further than what can be compared; the rarest words are kept as long as all
# the opinions that hold one of them can be.
_CLOSEST = f"""
    SELECT o.id, o.reference, o.title, ARRAY(
        SELECT a.title::text FROM consultations_itemtheme t JOIN consultations_analysistheme a ON a.id = t.theme_id
        WHERE t.item_id = o.id ORDER BY a.title
    ) FROM (WITH words AS (
        SELECT w.query, sum(f.number) OVER rarest AS total, row_number() OVER rarest AS rank
        FROM unnest(%(words)s) WITH ORDINALITY AS w(query, place), LATERAL (
            SELECT count(*) AS number FROM (
                SELECT 1 FROM consultations_item i
                WHERE i.consultation_id = %(consultation)s AND i.search @@ w.query::tsquery LIMIT %(ranked)s
            ) held
        ) f
        WINDOW rarest AS (ORDER BY f.number, w.place)
    ),
    rare AS (SELECT string_agg(query, ' | ')::tsquery AS query FROM words WHERE rank = 1 OR total <= %(ranked)s),
    close AS (
        SELECT c.id, ts_rank(c.search, %(query)s::tsquery, 1) + {_LIKENESS.format("c")} AS score FROM (
            SELECT i.id, i.title, i.search FROM consultations_item i
            WHERE {_LEFT_OUT} AND i.search @@ (SELECT query FROM rare) LIMIT %(ranked)s
        ) c ORDER BY score DESC, c.id LIMIT %(size)s
    ),
    alike AS (
        SELECT i.id, {_LIKENESS.format("i")} AS score FROM consultations_item i
        WHERE (SELECT count(*) FROM close) < %(size)s AND {_LEFT_OUT}
        AND f_unaccent(lower(i.title)) %% f_unaccent(lower(%(text)s)) AND i.id NOT IN (SELECT id FROM close)
        ORDER BY score DESC, i.id LIMIT %(size)s
    )
    SELECT id, score, 1 AS part FROM close UNION ALL SELECT id, score, 2 FROM alike) found
    JOIN consultations_item o ON o.id = found.id ORDER BY found.part, found.score DESC, o.id LIMIT %(size)s
"""  # noqa: S608 (texts written above)


@dataclass(frozen=True)
class Near:
    """An opinion that resembles: its key, what names it, and the work titles of its themes."""

    pk: int
    reference: str
    title: str
    themes: Sequence[str]


def with_words(rows: QuerySet[Item]) -> QuerySet[Item]:
    """Add to each opinion the words by which `of_item` looks for others."""
    found = RawSQL(_WORDS_OF_ITEM, (), output_field=ArrayField(TextField()))  # noqa: S611 (no value enters it)
    return rows.annotate(own_words=found)


def of_item(item: Any, *, size: int = NEIGHBOURS) -> list[Near]:
    """Find the opinions most like one (read `with_words`), the closest first; those gone or grouped already are left out."""
    return _closest(item.own_words, consultation=item.consultation_id, text=item.title, item=item.pk, size=size)


def of_theme(theme: AnalysisTheme, *, size: int = 3 * NEIGHBOURS) -> list[Near]:
    """Find the opinions that seem to belong to a theme and are not in it, by its words and those of its opinions."""
    text = f"{theme.title} {theme.public_title} {theme.public_summary}"
    values = {"theme": theme.pk, "text": text, "members": MEMBERS, "words": WORDS, "shortest": SHORTEST}
    words = [row[0] for row in _read(_WORDS_OF_THEME, values)]
    return _closest(
        words, consultation=theme.consultation_id, text=theme.public_title or theme.title, theme=theme.pk, size=size
    )


def _read(query: str, values: dict[str, Any]) -> list[Any]:
    with connection.cursor() as cursor:
        cursor.execute(query, values)
        return list(cursor.fetchall())


def _closest(
    words: Sequence[str], *, consultation: int, text: str, item: int = 0, theme: int = 0, size: int
) -> list[Near]:
    if not words:
        return []
    # A lexeme between quotes, its own quotes and backslashes doubled, is one word of a tsquery.
    queries = ["'" + word.replace("\\", "\\\\").replace("'", "''") + "'" for word in words]
    values = {
        "consultation": consultation,
        "words": queries,
        "query": " | ".join(queries),
        "text": text,
        "item": item,
        "theme": theme,
        "ranked": RANKED,
        "size": size,
    }
    return [Near(*row) for row in _read(_CLOSEST, values)]
