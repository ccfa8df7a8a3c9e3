"""Ideas whose title probably says the same as one that is being typed: French full text for the words, trigrams for those misspelt.

Words weigh by how few titles hold them. They are looked up from the rarest on: every visible idea whose title holds one of the
rare ones is compared, COMPARED at most, whatever the number of ideas; words that come everywhere only help to put them in order.
A word that no title holds is looked for once more by its likeness: that finds misspellings, and a word half typed.
The closest by their words are then put in order by their words and their letters together. Source: docs/algorithms/idees-ressemblances.md.
"""

from dataclasses import dataclass
from typing import Any

from django.db import connection
from django.db.models import Prefetch

from ideas.models import Answer, Idea
from mulhouse import fulltext

NEIGHBOURS = 5
# Shorter, a title says too little to be compared.
SHORTEST_TITLE = 12
COMPARED = 1000
# Those whose letters are compared as well.
CLOSEST = 40
# Words of a title that are looked up, and those misspelt among them.
WORDS, MISSPELT, SHORTEST_WORD = 14, 2, 4
# What a word found by its likeness weighs beside the same word found whole.
LIKENESS = 0.7
# Below it, two titles have little in common: the share of the weight of the words, and the likeness of the letters (of 1 each).
LEAST = 0.45

_VISIBLE = "i.published_at IS NOT NULL AND i.withdrawn_at IS NULL AND i.hidden_at IS NULL"
_TITLE = "f_unaccent(lower(i.title))"
# A lexeme between quotes, its own quotes and backslashes doubled, is one word of a tsquery.
_QUERY = r"('''' || replace(replace(lexeme, '\', '\\'), '''', '''''') || '''')::tsquery"
_CLOSEST = f"""
    SELECT id, score FROM (WITH typed AS MATERIALIZED (
        SELECT lexeme::text AS lexeme, {_QUERY} AS query
        FROM unnest(to_tsvector('french_unaccent', search_parted(%(title)s))) LIMIT {WORDS}
    ),
    words AS MATERIALIZED (
        SELECT w.*, f.number, ln(2 + {COMPARED}.0 / greatest(f.number, 1)) AS weight,
            sum(f.number) OVER rarest AS total, row_number() OVER (PARTITION BY f.number = 0 ORDER BY f.number, w.lexeme) AS rank
        FROM typed w, LATERAL (
            SELECT count(*) AS number
            FROM (SELECT 1 FROM ideas_idea i WHERE i.title_words @@ w.query AND {_VISIBLE} LIMIT {COMPARED}) held
        ) f
        WINDOW rarest AS (ORDER BY f.number, w.lexeme)
    ),
    rare AS MATERIALIZED (
        SELECT string_agg(query::text, ' | ')::tsquery AS query FROM words
        WHERE number > 0 AND (total <= {COMPARED} OR rank = 1)
    ),
    misspelt AS MATERIALIZED (
        SELECT lexeme, weight FROM words WHERE number = 0 AND length(lexeme) >= {SHORTEST_WORD}
        ORDER BY length(lexeme) DESC, lexeme LIMIT {MISSPELT}
    ),
    close AS MATERIALIZED (
        SELECT id, sum(weight) AS weight FROM (
            SELECT c.id, w.weight FROM (
                SELECT i.id, i.title_words FROM ideas_idea i
                WHERE i.title_words @@ (SELECT query FROM rare) AND {_VISIBLE} LIMIT {COMPARED}
            ) c JOIN words w ON c.title_words @@ w.query
            UNION ALL
            SELECT l.id, m.weight * {LIKENESS} FROM misspelt m, LATERAL (
                SELECT i.id FROM ideas_idea i WHERE m.lexeme <%% {_TITLE} AND {_VISIBLE} LIMIT {COMPARED // 10}
            ) l
        ) matched GROUP BY id ORDER BY weight DESC, id DESC LIMIT {CLOSEST}
    )
    SELECT i.id, close.weight / (SELECT sum(weight) FROM words)
        + similarity({_TITLE}, f_unaccent(lower(%(title)s))) AS score
    FROM close JOIN ideas_idea i USING (id)) scored
    WHERE score >= {LEAST} ORDER BY score DESC, id DESC LIMIT {NEIGHBOURS}
"""  # noqa: S608 (only numbers and texts written above enter it)
_TITLES = f"""
    SELECT i.id, i.reference, i.title, i.stage FROM ({_CLOSEST}) near JOIN ideas_idea i USING (id)
    ORDER BY near.score DESC, i.id DESC
"""  # noqa: S608 (idem)


@dataclass(frozen=True)
class Near:
    """A visible idea that resembles what is typed, and the last answer of the city to it."""

    idea: Idea
    answer: Answer | None


def _asked(title: str) -> str:
    """Give the words to compare; "" for a title too short for it."""
    asked = fulltext.parted(" ".join(title.replace("\x00", "").split()))[: fulltext.LONGEST]
    return asked if len(asked) >= SHORTEST_TITLE else ""


def closest(title: str) -> list[Idea]:
    """Find the visible ideas most like a title, with their reference, title and stage alone, the closest first. One query."""
    asked = _asked(title)
    return list(Idea.objects.raw(_TITLES, {"title": asked})) if asked else []


def of_title(title: str) -> list[Near]:
    """Find the visible ideas most like a title, the closest first; none for a title too short to compare. Three queries."""
    keys = [key for key, _score in scored(title)]
    if not keys:
        return []
    answers: Any = Answer.objects.order_by("-number").defer("reason_html")
    rows = Idea.objects.visible().filter(pk__in=keys).defer("search", "title_words", "need", "proposal")
    found = {idea.pk: idea for idea in rows.prefetch_related(Prefetch("answers", answers)).order_by("pk")}
    return [Near(idea, next(iter(idea.answers.all()), None)) for key in keys if (idea := found.get(key))]


def scored(title: str) -> list[tuple[int, float]]:
    """Give the keys of the ideas most like a title, with how much, from LEAST to 2; one query, none for a title too short."""
    asked = _asked(title)
    if not asked:
        return []
    with connection.cursor() as cursor:
        cursor.execute(_CLOSEST, {"title": asked})
        return [(key, float(score)) for key, score in cursor.fetchall()]
