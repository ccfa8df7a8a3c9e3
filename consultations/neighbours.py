"""Opinions that probably say the same: French full text for the words, trigrams for the title. Suggestions, never decisions.

The words of an opinion are looked up one by one (« any of them »), so that one that nobody else uses brings nothing and one
that everybody uses is bounded: RANKED candidates are compared, whatever the size of the consultation.
"""

from collections.abc import Sequence

from django.db import connection

from consultations.models import AnalysisTheme, Item

NEIGHBOURS = 8
RANKED = 1500
# The words that say most: those of the title first, then those that come back, then the longest.
WORDS = 14
SHORTEST = 3
MEMBERS = 300

_WORDS_OF_ITEM = """
    SELECT lexeme FROM consultations_item i, unnest(i.search) WHERE i.id = %(item)s AND length(lexeme) >= %(shortest)s
    ORDER BY ('A' = ANY(weights)) DESC, cardinality(positions) DESC, length(lexeme) DESC, lexeme LIMIT %(words)s
"""
_WORDS_OF_THEME = """
    SELECT lexeme FROM (
        SELECT lexeme, 1000 AS weight FROM unnest(to_tsvector('french_unaccent', %(text)s)) WHERE length(lexeme) >= %(shortest)s
        UNION ALL
        SELECT lexeme, count(*) FROM (
            SELECT i.search FROM consultations_item i JOIN consultations_itemtheme t ON t.item_id = i.id
            WHERE t.theme_id = %(theme)s ORDER BY i.id LIMIT %(members)s
        ) m, unnest(m.search) WHERE 'A' = ANY(weights) AND length(lexeme) >= %(shortest)s GROUP BY lexeme
    ) w GROUP BY lexeme ORDER BY sum(weight) DESC, lexeme LIMIT %(words)s
"""
_CANDIDATES = """
    SELECT c.id FROM (
        SELECT i.id, i.title, i.search FROM consultations_item i
        WHERE i.consultation_id = %(consultation)s AND i.search @@ %(query)s::tsquery
        AND i.place IN ('waiting', 'answered') AND i.id <> %(item)s
        AND NOT EXISTS (SELECT 1 FROM consultations_itemtheme t WHERE t.item_id = i.id AND t.theme_id = %(theme)s)
        LIMIT %(ranked)s
    ) c
    ORDER BY ts_rank(c.search, %(query)s::tsquery, 1) + similarity(f_unaccent(lower(c.title)), f_unaccent(lower(%(text)s))) DESC,
        c.id
    LIMIT %(size)s
"""


def of_item(item: Item, *, size: int = NEIGHBOURS) -> list[Item]:
    """Find the opinions most like one, the closest first; those gone or grouped already are left out."""
    words = _words(_WORDS_OF_ITEM, item=item.pk)
    return _closest(words, consultation=item.consultation_id, text=item.title, item=item.pk, size=size)


def of_theme(theme: AnalysisTheme, *, size: int = 3 * NEIGHBOURS) -> list[Item]:
    """Find the opinions that seem to belong to a theme and are not in it, by its words and those of its opinions."""
    text = f"{theme.title} {theme.public_title} {theme.public_summary}"
    words = _words(_WORDS_OF_THEME, theme=theme.pk, text=text, members=MEMBERS)
    return _closest(words, consultation=theme.consultation_id, text=theme.shown_title, theme=theme.pk, size=size)


def _words(query: str, **values: int | str) -> list[str]:
    with connection.cursor() as cursor:
        cursor.execute(query, {"words": WORDS, "shortest": SHORTEST, **values})
        return [row[0] for row in cursor.fetchall()]


def _closest(
    words: Sequence[str], *, consultation: int, text: str, item: int = 0, theme: int = 0, size: int
) -> list[Item]:
    if not words:
        return []
    # A lexeme between quotes, its own quotes and backslashes doubled, is one word of a tsquery.
    query = " | ".join("'" + word.replace("\\", "\\\\").replace("'", "''") + "'" for word in words)
    with connection.cursor() as cursor:
        cursor.execute(
            _CANDIDATES,
            {
                "consultation": consultation,
                "query": query,
                "text": text,
                "item": item,
                "theme": theme,
                "ranked": RANKED,
                "size": size,
            },
        )
        keys = [row[0] for row in cursor.fetchall()]
    rows = Item.objects.in_bulk(keys)
    return [rows[key] for key in keys]
