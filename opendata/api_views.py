"""What surrounds each answer of the API: who may ask (everybody, from any site), how often, and when nothing has changed."""

import gzip
import hashlib
import json
from collections.abc import Callable
from functools import cache, wraps
from typing import Any

from django.conf import settings
from django.http import HttpRequest, HttpResponse, HttpResponseBase, JsonResponse, QueryDict
from django.middleware.gzip import re_accepts_gzip
from django.urls import reverse
from django.utils import timezone, translation
from django.utils.cache import get_conditional_response, patch_vary_headers
from django.views.decorators.csrf import csrf_exempt

from mulhouse import db, memory, plain_text, release, throttle
from mulhouse.access import public
from mulhouse.opendata import LICENCE, LICENCE_URL
from opendata import api, datasets, problems
from opendata.models import Dump
from opendata.problems import ProblemError
from transparency import register

View = Callable[..., HttpResponseBase]
METHODS = "GET, HEAD, OPTIONS"
CONTENT_TYPE = "application/json"
# The first page of a list, which programs ask for again and again, is made once for all of them; each that follows is asked once.
KEPT_BY_NOBODY = frozenset({"apres", "depuis"})
KEEP_SECONDS = 300
# Half the time of the usual 6, for a tenth more bytes.
COMPRESSION = 4
OPEN = {
    "Access-Control-Allow-Origin": "*",
    "Access-Control-Expose-Headers": "ETag, Link, RateLimit, RateLimit-Policy, Retry-After",
}
PREFLIGHT = {
    "Allow": METHODS,
    "Access-Control-Allow-Methods": METHODS,
    "Access-Control-Allow-Headers": "Accept, If-None-Match",
    "Access-Control-Max-Age": "86400",
}


