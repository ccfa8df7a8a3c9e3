"""The page of the search: everybody's, one's own, what is suggested while typing, and how it is ranked.

It is rendered each time (decision 0013): what was perhaps meant comes from the lexicon, which grows without a line of the register.
"""

import datetime as dt
import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from django.conf import settings
from django.db.models import F, Value
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.html import escape
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext
from django.views.decorators.http import require_safe

from city.models import District, Theme
from mulhouse import lists, typography
from mulhouse.access import public, resident
from mulhouse.asking import Select
from mulhouse.templatetags import ui
from search import asked as asking
from search import finding, registry
from search.forms import PeriodForm
from search.spelling import fold
from search.spelling import words as words_of
from transparency import algorithms

SUGGESTED = 6
THEMES_SHOWN = 8
STATES = {
    "ouvert": gettext_lazy("Ouvert ou en cours"),
    "a-venir": gettext_lazy("À venir"),
    "termine": gettext_lazy("Terminé"),
    "repondu": gettext_lazy("A une réponse de la Ville"),
}
# How many letters of a word a theme must share to be offered.
NAMED_FROM = 4
# Where French does not break a line: before a high mark, inside quotes, in a number.
_BEFORE = re.compile(r" (?=[:;!?»])|(?<=«) |(?<=\d) (?=\d{3}(?!\d))")
PERIODS = {"semaine": 7, "mois": 31, "annee": 366}
PERIOD_LABELS = {
    "semaine": gettext_lazy("Depuis une semaine"),
    "mois": gettext_lazy("Depuis un mois"),
    "annee": gettext_lazy("Depuis un an"),
}


@dataclass(frozen=True)
class Row:
    """A result as the page shows it."""

    title: SafeString
    url: str
    kind: ui.Text
    excerpt: SafeString
    context: str
    day: dt.date | None


@public
@require_safe
def search(request: HttpRequest) -> HttpResponse:
    """Find words in everything public."""
    return _page(request, person=None)


@resident
@require_safe
def own(request: HttpRequest) -> HttpResponse:
    """Find words in what the person wrote, or alone may see: drafts, texts that were withdrawn or hidden."""
    return _page(request, person=request.user)


