"""The schematic map of the districts, with how many ideas each has: drawn by `components/cartogram.html`, and said again in a table."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext as _

from city import cartogram
from city.models import District
from ideas import presentation
from ideas.models import Idea
from mulhouse import typography


@dataclass(frozen=True)
class Group:
    """A district: its count, its newest ideas where a page lists them, its tile when it has one."""

    slug: str
    name: str
    count: int
    words: str
    url: str
    step: int
    tile: cartogram.Tile | None
    rows: Sequence[Idea] = ()


def draw(districts: Sequence[District], counts: Mapping[int, int], *, url_of: Callable[[str], str]) -> dict[str, Any]:
    """Give what the drawing and its table show (`groups`); `url_of` gives the address of a district that has some."""
    scale = cartogram.scale(counts.get(row.pk, 0) for row in districts)
    groups = [_group(row, counts.get(row.pk, 0), scale, url_of) for row in districts]
    drawn = [each for each in groups if each.tile]
    width, height = cartogram.size(each.tile for each in drawn if each.tile)
    return {"groups": groups, "drawn": drawn, "width": width, "height": height, "legend": _legend(scale)}


def _legend(scale: cartogram.Scale) -> list[tuple[int, str]]:
    """Name the counts of each step of the colour, those of one count in one number."""
    return [
        (
            step,
            typography.number(first) if first == last else _("%(first)s à %(last)s") % {"first": first, "last": last},
        )
        for step, (first, last) in enumerate(scale.bounds(), start=1)
    ]


def _group(district: District, count: int, scale: cartogram.Scale, url_of: Callable[[str], str]) -> Group:
    tile = None
    if district.map_column and district.map_row:
        words = typography.number(count)
        tile = cartogram.tile(district.name, words, column=district.map_column, row=district.map_row)
    return Group(
        slug=district.slug,
        name=district.name,
        count=count,
        words=presentation.ideas(count),
        url=url_of(district.slug) if count else "",
        step=scale.step(count),
        tile=tile,
    )
