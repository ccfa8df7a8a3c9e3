"""What the archive package of a consultation holds: pages that open without a network, its tables, its documents, its proof.

Everything is read at one instant of the database, a hundred contributions at a time, and written straight to the file: the
memory does not grow with the consultation. Only what everybody reads: never a draft, a withdrawn or hidden text, an address
of somebody, nor who took which position.
"""

import csv
import datetime as dt
import hashlib
import io
import re
import zipfile
from collections import defaultdict
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import islice, pairwise
from pathlib import Path
from typing import IO, Any

from django.conf import settings
from django.core.files.storage import default_storage
from django.db import connection, transaction
from django.db.models import F, Q, QuerySet
from django.template.loader import render_to_string
from django.utils import translation
from django.utils.safestring import SafeString, mark_safe

from consultations import archiving_rooms, exports, game, phases, presentation, signatures
from consultations.archiving_rooms import Sheet
from consultations.models import (
    REPORT_TEXTS,
    Attachment,
    Comment,
    Consultation,
    Contribution,
    ContributionVersion,
    Item,
    ItemOutcome,
    Outcome,
    Report,
    Ruleset,
)
from consultations.reporting import annex, assembling
from mulhouse import opendata, typography
from transparency import chain
from transparency import exports as register_exports
from transparency.models import RegisterLine

PER_PAGE = 100
READ_AT_ONCE = 64 * 1024
STYLE = Path(settings.BASE_DIR) / "static" / "css" / "archive.css"
# An address of the site would lead nowhere from a disk.
LOCAL_LINK = re.compile(r'href="/(?!/)')
README = """{title}
Dossier d’archives, version {version}, fait le {made_on}.
Page d’origine\u00a0: {address}
Licence\u00a0: {licence} ({licence_url})

Pour lire\u00a0: ouvrez index.html dans un navigateur. Rien n’est demandé à Internet.

Ce que contient le dossier
- index.html, regles.html\u00a0: la présentation, les questions, les règles du jeu et leurs changements.
- contributions/\u00a0: chaque avis publié, son débat, la réponse de la Ville.
- questionnaires/, votes/\u00a0: ce qui était demandé, les règles, les résultats et leurs fichiers.
- suites.html, bilan.html, bilan/\u00a0: les décisions et le bilan, s’ils sont publiés.
- engagements.html\u00a0: ce que la Ville s’est engagée à faire, et où elle en est.
- donnees/\u00a0: les mêmes textes et chiffres en CSV (UTF-8, point-virgule).
- documents/, fichiers/\u00a0: les documents de la Ville, les photos et documents des habitants.
- registre.csv\u00a0: les lignes du registre public sur cette consultation, ses questionnaires, votes et engagements.

Ce qu’il ne contient pas
Ni brouillon, ni texte retiré ou masqué, ni adresse électronique, ni position ni bulletin d’une personne\u00a0: seulement des totaux.
Les réponses aux questionnaires n’ont ni nom, ni date, ni quartier, ni âge, ni texte libre. Les croisements par quartier et par âge ont
leur fichier\u00a0: les petits nombres y sont masqués.
Quand un texte est retiré plus tard, le dossier public est refait sans lui.

Pour vérifier que rien n’a été changé
  sha256sum -c SHA256SUMS
L’empreinte du dossier entier est écrite au registre public, acte consultation.packaged.
"""
# Read by everybody, written by its owner.
MODE = 0o644 << 16


class Bundle:
    """A ZIP file that is being written, each of its files hashed as it goes by."""

    def __init__(self, target: IO[bytes], *, folder: str, at: dt.datetime) -> None:
        self._zip = zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED)
        self._folder = folder
        self._date = at.astimezone(phases.PARIS).timetuple()[:6]
        self._sums: list[str] = []

    def add(self, name: str, chunks: Iterable[bytes]) -> None:
        """Write a file piece by piece."""
        info = zipfile.ZipInfo(f"{self._folder}/{name}", date_time=self._date)
        info.compress_type, info.external_attr = zipfile.ZIP_DEFLATED, MODE
        digest = hashlib.sha256()
        with self._zip.open(info, "w", force_zip64=True) as written:
            for chunk in chunks:
                digest.update(chunk)
                written.write(chunk)
        self._sums.append(f"{digest.hexdigest()}  {name}\n")

    def close(self) -> None:
        """Write SHA256SUMS, in the form that `sha256sum -c` reads, and end the file."""
        sums = "".join(sorted(self._sums, key=lambda line: line[66:]))
        self.add("SHA256SUMS", [sums.encode()])
        self._zip.close()


