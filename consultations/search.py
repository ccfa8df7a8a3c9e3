"""Finding contributions in French: stems and accents by full text, typing mistakes by the likeness of the title."""

from typing import Any

from django.contrib.postgres.search import SearchQuery, SearchRank, TrigramWordSimilarity
from django.db.models import F, FloatField, Q, QuerySet, Value
from django.db.models.functions import Coalesce

from consultations.models import SEARCH_CONFIG, Comment, Consultation, Contribution, Item
from mulhouse import fulltext

# Fewer answers than this, and what looks like the words is shown as well.
FEW = 5
# What is ranked, at most: the cost of a word that is everywhere stays that of a rare one.
RANKED = 500
LONGEST = fulltext.LONGEST


def _query(text: str) -> SearchQuery:
    return fulltext.query(text, config=SEARCH_CONFIG)


def by_words(rows: QuerySet[Contribution], text: str) -> QuerySet[Contribution]:
    """Keep what holds these words, whatever their accents and endings (« "mot à mot" », « -sans » are understood)."""
    return rows.filter(search=_query(text))


def by_likeness(rows: QuerySet[Contribution], text: str) -> QuerySet[Contribution]:
    """Keep what holds these words, or whose title holds something like them."""
    return fulltext.by_likeness(rows, text, config=SEARCH_CONFIG)


def ranked(rows: QuerySet[Contribution], text: str) -> list[int]:
    """Give the keys of the RANKED most recent answers, best first."""
    wanted: Any = fulltext.folded(Value(text[:LONGEST]))
    likeness = TrigramWordSimilarity(wanted, fulltext.folded(F("title")))
    rank = Coalesce(SearchRank(F("search"), _query(text)), Value(0.0), output_field=FloatField()) + likeness
    some = rows.order_by("-published_at", "-pk").values("pk")[:RANKED]
    found = Contribution.objects.filter(pk__in=some).annotate(rank=rank).order_by("-rank", "-pk")
    return list(found.values_list("pk", flat=True))


def comments(rows: QuerySet[Comment], text: str) -> QuerySet[Comment]:
    """Keep the comments that hold these words. Only agents ask: an index of the words, and no column beside the text."""
    return rows.alias(whole=fulltext.vector("body", config=SEARCH_CONFIG)).filter(whole=_query(text))


def consultations(rows: QuerySet[Consultation], text: str) -> QuerySet[Consultation]:
    """Keep the consultations that hold these words; they are few, so that no index is kept for them."""
    likeness = Q(folded__trigram_word_similar=fulltext.folded(Value(text[:LONGEST])))
    whole: Any = fulltext.vector("title", config=SEARCH_CONFIG) + fulltext.vector("summary", config=SEARCH_CONFIG)
    return rows.alias(folded=fulltext.folded(F("title")), whole=whole).filter(Q(whole=_query(text)) | likeness)


def items(rows: QuerySet[Item], text: str) -> QuerySet[Item]:
    """Keep the opinions that hold these words, or whose title holds something like them."""
    return fulltext.by_likeness(rows, text, config=SEARCH_CONFIG)
