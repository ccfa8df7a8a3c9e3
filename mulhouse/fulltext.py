"""Finding words in French, the same way in every list: stems and accents by full text, typing mistakes by likeness."""

import re
from typing import Any

from django.contrib.postgres.search import SearchQuery, SearchVector
from django.db.models import F, Func, Q, QuerySet, TextField, Value
from django.db.models.functions import Lower

LONGEST = 120
# Little words that PostgreSQL's French list forgets, or no longer knows once their accent is folded: without this,
# « les vélos » would not find « le vélo ».
LITTLE_WORDS = re.compile(r"(?<![\w-])(?:les|à|même|mêmes)(?![\w-])", re.IGNORECASE)
# The parser takes a no-break space for a letter, and « GNU/Linux » for the path of a file: the indexes part them
# (`search_parted`), and so does what is asked of them.
_PARTED = str.maketrans("\u00a0\u202f/", "   ")


def parted(text: str) -> str:
    """Part the words of what somebody typed as the indexes do."""
    return text.translate(_PARTED)


def vector(field: str, *, config: str, weight: str | None = None) -> SearchVector:
    """Write the words of a column as the indexes have them."""
    words = Func(F(field), function="search_parted", output_field=TextField())
    return SearchVector(words, config=config, weight=weight)


def query(text: str, *, config: str) -> SearchQuery:
    """Read what somebody typed (« "mot à mot" », « -sans » are understood)."""
    parts = parted(text[:LONGEST]).split('"')
    # Every second part stands between quotes, where each word counts.
    asked = [LITTLE_WORDS.sub(" ", part) if at % 2 == 0 else part for at, part in enumerate(parts)]
    return SearchQuery('"'.join(asked), config=config, search_type="websearch")


def folded(expression: F | Value) -> Func:
    """Lower case without accents, as the indexes on titles have it."""
    return Func(Lower(expression), function="f_unaccent", output_field=TextField())


def by_likeness(rows: QuerySet[Any], text: str, *, config: str) -> QuerySet[Any]:
    """Keep what holds these words in its column `search`, or whose title holds something like them."""
    likeness = Q(folded__trigram_word_similar=folded(Value(text[:LONGEST])))
    found: QuerySet[Any] = rows.alias(folded=folded(F("title"))).filter(Q(search=query(text, config=config)) | likeness)
    return found
