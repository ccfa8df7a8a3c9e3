"""Finding what holds some words, among what may be seen: a few of the newest of each kind, best first.

At most RANKED documents of each kind are ranked, so that a word that is everywhere costs what a rare one does. Who may see
them is asked of each source within the query: what is hidden is gone at the next request.
"""

import datetime as dt
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any

from django.db import connection
from django.db.models import Exists, OuterRef

from search import asked as asking
from search import registry
from search.asked import Asked, Query
from search.models import Document
from search.registry import Line, Source
from search.spelling import fold, forgiven, keys, mistakes, words

RANKED = 300
KEPT = 300
# Fewer answers than this, and words that look like those typed are tried.
FEW = 5
CLOSE = 3
CANDIDATES = 3000
PAGE_SIZE = 20
# In the headline, before they are escaped: no text holds them.
OPEN, CLOSED = "\x02", "\x03"
_HEADLINE = f'StartSel={OPEN}, StopSel={CLOSED}, MaxFragments=2, MinWords=12, MaxWords=28, FragmentDelimiter=" … "'
# How many letters tell that an excerpt stands at an end of its text.
EDGE = 24
_TITLE = f"StartSel={OPEN}, StopSel={CLOSED}, HighlightAll=true"
_DATED = "extract(epoch FROM (%s::timestamptz - dated_at)) / 31557600"
# docs/algorithms/recherche.md: a year takes a tenth away, five years half at most; what has no date stands between.
_FRESH = f"CASE WHEN dated_at IS NULL THEN 0.75 ELSE greatest(0.5, 1 - 0.1 * greatest(0, {_DATED})) END"
_RANK = "ts_rank('{0.05, 0.2, 0.4, 1.0}', search, %s::tsquery, 1)"


class _Seen(Exists):
    """A test of each row by its key: hashed, it would read the whole source for the few rows that are looked at."""

    template = "EXISTS(%(subquery)s OFFSET 0)"


@dataclass(frozen=True)
class Narrow:
    """What a search is narrowed to, "" for everything; `person` is who searches what they alone may see."""

    kind: str = ""
    theme: str = ""
    district: str = ""
    state: str = ""
    since: dt.datetime | None = None
    until: dt.datetime | None = None
    person: Any = None


@dataclass(frozen=True)
class Found:
    """Keys of documents, best first; how many each kind has (RANKED for that or more).

    Shape: `shown` tells which of the words asked about stand, as written, in a document that may be seen.
    """

    keys: tuple[int, ...]
    counts: Mapping[str, int]
    shown: frozenset[str] = frozenset()


@dataclass(frozen=True)
class Answer:
    """What a search gives: what holds the words, then what holds close ones, and what was perhaps meant ("" for nothing)."""

    keys: tuple[int, ...]
    counts: Mapping[str, int]
    exact: int
    meant: str = ""
    close: tuple[str, ...] = ()


@dataclass(frozen=True)
class Result:
    """A document of a page of results; OPEN and CLOSED surround what was looked for."""

    line: Line
    title: str
    excerpt: str


def _rows(source: Source, narrow: Narrow, at: dt.datetime) -> Any:
    """Give what may be seen of a kind, narrowed; None when the question is none of its own."""
    own = source.own if narrow.person is not None else None
    everybodys = source.public if narrow.person is None else None
    rows = own(narrow.person) if own else everybodys() if everybodys else None
    for chosen, narrowing in ((narrow.theme, source.theme), (narrow.district, source.district)):
        if chosen and rows is not None:
            rows = narrowing(rows, chosen) if narrowing else None
    if narrow.state and rows is not None:
        narrowed = source.states.get(narrow.state)
        rows = narrowed(rows, at) if narrowed else None
    # What nobody sees but its author says so with an empty queryset.
    return None if rows is None or rows.query.is_empty() else rows


def _branch(source: Source, narrow: Narrow, at: dt.datetime) -> tuple[str, tuple[Any, ...]] | None:
    """Write the test that a document of a kind may be seen."""
    if source.public is None and not (narrow.person or narrow.theme or narrow.district or narrow.state):
        return "TRUE", ()
    rows = _rows(source, narrow, at)
    if rows is None:
        return None
    seen = (
        Document.objects.order_by()
        .alias(seen=_Seen(rows.order_by().filter(pk=OuterRef("object_id"))))
        .filter(seen=True)
    )
    # The test alone: the order is there so that its place is known.
    sql, values = seen.order_by("pk").values("pk").query.sql_with_params()
    return sql.partition(" WHERE ")[2].rpartition(" ORDER BY ")[0], values


def read(query: Query) -> str:
    """Have PostgreSQL read a question once, rather than in each branch of a search; "" when it asks for nothing."""
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT ({query.sql})::text", query.values)
        return str(cursor.fetchone()[0])


