"""The decision report of a consultation, in public: its page, its versions, its PDF, the files beside it."""

from typing import Any

from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase, StreamingHttpResponse
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from consultations import presentation
from consultations.models import Consultation, Report
from consultations.reporting import annex, assembling, behind, figures, rows, rules
from consultations.views import fetching, reading
from mulhouse import files, lists, opendata, throttle
from mulhouse.access import public
from mulhouse.templatetags import ui
from transparency.pages import cached_for_visitors


@public
@require_safe
@cached_for_visitors
def report(request: HttpRequest, slug: str) -> HttpResponse:
    """Show the last version of the report."""
    consultation = fetching.consultation(request, slug)
    versions = list(Report.objects.published().filter(consultation=consultation))
    if not versions:
        raise Http404
    return _shown(request, consultation, versions[0], versions)


@public
@require_safe
@cached_for_visitors
def report_version(request: HttpRequest, slug: str, number: int) -> HttpResponse:
    """Show a version of the report: the last one, or one that was corrected since."""
    consultation = fetching.consultation(request, slug)
    versions = list(Report.objects.published().filter(consultation=consultation))
    chosen = next((row for row in versions if row.number == number), None)
    if chosen is None:
        raise Http404
    return _shown(request, consultation, chosen, versions)


def _shown(request: HttpRequest, consultation: Consultation, row: Report, versions: list[Report]) -> HttpResponse:
    row.consultation = consultation
    return render(request, "consultations/report.html", page_context(row, versions, row.figures or {}))


def page_context(row: Report, versions: list[Report], counted: figures.Figures) -> dict[str, Any]:
    """Gather what the page of a report shows; the preview of a draft is given the figures of today."""
    consultation = row.consultation
    title = _("Bilan de la consultation")
    return {
        "consultation": consultation,
        "report": row,
        "is_preview": row.published_at is None,
        "found": assembling.content(consultation, row, counted),
        "documents": _documents(row),
        "is_preparing": row.pdf_state == Report.PdfState.PREPARING,
        "newest": versions[0] if versions else row,
        "others": [version for version in versions if version.pk != row.pk],
        "deliberation": row.deliberation_number or row.deliberation_url,
        "annex_url": reverse("consultations:report_annex", args=[consultation.slug, row.number]),
        "participation_url": reverse("consultations:report_participation", args=[consultation.slug, row.number]),
        "tags": [presentation.open_tag(consultation, at=timezone.now())],
        "tabs": presentation.tabs(consultation, current="report"),
        "crumbs": [
            ui.Crumb(_("Consultations"), reverse("consultations:list")),
            ui.Crumb(consultation.title, consultation.get_absolute_url()),
            ui.Crumb(title),
        ],
    }


ROWS = 30
ORDER = lists.Order("received_at")


@public
@require_safe
@cached_for_visitors
def report_rows(request: HttpRequest, slug: str, number: int) -> HttpResponse:
    """Show the opinions behind a figure of a public version, as they were counted on its day."""
    consultation = fetching.consultation(request, slug)
    report = get_object_or_404(Report.objects.published().filter(consultation=consultation), number=number)
    report.consultation = consultation
    asked = behind.asked(request.GET, report)
    found = behind.narrowed(report, asked)
    page = lists.read(
        rows.with_answers(found, report),
        ORDER,
        size=ROWS,
        at=lists.place(request.GET),
        anchor_of=lambda reference: rows.kept(report).filter(item__reference=reference).first(),
    )
    count = found.count()
    previous = lists.address(request.GET, avant=page.previous, page=str(page.number - 1)) if page.previous else ""
    following = lists.address(request.GET, apres=page.next, page=str(page.number + 1)) if page.next else ""
    context = {
        "consultation": consultation,
        "report": report,
        "words": assembling.opinions_words(count),
        "chosen": [
            ui.ActiveFilter(words, request.path + lists.address(request.GET, **{name: ""}))
            for name, words in asked.words
        ],
        "rows": [behind.line(row, report) for row in page.rows],
        "pages": reading.numbered(request.path, page.number, previous, following),
        "page_number": page.number,
        "annex_url": reverse("consultations:report_annex", args=[slug, number]),
        "crumbs": [
            ui.Crumb(_("Consultations"), reverse("consultations:list")),
            ui.Crumb(consultation.title, consultation.get_absolute_url()),
            ui.Crumb(_("Bilan de la consultation"), report.get_absolute_url()),
            ui.Crumb(_("Les avis comptés")),
        ],
    }
    return render(request, "consultations/report_rows.html", context)


def _documents(row: Report) -> list[ui.Document]:
    if row.pdf_state != Report.PdfState.READY:
        return []
    url = reverse("consultations:report_pdf", args=[row.consultation.slug, row.number])
    return [ui.Document(title=_("Le bilan, à télécharger"), url=url, kind="PDF", size_bytes=row.pdf_size)]


@public
@require_safe
def report_pdf(request: HttpRequest, slug: str, number: int) -> HttpResponseBase:
    """Send the PDF of a version."""
    row = get_object_or_404(
        Report.objects.published().select_related("consultation"),
        consultation__in=Consultation.objects.visible_to(request.user),
        consultation__slug=slug,
        number=number,
        pdf_state=Report.PdfState.READY,
    )
    return files.downloaded(row.pdf, name=f"bilan-{slug}-v{number}.pdf", content_type="application/pdf")


@public
@require_safe
def report_annex(request: HttpRequest, slug: str, number: int) -> HttpResponseBase:
    """Stream each opinion with what became of it."""
    row = _readable(request, slug, number)
    return _streamed(request, annex.opinions(row), f"bilan-{slug}-v{number}-avis.csv")


@public
@require_safe
def report_participation(request: HttpRequest, slug: str, number: int) -> HttpResponseBase:
    """Stream the figures of participation of a version."""
    row = _readable(request, slug, number)
    counted = row.figures or figures.collect(row.consultation, at=timezone.now())
    return _streamed(request, annex.participation(counted), f"bilan-{slug}-v{number}-participation.csv")


def _readable(request: HttpRequest, slug: str, number: int) -> Report:
    """Fetch a public version, or the draft for those who write it."""
    rows = Report.objects.select_related("consultation").filter(
        consultation__in=Consultation.objects.visible_to(request.user)
    )
    row = get_object_or_404(rows, consultation__slug=slug, number=number)
    user = request.user
    if row.published_at is None and not (user.is_authenticated and user.is_staff and user.has_perm(rules.EDIT)):
        raise Http404
    return row


def _streamed(request: HttpRequest, table: opendata.Table, name: str) -> StreamingHttpResponse:
    throttle.check(throttle.Limit.EXPORTING, throttle.client_ip(request))
    response = StreamingHttpResponse(opendata.csv_chunks(table), content_type="text/csv; charset=utf-8")
    response["Content-Disposition"] = f'attachment; filename="{name}"'
    response["Link"] = f'<{opendata.LICENCE_URL}>; rel="license"'
    response["Access-Control-Allow-Origin"] = "*"
    return response
