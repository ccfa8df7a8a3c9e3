"""The opinions behind the figures of a report: kept with a public version as they were counted, read as they are for a draft.

A version that is public tells for ever what it told on its day: themes that change later, texts withdrawn since, change neither
its figures nor the number of rows behind them. What is public no more is counted without being pointed at.
"""

import datetime as dt
from collections.abc import Iterable, Iterator
from itertools import islice
from typing import Any

from django.db import connection
from django.db.models import Exists, F, OuterRef, Prefetch, Q, QuerySet, prefetch_related_objects

from consultations.models import Consultation, Item, ItemOutcome, Outcome, Report, ReportRow
from consultations.reporting import figures
from mulhouse.db import assert_in_transaction

CHUNK = 1000
# The kinds that are contributions: the figures of contributions count these alone.
CONTRIBUTIONS = (Item.Kind.OPINION, Item.Kind.PROPOSAL, Item.Kind.QUESTION, Item.Kind.EXPERIENCE)
# Counted as `figures` counts: what stands, the parts by their rank, a grouped opinion in the themes of its head.
_ROWS = """
    SELECT i.id AS id, %(report)s AS report_id, i.id AS item_id, coalesce(s.rank, 0) AS part, coalesce(t.themes, '{}') AS themes,
           coalesce(c.comment_count, 0) AS comments,
           coalesce(c.agree_count + c.imported_agree_count, 0) AS agree,
           coalesce(c.mixed_count + c.imported_mixed_count, 0) AS mixed,
           coalesce(c.disagree_count + c.imported_disagree_count, 0) AS disagree
    FROM consultations_item i
    LEFT JOIN consultations_contribution c ON c.id = i.contribution_id
    LEFT JOIN (
        SELECT id, row_number() OVER (ORDER BY position, id) AS rank FROM consultations_section
        WHERE consultation_id = %(consultation)s
    ) s ON s.id = i.section_id
    LEFT JOIN (
        SELECT l.item_id, array_agg(h.reference ORDER BY h.title, h.id) AS themes FROM consultations_itemtheme l
        JOIN consultations_analysistheme h ON h.id = l.theme_id WHERE h.consultation_id = %(consultation)s GROUP BY 1
    ) t ON t.item_id = coalesce(i.grouped_with_id, i.id)
    WHERE i.consultation_id = %(consultation)s AND i.place NOT IN ('withdrawn', 'hidden')
    ORDER BY i.received_at, i.id
"""


def keep(report: Report) -> int:
    """Keep the opinions behind the figures of a version with it, in one statement; give how many."""
    assert_in_transaction()
    with connection.cursor() as cursor:
        # Only the text written above enters this one.
        cursor.execute(
            "INSERT INTO consultations_reportrow (report_id, item_id, part, themes, comments, agree, mixed, disagree) "  # noqa: S608
            f"SELECT report_id, item_id, part, themes, comments, agree, mixed, disagree FROM ({_ROWS}) r",
            {"report": report.pk, "consultation": report.consultation_id},
        )
        return int(cursor.rowcount)


def kept(report: Report) -> QuerySet[Any]:
    """Give the rows of a public version, with `reference` and `received_at` of their opinions."""
    return ReportRow.objects.filter(report=report).annotate(
        reference=F("item__reference"), received_at=F("item__received_at")
    )


def with_answers(rows: QuerySet[Any], report: Report) -> QuerySet[Any]:
    """Read with rows their opinions and the answers that held on the day of the report (`answers_of`)."""
    chosen = rows.select_related("item__contribution", "item__comment__contribution")
    return chosen.only(*_READ).prefetch_related(_given(report))


_READ = (
    *("part", "themes", "comments", "agree", "mixed", "disagree", "report_id", "item_id"),
    *("item__reference", "item__kind", "item__channel", "item__place", "item__title", "item__received_at"),
    *("item__contribution__reference", "item__comment__reference"),
    *("item__comment__contribution__reference", "item__comment__contribution__withdrawn_at"),
    "item__comment__contribution__hidden_at",
)


def _given(report: Report) -> "Prefetch[Any]":
    held = ItemOutcome.objects.filter(holding(report.published_at)).select_related("outcome").order_by("pk")
    return Prefetch("item__given", held, to_attr="held")


def holding(at: dt.datetime | None) -> Q:
    """Keep the answers that held at an instant, those that hold now for None."""
    if at is None:
        return Q(ended_at__isnull=True)
    return Q(given_at__lte=at) & (Q(ended_at__isnull=True) | Q(ended_at__gt=at))


def answers_of(row: Any) -> list[Outcome]:
    """Give the answers of a row, read with them."""
    return [given.outcome for given in row.item.held]


def each(report: Report) -> Iterable[Any]:
    """Give every row of a report with its answers, the oldest opinion first: those kept with it, or those of now for a draft."""
    if report.published_at is not None:
        return with_answers(kept(report), report).order_by("received_at", "item_id")
    return _drafted(report)


def _drafted(report: Report) -> Iterator[Any]:
    values = {"report": report.pk, "consultation": report.consultation_id}
    found = iter(ReportRow.objects.raw(_ROWS, values).iterator())
    while batch := list(islice(found, CHUNK)):
        prefetch_related_objects(batch, "item", _given(report))
        yield from batch


def is_gone(row: Any) -> bool:
    """Tell whether the opinion of a row was withdrawn or hidden since."""
    return bool(row.item.place in {Item.Place.WITHDRAWN, Item.Place.HIDDEN})


def narrowed(
    rows: QuerySet[Any], report: Report, *, decision: str = "", theme: str = "", part: int | None = None, kind: str = ""
) -> QuerySet[Any]:
    """Keep the rows behind one figure: a decision, a theme, a part, a kind (« contributions » for all of them but the others)."""
    if decision:
        held = ItemOutcome.objects.filter(holding(report.published_at), item=OuterRef("item"))
        rows = rows.filter(Exists(held.filter(outcome__decision=decision)))
    if theme:
        rows = rows.filter(themes__contains=[theme])
    if part is not None:
        rows = rows.filter(part=part, item__kind__in=CONTRIBUTIONS)
    if kind:
        rows = rows.filter(item__kind__in=CONTRIBUTIONS if kind == "contributions" else (kind,))
    return rows


def titles(report: Report, consultation: Consultation) -> dict[str, str]:
    """Give the titles of themes by reference: those of the day of the report, or those of now for a draft."""
    if report.published_at is not None:
        return {row["reference"]: row["title"] for row in (report.figures or {}).get("answers", [])}
    themes = consultation.analysis_themes.order_by("pk")
    return {theme.reference: theme.public_title or figures.UNTITLED for theme in themes}


def parts(report: Report, consultation: Consultation) -> dict[int, str]:
    """Give the titles of the parts by rank, likewise."""
    if report.published_at is not None:
        return {row["rank"]: row["title"] for row in (report.figures or {}).get("sections", [])}
    found = consultation.sections.order_by("position", "pk").values_list("title", flat=True)
    return dict(enumerate(found, start=1))
