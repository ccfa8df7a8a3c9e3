"""The report as an accessible PDF: tagged, in French, titled, with a text in place of each drawing (PDF/UA-1)."""

import json
import re
from collections.abc import Iterable, Sequence
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import typst
from django.conf import settings
from django.utils import translation

from consultations.models import Report
from consultations.reporting.assembling import Answer, Chart, Content, content
from mulhouse import typography
from mulhouse.templatetags import ui

TEMPLATE = Path(__file__).with_name("report.typ")
NBSP = "\u00a0"
# What the fonts of the PDF can not draw, such as small pictures people type, is told by a square.
UNDRAWABLE = re.compile(
    r"[^\t\n\r\u0020-\u024f\u02b0-\u02ff\u0300-\u036f\u0370-\u03ff\u0400-\u04ff\u1e00-\u1eff\u2010-\u2027\u202f-\u205e\u20ac\u2190-\u2193"
    r"\u2200-\u22ff\u25a1]+"
)


# More bars would fill a page in letters too small to read: their table says the same.
MOST_BARS = 12


class PdfError(Exception):
    """The document could not be made."""


def make(report: Report) -> bytes:
    """Make the PDF of a report that is public.

    Raises: PdfError with what the typesetter says.
    """
    with translation.override("fr"):
        data = described(report)
    try:
        made = typst.compile(
            TEMPLATE.read_bytes(),
            format="pdf",
            pdf_standards=["ua-1"],
            ignore_system_fonts=True,
            sys_inputs={"data": _drawable(json.dumps(data, ensure_ascii=False))},
        )
    except (RuntimeError, typst.TypstError) as error:
        raise PdfError(str(error)) from error
    return bytes(made)


def _drawable(text: str) -> str:
    return UNDRAWABLE.sub("□", text).replace("\u202f", NBSP)


def described(report: Report) -> dict[str, Any]:
    """Say everything the document holds, in French (call it in that language).

    Shape: plain values, as `report.typ` reads them.
    """
    consultation, found = report.consultation, content(report.consultation, report, report.figures or {})
    address = settings.SITE_URL + report.get_absolute_url()
    published = typography.day(report.published_at) if report.published_at else ""
    lead = f"Bilan publié le {published}, version {report.number}. La même page en ligne{NBSP}: {address}"
    texts = {name: blocks(html) for name, html in found.texts.items()}
    return {
        "title": f"Bilan{NBSP}: {consultation.title}",
        "author": settings.LEGAL["publisher"],
        "description": f"Ce que la Ville a fait des avis reçus{NBSP}: {consultation.title}",
        "footer": f"{settings.SITE_NAME}, {address}",
        "lead": lead,
        "correction": f"Ce que cette version corrige{NBSP}: {report.correction}" if report.correction else "",
        "words": {
            "rows": f"Les lignes derrière ces chiffres{NBSP}:",
            "asked": "Vous avez demandé",
            "decided": "La Ville a décidé",
            "why": "Pourquoi",
        },
        "parts": _parts(report, found, texts),
    }


def _parts(report: Report, found: Content, texts: dict[str, list[dict[str, Any]]]) -> list[dict[str, Any]]:
    missing = list(found.missing) or ["Aucun groupe ne manque nettement, ou trop peu de personnes l’ont dit."]
    merging = (
        ["Les nombres de moins de cinq personnes sont regroupés, pour ne désigner personne."] if found.merges else []
    )
    parts = [
        _part("La question posée", blocks=texts["question"]),
        _part(
            "Qui a participé",
            blocks=texts["participation_comment"],
            facts=found.key_figures,
            points=merging,
            charts=found.who,
        ),
        _part("Qui manque", points=missing),
        _part("Ce qui a été dit", blocks=texts["said"], charts=found.said),
        _part("Les points de vue minoritaires", blocks=texts["minority"]),
        _part(
            "Vous avez demandé, la Ville a décidé, pourquoi",
            answers=found.answers,
            charts=[found.decisions] if found.decisions else [],
        ),
        _part("Ce que la Ville a décidé", blocks=texts["decision"]),
        _part("Pourquoi", blocks=texts["reasons"]),
        _part("Combien cela coûte", blocks=texts["cost"]),
        _part("Le calendrier", blocks=texts["calendar"]),
        _part("Signature et contact", facts=signature(report)),
    ]
    return [part for part in parts if any(part[name] for name in ("blocks", "facts", "points", "answers", "charts"))]


def signature(report: Report) -> list[ui.Fact]:
    """Give who signs, by function, the deliberation and whom to ask."""
    found = [ui.Fact("Fonction qui signe", report.signatory)] if report.signatory else []
    if report.deliberation_number or report.deliberation_url:
        words = report.deliberation_number or report.deliberation_url
        found.append(ui.Fact("Délibération", words, report.deliberation_url))
    if report.contact:
        found.append(ui.Fact("À qui s’adresser", report.contact))
    return found


def _part(
    title: str,
    *,
    blocks: Sequence[dict[str, Any]] = (),
    facts: Iterable[ui.Fact] = (),
    points: Sequence[str] = (),
    answers: Iterable[Answer] = (),
    charts: Iterable[Chart] = (),
) -> dict[str, Any]:
    return {
        "title": title,
        "blocks": list(blocks),
        "facts": [{"label": str(fact.label), "value": str(fact.value), "url": _absolute(fact.url)} for fact in facts],
        "points": list(points),
        "answers": [_answered(answer) for answer in answers],
        "charts": [drawn(chart) for chart in charts],
    }


