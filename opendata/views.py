"""The catalogue of open data: its pages, its files, its descriptions for programs."""

import json
from itertools import islice
from typing import Any

from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase, StreamingHttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone, translation
from django.utils.cache import get_conditional_response
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from mulhouse import files, opendata, throttle
from mulhouse.access import public
from mulhouse.templatetags import ui
from opendata import api, datasets, dcat, dumping, writing
from opendata.datasets import Asks, Dataset
from opendata.models import Dump
from transparency import register
from transparency.pages import cached_for_visitors

SAMPLE = 5
# A cell of the sample says enough of a text.
SAMPLE_SIGNS = 140
ASKED = {Asks.SLUG: "texte", Asks.CHOICE: "choix", Asks.SINCE: "instant (AAAA-MM-JJThh:mm:ssZ)"}


def _dumps() -> dict[str, list[Dump]]:
    """Read the files by dataset, with `is_given`: whether they are given as they are; one query for each head of the register."""
    found: dict[str, list[Dump]] = {}
    given: dict[int, bool] = {}
    for dump in Dump.objects.order_by("code", "form"):
        if dump.head not in given:
            given[dump.head] = dumping.is_true(dump)
        dump.is_given = given[dump.head]  # type: ignore[attr-defined] # read by the pages
        found.setdefault(dump.code, []).append(dump)
    return found


def _crumbs(*more: ui.Crumb) -> list[ui.Crumb]:
    if not more:
        return [ui.Crumb(_("Données ouvertes"))]
    return [ui.Crumb(_("Données ouvertes"), reverse("opendata:catalogue")), *more]


def _files(dataset: Dataset, dumps: list[Dump]) -> list[dict[str, Any]]:
    by_form = {dump.form: dump for dump in dumps}
    return [
        {
            "form": form.upper(),
            "url": reverse("opendata:file", args=[dataset.code, form]),
            "dump": by_form.get(form),
        }
        for form in Dump.Form.values
    ]


@public
@require_safe
@cached_for_visitors
def catalogue(request: HttpRequest) -> HttpResponse:
    """List every dataset: what it is, how often it changes, its files."""
    dumps = _dumps()
    entries = [
        {
            "dataset": dataset,
            "dump": next(iter(dumps.get(dataset.code, [])), None),
            "files": _files(dataset, dumps.get(dataset.code, [])),
        }
        for dataset in sorted(datasets.all_of_them(), key=lambda each: str(each.table.title))
    ]
    context = {
        "entries": entries,
        "licence": opendata.LICENCE,
        "licence_url": opendata.LICENCE_URL,
        "crumbs": _crumbs(),
    }
    return render(request, "opendata/catalogue.html", context)


def _found(code: str) -> Dataset:
    dataset = datasets.find(code)
    if dataset is None:
        raise Http404
    return dataset


@public
@require_safe
@cached_for_visitors
def dataset(request: HttpRequest, code: str) -> HttpResponse:
    """Show a dataset: its files, what each column means, a few lines, its address in the API, how to quote it."""
    found = _found(code)
    dumps = _dumps().get(code, [])
    context = {
        "dataset": found,
        "files": _files(found, dumps),
        "is_remade": any(not dump.is_given for dump in dumps),  # type: ignore[attr-defined] # set above
        "first": next(iter(dumps), None),
        "sample": _sample(found),
        "api_url": settings.SITE_URL + reverse(f"api:{code}") if found.listing else "",
        "page_url": reverse(found.page),
        "publisher": settings.LEGAL["publisher"],
        "licence": opendata.LICENCE,
        "licence_url": opendata.LICENCE_URL,
        "crumbs": _crumbs(ui.Crumb(str(found.table.title))),
    }
    return render(request, "opendata/dataset.html", context)


def _sample(found: Dataset) -> list[list[str]]:
    """Read the first lines, each text cut short."""
    listing = found.listing
    rows = listing.rows().order_by(*listing.order)[:SAMPLE] if listing and not listing.lines else found.table.rows()
    with translation.override("fr"):
        return [[_cut(str(column.read(row))) for column in found.table.columns] for row in islice(rows, SAMPLE)]


