"""The responses to a questionnaire as CSV, JSON and XLSX, row by row from the database to the network.

Nothing leads to a person: no name, no reference, no day nor hour, no district, no age; the rows come in the order of a random key
and have a number of their own. A district or an age beside the answers would let anybody count again what the crosses hide: the
crosses are a file of their own, with what they hide. What was written in free words and joined files stay with the agents, who
may ask for the texts.
"""

import csv
import io
import json
import tempfile
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import count, islice
from typing import Any

import xlsxwriter  # type: ignore[import-untyped] # the package has no types
from django.utils import translation

from city.models import District
from questionnaires import crosses, results
from questionnaires.models import Answer, Question, Questionnaire, Response
from questionnaires.outline import Asking, Outline

Kind = Question.Kind
LICENCE = "Licence Ouverte 2.0 (Etalab)"
SEPARATOR = ";"
BATCH = 500
BLOCK = 64 * 1024
# What makes a spreadsheet run the content of a cell.
FORMULA_SIGNS = ("=", "+", "-", "@", "\t", "\r", "\n")
YES = "oui"
# Never in a column of their own: free words and files stay with agents, a district would place its person.
KEPT_BACK = (Kind.TEXT, Kind.FILE, Kind.DISTRICT)
CROSSES_HEAD = ("croisement", "question", "reponse", "groupe", "nombre", "masque")


@dataclass(frozen=True)
class Column:
    """A column: its name, and how it is read from the values of one question."""

    name: str
    question: int
    read: Callable[[Sequence[Answer]], Any]


def columns(read: Outline, *, texts: bool = False) -> list[Column]:
    """Give the columns of the questions, in order.

    Shape: one for a choice, a number, a text; one for each option, line or rank of the others; none for a district. `texts` adds
    free words.
    """
    found: list[Column] = []
    for rank, asking in enumerate(read.questions, start=1):
        found += _columns_of(asking, f"{rank}. {asking.question.label}", texts=texts)
    return found


def _columns_of(asking: Asking, name: str, *, texts: bool) -> Iterator[Column]:
    labels = {option.pk: option.label for option in asking.options}
    key = asking.pk
    match asking.kind:
        case Kind.MULTIPLE:
            yield from (Column(f"{name} : {option.label}", key, _has(option.pk)) for option in asking.options)
        case Kind.MATRIX:
            yield from (Column(f"{name} : {row.label}", key, _of_row(row.pk, labels)) for row in asking.rows)
        case Kind.RANKING:
            yield from (Column(f"{name} : {option.label}", key, _rank_of(option.pk)) for option in asking.options)
        case kind if kind not in KEPT_BACK:
            yield Column(name, key, _of_one(labels))
        case Kind.TEXT if texts:
            yield Column(name, key, _first_text)
    if texts and asking.other is not None and asking.kind in (Kind.SINGLE, Kind.MULTIPLE):
        yield Column(f"{name} : {asking.other.label} (texte)", key, _first_text)


def _of_one(labels: dict[int, str]) -> Callable[[Sequence[Answer]], Any]:
    """Read the one value of a choice or a number."""

    def read(values: Sequence[Answer]) -> Any:
        if not values:
            return ""
        value = values[0]
        if value.option_id is not None:
            return labels[value.option_id]
        return _plain(value.number)

    return read


def _has(option: int) -> Callable[[Sequence[Answer]], Any]:
    return lambda values: YES if any(value.option_id == option for value in values) else ""


def _of_row(row: int, labels: dict[int, str]) -> Callable[[Sequence[Answer]], Any]:
    return lambda values: next((labels[value.option_id or 0] for value in values if value.row_id == row), "")


def _rank_of(option: int) -> Callable[[Sequence[Answer]], Any]:
    return lambda values: next((value.rank for value in values if value.option_id == option), "")


def _first_text(values: Sequence[Answer]) -> Any:
    return next((value.text for value in values if value.text), "")


def _plain(number: Any) -> Any:
    return int(number) if number == int(number) else float(number)


# --- Rows --------------------------------------------------------------------------------------------------------------


def _responses(questionnaire: Questionnaire) -> Any:
    """Read in the order of a random key, which says nothing of when."""
    rows = Response.objects.filter(questionnaire=questionnaire, submitted_at__isnull=False)
    return rows.values_list("pk", flat=True).order_by("reference")


def _batches(read: Outline) -> Iterator[list[dict[int, list[Answer]]]]:
    """Read through a cursor of the server, BATCH responses at a time: the memory does not grow with the table."""
    found = iter(_responses(read.questionnaire).iterator(chunk_size=BATCH))
    while batch := list(islice(found, BATCH)):
        by_response: dict[int, dict[int, list[Answer]]] = {response: {} for response in batch}
        for answer in Answer.objects.filter(response__in=by_response).order_by("pk").iterator(chunk_size=BATCH):
            by_response[answer.response_id].setdefault(answer.question_id, []).append(answer)
        yield list(by_response.values())


