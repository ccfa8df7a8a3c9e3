"""Finding ideas in French: stems and accents by full text, typing mistakes by the likeness of the title."""

from typing import Any

from django.contrib.postgres.search import SearchRank, TrigramWordSimilarity
from django.db.models import F, FloatField, QuerySet, Value
from django.db.models.functions import Coalesce

from ideas.models import Idea
from ideas.models.writing import SEARCH_CONFIG
from mulhouse import fulltext

# What is ranked, at most: the cost of a word that is everywhere stays that of a rare one.
RANKED = 500
LONGEST = fulltext.LONGEST


def by_likeness(rows: QuerySet[Idea], text: str) -> QuerySet[Idea]:
    """Keep what holds these words, or whose title holds something like them."""
    return fulltext.by_likeness(rows, text, config=SEARCH_CONFIG)


def ranked(rows: QuerySet[Idea], text: str) -> list[int]:
    """Give the keys of the RANKED most recent answers, best first."""
    wanted: Any = fulltext.folded(Value(text[:LONGEST]))
    likeness = TrigramWordSimilarity(wanted, fulltext.folded(F("title")))
    query = fulltext.query(text, config=SEARCH_CONFIG)
    rank = Coalesce(SearchRank(F("search"), query), Value(0.0), output_field=FloatField()) + likeness
    some = rows.order_by("-published_at", "-pk").values("pk")[:RANKED]
    found = Idea.objects.filter(pk__in=some).annotate(rank=rank).order_by("-rank", "-pk")
    return list(found.values_list("pk", flat=True))
