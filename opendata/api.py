"""The read-only API: a list for each dataset that has one, over the querysets and the columns of its files.

django-ninja reads the parameters and writes the description (OpenAPI); both come from the catalogue, so that a column or a filter
is said in one place. What surrounds each answer (limits, ETag, CORS, problems) stands in `opendata.api_views`.
"""

import datetime as dt
import json
import re
from typing import Annotated, Any, Literal

from django.conf import settings
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, QueryDict
from django.utils import translation
from ninja import NinjaAPI, Query, Schema
from ninja.errors import ValidationError
from pydantic import (
    AfterValidator,
    AwareDatetime,
    BeforeValidator,
    Field,
    StringConstraints,
    WithJsonSchema,
    create_model,
)

from mulhouse.opendata import LICENCE, Column, Kind, line
from opendata import cursors, datasets, problems
from opendata.datasets import Asks, Dataset, Filter, Listing
from opendata.problems import ProblemError
from transparency import register

VERSION = "1"
PREFIX = "api/v1/"
LARGEST_PAGE = 100
PAGING = ("apres", "taille")

INSTANT = re.compile(r"\d{4}-\d\d-\d\d[Tt]\d\d:\d\d:\d\d(\.\d{1,6})?([Zz]|[+-]\d\d:\d\d)")
TEXT_TYPES: dict[Kind, Any] = {
    Kind.TEXT: str,
    Kind.INTEGER: int,
    Kind.NUMBER: float,
    Kind.INSTANT: Annotated[str, WithJsonSchema({"type": "string", "format": "date-time"})],
    Kind.DAY: Annotated[str, WithJsonSchema({"type": "string", "format": "date"})],
    Kind.ADDRESS: Annotated[str, WithJsonSchema({"type": "string", "format": "uri"})],
}


def _written_so(pattern: re.Pattern[str]) -> BeforeValidator:
    """Refuse what is not written as described, before pydantic understands more than was announced."""

    def check(value: Any) -> Any:
        if isinstance(value, str) and not pattern.fullmatch(value):
            raise ValueError("mal écrit")
        return value

    return BeforeValidator(check)


def _in_utc(at: dt.datetime) -> dt.datetime:
    """Say an instant in UTC, which the database takes whatever the offset it was written with; the ends of time stay there."""
    try:
        return at.astimezone(dt.UTC)
    except OverflowError:
        return dt.datetime(dt.MINYEAR, 1, 1, tzinfo=dt.UTC) if at.year == dt.MINYEAR else at.replace(tzinfo=dt.UTC)


Size = Annotated[int, Field(ge=1, le=LARGEST_PAGE), _written_so(re.compile(r"[1-9]\d{0,2}", re.ASCII))]
Since = Annotated[AwareDatetime, _written_so(INSTANT), AfterValidator(_in_utc)]
Slug = Annotated[str, StringConstraints(pattern=r"^[-a-zA-Z0-9_.]{1,80}$")]
Cursor = Annotated[str, StringConstraints(pattern=r"^[-_a-zA-Z0-9]{1,400}$")]


class Problem(Schema):
    """What was refused, and why (RFC 9457)."""

    type: str = Field(description="Adresse qui l’explique.")
    title: str = Field(description="Sorte d’erreur.")
    status: int = Field(description="Statut HTTP.")
    code: str = Field(description="Code stable, pour les programmes.")
    detail: str = Field(description="Ce qui ne va pas, en une phrase.")


class Described(Schema):
    """A dataset, as the API lists it."""

    jeu: str = Field(description="Code du jeu.")
    titre: str = Field(description="Titre.")
    resume: str = Field(description="Ce qu’est une ligne.")
    page: str = Field(description="Sa page, avec son dictionnaire.")
    lignes: str | None = Field(description="Adresse de ses lignes dans l’API ; null s’il n’a que des fichiers.")
    fichiers: list[str] = Field(description="Adresses de ses fichiers.")


class Catalogue(Schema):
    """Every dataset."""

    licence: str = Field(description="Licence de tous les jeux.")
    jeux: list[Described] = Field(description="Les jeux, par code.")


def _query(dataset: Dataset, listing: Listing) -> type[Schema]:
    """Make the parameters of a list from its filters."""
    found: dict[str, Any] = {}
    for each in listing.filters:
        found[each.name] = (_type_of(each) | None, Field(None, description=each.meaning))
    found["apres"] = (Cursor | None, Field(None, description="Où reprendre : la valeur donnée par « suivante »."))
    what = "Consultations comptées" if listing.lines else "Lignes"
    found["taille"] = (Size, Field(LARGEST_PAGE, description=f"{what} par page, {LARGEST_PAGE} au plus."))
    return create_model(f"{_name(dataset)}Demande", __base__=Schema, **found)


def _type_of(asked: Filter) -> Any:
    if asked.asks is Asks.CHOICE:
        return Literal[asked.choices]
    return Since if asked.asks is Asks.SINCE else Slug


def _name(dataset: Dataset) -> str:
    return "".join(part.capitalize() for part in dataset.code.split("-"))