def rows(read: Outline, *, texts: bool = False) -> Iterator[list[list[Any]]]:
    """Give the lines in batches: a number, then the columns."""
    asked = columns(read, texts=texts)
    number = count(1)
    for batch in _batches(read):
        yield [
            [next(number), *(column.read(answers.get(column.question, ())) for column in asked)] for answers in batch
        ]


def _head(read: Outline, *, texts: bool) -> list[str]:
    return ["numero", *(column.name for column in columns(read, texts=texts))]


# --- Crosses -----------------------------------------------------------------------------------------------------------


def crosses_chunks(read: Outline) -> Iterator[bytes]:
    """Write as CSV every cross of a questionnaire that is over, one count a line.

    Shape: as `csv_chunks`; the columns of CROSSES_HEAD. `nombre` is empty and `masque` says YES where the count is hidden.
    """
    text = io.StringIO(newline="")
    writer = csv.writer(text, delimiter=SEPARATOR)
    writer.writerow(CROSSES_HEAD)
    sent, districts = results.sent(read, None), list(District.objects.select_related("sector"))
    with translation.override("fr"):
        for by in crosses.NAMES:
            found = crosses.of(read, sent, by, districts)
            for rank, asking in enumerate(read.questions, start=1):
                if asking.pk in found:
                    name = f"{rank}. {asking.question.label}"
                    writer.writerows(
                        (by, name, harmless(answer), harmless(group), *(("", YES) if cell is None else (cell, "")))
                        for answer, group, cell in found[asking.pk].told()
                    )
    yield _taken(text)


# --- Formats -----------------------------------------------------------------------------------------------------------


def harmless(value: Any) -> Any:
    """Keep a spreadsheet from taking what somebody wrote for a formula."""
    return f"'{value}" if isinstance(value, str) and value.startswith(FORMULA_SIGNS) else value


def csv_chunks(read: Outline, *, source: str, texts: bool = False) -> Iterator[bytes]:
    """Write the responses as CSV.

    Shape: UTF-8 without mark, SEPARATOR, lines ending in CR LF (RFC 4180), first line of names; a text that a spreadsheet would
    run begins with an apostrophe.
    """
    text = io.StringIO(newline="")
    writer = csv.writer(text, delimiter=SEPARATOR)
    writer.writerow(harmless(name) for name in _head(read, texts=texts))
    for batch in rows(read, texts=texts):
        writer.writerows([harmless(value) for value in line] for line in batch)
        yield _taken(text)
    yield _taken(text)


def _taken(text: io.StringIO) -> bytes:
    written = text.getvalue()
    text.seek(0)
    text.truncate()
    return written.encode()


def json_chunks(read: Outline, *, source: str, texts: bool = False) -> Iterator[bytes]:
    """Write the responses as one JSON object, one line each.

    Shape: `questionnaire`, `source`, `licence`, `colonnes`, then `lignes` in the order of the columns; what is empty is null.
    """
    head = {
        "questionnaire": read.questionnaire.title,
        "source": source,
        "licence": LICENCE,
        "colonnes": _head(read, texts=texts),
    }
    yield (json.dumps(head, ensure_ascii=False)[:-1] + ', "lignes": [').encode()
    before = "\n"
    for batch in rows(read, texts=texts):
        lines = ([None if value == "" else value for value in line] for line in batch)
        yield (before + ",\n".join(json.dumps(line, ensure_ascii=False) for line in lines)).encode()
        before = ",\n"
    yield b"\n]}\n"


def xlsx_chunks(read: Outline, *, source: str, texts: bool = False) -> Iterator[bytes]:
    """Write the responses as a workbook, on disk and not in memory, then send it."""
    with tempfile.TemporaryFile() as file:
        options = {"constant_memory": True, "strings_to_formulas": False, "strings_to_urls": False}
        with xlsxwriter.Workbook(file, options) as book:
            sheet = book.add_worksheet("Réponses")
            sheet.freeze_panes(1, 0)
            sheet.write_row(0, 0, _head(read, texts=texts), book.add_format({"bold": True, "text_wrap": True}))
            at = 1
            for batch in rows(read, texts=texts):
                for line in batch:
                    sheet.write_row(at, 0, line)
                    at += 1
            about = book.add_worksheet("À propos")
            about.write_column(0, 0, [read.questionnaire.title, source, LICENCE])
        file.seek(0)
        while block := file.read(BLOCK):
            yield block


Writer = Callable[..., Iterator[bytes]]
FORMATS: dict[str, tuple[str, Writer]] = {
    "csv": ("text/csv; charset=utf-8", csv_chunks),
    "json": ("application/json", json_chunks),
    "xlsx": ("application/vnd.openxmlformats-officedocument.spreadsheetml.sheet", xlsx_chunks),
}
