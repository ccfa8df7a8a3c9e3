"""The page of every answer that the city promised: kept, to come, late."""

import datetime as dt
from dataclasses import dataclass

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_safe

from mulhouse import typography
from mulhouse.access import public
from mulhouse.asking import Select
from mulhouse.lists import address
from mulhouse.templatetags import ui
from transparency import promises
from transparency.clocks import Standing
from transparency.pages import cached_for_visitors
from transparency.promises import After, Asked, Promise

PAGE_SIZE = 30
LONGEST_KEY = 120
# The words of the addresses.
STATES = {
    "en-retard": Standing.LATE,
    "a-venir": Standing.COMING,
    "tenues": Standing.KEPT,
    "tenues-en-retard": Standing.KEPT_LATE,
    "en-pause": Standing.PAUSED,
}


@public
@require_safe
@cached_for_visitors
def promise_list(request: HttpRequest) -> HttpResponse:
    """Show the promises of every service, the latest due first, and how they are kept."""
    at = timezone.now()
    labels = {
        "en-retard": _("En retard"),
        "a-venir": _("À venir"),
        "tenues": _("Tenues"),
        "tenues-en-retard": _("Tenues en retard"),
        "en-pause": _("En pause"),
    }
    kinds, account = promises.kinds(), promises.account(at=at)
    services = [(slug, name) for slug, name, _tally in account.services]
    state = request.GET.get("etat", "")
    state = state if state in STATES else ""
    kind = request.GET.get("sorte", "")
    kind = kind if kind in kinds else ""
    service = request.GET.get("service", "")
    service = service if service in dict(services) else ""
    asked = Asked(standing=STATES[state] if state else "", kind=kind, service=service)
    found, has_more = promises.read(asked, after=_after(request), size=PAGE_SIZE, at=at)
    today = promises.today(at)
    selects = [_select("service", _("Service"), services, service, foreign=True)]
    if len(kinds) > 1:
        selects.append(_select("sorte", _("Sorte"), [(name, str(label)) for name, label in kinds.items()], kind))
    chosen = []
    if service:
        words = f"{selects[0].label}\u00a0: {dict(services)[service]}"
        chosen = [ui.ActiveFilter(words, request.path + address(request.GET, service=""))]
    context = {
        "figures": _figures(account.everybody),
        "services": [_service_line(request, *line) for line in account.services],
        "state": state,
        "states": [
            ui.Tab(label, request.path + address(request.GET, etat=name), current=state == name)
            for name, label in (("", _("Toutes")), *labels.items())
        ],
        "selects": selects,
        "chosen": chosen,
        "is_narrowed": bool(state or kind or service),
        "clear_url": request.path,
        "rows": [(row, promises.tag(row.clock(today=today)), sentence(row)) for row in found],
        "pages": ui.Pages(next_url=_next_url(request, found[-1]) if has_more else ""),
        "crumbs": [ui.Crumb(_("Promesses de réponse"))],
    }
    return render(request, "transparency/promises.html", context)


def _select(name: str, label: str, choices: list[tuple[str, str]], chosen: str, *, foreign: bool = False) -> Select:
    options = [("", _("Tous"), not chosen), *((value, words, value == chosen) for value, words in choices)]
    return Select(name=name, label=label, options=options, foreign=foreign)


def _after(request: HttpRequest) -> After | None:
    """Read the place of a page: the day, the kind and the key of the promise before it; None for anything else."""
    day, _colon, rest = request.GET.get("apres", "").partition(":")
    kind, _colon, key = rest.partition(":")
    # PostgreSQL takes no NUL, and half a pair is no text.
    if not key or len(rest) > LONGEST_KEY or not rest.isprintable():
        return None
    try:
        return After(dt.date.fromisoformat(day), kind, key)
    except ValueError:
        return None


def _next_url(request: HttpRequest, last: Promise) -> str:
    return request.path + address(request.GET, apres=f"{last.due_on.isoformat()}:{last.kind}:{last.key}")


def _figures(tally: promises.Tally) -> list[ui.Fact]:
    delay = tally.median_delay
    found = [
        (ngettext("tenue dans les temps", "tenues dans les temps", tally.kept), typography.number(tally.kept)),
        (ngettext("tenue en retard", "tenues en retard", tally.kept_late), typography.number(tally.kept_late)),
        (_("en retard aujourd’hui"), typography.number(tally.late)),
        (_("à venir"), typography.number(tally.waiting)),
    ]
    if delay is not None:
        found.append((_("retard médian"), _days(delay)))
    if tally.paused:
        found.append((_("en pause"), typography.number(tally.paused)))
    return [ui.Fact(label, value) for label, value in found]


def _days(count: int | None) -> str:
    """Say a number of days, « – » for none."""
    if count is None:
        return "–"
    return ngettext("%(n)s\u00a0jour", "%(n)s\u00a0jours", count) % {"n": typography.number(count)}


@dataclass(frozen=True)
class ServiceLine:
    """A service in the table: how it keeps its promises, in the words of the page."""

    name: str
    url: str
    in_time: str
    kept_late: str
    late: str
    waiting: str
    median_days: str
    is_late: bool


def _service_line(request: HttpRequest, slug: str, name: str, tally: promises.Tally) -> ServiceLine:
    return ServiceLine(
        name=name,
        url=request.path + address(request.GET, service=slug, etat=""),
        in_time=typography.number(tally.kept),
        kept_late=typography.number(tally.kept_late),
        late=typography.number(tally.late),
        waiting=typography.number(tally.waiting + tally.paused),
        median_days=_days(tally.median_days),
        is_late=bool(tally.late),
    )


def sentence(row: Promise) -> str:
    """Say a promise with its days."""
    due = typography.day(row.due_on)
    if row.met_on is None and row.paused_on is not None:
        words = {"day": typography.day(row.paused_on), "why": row.pause}
        return _("Délai arrêté depuis le %(day)s. %(why)s") % words
    if row.met_on is None:
        return _("Réponse promise le %(due)s au plus tard.") % {"due": due}
    return _("Réponse publiée le %(met)s, promise le %(due)s au plus tard.") % {
        "met": typography.day(row.met_on),
        "due": due,
    }
