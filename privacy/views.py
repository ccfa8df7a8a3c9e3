"""The public tables about personal data, the requests about one's own, and who looked."""

from collections.abc import Iterator
from itertools import groupby
from typing import Any

from django.conf import settings
from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse, StreamingHttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.crypto import salted_hmac
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_http_methods, require_safe

from accounts.http import UserRequest
from mulhouse import opendata, personal_data, throttle
from mulhouse import who_sees as acts
from mulhouse.access import public, resident
from mulhouse.errors import DomainError
from mulhouse.paging import Paging
from mulhouse.references import read_reference
from mulhouse.templatetags.ui import Crumb, pages_of
from mulhouse.typography import local_day
from privacy import actions, exports
from privacy.forms import CodeForm, OpenRequestForm, RequestForm
from privacy.models import REQUEST_PROMISE, AccessLog, DataRequest
from transparency import promising

CONTENT_TYPES = {"csv": "text/csv; charset=utf-8", "json": "application/json"}
ACCESSES_PER_PAGE = 30
REQUESTS_PER_PAGE = 50


def _crumbs(last: str) -> list[Crumb]:
    return [Crumb(_("Données personnelles"), reverse("privacy")), Crumb(last)]


def _own_crumbs(last: str) -> list[Crumb]:
    home, data = Crumb(_("Mon espace"), reverse("accounts:home")), Crumb(_("Mes données"), reverse("accounts:data"))
    return [home, data, Crumb(last)]


# --- Tables --------------------------------------------------------------------------------------------------------------


@public
@require_safe
def processings(request: HttpRequest) -> HttpResponse:
    """What is held, why, until when and who sees it, by purpose: read from the registry that the export and the erasure obey."""
    context = {
        "title": _("Ce qui est conservé"),
        "groups": list(_grouped()),
        "fates": exports.FATES,
        "dpo_email": settings.LEGAL["dpo_email"],
        "controller": settings.LEGAL["controller"],
        "crumbs": _crumbs(_("Ce qui est conservé")),
    }
    return render(request, "privacy/processings.html", context)


def _grouped() -> Iterator[tuple[personal_data.Group, list[tuple[Any, str]]]]:
    """Give the tables under each purpose, in the order of the purposes."""
    order = list(personal_data.Group)
    held = [row for row in personal_data.holdings() if row.group is not None]
    held.sort(key=lambda row: order.index(row.group or order[0]))
    for group, rows in groupby(held, key=lambda row: row.group):
        if group is not None:
            yield group, [(row, exports.FATES[row.fate.value]) for row in rows]


@public
@require_safe
def processings_file(request: HttpRequest, extension: str) -> HttpResponseBase:
    """Send the same table as a file."""
    if extension not in CONTENT_TYPES:
        raise Http404
    throttle.check(throttle.Limit.EXPORTING, throttle.client_ip(request))
    heading = {"licence": opendata.LICENCE, "licence_url": opendata.LICENCE_URL, "source": settings.SITE_URL}
    rows = opendata.csv_chunks(exports.TABLE) if extension == "csv" else opendata.json_chunks(exports.TABLE, heading)
    response = StreamingHttpResponse(rows, content_type=CONTENT_TYPES[extension])
    response["Content-Disposition"] = f'attachment; filename="donnees-personnelles.{extension}"'
    return response


@public
@require_safe
def seen(request: HttpRequest) -> HttpResponse:
    """Who sees what of each act: the sentences that stand beside the acts."""
    rows = [(act, acts.WORDS[act.name], acts.WORDS[act.words], acts.WORDS[act.choice]) for act in acts.acts()]
    context = {"title": _("Qui voit quoi"), "rows": rows, "crumbs": _crumbs(_("Qui voit quoi"))}
    return render(request, "privacy/who_sees.html", context)


# --- Requests ------------------------------------------------------------------------------------------------------------


def _fingerprint(address: str) -> str:
    """Name an address in the short memory without writing it there."""
    return salted_hmac("privacy.request-address", address.lower(), algorithm="sha256").hexdigest()[:24]


