"""The commitments of the city: the list, one commitment and its news, its photos, the files, the feed."""

import uuid
from collections.abc import Callable, Iterator
from typing import Any

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase, StreamingHttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import condition, require_POST, require_safe

from accounts.http import UserRequest
from commitments import exports, feeds, homepage, presentation, rules
from commitments.filters import DUE, LATE, ORDERS, RECENT, STATES, CommitmentFilter, names
from commitments.models import Commitment, CommitmentNews
from mulhouse import files, lists, opendata, syndication, throttle, typography
from mulhouse.access import public, resident
from mulhouse.errors import require
from mulhouse.opendata import Table
from mulhouse.templatetags import ui
from notifications import actions as notifications_actions
from notifications import subscriptions
from transparency import register
from transparency.pages import cached_for_visitors

PAGE_SIZE = 20
NEWS_SHOWN = 50
NEWEST = lists.Order("happened_on")


# --- The list ------------------------------------------------------------------------------------------------------


@public
@require_safe
@cached_for_visitors
def commitment_list(request: HttpRequest) -> HttpResponse:
    """Show every commitment of the city, with its state and its lateness."""
    at = timezone.now()
    today = timezone.localdate(at)
    rows = Commitment.objects.published()
    asked = CommitmentFilter(
        request.GET,
        queryset=rows,
        today=today,
        names=names(rows),
    )
    order = asked.chosen("tri") or (DUE if asked.chosen("etat") == LATE else RECENT)
    found = asked.qs
    count = lists.bounded_count(found)
    page = lists.read(
        found.select_related("service", "district").defer("search", "description"),
        ORDERS[order],
        size=PAGE_SIZE,
        at=lists.place(request.GET),
        anchor_of=lambda reference: rows.filter(reference=reference).first(),
    )
    narrow = ("service", "quartier", "theme", "source")
    chosen = [name for name in ("q", *narrow) if asked.chosen(name)]
    is_fragment = request.headers.get("HX-Request") == "true"
    context = {
        "is_fragment": is_fragment,
        "searched": asked.chosen("q"),
        "state": asked.chosen("etat"),
        "sort": asked.select("tri"),
        "selects": [asked.select(name) for name in narrow],
        "has_more_filters": any(asked.chosen(name) for name in narrow),
        "rows": [presentation.row(each, today=today) for each in page.rows],
        "words": _count_words(count),
        "figures": _figures(at),
        "states": _state_tabs(request, asked),
        "chosen": [
            ui.ActiveFilter(asked.words(name), request.path + lists.address(request.GET, **{name: ""}))
            for name in chosen
        ],
        "is_narrowed": bool(chosen) or bool(asked.chosen("etat")),
        "clear_url": request.path,
        "pages": _pages(request, page),
        "page_number": page.number,
        "crumbs": [ui.Crumb(_("Engagements"))],
    }
    return render(request, "commitments/_list.html" if is_fragment else "commitments/list.html", context)


def _count_words(count: int) -> str:
    if count > lists.COUNT_LIMIT:
        return _("Plus de %(n)s engagements") % {"n": typography.number(lists.COUNT_LIMIT)}
    return ngettext("%(n)s engagement", "%(n)s engagements", count) % {"n": typography.number(count)}


def _figures(at: Any) -> list[ui.Fact]:
    done, in_time, running, late, abandoned, _this_year = homepage.counts(at)
    words = (
        (ngettext("réalisé", "réalisés", done), done),
        (_("dont dans les temps"), in_time),
        (ngettext("en cours ou prévu", "en cours ou prévus", running), running),
        (_("en retard"), late),
        (ngettext("abandonné", "abandonnés", abandoned), abandoned),
    )
    return [ui.Fact(label, typography.number(count)) for label, count in words]


def _state_tabs(request: HttpRequest, asked: CommitmentFilter) -> list[ui.Tab]:
    chosen = asked.chosen("etat")
    tabs: list[tuple[str, ui.Text]] = [("", _("Tous")), (LATE, _("En retard"))]
    tabs += [(name, label) for name, (_states, label) in STATES.items()]
    return [
        ui.Tab(label, request.path + lists.address(request.GET, etat=name), current=chosen == name)
        for name, label in tabs
    ]


def _pages(request: HttpRequest, page: lists.Page[Any]) -> ui.Pages:
    previous = lists.address(request.GET, avant=page.previous, page=str(page.number - 1)) if page.previous else ""
    following = lists.address(request.GET, apres=page.next, page=str(page.number + 1)) if page.next else ""
    return ui.Pages(
        previous_url=request.path + previous if previous else "",
        next_url=request.path + following if following else "",
        words=_("Page %(number)s") % {"number": typography.number(page.number)},
    )


