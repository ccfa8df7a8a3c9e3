"""Stored counters against the rows they count: found by one query a table, written again under the lock of each row."""

from dataclasses import dataclass
from typing import Any

from django.db import connection, transaction

from consultations.models import Comment, Consultation, Contribution, Section
from transparency import register

BATCH = 500


@dataclass(frozen=True)
class Difference:
    """A row whose counter is wrong."""

    table: str
    pk: int
    counter: str
    stored: int
    counted: int


@dataclass(frozen=True)
class _Counted:
    """A table with its counters, and the query that counts them again: one row per key, columns named as the counters."""

    model: Any
    counters: tuple[str, ...]
    recount: str


# In the order in which rows are locked everywhere: comment, contribution, section, consultation.
_TABLES = (
    _Counted(
        Comment,
        ("support_count", "reply_count"),
        """
        SELECT c.id, coalesce(s.n, 0) AS support_count, coalesce(r.n, 0) AS reply_count
        FROM consultations_comment c
        LEFT JOIN (SELECT comment_id, count(*) n FROM consultations_commentsupport GROUP BY 1) s ON s.comment_id = c.id
        LEFT JOIN (
            SELECT parent_id, count(*) n FROM consultations_comment
            WHERE parent_id IS NOT NULL AND withdrawn_at IS NULL AND hidden_at IS NULL GROUP BY 1
        ) r ON r.parent_id = c.id
        """,
    ),
    _Counted(
        Contribution,
        ("agree_count", "mixed_count", "disagree_count", "comment_count", "for_count", "against_count"),
        """
        SELECT c.id, coalesce(p.agree, 0) AS agree_count, coalesce(p.mixed, 0) AS mixed_count,
               coalesce(p.disagree, 0) AS disagree_count, coalesce(m.n, 0) AS comment_count,
               coalesce(m.pro, 0) AS for_count, coalesce(m.con, 0) AS against_count
        FROM consultations_contribution c
        LEFT JOIN (
            SELECT contribution_id, count(*) FILTER (WHERE choice = 'agree') agree,
                   count(*) FILTER (WHERE choice = 'mixed') mixed, count(*) FILTER (WHERE choice = 'disagree') disagree
            FROM consultations_position GROUP BY 1
        ) p ON p.contribution_id = c.id
        LEFT JOIN (
            SELECT contribution_id, count(*) n, count(*) FILTER (WHERE stance = 'for') pro,
                   count(*) FILTER (WHERE stance = 'against') con
            FROM consultations_comment WHERE withdrawn_at IS NULL AND hidden_at IS NULL GROUP BY 1
        ) m ON m.contribution_id = c.id
        """,
    ),
    _Counted(
        Section,
        ("contribution_count",),
        """
        SELECT s.id, coalesce(c.n, 0) AS contribution_count
        FROM consultations_section s
        LEFT JOIN (
            SELECT section_id, count(*) n FROM consultations_contribution
            WHERE published_at IS NOT NULL AND withdrawn_at IS NULL AND hidden_at IS NULL GROUP BY 1
        ) c ON c.section_id = s.id
        """,
    ),
    _Counted(
        Consultation,
        ("contribution_count", "comment_count"),
        """
        SELECT o.id, coalesce(c.n, 0) AS contribution_count, coalesce(c.comments, 0) AS comment_count
        FROM consultations_consultation o
        LEFT JOIN (
            SELECT consultation_id, count(*) n, sum(comment_count)::bigint comments FROM consultations_contribution
            WHERE published_at IS NOT NULL AND withdrawn_at IS NULL AND hidden_at IS NULL GROUP BY 1
        ) c ON c.consultation_id = o.id
        """,
    ),
)


def recount(*, repair: bool) -> list[Difference]:
    """Compare every stored counter with its rows, and write the right one when `repair`, with a line on the register.

    A difference seen while somebody was acting disappears under the lock, and is not reported when `repair`.

    Shape: one item per wrong counter, in the order of the tables and of the keys.
    Locks: the wrong rows, by batches in the order of their keys, one table at a time.
    """
    found: list[Difference] = []
    for table in _TABLES:
        differences = _differences(table)
        keys = sorted({difference.pk for difference in differences})
        if repair:
            differences = [
                difference
                for start in range(0, len(keys), BATCH)
                for difference in _repair(table, keys[start : start + BATCH])
            ]
        found += differences
    return found


def _differences(table: _Counted, keys: list[int] | None = None) -> list[Difference]:
    name = table.model._meta.db_table
    stored = ", ".join(f"t.{counter}" for counter in table.counters)
    counted = ", ".join(f"n.{counter}" for counter in table.counters)
    only = "AND t.id = ANY(%s)" if keys is not None else ""
    with connection.cursor() as cursor:
        # Only names written above enter this text.
        cursor.execute(
            f"SELECT t.id, {stored}, {counted} FROM {name} t JOIN ({table.recount}) n ON n.id = t.id "  # noqa: S608
            f"WHERE ({stored}) IS DISTINCT FROM ({counted}) {only} ORDER BY t.id",
            [keys] if keys is not None else [],
        )
        rows = cursor.fetchall()
    width = len(table.counters)
    return [
        Difference(table=name, pk=row[0], counter=counter, stored=row[1 + at], counted=row[1 + width + at])
        for row in rows
        for at, counter in enumerate(table.counters)
        if row[1 + at] != row[1 + width + at]
    ]


@transaction.atomic(durable=True)
def _repair(table: _Counted, keys: list[int]) -> list[Difference]:
    list(
        table.model.objects.select_for_update(of=("self",), no_key=True).filter(pk__in=keys).order_by("pk").values("pk")
    )
    differences = _differences(table, keys)
    for difference in differences:
        table.model.objects.filter(pk=difference.pk).update(**{difference.counter: difference.counted})
    if differences:
        # What visitors read changes: the pages kept for them are as old as the register.
        facts = {"table": table.model._meta.verbose_name, "compteurs": len(differences)}
        register.record("consultation.recounted", role="système", facts=facts)
    return differences