@dataclass(frozen=True)
class Link:
    """A page of the package."""

    name: str
    label: str


@dataclass
class Said:
    """A thread: a comment and its replies; None where it was withdrawn after somebody had answered."""

    comment: "Line | None"
    replies: list["Line"] = field(default_factory=list)


@dataclass(frozen=True)
class Line:
    """A comment in words."""

    author: str
    day: str
    stance: str
    html: SafeString
    supports: int


@dataclass(frozen=True)
class Entry:
    """A contribution in words, with its files, its debate and what the city answered."""

    row: Contribution
    author: str
    district: str
    place: str
    day: str
    html: SafeString
    facts: list[Any]
    files: list["Kept"]
    threads: list[Said]
    outcomes: list["Answered"]
    versions: list["Former"]


@dataclass(frozen=True)
class Kept:
    """A joined file: its name in the package, its words."""

    path: str
    name: str
    alt: str
    is_photo: bool


@dataclass(frozen=True)
class Former:
    """A text before a correction, as its page shows it."""

    title: str
    html: SafeString
    day: str


@dataclass(frozen=True)
class Answered:
    """An answer of the city in words."""

    subject: str
    decision: str
    forwarded_to: str
    html: SafeString
    day: str
    returned: str


# --- The print of what a package holds -----------------------------------------------------------------------------------

_PRINT = """
    SELECT
        (SELECT concat(count(*), '-', coalesce(sum(hashtextextended(
            concat_ws('|', c.reference, c.saved_at, c.signature, c.author_id, u.public_name, c.district_id), 0)), 0))
         FROM consultations_contribution c LEFT JOIN accounts_user u ON u.id = c.author_id
         WHERE c.consultation_id = %(key)s AND c.published_at IS NOT NULL
           AND c.withdrawn_at IS NULL AND c.hidden_at IS NULL),
        (SELECT concat(count(*), '-', coalesce(sum(hashtextextended(
            concat_ws('|', m.reference, m.author_id, u.public_name), 0)), 0))
         FROM consultations_comment m
         JOIN consultations_contribution c ON c.id = m.contribution_id
         LEFT JOIN accounts_user u ON u.id = m.author_id
         WHERE c.consultation_id = %(key)s AND c.published_at IS NOT NULL AND c.withdrawn_at IS NULL
           AND c.hidden_at IS NULL AND m.withdrawn_at IS NULL AND m.hidden_at IS NULL)
"""


def content_print(consultation: Consultation) -> str:
    """Sum up who signs what in a consultation: another print means that something was withdrawn, hidden, unsigned or changed."""
    with connection.cursor() as cursor:
        cursor.execute(_PRINT, {"key": consultation.pk})
        return "/".join(map(str, cursor.fetchone()))


# --- Writing it ----------------------------------------------------------------------------------------------------------


def write(consultation: Consultation, target: IO[bytes], *, version: int, at: dt.datetime) -> str:
    """Write the package of a consultation to a file; give the print of what it holds.

    Shape: one folder, named by the address of the consultation and the version: `index.html`, `regles.html`, `suites.html`,
    `bilan.html`, `engagements.html`, `contributions/*.html`, `questionnaires/*` and `votes/*` (pages and their files),
    `donnees/*.csv`, `bilan/*.pdf`, `documents/`, `fichiers/`, `registre.csv`, `LISEZMOI.txt`, `SHA256SUMS`.
    Locks: none; a transaction that only reads, so that all pages tell the same instant. Files are read after it.
    """
    bundle = Bundle(target, folder=f"{consultation.slug}-v{version}", at=at)
    with translation.override("fr"):
        with _snapshot():
            seen = content_print(consultation)
            stored = _write_pages(bundle, _fresh(consultation), version=version, at=at)
        for name, file in stored:
            _add_file(bundle, name, file)
        for attachment in _attachments(consultation).iterator(chunk_size=PER_PAGE):
            _add_file(bundle, _kept(attachment).path, str(attachment.file.name))
    bundle.close()
    return seen


@contextmanager
def _snapshot() -> Iterator[None]:
    with transaction.atomic(durable=True):
        with connection.cursor() as cursor:
            cursor.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ READ ONLY")
        yield


