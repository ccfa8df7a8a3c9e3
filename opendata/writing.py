"""Writing a dataset as its two files at once, from one reading of the rows: hashed and counted while written.

The CSV begins with the UTF-8 mark, which Excel needs to read accents; the files of one consultation, written for programs and
older than these, have none. Nothing in a file says when it was made: the same lines make the same bytes.
"""

import csv
import hashlib
import io
import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import IO, Any

from django.conf import settings
from django.urls import reverse
from django.utils import translation

from mulhouse import opendata
from mulhouse.opendata import LICENCE, LICENCE_URL, SEPARATOR, harmless, line
from opendata.datasets import Dataset

MARK = b"\xef\xbb\xbf"
CONTENT_TYPES = {"csv": "text/csv; charset=utf-8", "json": "application/json"}


def heading(dataset: Dataset) -> dict[str, Any]:
    """Give what comes before the lines of a JSON file."""
    with translation.override("fr"):
        page = reverse("opendata:dataset", args=[dataset.code])
        return {
            "jeu": dataset.code,
            "titre": str(dataset.table.title),
            "source": settings.LEGAL["publisher"],
            "licence": LICENCE,
            "licence_url": LICENCE_URL,
            "dictionnaire": f"{settings.SITE_URL}{page}",
        }


def csv_chunks(dataset: Dataset) -> Iterator[bytes]:
    """Write as CSV: as `mulhouse.opendata.csv_chunks`, after the UTF-8 mark."""
    yield MARK
    yield from opendata.csv_chunks(dataset.table)


def json_chunks(dataset: Dataset) -> Iterator[bytes]:
    """Write as one JSON object: as `mulhouse.opendata.json_chunks`, without the instant."""
    yield from opendata.json_chunks(dataset.table, heading(dataset))


CHUNKS = {"csv": csv_chunks, "json": json_chunks}


@dataclass
class Sheet:
    """A file being written: where to, and what is known of it so far."""

    file: IO[bytes]
    size: int = 0
    digest: Any = field(default_factory=hashlib.sha256)

    def write(self, content: bytes) -> None:
        """Add bytes."""
        self.file.write(content)
        self.digest.update(content)
        self.size += len(content)


def write(dataset: Dataset, *, as_csv: Sheet, as_json: Sheet) -> int:
    """Write both files from one reading, and count the lines.

    Shape: byte for byte what `csv_chunks` and `json_chunks` give; the memory does not grow with the table.
    """
    names, count = [column.name for column in dataset.table.columns], 0
    as_csv.write(MARK + _csv([names]))
    as_json.write((json.dumps(heading(dataset), ensure_ascii=False)[:-1] + ', "lignes": [').encode())
    before = "\n"
    for batch in opendata.batches(dataset.table):
        as_csv.write(_csv([[harmless(value) for value in values] for values in batch]))
        rows = (json.dumps(line(names, values), ensure_ascii=False) for values in batch)
        as_json.write((before + ",\n".join(rows)).encode())
        before, count = ",\n", count + len(batch)
    as_json.write(b"\n]}\n")
    return count


def _csv(lines: list[list[Any]]) -> bytes:
    text = io.StringIO(newline="")
    csv.writer(text, delimiter=SEPARATOR).writerows(lines)
    return text.getvalue().encode()
