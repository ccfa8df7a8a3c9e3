"""Stored counters against the rows they count: found by one query a table, written again under the lock of each row.

Each room declares its tables in AppConfig.ready(), with what says on the register that they were put right.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.db import connection, transaction

BATCH = 500


@dataclass(frozen=True)
class Difference:
    """A row whose counter is wrong."""

    table: str
    pk: int
    counter: str
    stored: Any
    counted: Any


@dataclass(frozen=True)
class Counted:
    """A table with its counters, and the query that counts them again: one row per key, columns named as the counters.

    Shape: `rounded` names the columns compared to a hundredth: what is computed step by step drifts by less.
    """

    model: Any
    counters: tuple[str, ...]
    recount: str
    rounded: frozenset[str] = frozenset()


Record = Callable[[Mapping[str, Any]], None]

_rooms: dict[str, tuple[Sequence[Counted], Record]] = {}


def declare(room: str, tables: Sequence[Counted], record: Record) -> None:
    """Add the tables of a room, in the order in which their rows are locked everywhere; called from AppConfig.ready().

    `record` writes the facts on the register, in the transaction that corrects.
    """
    _rooms[room] = tables, record


def everything(*, repair: bool) -> list[Difference]:
    """Compare every stored counter of every room (`recount`)."""
    return [difference for room in _rooms for difference in recount(room, repair=repair)]


def recount(room: str, *, repair: bool) -> list[Difference]:
    """Compare every stored counter of a room with its rows, and write the right one when `repair`, with a line on the register.

    A difference seen while somebody was acting disappears under the lock, and is not reported when `repair`.

    Shape: one item per wrong counter, in the order of the tables and of the keys.
    Locks: the wrong rows, by batches in the order of their keys, one table at a time.
    """
    found: list[Difference] = []
    tables, record = _rooms[room]
    for table in tables:
        differences = _differences(table)
        keys = sorted({difference.pk for difference in differences})
        if repair:
            differences = [
                difference
                for start in range(0, len(keys), BATCH)
                for difference in _repair(record, table, keys[start : start + BATCH])
            ]
        found += differences
    return found


def _differences(table: Counted, keys: list[int] | None = None) -> list[Difference]:
    name = table.model._meta.db_table

    def columns(alias: str) -> str:
        return ", ".join(
            f"round({alias}.{counter}::numeric, 2)" if counter in table.rounded else f"{alias}.{counter}"
            for counter in table.counters
        )

    stored, counted = (", ".join(f"{alias}.{counter}" for counter in table.counters) for alias in ("t", "n"))
    only = "AND t.id = ANY(%s)" if keys is not None else ""
    with connection.cursor() as cursor:
        # Only names written in the rooms enter this text.
        cursor.execute(
            f"SELECT t.id, {stored}, {counted} FROM {name} t JOIN ({table.recount}) n ON n.id = t.id "  # noqa: S608
            f"WHERE ({columns('t')}) IS DISTINCT FROM ({columns('n')}) {only} ORDER BY t.id",
            [keys] if keys is not None else [],
        )
        rows = cursor.fetchall()
    width = len(table.counters)
    return [
        Difference(table=name, pk=row[0], counter=counter, stored=row[1 + at], counted=row[1 + width + at])
        for row in rows
        for at, counter in enumerate(table.counters)
        if _differ(table, counter, row[1 + at], row[1 + width + at])
    ]


def _differ(table: Counted, counter: str, stored: Any, counted: Any) -> bool:
    if counter in table.rounded:
        return bool(round(stored, 2) != round(counted, 2))
    return bool(stored != counted)


@transaction.atomic(durable=True)
def _repair(record: Record, table: Counted, keys: list[int]) -> list[Difference]:
    list(
        table.model.objects.select_for_update(of=("self",), no_key=True).filter(pk__in=keys).order_by("pk").values("pk")
    )
    differences = _differences(table, keys)
    for difference in differences:
        table.model.objects.filter(pk=difference.pk).update(**{difference.counter: difference.counted})
    if differences:
        # What visitors read changes: the pages kept for them are as old as the register.
        record({"table": table.model._meta.verbose_name, "compteurs": len(differences)})
    return differences