def _lexemes(asked_words: Sequence[str]) -> dict[str, str]:
    """Give what PostgreSQL reads in each word; one query."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT word, plainto_tsquery(%s::regconfig, word)::text FROM unnest(%s::text[]) AS word",
            [asking.CONFIG, list(asked_words)],
        )
        return dict(cursor.fetchall())


def find(question: str, narrow: Narrow, *, at: dt.datetime, about: Sequence[str] = ()) -> Found:
    """Find what a question asks for; one query, whatever the kinds.

    Shape: `question` is a tsquery as PostgreSQL writes it; `about` are words, as written, of which it is told whether a
    document that was found holds them.
    """
    branches: list[str] = []
    values: list[Any] = []
    for source in registry.sources():
        test = _branch(source, narrow, at)
        if test is None:
            continue
        days = "".join(f" AND dated_at {sign} %s" for sign, day in ((">=", narrow.since), ("<", narrow.until)) if day)
        # The kind is among the words, so that one index answers for both.
        branches.append(
            # Texts of Django enter it, and numbers; what was typed is a value.
            "(SELECT id, kind, search, dated_at FROM search_document"  # noqa: S608
            f" WHERE kind = %s AND search @@ %s::tsquery{days} AND {test[0]}"
            f" ORDER BY dated_at DESC NULLS LAST, id DESC LIMIT {RANKED})"
        )
        values += (source.kind, f"'#{source.kind}' & ({question})")
        values += [day for day in (narrow.since, narrow.until) if day]
        values += test[1]
    if not branches or not question:
        return Found((), {})
    flags = "".join(f", bool_or(search @@ '''_{word}'''::tsquery)" for word in about if word.replace("-", "").isalpha())
    told = [word for word in about if word.replace("-", "").isalpha()]
    only = "WHERE kind = %s" if narrow.kind else ""
    sql = (
        f"SELECT * FROM (WITH found AS MATERIALIZED ({' UNION ALL '.join(branches)}) SELECT count(*),"  # noqa: S608 (same)
        " (SELECT jsonb_object_agg(kind, number) FROM (SELECT kind, count(*) AS number FROM found GROUP BY kind) counted),"
        f" ARRAY(SELECT id FROM found {only} ORDER BY {_RANK} * {_weights()} * {_FRESH} DESC, id DESC LIMIT {KEPT})"
        f"{flags} FROM found) answer"
    )
    with connection.cursor() as cursor:
        cursor.execute(sql, [*values, *([narrow.kind] if narrow.kind else []), question, at])
        _number, counts, found, *held = cursor.fetchone()
    # Django has the cursor leave jsonb as text.
    shown = frozenset(word for word, has in zip(told, held, strict=True) if has)
    return Found(tuple(found), json.loads(counts or "{}"), shown)


@cache
def _weights() -> str:
    """Write what each kind weighs."""
    return "(CASE kind " + " ".join(f"WHEN '{each.kind}' THEN {each.weight}" for each in registry.sources()) + " END)"


def close_words(asked_words: Sequence[str]) -> dict[str, list[str]]:
    """Give the words of the lexicon that look like each word, as they are written, closest then commonest first."""
    if not asked_words:
        return {}
    wanted: dict[str, set[str]] = {}
    for word in asked_words:
        for key in keys(word):
            wanted.setdefault(key, set()).add(word)
    near: dict[str, list[tuple[int, bool, int, str]]] = {word: [] for word in asked_words}
    for folded, shown, documents, shared in _sharing(sorted(wanted)):
        for word in set().union(*(wanted[key] for key in shared)):
            apart = mistakes(word, folded, most=forgiven(word))
            if apart <= forgiven(word):
                near[word].append((apart, folded[0] != word[0], -documents, shown))
    return {word: [shown for *_order, shown in sorted(near[word])[:CLOSE]] for word in asked_words}


def _sharing(wanted: Sequence[str]) -> list[tuple[str, str, int, list[str]]]:
    """Give the words of the lexicon that share a key, with the keys they share; one query.

    Key by key: asked for all of them at once, PostgreSQL would compare every word of the lexicon with every key.
    """
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT w.folded, w.shown, w.documents, array_agg(asked.key::text) FROM unnest(%s::varchar[]) AS asked(key)"
            " JOIN search_word w ON w.keys @> ARRAY[asked.key]::varchar[]"
            " GROUP BY w.folded ORDER BY w.documents DESC, w.folded LIMIT %s",
            [list(wanted), CANDIDATES],
        )
        found: list[tuple[str, str, int, list[str]]] = cursor.fetchall()
    return found


def answer(asked: Asked, narrow: Narrow, *, at: dt.datetime) -> Answer:
    """Find what holds the words; where that is little, what holds words close to them, then most of them.

    Six queries at most.
    """
    first = find(read(asked.whole()), narrow, at=at)
    exact = _count(first, narrow)
    if asked.has_signs or exact >= FEW or not asked.words:
        return Answer(first.keys, first.counts, exact)
    close = close_words(asked.words)
    about = sorted({word for near in close.values() for word in near} | set(asked.words))
    lexemes = _lexemes(about)
    last = find(asked.forgiving(close, lexemes), narrow, at=at, about=about)
    shown = last.shown
    if _count(last, narrow) < FEW and len(asked.words) > 2:  # noqa: PLR2004 (of two words, one is too little)
        some = find(asked.forgiving(close, lexemes, some=True), narrow, at=at, about=about)
        last = Found((*last.keys, *(key for key in some.keys if key not in set(last.keys))), some.counts, some.shown)
        shown |= some.shown
    found = (*first.keys, *(key for key in last.keys if key not in set(first.keys)))
    counts = {kind: max(first.counts.get(kind, 0), last.counts.get(kind, 0)) for kind in {*first.counts, *last.counts}}
    return Answer(
        found[:KEPT],
        counts,
        exact,
        _meant(asked, close, shown),
        tuple(dict.fromkeys(word for near in close.values() for word in near)),
    )


def _count(found: Found, narrow: Narrow) -> int:
    return found.counts.get(narrow.kind, 0) if narrow.kind else sum(found.counts.values())


def _meant(asked: Asked, close: Mapping[str, Sequence[str]], shown: frozenset[str]) -> str:
    """Write the text with each misspelt word replaced: by one that stands in a document that may be seen, or not at all."""
    text, changed = asked.text, False
    for word in words(asked.text):
        folded = fold(word)
        if folded in shown or folded not in close:
            continue
        better = next((each for each in close[folded] if each in shown and fold(each) != folded), "")
        if better:
            text, changed = text.replace(word, better, 1), True
    return text if changed else ""


def page(answer: Answer, asked: Asked, *, number: int) -> list[Result]:
    """Read a page of results, with what they belong to and the words around those that were looked for; one query."""
    wanted = list(answer.keys[(number - 1) * PAGE_SIZE : number * PAGE_SIZE])
    if not wanted:
        return []
    question = asked.marked(answer.close)
    with connection.cursor() as cursor:
        cursor.execute(
            f"""
            SELECT d.kind, d.title, d.parts, d.dated_at, p.kind, p.title, p.parts, g.kind, g.title, g.parts,
                   ts_headline(%s::regconfig, search_spaced(d.title), {question.sql}, %s),
                   ts_headline(%s::regconfig, search_spaced(left(d.body, 20000)), {question.sql}, %s),
                   search_spaced(left(d.body, 60)), search_spaced(right(d.body, 60))
            FROM search_document d
            LEFT JOIN search_document p ON p.kind = d.parent_kind AND p.object_id = d.parent_id
            LEFT JOIN search_document g ON g.kind = p.parent_kind AND g.object_id = p.parent_id
            WHERE d.id = ANY(%s) ORDER BY array_position(%s, d.id)
            """,  # noqa: S608 (texts of asked.py)
            [
                asking.CONFIG,
                *question.values,
                _TITLE,
                asking.CONFIG,
                *question.values,
                _HEADLINE,
                wanted,
                wanted,
            ],
        )
        rows = cursor.fetchall()
    return [_result(row) for row in rows]


def _result(row: Sequence[Any]) -> Result:
    kind, title, parts, dated_at, above, above_title, above_parts, top, top_title, top_parts, head, *around = row
    whole = Line(top, top_title, tuple(top_parts)) if top else None
    parent = Line(above, above_title, tuple(above_parts), parent=whole) if above else None
    return Result(Line(kind, title, tuple(parts), dated_at, parent), head, framed(*around))


def framed(excerpt: str, first: str, last: str) -> str:
    """Put a sign where the text goes on before or after an excerpt, and back the point that ends it; `first` and `last` are its ends."""
    excerpt, first, last = (" ".join(part.split()) for part in (excerpt, first, last))
    plain = excerpt.replace(OPEN, "").replace(CLOSED, "")
    if not plain:
        return ""
    before = "" if first.startswith(plain[:EDGE]) else "…\u00a0"
    _, found, rest = last.rpartition(plain[-EDGE:])
    is_end = bool(found) and not any(letter.isalnum() for letter in rest)
    after = rest if is_end else "\u00a0…"
    return f"{before}{excerpt}{after}"


def titles(text: str, narrow: Narrow, *, at: dt.datetime, size: int) -> list[Result]:
    """Give the best documents for what is being typed; three queries."""
    asked = asking.read(text)
    found = find(read(asked.whole()), narrow, at=at)
    return page(Answer(found.keys[:size], found.counts, len(found.keys)), asked, number=1)