# --- One commitment ------------------------------------------------------------------------------------------------


@public
@require_safe
@cached_for_visitors
def detail(request: HttpRequest, reference: str) -> HttpResponse:
    """Show a commitment: what was promised, for when, and each dated word on it since."""
    row = _fetch(request, reference)
    today = timezone.localdate()
    read = presentation.clock(row, today=today)
    late = presentation.late_tag(read)
    page = lists.read(
        row.news.all(),
        NEWEST,
        size=NEWS_SHOWN,
        at=lists.place(request.GET),
        anchor_of=lambda asked: row.news.filter(reference=asked).first(),
    )
    context = {
        "commitment": row,
        "tags": [presentation.state_tag(row), *([late] if late else [])],
        "when": presentation.clock_words(row, read),
        "late": late.label if late else "",
        "events": [presentation.event(each) for each in page.rows],
        "pages": _pages(request, page),
        "page_number": page.number,
        "facts": presentation.facts(row),
        "is_following": request.user.is_authenticated and subscriptions.is_following(request.user, row.own_topic),
        "crumbs": [ui.Crumb(_("Engagements"), reverse("commitments:list")), ui.Crumb(row.reference)],
    }
    return render(request, "commitments/detail.html", context)


def _fetch(request: HttpRequest, reference: str) -> Commitment:
    rows = Commitment.objects.visible_to(request.user).select_related("service", "district", "theme")
    return get_object_or_404(rows.defer("search"), reference=reference.upper())


@public
@require_safe
def photo(request: HttpRequest, key: uuid.UUID) -> HttpResponseBase:
    """Send a photo of the news; its address changes with it."""
    news = get_object_or_404(CommitmentNews.objects.visible().exclude(photo=""), photo_key=key)
    return files.shown(news.photo, content_type="image/webp", seconds=files.LONG)


@resident
@require_POST
def follow(request: UserRequest, reference: str) -> HttpResponse:
    """Follow a commitment by e-mail, or stop."""
    row = get_object_or_404(Commitment.objects.published().defer("search"), reference=reference.upper())
    if request.POST.get("suivre") == "non":
        notifications_actions.unfollow(user=request.user, topic=row.own_topic)
        messages.success(request, _("Vous ne recevrez plus de courriels sur cet engagement."))
    else:
        require(rules.follow_refusal(request.user, row))
        notifications_actions.follow(user=request.user, topic=row.own_topic)
        messages.success(request, _("Vous recevrez un courriel à chaque nouvelle."))
    return redirect(row)


# --- Files and feed ------------------------------------------------------------------------------------------------


def _csv(table: Table) -> Iterator[bytes]:
    return opendata.csv_chunks(table)


def _json(table: Table) -> Iterator[bytes]:
    return opendata.json_chunks(table, exports.heading())


FORMATS: dict[str, tuple[str, Callable[[Table], Iterator[bytes]]]] = {
    "csv": ("text/csv; charset=utf-8", _csv),
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
            "files": [(form.upper(), reverse("commitments:export", args=[table.name, form])) for form in FORMATS],
        }
        for table in exports.TABLES.values()
    ]
    context = {
        "tables": tables,
        "licence": opendata.LICENCE,
        "licence_url": opendata.LICENCE_URL,
        "crumbs": [ui.Crumb(_("Engagements"), reverse("commitments:list")), ui.Crumb(_("Données"))],
    }
    return render(request, "commitments/data.html", context)


def _version(request: HttpRequest, table: str, form: str) -> str:
    """Name what a file holds: everything public that changes writes a line on the register, and lateness changes with the day."""
    return f'W/"engagements-{table}-{form}-{register.head()}-{timezone.localdate().isoformat()}"'


@public
@require_safe
@condition(etag_func=_version)
def export(request: HttpRequest, table: str, form: str) -> HttpResponseBase:
    """Stream the commitments or their news as CSV or JSON."""
    if table not in exports.TABLES or form not in FORMATS:
        raise Http404
    throttle.check(throttle.Limit.EXPORTING, throttle.client_ip(request))
    content_type, write = FORMATS[form]
    response = StreamingHttpResponse(write(exports.TABLES[table]), content_type=content_type)
    response["Content-Disposition"] = f'attachment; filename="mulhouse-{table}.{form}"'
    response["Link"] = f'<{opendata.LICENCE_URL}>; rel="license"'
    response["Access-Control-Allow-Origin"] = "*"
    return response


@public
@require_safe
@cached_for_visitors
def feed(request: HttpRequest, kind: str) -> HttpResponse:
    """Send the feed of the news."""
    return syndication.response(kind, feeds.news)
