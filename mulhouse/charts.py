"""Charts drawn by the server as SVG: bars, columns over time, stacked lines. A table with the same figures always stands beside.

Each names itself to screen readers by a title and a description. The colours are attributes, which a PDF keeps; on a page the
style sheet puts the roles of the scheme in their place (`.graphique`), so that they hold in the dark and in print.
"""

import textwrap
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString

WIDTH = 400
BAR_HEIGHT = 16
LINE_HEIGHT = 23
GAP = 16
# In a phone of 390 px a chart is 310 px wide: the words are then 13 px tall.
FONT_SIZE = 17
LABEL_SIGNS = 42
LABEL_LINES = 2
COLUMNS_HEIGHT = 160
MOST_TICKS = 6
INK, SOFT, GROUND = "#1d1826", "#463f52", "#e4dacb"
# One fill after the other for stacked parts; each is bounded by a line of the page's colour, and named in the legend.
FILLS = ("#35419e", "#b07800", "#1d6b47", "#b3183a", "#8a7f70", "#5a2a73", "#1e2661")


@dataclass(frozen=True)
class Bar:
    """A bar: its label, its length, and the words at its end (« 12 réponses, 24 % »); no value where it is hidden."""

    label: str
    value: float | None
    words: str


@dataclass(frozen=True)
class Stack:
    """A line made of parts, in the order of the legend; None where a part is hidden."""

    label: str
    parts: Sequence[float | None]
    words: str = ""


def _svg(*, key: str, title: str, description: str, height: float, body: SafeString) -> SafeString:
    return format_html(
        '<svg class="graphique" role="img" aria-labelledby="{key}-titre {key}-desc" viewBox="0 0 {width} {height}" '
        'width="{width}" height="{height}" font-size="{size}" xmlns="http://www.w3.org/2000/svg">'
        '<title id="{key}-titre">{title}</title><desc id="{key}-desc">{description}</desc>{body}</svg>',
        key=key,
        title=title,
        description=description,
        width=WIDTH,
        height=round(height),
        size=FONT_SIZE,
        body=body,
    )


def _join(parts: Iterable[SafeString]) -> SafeString:
    return format_html_join("", "{}", ((part,) for part in parts))


def _lines(label: str) -> list[str]:
    """Cut a label in lines that fit; the table beside has it whole."""
    found = textwrap.wrap(label, LABEL_SIGNS) or [""]
    return [*found[: LABEL_LINES - 1], f"{found[LABEL_LINES - 1]}…"] if len(found) > LABEL_LINES else found


def _text(x: float, y: float, words: str, *, soft: bool = False, anchor: str = "start") -> SafeString:
    return format_html(
        '<text x="{}" y="{}" fill="{}" class="{}" text-anchor="{}">{}</text>',
        _short(x),
        _short(y),
        SOFT if soft else INK,
        "mots mots--2" if soft else "mots",
        anchor,
        words,
    )


def _short(number: float) -> str:
    return f"{number:.1f}".rstrip("0").rstrip(".")


def _rectangle(x: float, y: float, width: float, height: float, *, fill: str, classes: str) -> SafeString:
    return format_html(
        '<rect x="{}" y="{}" width="{}" height="{}" fill="{}" class="{}"/>',
        _short(x),
        _short(y),
        _short(width),
        _short(height),
        fill,
        classes,
    )


def bars(*, key: str, title: str, description: str, bars: Sequence[Bar], most: float = 0) -> SafeString:
    """Draw one bar below the other, each under its label.

    Shape: `key` is unique on the page; `most` is the length of a whole bar, the longest one when it is not given.
    """
    whole = most or max((bar.value or 0 for bar in bars), default=0) or 1
    parts: list[SafeString] = []
    y = 0.0
    for bar in bars:
        for line in _lines(bar.label):
            y += LINE_HEIGHT
            parts.append(_text(0, y - 6, line))
        parts.append(_rectangle(0, y, WIDTH, BAR_HEIGHT, fill=GROUND, classes="fond"))
        if bar.value:
            parts.append(_rectangle(0, y, WIDTH * min(bar.value / whole, 1), BAR_HEIGHT, fill=FILLS[0], classes="p0"))
        y += BAR_HEIGHT + LINE_HEIGHT
        parts.append(_text(0, y - 4, bar.words, soft=True))
        y += GAP
    return _svg(key=key, title=title, description=description, height=max(y - GAP, 1), body=_join(parts))


def columns(*, key: str, title: str, description: str, points: Sequence[tuple[str, float]]) -> SafeString:
    """Draw columns side by side, for what goes over time or along a scale; only some labels are written under many."""
    whole = max((value for _label, value in points), default=0) or 1
    step = WIDTH / max(len(points), 1)
    every = -(-len(points) // MOST_TICKS) or 1
    parts = [_rectangle(0, COLUMNS_HEIGHT, WIDTH, 1, fill=GROUND, classes="fond")]
    for rank, (label, value) in enumerate(points):
        height = COLUMNS_HEIGHT * value / whole
        left, width = rank * step + step * 0.1, step * 0.8
        parts.append(_rectangle(left, COLUMNS_HEIGHT - height, width, height, fill=FILLS[0], classes="p0"))
        if rank % every == 0:
            parts.append(
                _text(left, COLUMNS_HEIGHT + LINE_HEIGHT, label, soft=True)
                if every > 1
                else _text(left + width / 2, COLUMNS_HEIGHT + LINE_HEIGHT, label, soft=True, anchor="middle")
            )
    height_with_labels = COLUMNS_HEIGHT + LINE_HEIGHT + FONT_SIZE / 2
    return _svg(key=key, title=title, description=description, height=height_with_labels, body=_join(parts))


def stacked(*, key: str, title: str, description: str, legend: Sequence[str], stacks: Sequence[Stack]) -> SafeString:
    """Draw lines made of parts, with the legend above; a line fills the whole width whatever it sums to."""
    parts: list[SafeString] = []
    y = 0.0
    for rank, words in enumerate(legend):
        y += LINE_HEIGHT
        parts.append(_rectangle(0, y - 17, 14, 14, fill=_fill(rank), classes=f"p{rank % len(FILLS)}"))
        parts.append(_text(22, y - 5, _lines(words)[0]))
    y += GAP / 2
    for stack in stacks:
        for line in _lines(stack.label):
            y += LINE_HEIGHT
            parts.append(_text(0, y - 6, line))
        parts.append(_rectangle(0, y, WIDTH, BAR_HEIGHT, fill=GROUND, classes="fond"))
        whole, x = sum(part or 0 for part in stack.parts) or 1, 0.0
        for rank, part in enumerate(stack.parts):
            if part:
                width = WIDTH * part / whole
                parts.append(
                    _rectangle(x, y, width, BAR_HEIGHT, fill=_fill(rank), classes=f"part p{rank % len(FILLS)}")
                )
                x += width
        y += BAR_HEIGHT
        if stack.words:
            y += LINE_HEIGHT
            parts.append(_text(0, y - 4, stack.words, soft=True))
        y += GAP
    return _svg(key=key, title=title, description=description, height=max(y - GAP, 1), body=_join(parts))


def _fill(rank: int) -> str:
    return FILLS[rank % len(FILLS)]
