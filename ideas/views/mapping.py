"""The map of the ideas: those that name the district of their place; a drawing, a table and a list that say the same."""

from collections.abc import Sequence
from dataclasses import replace

from django.contrib.postgres.expressions import ArraySubquery
from django.db.models import Count, OuterRef
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from city.models import District
from ideas import plan, presentation, thresholds
from ideas.filters import ORDERS, RECENT
from ideas.models import Idea
from ideas.views import browsing
from mulhouse import lists
from mulhouse.access import public
from mulhouse.templatetags import ui
from mulhouse.typography import local_day
from transparency.pages import cached_for_visitors

QUERY = "quartier"
LATEST = 3


@public
@require_safe
@cached_for_visitors(shared=True)
def district_map(request: HttpRequest) -> HttpResponse:
    """Show the ideas that name a district: how many in each, and which."""
    placed = Idea.objects.placed()
    counts: dict[int, int] = dict(
        placed.order_by().values("place_district").annotate(count=Count("pk")).values_list("place_district", "count")
    )
    newest = placed.filter(place_district=OuterRef("pk")).order_by("-published_at", "-pk").values("pk")
    districts = list(District.objects.annotate(newest=ArraySubquery(newest[:LATEST])))
    chosen = next((row for row in districts if row.slug == request.GET.get(QUERY)), None)
    drawing = plan.draw(districts, counts, url_of=lambda slug: f"{request.path}?{QUERY}={slug}")
    groups = drawing["groups"]
    page = _page(request, chosen) if chosen else None
    total = sum(counts.values())
    context = {
        **drawing,
        "groups": groups if page else _with_rows(groups, districts),
        "total": presentation.ideas(total),
        "total_count": total,
        "group": next((each for each in groups if chosen and each.slug == chosen.slug), None),
        "chosen": chosen.slug if chosen else "",
        "cards": _cards(page.rows) if page else [],
        "pages": browsing.pages(request, page) if page else None,
        "page_number": page.number if page else 1,
        "crumbs": _crumbs(chosen),
    }
    return render(request, "ideas/map.html", context)


def _crumbs(chosen: District | None) -> list[ui.Crumb]:
    here = ui.Crumb(_("Carte"), reverse("ideas:map") if chosen else "")
    return [ui.Crumb(_("Idées"), reverse("ideas:list")), here, *([ui.Crumb(chosen.name)] if chosen else [])]


def _with_rows(groups: Sequence[plan.Group], districts: Sequence[District]) -> list[plan.Group]:
    """Give each district its newest ideas, read at once."""
    wanted = {district.slug: list(getattr(district, "newest", [])) for district in districts}
    keys = [key for each in wanted.values() for key in each]
    found = {row.pk: row for row in browsing.in_list(Idea.objects.filter(pk__in=keys)).order_by("pk")} if keys else {}
    return [replace(group, rows=[found[key] for key in wanted[group.slug] if key in found]) for group in groups]


def _page(request: HttpRequest, district: District) -> lists.Page[Idea]:
    """Read a page of one district, from its index."""
    here = Idea.objects.placed().filter(place_district=district)
    whole = here.select_related("district", "theme", "place_district").annotate(
        goals=thresholds.of_campaign("campaign")
    )
    return browsing.read(request, whole, ORDERS[RECENT])


def _cards(rows: Sequence[Idea]) -> list[presentation.Card]:
    words = presentation.Words(today=local_day(timezone.now()))
    return [presentation.card(row, words=words, goals=thresholds.read(getattr(row, "goals", None))) for row in rows]
