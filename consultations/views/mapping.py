"""The map of a consultation: what names a place, by district; a drawing, a table and a list that say the same."""

from collections.abc import Sequence
from dataclasses import dataclass

from django.conf import settings
from django.contrib.postgres.expressions import ArraySubquery
from django.db.models import Count, OuterRef, QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_safe

from city import cartogram
from city.models import District
from consultations import presentation
from consultations.filters import ORDERS, RECENT
from consultations.models import Consultation, Contribution
from consultations.views import fetching
from consultations.views.reading import PAGE_SIZE, numbered
from mulhouse import lists, typography
from mulhouse.access import public
from mulhouse.templatetags import ui
from transparency.pages import cached_for_visitors

QUERY = "quartier"
# Places that nobody put in a district.
ELSEWHERE = "sans-quartier"
LATEST = 3


@dataclass(frozen=True)
class Group:
    """A district, or the places in none: its count, its newest contributions, its tile when it has one."""

    slug: str
    name: str
    count: int
    words: str
    url: str = ""
    step: int = 0
    tile: cartogram.Tile | None = None
    rows: tuple[presentation.Row, ...] = ()
    latitude: str = ""
    longitude: str = ""


@public
@require_safe
@cached_for_visitors
def district_map(request: HttpRequest, slug: str) -> HttpResponse:
    """Show the contributions that name a place: how many in each district, and which."""
    row = fetching.consultation(request, slug)
    placed = Contribution.objects.placed().filter(consultation=row)
    counts: dict[int | None, int] = dict(
        placed.order_by().values("place_district").annotate(count=Count("pk")).values_list("place_district", "count")
    )
    newest = placed.filter(place_district=OuterRef("pk")).order_by("-published_at", "-pk").values("pk")
    districts = list(District.objects.annotate(newest=ArraySubquery(newest[:LATEST])))
    chosen = request.GET.get(QUERY, "")
    page = _chosen_page(request, row, districts, chosen)
    base = reverse("consultations:contributions", args=[slug])
    groups = _groups(request.path, base, row, districts, counts, with_rows=page is None)
    group = next((group for group in groups if group.slug == chosen), None) if page else None
    drawn = [each for each in groups if each.tile]
    width, height = cartogram.size(each.tile for each in drawn if each.tile)
    words = presentation.Words()
    context = {
        "consultation": row,
        "groups": groups,
        "drawn": drawn,
        "width": width,
        "height": height,
        "legend": _legend(counts, districts),
        "total": _said(sum(counts.values())),
        "total_count": sum(counts.values()),
        "group": group,
        "chosen": group.slug if group else "",
        "rows": [presentation.row(each, words=words, base=base) for each in page.rows] if page else [],
        "pages": _pages(request, page) if page else None,
        "page_number": page.number if page else 1,
        "coordinates": presentation.coordinates(row),
        "place": ", ".join(filter(None, (row.place_name, row.place_address))),
        "latitude": str(row.latitude or ""),
        "longitude": str(row.longitude or ""),
        "tiles_url": settings.MAP_TILES_URL,
        "tiles_credit": settings.MAP_TILES_CREDIT,
        "tabs": presentation.tabs(row, current="map"),
        "crumbs": _crumbs(row, group),
    }
    return render(request, "consultations/map.html", context)


def _crumbs(row: Consultation, group: Group | None) -> list[ui.Crumb]:
    here = reverse("consultations:map", args=[row.slug])
    return [
        ui.Crumb(_("Consultations"), reverse("consultations:list")),
        ui.Crumb(row.title, row.get_absolute_url()),
        ui.Crumb(_("Carte"), here if group else ""),
        *([ui.Crumb(group.name)] if group else []),
    ]


def _said(count: int) -> str:
    return ngettext("%(n)s contribution", "%(n)s contributions", count) % {"n": typography.number(count)}


def _legend(counts: dict[int | None, int], districts: Sequence[District]) -> list[tuple[int, str]]:
    """Name the counts of each step of the colour, those of one count in one number."""
    scale = cartogram.scale(counts.get(district.pk, 0) for district in districts)
    return [
        (
            step,
            typography.number(first) if first == last else _("%(first)s à %(last)s") % {"first": first, "last": last},
        )
        for step, (first, last) in enumerate(scale.bounds(), start=1)
    ]


def _chosen_page(
    request: HttpRequest, row: Consultation, districts: Sequence[District], chosen: str
) -> lists.Page[Contribution] | None:
    """Read a page of one district, from its index; None when no district is asked for."""
    district = next((district for district in districts if district.slug == chosen), None)
    if district is None and chosen != ELSEWHERE:
        return None
    published = Contribution.objects.filter(published_at__isnull=False).defer("search", "body", "body_html")
    return lists.read(
        _shown(Contribution.objects.placed_in(district).filter(consultation=row)),
        ORDERS[RECENT],
        size=PAGE_SIZE,
        at=lists.place(request.GET),
        anchor_of=lambda reference: published.filter(reference=reference).first(),
    )


def _shown(rows: QuerySet[Contribution]) -> QuerySet[Contribution]:
    return rows.select_related("author", "district", "section").defer("search", "body")


def _groups(
    path: str,
    base: str,
    row: Consultation,
    districts: Sequence[District],
    counts: dict[int | None, int],
    *,
    with_rows: bool,
) -> list[Group]:
    """Give every district in the city's order, then the places in none; with their newest contributions when asked."""
    newest: dict[int | None, list[Contribution]] = {}
    if with_rows:
        keys = [key for district in districts for key in getattr(district, "newest", [])]
        found = (
            {each.pk: each for each in _shown(Contribution.objects.filter(pk__in=keys)).order_by("pk")} if keys else {}
        )
        newest = {
            district.pk: [found[key] for key in getattr(district, "newest", []) if key in found]
            for district in districts
        }
        if counts.get(None):
            elsewhere = _shown(Contribution.objects.placed_in(None).filter(consultation=row))
            newest[None] = list(elsewhere.order_by("-published_at", "-pk")[:LATEST])
    scale = cartogram.scale(counts.get(district.pk, 0) for district in districts)
    words = presentation.Words()

    def rows_of(key: int | None) -> tuple[presentation.Row, ...]:
        return tuple(presentation.row(each, words=words, base=base) for each in newest.get(key, []))

    groups = [_group(path, district, counts.get(district.pk, 0), scale, rows_of(district.pk)) for district in districts]
    if count := counts.get(None, 0):
        url = f"{path}?{QUERY}={ELSEWHERE}"
        groups.append(Group(ELSEWHERE, _("Sans quartier précis"), count, _said(count), url, rows=rows_of(None)))
    return groups


def _group(
    path: str, district: District, count: int, scale: cartogram.Scale, rows: tuple[presentation.Row, ...]
) -> Group:
    tile = None
    if district.map_column and district.map_row:
        words = typography.number(count)
        tile = cartogram.tile(district.name, words, column=district.map_column, row=district.map_row)
    return Group(
        slug=district.slug,
        name=district.name,
        count=count,
        words=_said(count),
        url=f"{path}?{QUERY}={district.slug}" if count else "",
        step=scale.step(count),
        tile=tile,
        rows=rows,
        latitude=str(district.latitude or ""),
        longitude=str(district.longitude or ""),
    )


def _pages(request: HttpRequest, page: lists.Page[Contribution]) -> ui.Pages:
    before, after = str(page.number - 1), str(page.number + 1)
    previous_url = lists.address(request.GET, avant=page.previous, page=before) if page.previous else ""
    next_url = lists.address(request.GET, apres=page.next, page=after) if page.next else ""
    return numbered(request.path, page.number, previous_url, next_url)
