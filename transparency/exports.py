"""The whole register as a file, streamed: enough to recompute the chain at home."""

import csv
import json
from collections.abc import Iterator

from transparency import chain, register

COLUMNS = ("numero", "le", "acte", "par", "objet", "contenu", "precedent", "sceau")
FORMATS = {"jsonl": "application/jsonl; charset=utf-8", "csv": "text/csv; charset=utf-8"}
# So many lines are sent at once: a line at a time costs more in calls than in work.
SENT_AT_ONCE = 500


def _values(line: chain.Line) -> tuple[int | str, ...]:
    return (
        line.number,
        chain.written_at(line.at),
        line.act,
        line.role,
        line.subject,
        line.content,
        line.previous,
        line.seal,
    )


def as_json_lines() -> Iterator[str]:
    """Write one JSON object a line, oldest first.

    Shape: the keys are COLUMNS; `contenu` is the exact text that was sealed.
    """
    yield from _together(
        json.dumps(dict(zip(COLUMNS, _values(line), strict=True)), ensure_ascii=False) + "\n"
        for line in register.lines_after(0)
    )


class _Echo:
    """A file that gives back what is written to it."""

    def write(self, text: str) -> str:
        """Give it back."""
        return text


def as_csv() -> Iterator[str]:
    """Write the same columns as CSV, with their names on the first row; the mark in front lets spreadsheets read accents."""
    writer = csv.writer(_Echo())
    yield "\ufeff" + str(writer.writerow(COLUMNS))
    yield from _together(str(writer.writerow(_values(line))) for line in register.lines_after(0))


def _together(rows: Iterator[str]) -> Iterator[str]:
    held: list[str] = []
    for row in rows:
        held.append(row)
        if len(held) == SENT_AT_ONCE:
            yield "".join(held)
            held.clear()
    yield "".join(held)
