"""Keeping the search in order: the site's own pages, the lexicon, and the check of every document against its source."""

import datetime as dt
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from django.db import connection, transaction

from search.models import Document, Word
from search.spelling import SHORTEST, fold, keys

BATCH = 2_000
# A document that was written this long ago at most has perhaps words that the lexicon does not know.
YOUNG = dt.timedelta(minutes=40)
PAGE = "page"


@dataclass(frozen=True)
class SitePage:
    """A page of the site as visitors read it; `parts` are the name of its route, and what the route takes."""

    key: int
    parts: tuple[str, ...]
    title: str
    body: str


@transaction.atomic(durable=True)
def write_pages(*, pages: Sequence[SitePage]) -> int:
    """Keep the words of the site's own pages; give how many changed."""
    known = {row.object_id: row for row in Document.objects.filter(kind=PAGE).order_by("pk")}
    changed = 0
    for page in pages:
        row = known.pop(page.key, None)
        words = (page.title, page.body, list(page.parts))
        if row is None:
            Document.objects.create(kind=PAGE, object_id=page.key, title=page.title, body=page.body, parts=words[2])
            changed += 1
        elif (row.title, row.body, row.parts) != words:
            Document.objects.filter(pk=row.pk).update(title=page.title, body=page.body, parts=words[2])
            changed += 1
    gone, _tables = Document.objects.filter(kind=PAGE, object_id__in=known).delete()
    return changed + gone


@transaction.atomic(durable=True)
def check_documents(*, kind: str, keys: Sequence[int]) -> int:
    """Write again the documents of these sources where they differ; give how many did."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT search_apply(%s, %s::bigint[])", [kind, list(keys)])
        return int(cursor.fetchone()[0])


@transaction.atomic(durable=True)
def count_words() -> int:
    """Make the lexicon again from every document; give how many words it has."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT substr(word, 2), ndoc FROM ts_stat('SELECT search FROM search_document') WHERE word LIKE '\\_%%'",
            [],
        )
        rows = _lexicon(cursor.fetchall())
    Word.objects.all().delete()
    Word.objects.bulk_create(rows, batch_size=BATCH)
    return len(rows)


@transaction.atomic(durable=True)
def learn_words(*, at: dt.datetime) -> None:
    """Add to the lexicon the words of what was written lately; their number is counted at night."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT substr(lexeme, 2), count(*) FROM search_document, unnest(search)"
            " WHERE changed_at >= %s AND lexeme LIKE '\\_%%' GROUP BY 1",
            [at - YOUNG],
        )
        rows = _lexicon(cursor.fetchall())
    Word.objects.bulk_create(rows, batch_size=BATCH, ignore_conflicts=True)


def _lexicon(counted: Iterable[tuple[str, int]]) -> list[Word]:
    """Group words that differ by their accents alone, under the way in which most write them."""
    grouped: dict[str, dict[str, int]] = {}
    for word, number in counted:
        grouped.setdefault(fold(word), {})[word] = number
    rows = []
    for folded, written in sorted(grouped.items()):
        if len(folded) < SHORTEST or not folded.isalpha():
            continue
        total = max(written.values())
        accented = {word: number for word, number in written.items() if word != folded}
        # Each accented word also stands without its accents: half of them is most of them.
        best = max(accented, key=lambda word: (accented[word], word), default=folded)
        shown = best if accented and 2 * accented[best] >= total else folded
        if shown in written:
            rows.append(Word(folded=folded, shown=shown, documents=total, keys=sorted(keys(folded))))
    return rows