def _absolute(url: str) -> str:
    return f"{settings.SITE_URL}{url}" if url.startswith("/") else url


def _answered(answer: Answer) -> dict[str, Any]:
    decision = str(answer.tag.label)
    return {
        "title": f"{answer.title} (point de vue minoritaire)" if answer.is_minority else answer.title,
        "asked": answer.summary,
        "opinions": answer.opinions,
        "url": _absolute(answer.url),
        "decision": f"{decision} à{NBSP}: {answer.forwarded_to}" if answer.forwarded_to else decision,
        "blocks": blocks(answer.html),
    }


def drawn(chart: Chart) -> dict[str, Any]:
    """Say a figure for the template: its drawing, unless it has too many bars, and its table."""
    estimate = " Ce sont des estimations." if chart.is_estimate else ""
    return {
        "title": chart.title,
        "svg": str(chart.svg) if len(chart.rows) <= MOST_BARS else "",
        "alt": f"{chart.title}{NBSP}: {chart.description}",
        "headers": list(chart.headers),
        "rows": [[{"words": cell.words, "url": _absolute(cell.url)} for cell in row] for row in chart.rows],
        "note": chart.note,
        "sources": f"Population{NBSP}: {', '.join(chart.sources)}.{estimate}" if chart.sources else "",
        "url": _absolute(chart.url),
    }


# --- From HTML to blocks ---------------------------------------------------------------------------------------------------


def blocks(html: str) -> list[dict[str, Any]]:
    """Read a cleaned HTML text as blocks of runs.

    Shape: `kind` paragraph, heading (with `level`), quote, bullets, numbers (with `items`) or table (with `head`, `rows`).
    """
    reader = _Reader()
    reader.feed(html)
    reader.close()
    return reader.finished()


class _Reader(HTMLParser):
    """Follows the tags that `markup.clean_html` lets through; what is nested in a list comes as text of its item."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.found: list[dict[str, Any]] = []
        self.runs: list[dict[str, Any]] = []
        self.kinds: list[str] = []
        self.items: list[list[dict[str, Any]]] = []
        self.rows: list[list[dict[str, Any]]] = []
        self.bold = self.italic = 0
        self.url = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag in {"p", "h3", "h4", "ul", "ol", "blockquote", "table"} and not self._is_inside():
            self._close("paragraph")
        if tag in {"ul", "ol", "table", "blockquote"}:
            self.kinds.append(tag)
        elif tag in {"strong", "b"}:
            self.bold += 1
        elif tag in {"em", "i"}:
            self.italic += 1
        elif tag == "a":
            self.url = dict(attrs).get("href") or ""
        elif tag == "tr":
            self.rows.append([])
        elif tag == "br":
            self._add("", is_break=True)

    def handle_endtag(self, tag: str) -> None:
        if tag in {"strong", "b"}:
            self.bold -= 1
        elif tag in {"em", "i"}:
            self.italic -= 1
        elif tag == "a":
            self.url = ""
        elif tag == "li":
            self.items.append(self._taken())
        elif tag in {"th", "td"} and self.rows:
            self.rows[-1].append({"runs": self._taken()})
        elif tag in {"ul", "ol", "table"}:
            self._close_group(tag)
        elif tag == "blockquote":
            self._close("quote")
            self.kinds.remove("blockquote")
        elif tag in {"h3", "h4"}:
            self._close("heading", level=2 if tag == "h3" else 3)
        elif tag == "p" and not self._is_inside():
            self._close("quote" if "blockquote" in self.kinds else "paragraph")

    def handle_data(self, data: str) -> None:
        if data.strip() or self.runs:
            self._add(data)

    def _is_inside(self) -> bool:
        return bool({"ul", "ol", "table"} & set(self.kinds))

    def _add(self, text: str, *, is_break: bool = False) -> None:
        self.runs.append(
            {"text": text, "bold": self.bold > 0, "italic": self.italic > 0, "url": self.url, "break": is_break}
        )

    def _taken(self) -> list[dict[str, Any]]:
        runs, self.runs = self.runs, []
        return runs

    def _close(self, kind: str, **more: Any) -> None:
        if runs := self._taken():
            self.found.append({"kind": kind, "runs": runs, **more})

    def _close_group(self, tag: str) -> None:
        self.kinds.remove(tag)
        if self._is_inside():
            return
        if tag == "table":
            rows, self.rows = [row for row in self.rows if row], []
            if rows:
                width = max(len(row) for row in rows)
                filled = [[*row, *({"runs": []} for _ in range(width - len(row)))] for row in rows]
                head = [cell["runs"] for cell in filled[0]]
                self.found.append({"kind": "table", "width": width, "head": head, "rows": filled[1:]})
        else:
            items, self.items = [item for item in self.items if item], []
            if items:
                self.found.append({"kind": "bullets" if tag == "ul" else "numbers", "items": items})

    def finished(self) -> list[dict[str, Any]]:
        """Give what was read."""
        self._close("paragraph")
        return self.found
