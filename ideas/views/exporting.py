"""The open data of the idea box: the page that lists the files, and the files, streamed."""

from collections.abc import Callable, Iterator

from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase, StreamingHttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import condition, require_safe

from ideas import exports
from mulhouse import opendata, throttle
from mulhouse.access import public
from mulhouse.opendata import Table
from mulhouse.templatetags import ui
from transparency import register
from transparency.pages import cached_for_visitors


def _json(table: Table) -> Iterator[bytes]:
    return opendata.json_chunks(table, exports.heading())


FORMATS: dict[str, tuple[str, Callable[[Table], Iterator[bytes]]]] = {
    "csv": ("text/csv; charset=utf-8", opendata.csv_chunks),
    "json": ("application/json", _json),
}


@public
@require_safe
@cached_for_visitors
def data(request: HttpRequest) -> HttpResponse:
    """Show which files can be downloaded, under which licence, and what each column means."""
    tables = [
        {
            "title": table.title,
            "summary": table.summary,
            "name": table.name,
            "columns": table.columns,
            "files": [(form.upper(), reverse("ideas:export", args=[table.name, form])) for form in FORMATS],
        }
        for table in exports.TABLES.values()
    ]
    context = {
        "tables": tables,
        "licence": opendata.LICENCE,
        "licence_url": opendata.LICENCE_URL,
        "crumbs": [ui.Crumb(_("Idées"), reverse("ideas:list")), ui.Crumb(_("Données"))],
    }
    return render(request, "ideas/data.html", context)


def _version(request: HttpRequest, table: str, form: str) -> str:
    """Name what a file holds: everything public that changes writes a line on the register."""
    return f'W/"{table}-{form}-{register.head()}"'


@public
@require_safe
@condition(etag_func=_version)
def export(request: HttpRequest, table: str, form: str) -> HttpResponseBase:
    """Stream a table of the idea box as CSV or JSON."""
    if table not in exports.TABLES or form not in FORMATS:
        raise Http404
    throttle.check(throttle.Limit.EXPORTING, throttle.client_ip(request))
    content_type, write = FORMATS[form]
    response = StreamingHttpResponse(write(exports.TABLES[table]), content_type=content_type)
    response["Content-Disposition"] = f'attachment; filename="mulhouse-{table}.{form}"'
    response["Link"] = f'<{opendata.LICENCE_URL}>; rel="license"'
    response["Access-Control-Allow-Origin"] = "*"
    return response
