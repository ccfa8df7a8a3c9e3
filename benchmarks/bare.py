"""The bare page: one row of one query, behind everything that stands before every page."""

from functools import cache
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.template import engines

from city.models import District
from mulhouse.access import public

PAGE = "<!DOCTYPE html><html lang=fr><title>{{ district.name }}</title><h1>{{ district.name }}</h1></html>"


@cache
def _template() -> Any:
    return engines["django"].from_string(PAGE)


@public
def show(request: HttpRequest) -> HttpResponse:
    """Show the first district."""
    district = District.objects.order_by("pk")[0]
    return HttpResponse(_template().render({"district": district}))
