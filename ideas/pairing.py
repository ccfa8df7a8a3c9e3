"""Pairs of ideas that probably say the same, found at night by the letters of their titles and the words of their texts."""

import datetime as dt

from django.db import connection, transaction
from django.db.models import QuerySet

from ideas.gathering_rules import STANDING
from ideas.models import Idea, LikelyPair

# Ideas published or corrected since are compared again, so many of them in a night, each with so few others.
SINCE = dt.timedelta(days=2)
COMPARED, CLOSEST = 500, 3
# The least likeness of two titles (1: the same letters); what a title whose every word is in the other idea is worth.
LEAST, WORDS_FOUND = 0.45, 0.6

_STANDING = ", ".join(f"'{stage.value}'" for stage in STANDING)
_OPEN = (
    "{0}.published_at IS NOT NULL AND {0}.withdrawn_at IS NULL AND {0}.hidden_at IS NULL AND {0}.gathers = 0"
    f" AND {{0}}.stage IN ({_STANDING})"
)
_TITLE = "f_unaccent(lower({0}.title))"
_OTHERS = f"i.id <> f.id AND i.campaign_id = f.campaign_id AND {_OPEN.format('i')}"
# Every word of a title, but the little ones. A lexeme between quotes, its own quotes and backslashes doubled, is a word of a tsquery.
_WORDS = r"""(
    SELECT string_agg('''' || replace(replace(lexeme, '\', '\\'), '''', '''''') || '''', ' & ')::tsquery
    FROM unnest(to_tsvector('french_unaccent', search_parted(f.title))) WHERE length(lexeme) > 2
)"""
_PAIRS = f"""
    WITH fresh AS (
        SELECT f.id, f.campaign_id, f.title, {_WORDS} AS words
        FROM ideas_idea f WHERE {_OPEN.format("f")} AND greatest(f.published_at, f.corrected_at) >= %(since)s
        ORDER BY f.published_at DESC, f.id DESC LIMIT {COMPARED}
    )
    SELECT least(f.id, o.id), greatest(f.id, o.id), max(o.score)
    FROM fresh f, LATERAL (
        SELECT i.id, similarity({_TITLE.format("i")}, {_TITLE.format("f")}) AS score FROM ideas_idea i
        WHERE {_TITLE.format("i")} %% {_TITLE.format("f")} AND {_OTHERS}
        UNION ALL
        -- OFFSET 0: found by the index of the words, then put in order; otherwise every idea is read from the newest on.
        (SELECT found.id, {WORDS_FOUND} FROM (
            SELECT i.id FROM ideas_idea i WHERE numnode(f.words) > 2 AND i.search @@ f.words AND {_OTHERS} OFFSET 0
        ) found ORDER BY found.id DESC LIMIT {CLOSEST})
        ORDER BY 2 DESC, 1 LIMIT {CLOSEST}
    ) o WHERE o.score >= {LEAST} GROUP BY 1, 2 ORDER BY 1, 2
"""  # noqa: S608 (only numbers and texts written above enter it)


@transaction.atomic(durable=True)
def find_pairs(*, at: dt.datetime) -> int:
    """Keep the pairs that the ideas of late make with others; one that is known, or was dismissed, stays as it is.

    Shape: how many are new.
    """
    with connection.cursor() as cursor:
        # For this transaction: the index then leaves out the titles that would be left out afterwards.
        cursor.execute("SELECT set_config('pg_trgm.similarity_threshold', %s, true)", [str(LEAST)])
        cursor.execute(_PAIRS, {"since": at - SINCE})
        found = cursor.fetchall()
    before = LikelyPair.objects.count()
    LikelyPair.objects.bulk_create(
        (
            LikelyPair(first_id=first, second_id=second, likeness=likeness, found_at=at)
            for first, second, likeness in found
        ),
        ignore_conflicts=True,
    )
    return LikelyPair.objects.count() - before


def to_look_at() -> QuerySet[LikelyPair]:
    """Give the pairs that wait for an agent: both ideas still stand, and neither is in a gathering."""
    open_ideas = Idea.objects.visible().filter(stage__in=STANDING).exclude(gatherings__is_live=True)
    return LikelyPair.objects.filter(dismissed_at__isnull=True, first__in=open_ideas, second__in=open_ideas)