def gate(view: View, *, names: frozenset[str] = frozenset()) -> View:
    """Open a view of the API to programs: limited, kept as long as the register has not grown, never a cookie.

    `names` are the parameters that it knows; another is refused rather than ignored.
    """

    @public
    @csrf_exempt
    @wraps(view)
    def gated(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        left = None
        try:
            if request.method == "OPTIONS":
                response: HttpResponseBase = HttpResponse(status=204, headers=PREFLIGHT)
            else:
                left = throttle.spend(throttle.Limit.API, throttle.client_ip(request))
                response = _answer(request, view, left, names, *args, **kwargs)
        except ProblemError as error:
            response = problems.answer(error, **_asked_again(error, left))
        except Exception as error:
            if not db.is_unavailable(error):
                raise
            busy = ProblemError(503, "occupe", "Le site est occupé. Réessayez dans quelques secondes.")
            response = problems.answer(busy, **{"Retry-After": "10"})
        for name, value in OPEN.items():
            response[name] = value
        response["Link"] = f'<{LICENCE_URL}>; rel="license"'
        response["Content-Language"] = "fr"
        if left is not None:
            response["RateLimit-Policy"] = f'"api";q={left.most};w={left.window}'
            response["RateLimit"] = f'"api";r={left.remaining};t={left.seconds}'
        return response

    return gated


def _answer(
    request: HttpRequest, view: View, left: throttle.Left | None, names: frozenset[str], *args: Any, **kwargs: Any
) -> HttpResponseBase:
    if request.method not in {"GET", "HEAD"}:
        raise ProblemError(405, "lecture-seule", "L’API se lit : GET, HEAD ou OPTIONS.")
    if left is not None and not left.allowed:
        raise ProblemError(429, "trop-vite", f"Trop de demandes. Réessayez dans {left.seconds} s.")
    _check_names(request, names)
    etag = _etag(request)
    unchanged = get_conditional_response(request, etag=etag)
    if unchanged is not None:
        return unchanged
    is_first = not KEPT_BY_NOBODY & set(request.GET)
    kept = _recalled(etag) if is_first else None
    if kept is None:
        asked_by, request.method = request.method, "GET"
        try:
            response = view(request, *args, **kwargs)
        finally:
            request.method = asked_by
        if response.status_code != 200 or not isinstance(response, HttpResponse):  # noqa: PLR2004 (HTTP)
            return response
        kept = gzip.compress(response.content, compresslevel=COMPRESSION, mtime=0)
        if is_first:
            _keep(etag, kept)
    return _sent(request, kept, etag)


def _recalled(etag: str) -> bytes | None:
    try:
        with memory.asking():
            found = memory.client().get(f"api:{etag}")
    except memory.MemoryUnavailableError:
        return None
    return found if isinstance(found, bytes) else None


def _keep(etag: str, body: bytes) -> None:
    try:
        with memory.asking():
            memory.client().set(f"api:{etag}", body, ex=KEEP_SECONDS)
    except memory.MemoryUnavailableError:
        return


def _sent(request: HttpRequest, body: bytes, etag: str) -> HttpResponse:
    """Send what was compressed once (it holds no secret to guess), whole to the few who can not read that."""
    if re_accepts_gzip.search(request.headers.get("Accept-Encoding", "")):
        response = HttpResponse(body, content_type=CONTENT_TYPE, headers={"Content-Encoding": "gzip"})
    else:
        response = HttpResponse(gzip.decompress(body), content_type=CONTENT_TYPE)
    patch_vary_headers(response, ("Accept-Encoding",))
    response["ETag"] = etag
    response["Cache-Control"] = "no-cache"
    return response


def _asked_again(error: ProblemError, left: throttle.Left | None) -> dict[str, str]:
    if error.status == 405:  # noqa: PLR2004 (HTTP)
        return {"Allow": METHODS}
    return {"Retry-After": str(left.seconds)} if left is not None and not left.allowed else {}


def _check_names(request: HttpRequest, names: frozenset[str]) -> None:
    # What a page cleans in silence (signs that nobody sees), a program is told: it would get lines that it did not ask for.
    sent = QueryDict(request.META.get("QUERY_STRING", ""))
    if any(plain_text.SUSPECT.search(str(text)) for name, values in sent.lists() for text in (name, *values)):
        raise ProblemError(400, "parametre-incorrect", "Un paramètre contient un signe invisible ou de commande.")
    for name, values in request.GET.lists():
        if name not in names:
            detail = f"Paramètre inconnu. Ceux que cette adresse connaît : {', '.join(sorted(names)) or 'aucun'}."
            raise ProblemError(400, "parametre-inconnu", detail)
        if len(values) > 1:
            raise ProblemError(400, "parametre-repete", f"« {name} » ne se donne qu’une fois.")


def _etag(request: HttpRequest) -> str:
    """Name what an answer shows: everything public that changes writes a line on the register, and lateness changes with the day."""
    parts = [request.get_full_path(), str(register.head()), timezone.localdate().isoformat(), release.identity()]
    digest = hashlib.sha256(" ".join(parts).encode()).hexdigest()
    return f'W/"{digest[:24]}"'


@gate
def root(request: HttpRequest) -> HttpResponse:
    """List the datasets, and where each is read."""
    with translation.override("fr"):
        listed = [_described(dataset) for dataset in datasets.all_of_them()]
    found = api.Catalogue(licence=LICENCE, jeux=listed)
    return JsonResponse(found.model_dump(), json_dumps_params={"ensure_ascii": False})


def _described(dataset: datasets.Dataset) -> api.Described:
    lines = reverse(f"api:{dataset.code}") if dataset.listing else None
    return api.Described(
        jeu=dataset.code,
        titre=str(dataset.table.title),
        resume=str(dataset.table.summary),
        page=settings.SITE_URL + reverse("opendata:dataset", args=[dataset.code]),
        lignes=settings.SITE_URL + lines if lines else None,
        fichiers=[settings.SITE_URL + reverse("opendata:file", args=[dataset.code, form]) for form in Dump.Form.values],
    )


@gate
def description(request: HttpRequest) -> HttpResponse:
    """Send the description of the API (OpenAPI 3.1)."""
    return HttpResponse(written_description(), content_type="application/json")


@gate
def unknown(request: HttpRequest, rest: str = "") -> HttpResponse:
    """Answer any other address. Raises: ProblemError."""
    raise ProblemError(404, "adresse-inconnue", "Cette adresse n’existe pas. La liste est à /api/v1/.")


@cache
def the_api() -> Any:
    """Give the API, made once from the catalogue."""
    return api.make()


@cache
def written_description() -> str:
    """Write the description once: problems in their own content type, the address of the site, the headers of an answer."""
    found = json.loads(json.dumps(the_api().get_openapi_schema(path_prefix=api.PREFIX)))
    found["servers"] = [{"url": settings.SITE_URL}]
    schemas = found["components"]["schemas"]
    for each in (api.Catalogue, api.Described):
        own = each.model_json_schema(ref_template="#/components/schemas/{model}")
        own.pop("$defs", None)
        schemas[each.__name__] = own
    found["paths"][f"/{api.PREFIX}"] = {"get": _root_operation()}
    for path in found["paths"].values():
        for status, answer in path["get"]["responses"].items():
            answer["description"] = "La page." if status == "200" else problems.TITLES[int(status)]
            if status != "200":
                answer["content"] = {problems.CONTENT_TYPE: answer["content"]["application/json"]}
        for status in ("400", "429", "503"):
            path["get"]["responses"].setdefault(status, _problem(int(status)))
    return json.dumps(found, ensure_ascii=False)


def _problem(status: int) -> dict[str, Any]:
    content = {problems.CONTENT_TYPE: {"schema": {"$ref": "#/components/schemas/Problem"}}}
    return {"description": problems.TITLES[status], "content": content}


def _root_operation() -> dict[str, Any]:
    content = {"application/json": {"schema": {"$ref": "#/components/schemas/Catalogue"}}}
    return {
        "operationId": "lister_les_jeux",
        "summary": "Les jeux de données",
        "description": "Chaque jeu, sa page, ses fichiers, l’adresse de ses lignes.",
        "tags": ["catalogue"],
        "parameters": [],
        "responses": {"200": {"description": "Les jeux.", "content": content}},
    }