def _page(request: HttpRequest, *, person: Any) -> HttpResponse:
    at = timezone.now()
    asked = asking.read(request.GET.get("q", ""))
    names = _names()
    selects = _selects(request, names)
    chosen = {
        select.name: next((value for value, _label, is_chosen in select.options if is_chosen), "") for select in selects
    }
    days = PeriodForm(request.GET)
    kinds = {source.kind for source in registry.sources() if person is None or source.own}
    kind = request.GET.get("sorte", "")
    narrow = finding.Narrow(
        kind=kind if kind in kinds else "",
        theme=chosen["theme"],
        district=chosen["quartier"],
        state=chosen["etat"],
        since=_since(chosen["periode"], days, at=at),
        until=days.until,
        person=person,
    )
    found = finding.answer(asked, narrow, at=at) if asked.text else None
    last = max(1, -(-len(found.keys) // finding.PAGE_SIZE)) if found else 1
    wanted = lists.number(request.GET)
    number = min(wanted, last)
    results = finding.page(found, asked, number=number) if found else []
    title = _("Chercher dans mon espace") if person else _("Rechercher")
    context = {
        "title": title,
        "is_own": person is not None,
        "asked": asked.text,
        "kind": narrow.kind,
        "address": request.path,
        "suggestions_url": "" if person else reverse("search:suggestions"),
        "selects": selects,
        "days": days,
        # What is chosen is said above the results: the questions are folded, unless one is to be asked better.
        "has_more_filters": bool(days.errors),
        "rows": [_row(result) for result in results],
        "words": _count_words(found, narrow),
        "is_close": found is not None and found.exact == 0 and bool(found.keys),
        "is_widened": found is not None and 0 < found.exact < len(found.keys),
        "meant": found.meant if found else "",
        "meant_url": request.path + lists.address(request.GET, q=found.meant) if found and found.meant else "",
        "tabs": _kinds(request, found, narrow),
        "chosen": _chosen(request, selects, days),
        "clear_url": request.path + lists.address(request.GET, **dict.fromkeys([*chosen, "du", "au", "sorte"], "")),
        "pages": _pages(request, number, last),
        "page_number": number,
        "is_beyond": bool(results) and wanted > last,
        "last_page": last,
        "themes": _themes(names["theme"], asked) if person is None else [],
        "contact_email": settings.CONTACT["email"],
        "crumbs": [*([ui.Crumb(_("Mon espace"), reverse("accounts:home"))] if person else []), ui.Crumb(title)],
    }
    response = render(request, "search/results.html", context)
    response["X-Robots-Tag"] = "noindex"
    response["Vary"] = "Cookie"
    return response


def _names() -> dict[str, list[tuple[str, str]]]:
    """Give the themes and the districts, in one query."""
    each: Any = [
        model.objects.order_by()
        .annotate(asked=Value(name), value=F("slug"), label=F("name"))
        .values_list("asked", "value", "label")
        for name, model in (("theme", Theme), ("quartier", District))
    ]
    found: dict[str, list[tuple[str, str]]] = {"theme": [], "quartier": []}
    for asked, slug, name in each[0].union(each[1], all=True).order_by("asked", "label"):
        found[asked].append((slug, name))
    return found


def _selects(request: HttpRequest, names: dict[str, list[tuple[str, str]]]) -> list[Select]:
    def select(
        name: str, label: str, every: str, choices: Sequence[tuple[str, ui.Text]], *, foreign: bool = False
    ) -> Select:
        value = request.GET.get(name, "")
        options = [("", every, False)] + [(key, str(words), key == value) for key, words in choices]
        return Select(name, label, options, foreign)

    return [
        select("etat", _("État"), _("Tous"), list(STATES.items())),
        select("theme", _("Thème"), _("Tous"), names["theme"], foreign=True),
        select("quartier", _("Quartier"), _("Tous"), names["quartier"], foreign=True),
        select("periode", _("Date"), _("Toutes"), list(PERIOD_LABELS.items())),
    ]


def _since(period: str, days: PeriodForm, *, at: dt.datetime) -> dt.datetime | None:
    """Give the later of the two beginnings that were asked."""
    begun = [at - dt.timedelta(days=PERIODS[period])] if period else []
    return max([*begun, *([days.since] if days.since else [])], default=None)


def _themes(names: Sequence[tuple[str, str]], asked: asking.Asked) -> list[ui.Tab]:
    """Give the themes that the words name, or some of them when nothing is asked, with what the city says of each."""
    wanted = [word for word in map(fold, words_of(asked.text)) if len(word) >= NAMED_FROM]
    return [
        ui.Tab(ui.in_french(name), f"{reverse('consultations:list')}?theme={slug}")
        for slug, name in names
        if not asked.text
        or any(each.startswith(word) or word == f"{each}s" for each in map(fold, words_of(name)) for word in wanted)
    ][:THEMES_SHOWN]


def _chosen(request: HttpRequest, selects: Sequence[Select], days: PeriodForm) -> list[ui.ActiveFilter]:
    bounds = [(name, days.fields[name].label, days.day(name)) for name in ("du", "au")]
    return [
        ui.ActiveFilter(
            f"{select.label}\u00a0: {label}", request.path + lists.address(request.GET, **{select.name: ""})
        )
        for select in selects
        for _value, label, is_chosen in select.options
        if is_chosen
    ] + [
        ui.ActiveFilter(
            f"{label}\u00a0: {typography.day(day)}", request.path + lists.address(request.GET, **{name: ""})
        )
        for name, label, day in bounds
        if day
    ]


def _kinds(request: HttpRequest, found: finding.Answer | None, narrow: finding.Narrow) -> list[ui.Tab]:
    """Give the kinds that hold the words, with how many do."""
    if found is None or not found.counts:
        return []
    tabs = [ui.Tab(_("Tout"), request.path + lists.address(request.GET, sorte=""), current=not narrow.kind)]
    for source in registry.sources():
        number = found.counts.get(source.kind, 0)
        if number or source.kind == narrow.kind:
            many = number >= finding.RANKED
            label = f"{source.plural} ({typography.number(number)}{'+' if many else ''})"
            url = request.path + lists.address(request.GET, sorte=source.kind)
            tabs.append(ui.Tab(label, url, current=source.kind == narrow.kind))
    return tabs


def _count_words(found: finding.Answer | None, narrow: finding.Narrow) -> str:
    if found is None:
        return ""
    counts = {kind: count for kind, count in found.counts.items() if not narrow.kind or kind == narrow.kind}
    total = sum(counts.values())
    if any(count >= finding.RANKED for count in counts.values()):
        return _("Plus de %(n)s résultats, les %(shown)s meilleurs sont montrés") % {
            "n": typography.number(total),
            "shown": typography.number(len(found.keys)),
        }
    return ngettext("%(n)s résultat", "%(n)s résultats", len(found.keys)) % {"n": typography.number(len(found.keys))}


def _row(result: finding.Result) -> Row:
    line, source = result.line, registry.source(result.line.kind)
    above = line.parent
    while above is not None and above.parent is not None:
        above = above.parent
    plain = str(source.title(line))
    return Row(
        title=marked(result.title) if line.title else SafeString(escape(plain)),
        url=source.address(line),
        kind=source.label,
        excerpt=marked(result.excerpt),
        context=above.title if above and above.title != plain and line.title else "",
        day=timezone.localdate(line.dated_at) if line.dated_at else None,
    )


def _spaced(text: str) -> str:
    """Put back the no-break spaces of French, which an index reads as spaces."""
    return _BEFORE.sub("\u00a0", text)


def marked(text: str) -> SafeString:
    """Write a headline: everything escaped, then what was looked for between marks."""
    written = escape(_spaced(text))
    # As many ends as beginnings, whatever the text: a mark is opened and closed, or is not there.
    pieces = written.split(finding.OPEN)
    whole = pieces[0].replace(finding.CLOSED, "")
    for piece in pieces[1:]:
        inside, closed, after = piece.partition(finding.CLOSED)
        whole += f"<mark>{inside}</mark>{after.replace(finding.CLOSED, '')}" if closed else inside
    return mark_safe(whole)  # noqa: S308 (escaped on the first line)


def _pages(request: HttpRequest, number: int, last: int) -> ui.Pages:
    def url(to: int) -> str:
        return request.path + lists.address(request.GET, page=str(to) if to > 1 else "")

    return ui.pages_of(number=number, total=last, url_of=url)


@public
@require_safe
def suggestions(request: HttpRequest) -> HttpResponse:
    """Suggest what is perhaps looked for, while it is typed; the page works without, and stands for whoever opens this alone."""
    text = request.GET.get("q", "").strip()
    if request.headers.get("HX-Request") != "true":
        return redirect(reverse("search:results") + lists.address(request.GET))
    rows: list[Row] = []
    if len(text) >= asking.PREFIX_FROM:
        found = finding.titles(text, finding.Narrow(), at=timezone.now(), size=SUGGESTED)
        rows = [_row(result) for result in found]
    words = ngettext("%(n)s suggestion", "%(n)s suggestions", len(rows)) % {"n": typography.number(len(rows))}
    response = render(request, "search/_suggestions.html", {"rows": rows, "words": words if rows else ""})
    response["X-Robots-Tag"] = "noindex"
    response["Vary"] = "HX-Request"
    return response


@public
@require_safe
def method(request: HttpRequest) -> HttpResponse:
    """Say how the search finds and ranks."""
    title, text = algorithms.page("recherche")
    crumbs = [ui.Crumb(_("Rechercher"), reverse("search:results")), ui.Crumb(_("La méthode"))]
    return render(request, "search/method.html", {"title": title, "text": text, "crumbs": crumbs})


@public
@require_safe
def description(request: HttpRequest) -> HttpResponse:
    """Describe the search to browsers, which can then offer it in their own field."""
    context = {"results_url": settings.SITE_URL.rstrip("/") + reverse("search:results")}
    return render(request, "search/opensearch.xml", context, content_type="application/opensearchdescription+xml")