def _fresh(consultation: Consultation) -> Consultation:
    rows = Consultation.objects.select_related("theme", "service")
    return rows.prefetch_related("phases", "sections", "documents", "districts").get(pk=consultation.pk)


def _write_pages(bundle: Bundle, row: Consultation, *, version: int, at: dt.datetime) -> list[tuple[str, str]]:
    """Write everything that the database holds; give the stored files to add, (name in the package, name in the storage)."""
    report = Report.objects.published().filter(consultation=row).first()
    outcomes = list(_outcomes(row).select_related("returned").order_by("-published_at", "-pk"))
    pages = -(-_visible(row).count() // PER_PAGE)
    asked = [*archiving_rooms.questionnaires(row, at=at), *archiving_rooms.votes(row, at=at)]
    promised = list(archiving_rooms.engagements(row))
    links = [
        Link("index.html", "Présentation"),
        Link("regles.html", "Règles du jeu"),
        *([Link("contributions/page-1.html", "Contributions")] if pages else []),
        *([Link("index.html#questionnaires-et-votes", "Questionnaires et votes")] if asked else []),
        *([Link("suites.html", "Réponses de la Ville")] if outcomes else []),
        *([Link("bilan.html", "Bilan")] if report else []),
        *(Link(sheet.name, sheet.title) for sheet in promised),
    ]
    frame = {
        "consultation": row,
        "address": f"{settings.SITE_URL}{row.get_absolute_url()}",
        "made_on": typography.day(at),
        "version": version,
        "links": links,
        "licence": opendata.LICENCE,
        "licence_url": opendata.LICENCE_URL,
    }
    bundle.add("LISEZMOI.txt", [README.format(title=row.title, **frame).encode()])
    bundle.add("style.css", [STYLE.read_bytes()])
    documents = [
        (f"documents/{_file_name(item.position, item.title, item.file.name)}", item) for item in row.documents.all()
    ]
    presented = {
        "description": _linked(presentation.staff_html(row.description)),
        "facts": presentation.facts(row),
        "steps": [(span.name, typography.date_range(span.starts_on, span.ends_on)) for span in row.spans()],
        "documents": [(name, item.title, _linked(presentation.staff_html(item.html_body))) for name, item in documents],
        "asked": asked,
        "tables": [(f"donnees/{table.name}.csv", table.title) for table in exports.TABLES.values()],
    }
    bundle.add("index.html", _page("consultations/archive/index.html", frame | presented))
    bundle.add("regles.html", _page("consultations/archive/rules.html", frame | _rules(row)))
    if outcomes:
        bundle.add(
            "suites.html",
            _page("consultations/archive/outcomes.html", frame | {"outcomes": [_answered(one) for one in outcomes]}),
        )
    versions = list(Report.objects.published().filter(consultation=row))
    ready = (one for one in versions if one.pdf_state == Report.PdfState.READY)
    pdfs = [(f"bilan/bilan-v{one.number}.pdf", str(one.pdf.name)) for one in ready]
    for one in versions:
        one.consultation = row
        bundle.add(f"bilan/avis-v{one.number}.csv", opendata.csv_chunks(annex.opinions(one)))
        counted = annex.participation(one.figures or {})
        bundle.add(f"bilan/participation-v{one.number}.csv", opendata.csv_chunks(counted))
    if report:
        bundle.add(
            "bilan.html",
            _page("consultations/archive/report.html", frame | _report(report) | {"pdfs": [name for name, _ in pdfs]}),
        )
    _write_contributions(bundle, row, frame, pages)
    for sheet in (*asked, *promised):
        _write_sheet(bundle, sheet, frame)
    for table in exports.TABLES.values():
        bundle.add(f"donnees/{table.name}.csv", exports.csv_chunks(table, row))
    bundle.add("registre.csv", _register(row))
    return [*((name, str(item.file.name)) for name, item in documents), *pdfs]


def _write_sheet(bundle: Bundle, sheet: Sheet, frame: dict[str, Any]) -> None:
    """Write a page and the files beside it."""
    context = frame | sheet.context | {"files": [(name, label) for name, label, _chunks in sheet.files]}
    bundle.add(sheet.name, _page(sheet.template, context, root="../" * sheet.name.count("/")))
    for name, _label, chunks in sheet.files:
        bundle.add(name, chunks)


def _page(template: str, context: dict[str, Any], *, root: str = "") -> Iterator[bytes]:
    yield render_to_string(template, {**context, "root": root}).encode()


def _linked(html: str) -> SafeString:
    """Make the addresses of the site whole: the pages are read from a disk."""
    return mark_safe(LOCAL_LINK.sub(f'href="{settings.SITE_URL}/', html))  # noqa: S308 (cleaned when it was saved)


def _file_name(rank: int, title: str, stored: str | None) -> str:
    """Name a file after its title, safe on any disk."""
    words = re.sub(r"[^\w-]+", "-", title.lower()).strip("-")[:60] or "document"
    return f"{rank:02}-{words}{Path(stored or '').suffix.lower()}"


def _rules(row: Consultation) -> dict[str, Any]:
    versions = list(Ruleset.objects.filter(consultation=row).order_by("-version"))
    return {
        "lines": game.in_words(versions[0].rules if versions else game.rules_of(row)),
        "amendments": [(after, game.differences(before.rules, after.rules)) for after, before in pairwise(versions)],
        "digest": versions[0].digest if versions else "",
    }


def _report(report: Report) -> dict[str, Any]:
    texts = [
        (str(Report._meta.get_field(name).verbose_name), _linked(presentation.staff_html(getattr(report, name))))  # type: ignore[union-attr]
        for name in REPORT_TEXTS
        if getattr(report, name)
    ]
    found = assembling.content(report.consultation, report, report.figures) if report.figures else None
    shown = [*found.who, *found.said, *([found.decisions] if found.decisions else [])] if found else []
    return {
        "report": report,
        "texts": [(label[:1].upper() + label[1:], html) for label, html in texts],
        "found": found,
        "charts": shown,
        "site": settings.SITE_URL,
    }


def _outcomes(row: Consultation) -> QuerySet[Outcome]:
    """Read the answers to themes, and those of single opinions that everybody reads: an answer quotes what it answers."""
    public = Item.objects.filter(consultation=row).public()
    return Outcome.objects.filter(Q(theme__isnull=False) | Q(item__in=public), consultation=row)


def _answered(outcome: Outcome) -> Answered:
    return Answered(
        subject=outcome.subject,
        decision=outcome.get_decision_display(),
        forwarded_to=outcome.forwarded_to,
        html=_linked(presentation.resident_html(outcome.explanation_html)),
        day=typography.day(outcome.published_at),
        returned=outcome.returned.reason if hasattr(outcome, "returned") else "",
    )


# --- Contributions and their debate --------------------------------------------------------------------------------------


def _visible(row: Consultation) -> Any:
    return Contribution.objects.visible().filter(consultation=row)


def _write_contributions(bundle: Bundle, row: Consultation, frame: dict[str, Any], pages: int) -> None:
    rows = (
        _visible(row)
        .select_related("author", "district", "place_district", "section")
        .only(
            *(
                "reference",
                "kind",
                "title",
                "body_html",
                "author_label",
                "signature",
                "channel",
                "place",
                "published_at",
            ),
            *("usage_when", "usage_frequency", "usage_role", "saved_at"),
            *("agree_count", "mixed_count", "disagree_count"),
            *("imported_agree_count", "imported_mixed_count", "imported_disagree_count"),
            *("author__public_name", "district__name", "place_district__name", "section__title"),
        )
        .order_by("published_at", "pk")
    )
    words = presentation.Words()
    found = iter(rows.iterator(chunk_size=PER_PAGE))
    number = 0
    while batch := list(islice(found, PER_PAGE)):
        number += 1
        context = frame | {"entries": _entries(batch, words), "number": number, "pages": pages, "before": number - 1}
        context["after"] = number + 1 if number < pages else 0
        bundle.add(
            f"contributions/page-{number}.html", _page("consultations/archive/contributions.html", context, root="../")
        )


def _entries(batch: list[Contribution], words: presentation.Words) -> list[Entry]:
    keys = [row.pk for row in batch]
    threads, files, outcomes = _threads(keys, words), defaultdict(list), defaultdict(list)
    for attachment in (
        Attachment.objects.visible().filter(contribution__in=keys).select_related("contribution").order_by("position")
    ):
        files[attachment.contribution_id].append(_kept(attachment))
    versions: dict[int, list[Former]] = defaultdict(list)
    for version in ContributionVersion.objects.filter(contribution__in=keys).order_by("-number"):
        html = _linked(presentation.resident_html(version.body_html))
        versions[version.contribution_id].append(Former(version.title, html, words.day(version.replaced_at)))
    given = ItemOutcome.objects.filter(ended_at__isnull=True, item__contribution__in=keys)
    for answer in given.select_related("outcome__returned", "item").order_by("-given_at", "-pk"):
        outcomes[answer.item.contribution_id].append(_answered(answer.outcome))
    return [
        Entry(
            row=row,
            author=signatures.of_contribution(row),
            district=presentation.place_of_author(row),
            place=presentation.place_words(row),
            day=words.day(row.published_at or row.saved_at),
            html=_linked(presentation.resident_html(row.body_html)),
            facts=presentation.lived_facts(row),
            files=files[row.pk],
            threads=threads[row.pk],
            outcomes=outcomes[row.pk],
            versions=versions[row.pk],
        )
        for row in batch
    ]


def _threads(keys: list[int], words: presentation.Words) -> dict[int, list[Said]]:
    """Read the debates of some contributions: what is visible, in its threads."""
    found: dict[int, list[Said]] = defaultdict(list)
    by_opening: dict[int, Said] = {}
    rows = Comment.objects.visible().filter(contribution__in=keys).select_related("author")
    rows = rows.only(
        *("contribution_id", "parent_id", "author_label", "stance", "body_html", "channel", "published_at"),
        *("support_count", "imported_support_count", "author__public_name"),
    )
    # Those that open a thread come before any reply, so that each thread stands once, from the oldest.
    openings_first = F("parent_id").asc(nulls_first=True)
    for comment in rows.order_by("contribution_id", openings_first, "published_at", "pk").iterator(chunk_size=1000):
        if comment.parent_id is None:
            by_opening[comment.pk] = Said(_line(comment, words))
            found[comment.contribution_id].append(by_opening[comment.pk])
            continue
        if comment.parent_id not in by_opening:
            by_opening[comment.parent_id] = Said(None)
            found[comment.contribution_id].append(by_opening[comment.parent_id])
        by_opening[comment.parent_id].replies.append(_line(comment, words))
    return found


def _line(comment: Comment, words: presentation.Words) -> Line:
    return Line(
        author=signatures.of_comment(comment),
        day=words.day(comment.published_at),
        stance="" if comment.parent_id else comment.get_stance_display(),
        html=_linked(presentation.resident_html(comment.body_html)),
        supports=comment.support_count + comment.imported_support_count,
    )


# --- Files and the register ----------------------------------------------------------------------------------------------


def _attachments(consultation: Consultation) -> Any:
    visible = _visible(consultation)
    return Attachment.objects.visible().filter(contribution__in=visible).select_related("contribution").order_by("pk")


def _kept(attachment: Attachment) -> Kept:
    suffix = Path(str(attachment.file.name)).suffix.lower()
    return Kept(
        path=f"fichiers/{attachment.contribution.reference}-{attachment.position}{suffix}",
        name=attachment.name,
        alt=attachment.alt,
        is_photo=attachment.kind == Attachment.Kind.PHOTO,
    )


def _add_file(bundle: Bundle, name: str, stored: str) -> None:
    """Copy a stored file into the package; one that was withdrawn meanwhile is left out."""
    try:
        file = default_storage.open(stored)
    except FileNotFoundError:
        return
    with file:
        bundle.add(name, iter(lambda: file.read(READ_AT_ONCE), b""))


def _register(row: Consultation) -> Iterator[bytes]:
    """Write the lines of the register about a consultation and what it holds, oldest first, as the register's own file does."""
    named = (
        archiving_rooms.register_lines(row)
        | Q(subject__in=(row.slug, row.topic))
        | Q(content__contains=f'"consultation":"{row.slug}"')
    )
    rows = RegisterLine.objects.filter(named).order_by("number").values_list(*chain.Line._fields)
    text = io.StringIO(newline="")
    writer = csv.writer(text)
    writer.writerow(register_exports.COLUMNS)
    for values in rows.iterator(chunk_size=1000):
        line = chain.Line._make(values)
        told = (line.number, chain.written_at(line.at), line.act, line.role, line.subject)
        writer.writerow((*told, line.content, line.previous, line.seal))
        if text.tell() > READ_AT_ONCE:
            yield _taken(text)
    yield _taken(text)


def _taken(text: io.StringIO) -> bytes:
    written = text.getvalue()
    text.seek(0)
    text.truncate()
    return written.encode()
