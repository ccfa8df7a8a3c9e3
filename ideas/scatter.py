"""Two figures of each thing on one picture, as SVG: how popular and how realistic. A list with the same figures stands beside.

Attributes only, no style: the policy of the site allows none, and the style sheet puts the colours of the scheme in their place.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString

WIDTH, HEIGHT = 420, 320
LEFT, RIGHT, TOP, BOTTOM = 46, 12, 14, 48
RADIUS, NUMBERED_RADIUS = 5, 10
FONT_SIZE = 14
# Beyond so many times what is needed, a point stays at the top: others would all be flat at the foot.
TALLEST = 300
HUNDRED = 100


@dataclass(frozen=True)
class Point:
    """A thing: its name, its popularity and its realism out of a hundred, its place in the order (0 for none)."""

    name: str
    popularity: int
    realism: int
    rank: int = 0


def draw(*, key: str, title: str, description: str, across: str, upwards: str, points: Sequence[Point]) -> SafeString:
    """Draw points: realism from left to right, popularity upwards, those that have a place with its number.

    Shape: `key` is unique on the page; the scale goes as high as the most popular, between the threshold and TALLEST.
    """
    high = max(HUNDRED, min(TALLEST, max((point.popularity for point in points), default=0)))
    lines = [*_grid(high), _words(LEFT, HEIGHT - 4, across), _turned(upwards)]
    # Those with a place come last, over the others.
    dots = [_dot(point, high) for point in sorted(points, key=lambda point: (point.rank > 0, -point.rank))]
    return format_html(
        '<svg class="graphique nuage" role="img" aria-labelledby="{key}-titre {key}-desc" viewBox="0 0 {width} {height}" '
        'width="{width}" height="{height}" font-size="{size}"><title id="{key}-titre">{title}</title>'
        '<desc id="{key}-desc">{description}</desc>{lines}{dots}</svg>',
        key=key,
        width=WIDTH,
        height=HEIGHT,
        size=FONT_SIZE,
        title=title,
        description=description,
        lines=format_html_join("", "{}", ((line,) for line in lines)),
        dots=format_html_join("", "{}", ((dot,) for dot in dots)),
    )


def _x(realism: int) -> int:
    return LEFT + (WIDTH - LEFT - RIGHT) * realism // HUNDRED


def _y(popularity: int, high: int) -> int:
    return HEIGHT - BOTTOM - (HEIGHT - TOP - BOTTOM) * min(popularity, high) // high


def _grid(high: int) -> list[SafeString]:
    steps = (0, 25, 50, 75, HUNDRED)
    levels = [level for level in (0, 50, HUNDRED, 200, TALLEST) if level <= high]
    return [
        *(_line(_x(step), TOP, _x(step), HEIGHT - BOTTOM) for step in steps),
        *(_words(_x(step), HEIGHT - BOTTOM + 18, str(step), anchor="middle") for step in steps),
        *(_line(LEFT, _y(level, high), WIDTH - RIGHT, _y(level, high), strong=level == HUNDRED) for level in levels),
        *(_words(LEFT - 6, _y(level, high) + 5, str(level), anchor="end") for level in levels),
    ]


def _line(x1: int, y1: int, x2: int, y2: int, *, strong: bool = False) -> SafeString:
    classes = "axe axe--fort" if strong else "axe"
    return format_html('<line class="{}" x1="{}" y1="{}" x2="{}" y2="{}"/>', classes, x1, y1, x2, y2)


def _words(x: int, y: int, words: str, *, anchor: str = "start") -> SafeString:
    return format_html('<text class="mots mots--2" x="{}" y="{}" text-anchor="{}">{}</text>', x, y, anchor, words)


def _turned(words: str) -> SafeString:
    middle = (HEIGHT - BOTTOM + TOP) // 2
    return format_html(
        '<text class="mots mots--2" x="12" y="{y}" text-anchor="middle" transform="rotate(-90 12 {y})">{words}</text>',
        y=middle,
        words=words,
    )


def _dot(point: Point, high: int) -> SafeString:
    x, y = _x(point.realism), _y(point.popularity, high)
    if not point.rank:
        return format_html(
            '<circle class="point" cx="{}" cy="{}" r="{}"><title>{}</title></circle>', x, y, RADIUS, point.name
        )
    return format_html(
        '<g><title>{name}</title><circle class="p0" cx="{x}" cy="{y}" r="{radius}"/>'
        '<text class="rang-point" x="{x}" y="{base}" text-anchor="middle">{rank}</text></g>',
        name=point.name,
        x=x,
        y=y,
        base=y + 5,
        radius=NUMBERED_RADIUS,
        rank=point.rank,
    )
