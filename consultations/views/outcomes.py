"""What became of the opinions of a consultation, in public: by theme, and opinion by opinion."""

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_safe

from consultations import answers, coverage, presentation, promises
from consultations.models import Consultation, Item
from consultations.outcome_filters import DECISIONS, WAITING, OutcomeFilter
from consultations.views import fetching, reading
from mulhouse import lists, typography
from mulhouse.access import public
from mulhouse.templatetags import ui
from transparency.pages import cached_for_visitors

PAGE_SIZE = 20
ORDER = lists.Order("received_at")
BY_OPINION = "avis"


@public
@require_safe
@cached_for_visitors
def outcomes(request: HttpRequest, slug: str) -> HttpResponse:
    """Show what the city answered: to each theme, or to each opinion, found by words and by decision."""
    row = fetching.consultation(request, slug)
    by_opinion = request.GET.get("voir") == BY_OPINION or any(request.GET.get(name) for name in ("q", "suite", "theme"))
    is_fragment = request.headers.get("HX-Request") == "true"
    parts = [] if is_fragment else answers.parts(answers.counts(row))
    context: dict[str, Any] = {
        "consultation": row,
        "is_fragment": is_fragment,
        "by_opinion": by_opinion,
        "page_number": 1,
        "parts": parts,
        "parts_words": answers.parts_words(parts),
        "views": [
            ui.Tab(_("Par thème"), request.path, current=not by_opinion),
            ui.Tab(_("Avis par avis"), f"{request.path}?voir={BY_OPINION}", current=by_opinion),
        ],
        "tabs": presentation.tabs(row, current="outcomes"),
        "tags": [presentation.open_tag(row, at=timezone.now())],
        "crumbs": [
            ui.Crumb(_("Consultations"), reverse("consultations:list")),
            ui.Crumb(row.title, row.get_absolute_url()),
            ui.Crumb(_("Réponses de la Ville")),
        ],
    }
    if by_opinion:
        context |= _opinions(request, row)
        template = "consultations/_outcome_rows.html" if is_fragment else "consultations/outcomes.html"
        return render(request, template, context)
    context |= {
        "coverage": answers.coverage_words(coverage.of(row)),
        "promise": promises.shown(row, at=timezone.now()),
        "is_preview": False,
        "outcomes_url": "",
        "themes": answers.of_themes(row),
    }
    return render(request, "consultations/outcomes.html", context)


def _opinions(request: HttpRequest, row: Consultation) -> dict[str, Any]:
    rows = Item.objects.filter(consultation=row).public()
    asked = OutcomeFilter(request.GET, queryset=rows, themes=answers.theme_choices(row))
    found = asked.qs.select_related("contribution", "comment__contribution", "answer__question").defer(
        "search", "contribution__search", "contribution__body", "contribution__body_html"
    )
    page = lists.read(
        answers.with_answers(found),
        ORDER,
        size=PAGE_SIZE,
        at=lists.place(request.GET),
        anchor_of=lambda reference: Item.objects.filter(consultation=row, reference=reference).first(),
    )
    chosen = [name for name in ("q", "theme") if asked.chosen(name)]
    previous = lists.address(request.GET, avant=page.previous, page=str(page.number - 1)) if page.previous else ""
    following = lists.address(request.GET, apres=page.next, page=str(page.number + 1)) if page.next else ""
    return {
        "searched": asked.chosen("q"),
        "suite": asked.chosen("suite"),
        "select": asked.select("theme"),
        "decisions": _decision_tabs(request, asked),
        # Counted on the first page only: the further ones go on from there.
        "words": _count_words(lists.bounded_count(asked.qs)) if page.number == 1 else "",
        "rows": [answers.row(item, consultation=row) for item in page.rows],
        "chosen": [
            ui.ActiveFilter(asked.words(name), request.path + lists.address(request.GET, voir=BY_OPINION, **{name: ""}))
            for name in chosen
        ],
        "clear_url": f"{request.path}?voir={BY_OPINION}",
        "pages": reading.numbered(request.path, page.number, previous, following),
        "page_number": page.number,
    }


def _decision_tabs(request: HttpRequest, asked: OutcomeFilter) -> list[ui.Tab]:
    chosen = asked.chosen("suite")
    names: list[tuple[str, ui.Text]] = [("", _("Toutes"))]
    names += [(name, decision.label) for name, decision in DECISIONS.items()]
    names.append((WAITING, _("En attente")))
    return [
        ui.Tab(label, request.path + lists.address(request.GET, voir=BY_OPINION, suite=name), current=chosen == name)
        for name, label in names
    ]


def _count_words(count: int) -> str:
    if count > lists.COUNT_LIMIT:
        return _("Plus de %(n)s avis") % {"n": typography.number(lists.COUNT_LIMIT)}
    return ngettext("%(n)s avis", "%(n)s avis", count) % {"n": typography.number(count)}