def _page_type(dataset: Dataset) -> type[Schema]:
    """Make the shape of a page from the columns."""
    columns: dict[str, Any] = {
        column.name: (TEXT_TYPES[column.kind] | None, Field(description=_words(column)))
        for column in dataset.table.columns
    }
    row: Any = create_model(f"{_name(dataset)}Ligne", __base__=Schema, **columns)
    whole: dict[str, Any] = {
        "jeu": (str, Field(description="Code du jeu.")),
        "licence": (str, Field(description="Licence.")),
        "version": (
            int,
            Field(description="Numéro de la dernière ligne du registre public quand la page a été faite."),
        ),
        "lignes": (list[row], Field(description=str(dataset.table.summary))),
        "suivante": (str | None, Field(description="Adresse de la page suivante ; null à la fin.")),
    }
    return create_model(f"{_name(dataset)}Page", __base__=Schema, **whole)


def _words(column: Column) -> str:
    return str(column.meaning)


def read(dataset: Dataset, listing: Listing, asked: dict[str, Any], *, path: str) -> dict[str, Any]:
    """Read a page of a dataset.

    Raises: ProblemError for a place that the API did not give.
    """
    rows, order = listing.rows(), listing.order
    for each in listing.filters:
        value = asked.get(each.name)
        if value is not None:
            rows = each.keep(rows, value)
            order = each.order or order
    head, size = register.head(), asked["taille"]
    found = list(_after(rows, asked["apres"], dataset, order).order_by(*order)[: size + 1])
    names, shown = [column.name for column in dataset.table.columns], found[:size]
    told = listing.lines(shown) if listing.lines else shown
    following = cursors.after(shown[-1], name=dataset.code, order=order) if len(found) > size else None
    return {
        "jeu": dataset.code,
        "licence": LICENCE,
        "version": head,
        "lignes": [line(names, [column.read(row) for column in dataset.table.columns]) for row in told],
        "suivante": _address(path, asked, following) if following else None,
    }


def _after(rows: QuerySet[Any], cursor: str | None, dataset: Dataset, order: tuple[str, ...]) -> QuerySet[Any]:
    if cursor is None:
        return rows
    try:
        return cursors.beyond(rows, cursor, name=dataset.code, order=order)
    except cursors.UnknownCursorError as error:
        detail = (
            "« apres » n’est pas une place de cette liste. Reprenez l’adresse « suivante » d’une page, ou le début."
        )
        raise ProblemError(404, "place-inconnue", detail) from error


def _address(path: str, asked: dict[str, Any], cursor: str) -> str:
    query = QueryDict(mutable=True)
    for name, value in asked.items():
        if value is not None and name != "apres":
            query[name] = value.isoformat() if isinstance(value, dt.datetime) else str(value)
    query["apres"] = cursor
    return f"{settings.SITE_URL}{path}?{query.urlencode()}"


def make() -> NinjaAPI:
    """Make the API from the catalogue."""
    api = NinjaAPI(
        title=f"API de {settings.SITE_NAME}",
        version=VERSION,
        description="Lire les données publiques de la participation à Mulhouse. Lecture seule, sans clé, sous Licence Ouverte 2.0.",
        docs_url=None,
        openapi_url=None,
        urls_namespace="api",
        openapi_extra={
            "info": {
                "contact": {"name": settings.SITE_NAME, "email": settings.CONTACT["email"]},
                "license": {"name": LICENCE, "identifier": "etalab-2.0"},
            },
        },
    )
    with translation.override("fr"):
        for dataset in datasets.all_of_them():
            if dataset.listing is not None:
                _add(api, dataset, dataset.listing)

    @api.exception_handler(ValidationError)
    def invalid(request: HttpRequest, error: ValidationError) -> Any:
        names = sorted({str(each["loc"][-1]) for each in error.errors})
        detail = f"Mal écrit : {', '.join(names)}. Voyez la description de l’API."
        return problems.answer(ProblemError(400, "parametre-incorrect", detail))

    @api.exception_handler(ProblemError)
    def refused(request: HttpRequest, error: ProblemError) -> Any:
        return problems.answer(error)

    return api


def _add(api: NinjaAPI, dataset: Dataset, listing: Listing) -> None:
    asked_type, page_type = _query(dataset, listing), _page_type(dataset)

    def operation(request: HttpRequest, asked: Query[asked_type]) -> Any:  # type: ignore[valid-type]
        values = asked.model_dump()  # type: ignore[attr-defined] # made above
        with translation.override("fr"):
            page = read(dataset, listing, values, path=request.path)
        # Written as it is: pydantic would read again, cell by cell, what the same columns have just written. That it is what the
        # description says, the tests check (`tests/opendata/test_api.py`).
        return HttpResponse(json.dumps(page, ensure_ascii=False), content_type="application/json")

    api.get(
        f"/{dataset.code}",
        response={200: page_type, **dict.fromkeys((400, 404, 429), Problem)},
        operation_id=f"lire_{dataset.code.replace('-', '_')}",
        summary=str(dataset.table.title),
        description=str(dataset.table.summary),
        tags=["lignes"],
        url_name=dataset.code,
    )(operation)
