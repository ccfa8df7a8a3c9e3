"""Open data: tables written row by row from the database to the network, described once for the files and their dictionary."""

import csv
import datetime as dt
import io
import json
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from itertools import islice
from typing import Any
from zoneinfo import ZoneInfo

from django.db.models import QuerySet
from django.utils import translation
from django.utils.functional import Promise

LICENCE = "Licence Ouverte 2.0 (Etalab)"
LICENCE_URL = "https://www.etalab.gouv.fr/wp-content/uploads/2017/04/ETALAB-Licence-Ouverte-v2.0.pdf"
SEPARATOR = ";"
PARIS = ZoneInfo("Europe/Paris")
# Rows read from the database at a time, and written to the network at a time.
BATCH = 1000
CHUNK = 250
# What makes a spreadsheet run the content of a cell.
FORMULA_SIGNS = ("=", "+", "-", "@", "\t", "\r", "\n")


class Kind(StrEnum):
    """What a column holds, in the words of the published schemas."""

    TEXT = "texte"
    INTEGER = "entier"
    NUMBER = "nombre"
    INSTANT = "instant"
    DAY = "jour"
    ADDRESS = "adresse"


@dataclass(frozen=True)
class Column:
    """A column: its name in the files, what it holds, how it is read from a row, and of which kind its values are."""

    name: str
    meaning: str | Promise
    read: Callable[[Any], Any]
    kind: Kind = Kind.TEXT


@dataclass(frozen=True)
class Table:
    """A table that anybody can download."""

    name: str
    title: str | Promise
    summary: str | Promise
    columns: tuple[Column, ...]
    rows: Callable[[], Iterable[Any]]


def instant(at: dt.datetime | None) -> str:
    """Write an instant at Mulhouse (ISO 8601), "" for none."""
    return at.astimezone(PARIS).isoformat(timespec="seconds") if at else ""


def day(on: dt.date | None) -> str:
    """Write a day (ISO 8601), "" for none."""
    return on.isoformat() if on else ""


def harmless(value: Any) -> Any:
    """Keep a spreadsheet from taking what somebody wrote for a formula."""
    return f"'{value}" if isinstance(value, str) and value.startswith(FORMULA_SIGNS) else value


def batches(table: Table) -> Iterator[list[list[Any]]]:
    """Read through a cursor of the server, CHUNK rows at a time, in French: the memory does not grow with the table."""
    rows = table.rows()
    found = iter(rows.iterator(chunk_size=BATCH) if isinstance(rows, QuerySet) else rows)
    while batch := list(islice(found, CHUNK)):
        with translation.override("fr"):
            values = [[column.read(row) for column in table.columns] for row in batch]
        yield values


def csv_chunks(table: Table) -> Iterator[bytes]:
    """Write a table as CSV.

    Shape: UTF-8 without mark, SEPARATOR, lines ending in CR LF (RFC 4180), first line of names; a text that a spreadsheet
    would run begins with an apostrophe.
    """
    lines = io.StringIO(newline="")
    writer = csv.writer(lines, delimiter=SEPARATOR)
    writer.writerow(column.name for column in table.columns)
    for batch in batches(table):
        writer.writerows([harmless(value) for value in values] for values in batch)
        yield _taken(lines)
    yield _taken(lines)


def _taken(lines: io.StringIO) -> bytes:
    text = lines.getvalue()
    lines.seek(0)
    lines.truncate()
    return text.encode()


def line(names: list[str], values: Iterable[Any]) -> dict[str, Any]:
    """Name the values of a row, as the JSON files and the API give it; what is empty in the CSV is null."""
    return dict(zip(names, (None if value == "" else value for value in values), strict=True))


def json_chunks(table: Table, heading: Mapping[str, Any]) -> Iterator[bytes]:
    """Write a table as one JSON object, its rows one a line.

    Shape: the keys of `heading`, then `lignes`; what is empty in the CSV is null.
    """
    yield (json.dumps(dict(heading), ensure_ascii=False)[:-1] + ', "lignes": [').encode()
    names = [column.name for column in table.columns]
    before = "\n"
    for batch in batches(table):
        rows = (line(names, values) for values in batch)
        yield (before + ",\n".join(json.dumps(row, ensure_ascii=False) for row in rows)).encode()
        before = ",\n"
    yield b"\n]}\n"