def _cut(text: str) -> str:
    return text if len(text) <= SAMPLE_SIGNS else f"{text[:SAMPLE_SIGNS]}…"


@public
@require_safe
def file(request: HttpRequest, code: str, form: str) -> HttpResponseBase:
    """Send a file of the night; the rows as they are now when something was taken away since, or when there is no file yet."""
    found = _found(code)
    if form not in writing.CHUNKS:
        raise Http404
    throttle.check(throttle.Limit.EXPORTING, throttle.client_ip(request))
    dump = Dump.objects.filter(code=code, form=form).first()
    response = _of_the_night(request, dump) if dump is not None and dumping.is_true(dump) else None
    if response is None:
        response = _as_it_is_now(request, found, form)
    response["Link"] = f'<{opendata.LICENCE_URL}>; rel="license"'
    response["Access-Control-Allow-Origin"] = "*"
    return response


def _of_the_night(request: HttpRequest, dump: Dump) -> HttpResponseBase | None:
    """Send the file; None when the storage has it no more (it was replaced a moment ago)."""
    etag = f'"{dump.sha256}"'
    if unchanged := get_conditional_response(request, etag=etag, last_modified=int(dump.made_at.timestamp())):
        return unchanged
    try:
        name = f"mulhouse-{dump.code}.{dump.form}"
        response = files.downloaded(dump.file, name=name, content_type=writing.CONTENT_TYPES[dump.form])
    except Http404:
        return None
    response["ETag"] = etag
    response["Last-Modified"] = dump.made_at.strftime("%a, %d %b %Y %H:%M:%S GMT")
    response["Cache-Control"] = "no-cache"
    return response


def _as_it_is_now(request: HttpRequest, found: Dataset, form: str) -> HttpResponseBase:
    etag = f'W/"{found.code}-{form}-{register.head()}-{timezone.localdate().isoformat()}"'
    if unchanged := get_conditional_response(request, etag=etag):
        return unchanged
    response = StreamingHttpResponse(writing.CHUNKS[form](found), content_type=writing.CONTENT_TYPES[form])
    response["Content-Disposition"] = f'attachment; filename="mulhouse-{found.code}.{form}"'
    response["ETag"] = etag
    response["Cache-Control"] = "no-cache"
    return response


def _as_json(found: dict[str, Any], content_type: str) -> HttpResponse:
    response = HttpResponse(json.dumps(found, ensure_ascii=False, indent=1) + "\n", content_type=content_type)
    response["Access-Control-Allow-Origin"] = "*"
    return response


@public
@require_safe
def dcat_catalogue(request: HttpRequest) -> HttpResponse:
    """Send the catalogue to the portals that harvest it (DCAT-AP)."""
    with translation.override("fr"):
        found = dcat.catalogue(datasets.all_of_them(), _dumps())
    return _as_json(found, "application/ld+json")


@public
@require_safe
def schema(request: HttpRequest, code: str) -> HttpResponse:
    """Send the description of the columns (Table Schema)."""
    with translation.override("fr"):
        found = dcat.table_schema(_found(code))
    return _as_json(found, "application/json")


@public
@require_safe
@cached_for_visitors
def api_page(request: HttpRequest) -> HttpResponse:
    """Explain the API to people, from the same catalogue as its description for programs."""
    lists = [
        {
            "dataset": each,
            "url": settings.SITE_URL + reverse(f"api:{each.code}"),
            "filters": [
                (one.name, one.meaning, ", ".join(one.choices) or ASKED[one.asks]) for one in each.listing.filters
            ],
        }
        for each in datasets.all_of_them()
        if each.listing is not None
    ]
    context = {
        "lists": lists,
        "root_url": settings.SITE_URL + reverse("api:root"),
        "description_url": settings.SITE_URL + reverse("api:description"),
        "largest": api.LARGEST_PAGE,
        "per_minute": throttle.Limit.API.value.rates[0].partition("/")[0],
        "licence": opendata.LICENCE,
        "licence_url": opendata.LICENCE_URL,
        "crumbs": _crumbs(ui.Crumb(_("L’API"))),
    }
    return render(request, "opendata/api.html", context)
