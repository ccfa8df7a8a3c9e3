"""The algorithms the city publishes: the documents of docs/algorithms, as pages."""

import re
from collections import Counter
from functools import cache
from pathlib import Path

from django.conf import settings
from django.utils.safestring import SafeString, mark_safe
from markdown_it import MarkdownIt

FOLDER = Path(settings.BASE_DIR) / "docs" / "algorithms"
# What scrolls sideways must be reached by the keyboard; a heading of a table says what it heads.
FRAMES = {
    "<pre>": '<pre tabindex="0">',
    "</table>": "</table></div>",
    "<th>": '<th scope="col">',
}
PARTS = re.compile(r"<h[2-6]>(?P<heading>.*?)</h[2-6]>|<table>", re.DOTALL)
# Raw HTML is shown as typed.
_markdown = MarkdownIt("commonmark", {"html": False}).enable("table")


def names() -> list[tuple[str, str]]:
    """List the documents: (name, title), by title."""
    found = [(path.stem, page(path.stem)[0]) for path in FOLDER.glob("*.md")]
    return sorted(found, key=lambda document: document[1])


@cache
def page(name: str) -> tuple[str, SafeString]:
    """Render a document.

    Shape: (title, HTML of the rest); the title is the only heading of the first level.
    """
    heading, _, text = (FOLDER / f"{name}.md").read_text(encoding="utf-8").partition("\n")
    html = _markdown.render(text)
    for bare, whole in FRAMES.items():
        html = html.replace(bare, whole)
    return heading.removeprefix("# "), mark_safe(_with_named_tables(html))  # noqa: S308 (our own document)


def _with_named_tables(html: str) -> str:
    """Give each table a frame that scrolls, named by the heading above it: no two of a page are called the same."""
    named: Counter[str] = Counter()
    heading = ""

    def framed(found: re.Match[str]) -> str:
        nonlocal heading
        if found["heading"] is not None:
            heading = re.sub(r"<[^>]+>", "", found["heading"])
            return found[0]
        named[heading] += 1
        name = f"Tableau\u00a0: {heading}" if heading else "Tableau"
        if named[heading] > 1:
            name = f"{name} ({named[heading]})"
        return f'<div class="tableau" role="region" aria-label="{name}" tabindex="0"><table>'

    return PARTS.sub(framed, html)
