"""The map of the ideas: those that name the district of their place; a drawing, a table and a list that say the same."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from django.contrib.postgres.expressions import ArraySubquery
from django.db.models import Count, OuterRef
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from city import cartogram
from city.models import District
from ideas import presentation, thresholds
from ideas.filters import ORDERS, RECENT
from ideas.models import Idea
from ideas.views import browsing
from mulhouse import lists, typography
from mulhouse.access import public
from mulhouse.templatetags import ui
from mulhouse.typography import local_day
from transparency.pages import cached_for_visitors

QUERY = "quartier"
LATEST = 3


@dataclass(frozen=True)
class Group:
    """A district: its count, its newest ideas, its tile when it has one."""

    slug: str
    name: str
    count: int
    words: str
    url: str
    step: int
    tile: cartogram.Tile | None
    rows: Sequence[Idea] = ()


@public
@require_safe
@cached_for_visitors(shared=True)
def district_map(request: HttpRequest) -> HttpResponse:
    """Show the ideas that name a district: how many in each, and which."""
    placed = Idea.objects.placed()
    counts: dict[int | None, int] = dict(
        placed.order_by().values("place_district").annotate(count=Count("pk")).values_list("place_district", "count")
    )
    newest = placed.filter(place_district=OuterRef("pk")).order_by("-published_at", "-pk").values("pk")
    districts = list(District.objects.annotate(newest=ArraySubquery(newest[:LATEST])))
    chosen = next((row for row in districts if row.slug == request.GET.get(QUERY)), None)
    scale = cartogram.scale(counts.get(row.pk, 0) for row in districts)
    groups = [_group(request.path, row, counts.get(row.pk, 0), scale) for row in districts]
    page = _page(request, chosen) if chosen else None
    drawn = [each for each in groups if each.tile]
    width, height = cartogram.size(each.tile for each in drawn if each.tile)
    total = sum(counts.values())
    context = {
        "groups": groups if page else _with_rows(groups, districts),
        "drawn": drawn,
        "width": width,
        "height": height,
        "legend": _legend(scale),
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


def _legend(scale: cartogram.Scale) -> list[tuple[int, str]]:
    """Name the counts of each step of the colour, those of one count in one number."""
    return [
        (
            step,
            typography.number(first) if first == last else _("%(first)s à %(last)s") % {"first": first, "last": last},
        )
        for step, (first, last) in enumerate(scale.bounds(), start=1)
    ]


def _group(path: str, district: District, count: int, scale: cartogram.Scale) -> Group:
    tile = None
    if district.map_column and district.map_row:
        words = typography.number(count)
        tile = cartogram.tile(district.name, words, column=district.map_column, row=district.map_row)
    return Group(
        slug=district.slug,
        name=district.name,
        count=count,
        words=presentation.ideas(count),
        url=f"{path}?{QUERY}={district.slug}" if count else "",
        step=scale.step(count),
        tile=tile,
    )


def _with_rows(groups: Sequence[Group], districts: Sequence[District]) -> list[Group]:
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