@public
@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def ask(request: HttpRequest) -> HttpResponse:
    """Take in a request about personal data, from an account or from anybody."""
    at = timezone.now()
    kinds = DataRequest.Kind.values
    initial = {"kind": request.GET["droit"]} if request.GET.get("droit") in kinds else {}
    form_class = RequestForm if request.user.is_authenticated else OpenRequestForm
    form = form_class(request.POST if request.method == "POST" else None, initial=initial)
    if request.method == "POST" and form.is_valid():
        given = form.cleaned_data
        if request.user.is_authenticated:
            throttle.check(throttle.Limit.DATA_EXPORT, f"user:{request.user.pk}")
            row = actions.ask(user=request.user, kind=given["kind"], words=given["words"], at=at)
            messages.success(request, _("Votre demande est reçue. La Ville répond sous un mois."))
            return redirect("privacy:own_requests")
        throttle.check(throttle.Limit.REPORTING, throttle.client_ip(request))
        throttle.check(throttle.Limit.DATA_EXPORT, f"mail:{_fingerprint(given['email'])}")
        row = actions.ask_without_account(
            kind=given["kind"],
            name=given["name"],
            email=given["email"],
            words=given["words"],
            language=(get_language() or "fr")[:2],
            at=at,
        )
        return redirect("privacy:request", reference=row.reference)
    context = {
        "form": form,
        "is_open": form_class is OpenRequestForm,
        "controller": settings.LEGAL["controller"],
        "dpo_email": settings.LEGAL["dpo_email"],
        "crumbs": _crumbs(_("Faire une demande")),
    }
    return render(request, "privacy/ask.html", context, status=422 if form.errors else 200)


@public
@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def follow(request: HttpRequest, reference: str) -> HttpResponse:
    """Confirm a request with the code of the mail, then show where it stands: dates only, since a reference is no proof."""
    row = get_object_or_404(DataRequest, reference=read_reference(reference))
    form = CodeForm(request.POST if request.method == "POST" else None)
    if request.method == "POST" and row.received_at is None and form.is_valid():
        throttle.check(throttle.Limit.REPORTING, throttle.client_ip(request))
        try:
            actions.confirm(request=row, code=form.cleaned_data["code"], at=timezone.now())
        except DomainError as error:
            if error.code == "code":
                actions.count_try(request=row)
            form.add_error("code", error.message)
        else:
            return redirect("privacy:request", reference=row.reference)
    context = {
        "row": row,
        "form": form,
        "pause": promising.standing_still(REQUEST_PROMISE, [row.reference]).get(row.reference),
        "is_late": row.due_on is not None and row.answered_at is None and row.due_on < local_day(timezone.now()),
        "crumbs": _crumbs(row.reference),
    }
    return render(request, "privacy/request.html", context, status=422 if form.errors else 200)


@resident
@require_GET
def own_requests(request: UserRequest) -> HttpResponse:
    """Show one's requests with their clocks and their answers."""
    paging = Paging(request, size=REQUESTS_PER_PAGE)
    rows = paging.cut(DataRequest.objects.filter(user=request.user))
    today = local_day(timezone.now())
    pauses = promising.standing_still(REQUEST_PROMISE, [row.reference for row in rows])
    context = {
        "rows": [
            (
                row,
                pauses.get(row.reference),
                row.answered_at is None and row.due_on is not None and row.due_on < today,
            )
            for row in rows
        ],
        "pages": paging.pages(),
        "crumbs": _own_crumbs(_("Mes demandes")),
    }
    return render(request, "privacy/own_requests.html", context)


@resident
@require_GET
def own_accesses(request: UserRequest) -> HttpResponse:
    """Show who in the city looked at one's data: the day, the function, what and why."""
    rows = AccessLog.objects.filter(person=request.user)
    total = rows.count()
    last = max(1, -(-total // ACCESSES_PER_PAGE))
    asked = request.GET.get("page", "1")
    number = min(last, max(1, int(asked))) if asked.isascii() and asked.isdigit() and len(asked) < 6 else 1  # noqa: PLR2004 (a page number)
    start = (number - 1) * ACCESSES_PER_PAGE
    context = {
        "rows": rows[start : start + ACCESSES_PER_PAGE],
        "total": total,
        "pages": pages_of(number=number, total=last, url_of=lambda page: f"?page={page}"),
        "crumbs": _own_crumbs(_("Qui a consulté mes données")),
    }
    return render(request, "privacy/own_accesses.html", context)
