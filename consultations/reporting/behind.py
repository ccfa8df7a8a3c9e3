"""The page of the opinions behind a figure of a report: what was asked in its address, and its lines in words."""

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from django.db.models import QuerySet
from django.urls import reverse
from django.utils.translation import gettext as _

from consultations import answers
from consultations.models import Item, Report
from consultations.outcome_filters import DECISIONS
from consultations.reporting import rows
from mulhouse import typography
from mulhouse.templatetags import ui

CONTRIBUTIONS = "contributions"


@dataclass(frozen=True)
class Asked:
    """What narrows the list; `words` says each answer in force, by its name in the address."""

    decision: str
    theme: str
    part: int | None
    kind: str
    words: list[tuple[str, str]]


@dataclass(frozen=True)
class Line:
    """An opinion in the list: without title nor address when it has no public page, or has it no more."""

    title: str
    url: str
    kind: str
    reference: str
    day: dt.date
    subjects: str
    tags: list[ui.Tag]


def asked(query: Mapping[str, str], report: Report) -> Asked:
    """Read an address; what names nothing of this report is left out."""
    titles, parts = rows.titles(report, report.consultation), rows.parts(report, report.consultation)
    decision = DECISIONS.get(query.get("suite", ""))
    theme = query.get("theme", "") if query.get("theme", "") in titles else ""
    rank = query.get("partie", "")
    part = next((each for each in [0, *parts] if str(each) == rank), None)
    kind = query.get("sorte", "")
    kind = kind if kind == CONTRIBUTIONS or kind in Item.Kind.values else ""
    words = []
    if decision:
        words.append(("suite", str(decision.label)))
    if theme:
        words.append(("theme", titles[theme]))
    if part is not None:
        words.append(("partie", parts.get(part) or _("Sans partie")))
    if kind:
        words.append(("sorte", _("Contributions") if kind == CONTRIBUTIONS else str(Item.Kind(kind).label)))
    return Asked(decision or "", theme, part, kind, words)


def narrowed(report: Report, chosen: Asked) -> QuerySet[Any]:
    """Give the rows of a public version that were asked for."""
    return rows.narrowed(
        rows.kept(report), report, decision=chosen.decision, theme=chosen.theme, part=chosen.part, kind=chosen.kind
    )


def line(row: Any, report: Report) -> Line:
    """Make the line of a row read `rows.with_answers`."""
    item, url = row.item, _address(row, report)
    titles = rows.titles(report, report.consultation)
    gone = rows.is_gone(row)
    return Line(
        title=_("Avis retiré ou masqué depuis") if gone else _title(item, url),
        url=url,
        kind=str(item.get_kind_display()),
        reference="" if gone else item.reference,
        day=typography.local_day(item.received_at),
        subjects=", ".join(titles.get(reference, "") for reference in row.themes),
        tags=[answers.tag_of(decision) for decision in dict.fromkeys(each.decision for each in rows.answers_of(row))],
    )


def _title(item: Item, url: str) -> str:
    """Say its title where its text has a public page; the free text of a questionnaire is nobody's to read here."""
    return (item.title or _("Sans titre")) if url else _("Texte sans page publique")


def _address(row: Any, report: Report) -> str:
    item, slug = row.item, report.consultation.slug
    if rows.is_gone(row):
        return ""
    if item.contribution is not None:
        return reverse("consultations:contribution", args=[slug, item.contribution.reference])
    if item.comment is not None:
        contribution = item.comment.contribution
        if contribution.withdrawn_at is None and contribution.hidden_at is None:
            return reverse("consultations:comment", args=[slug, contribution.reference, item.comment.reference])
    return ""
