"""The open data of a consultation: the page that lists the files, and the files, streamed."""

from collections.abc import Callable, Iterator
from typing import Any

from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase, StreamingHttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import condition, require_safe

from consultations import exports, packaging, presentation
from consultations.exports import Table
from consultations.models import Consultation
from consultations.views import fetching
from mulhouse import files, opendata, throttle
from mulhouse.access import public
from mulhouse.templatetags import ui
from transparency import register
from transparency.pages import cached_for_visitors

Writer = Callable[[Table, Consultation], Iterator[bytes]]
FORMATS: dict[str, tuple[str, Writer]] = {
    "csv": ("text/csv; charset=utf-8", exports.csv_chunks),
    "json": ("application/json", exports.json_chunks),
}


@public
@require_safe
@cached_for_visitors
def data(request: HttpRequest, slug: str) -> HttpResponse:
    """Show which files of a consultation can be downloaded, under which licence, and what each column means."""
    consultation = fetching.consultation(request, slug)
    tables = [
        {
            "title": table.title,
            "summary": table.summary,
            "name": table.name,
            "columns": table.columns,
            "files": [(form.upper(), _address(slug, table, form)) for form in FORMATS],
        }
        for table in exports.TABLES.values()
    ]
    context = {
        "consultation": consultation,
        "tables": tables,
        "package": _package(consultation),
        "licence": opendata.LICENCE,
        "licence_url": opendata.LICENCE_URL,
        "crumbs": [
            ui.Crumb(_("Consultations"), reverse("consultations:list")),
            ui.Crumb(consultation.title, consultation.get_absolute_url()),
            ui.Crumb(_("Données")),
        ],
        "tabs": presentation.tabs(consultation, current="data"),
    }
    return render(request, "consultations/data.html", context)


def _package(consultation: Consultation) -> dict[str, Any] | None:
    """Give the archive package, None where there is none; without an address while it is made again."""
    package = packaging.current(consultation)
    if package is None:
        return None
    is_true = packaging.is_true(package)
    return {
        "url": reverse("consultations:package", args=[consultation.slug]) if is_true else "",
        "version": package.version,
        "size": package.size,
        "sha256": package.sha256,
        "made_at": package.made_at,
    }


@public
@require_safe
def package(request: HttpRequest, slug: str) -> HttpResponseBase:
    """Send the archive package of a consultation; while it is made again, lead to the page that says so."""
    consultation = fetching.consultation(request, slug)
    found = packaging.current(consultation)
    if found is None:
        raise Http404
    throttle.check(throttle.Limit.EXPORTING, throttle.client_ip(request))
    if not packaging.is_true(found):
        return redirect("consultations:data", slug)
    return files.downloaded(found.file, name=f"{slug}-v{found.version}.zip", content_type="application/zip")


def _address(slug: str, table: Table, form: str) -> str:
    return reverse("consultations:export", args=[slug, table.name, form])


def _version(request: HttpRequest, slug: str, table: str, form: str) -> str:
    """Name what a file holds: everything public that changes writes a line on the register, but a day that ends.

    During a secret vote people are counted by whole days (`participation`).
    """
    return f'W/"{slug}-{table}-{form}-{register.head()}-{timezone.localdate().isoformat()}"'


@public
@require_safe
@condition(etag_func=_version)
def export(request: HttpRequest, slug: str, table: str, form: str) -> HttpResponseBase:
    """Stream a table of a published consultation as CSV or JSON."""
    consultation = fetching.consultation(request, slug)
    if table not in exports.TABLES or form not in FORMATS or consultation.published_at is None:
        raise Http404
    throttle.check(throttle.Limit.EXPORTING, throttle.client_ip(request))
    content_type, write = FORMATS[form]
    response = StreamingHttpResponse(write(exports.TABLES[table], consultation), content_type=content_type)
    response["Content-Disposition"] = f'attachment; filename="{slug}-{table}.{form}"'
    response["Link"] = f'<{opendata.LICENCE_URL}>; rel="license"'
    response["Access-Control-Allow-Origin"] = "*"
    return response
