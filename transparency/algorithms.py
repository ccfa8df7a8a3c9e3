"""The algorithms the city publishes: the documents of docs/algorithms, as pages."""

from functools import cache
from pathlib import Path

from django.conf import settings
from django.utils.safestring import SafeString, mark_safe
from markdown_it import MarkdownIt

FOLDER = Path(settings.BASE_DIR) / "docs" / "algorithms"
# What scrolls sideways must be reached by the keyboard; a heading of a table says what it heads.
FRAMES = {
    "<pre>": '<pre tabindex="0">',
    "<table>": '<div class="tableau" role="region" aria-label="Tableau" tabindex="0"><table>',
    "</table>": "</table></div>",
    "<th>": '<th scope="col">',
}
# Raw HTML is shown as typed.
_markdown = MarkdownIt("commonmark", {"html": False}).enable("table")


@cache
def page(name: str) -> tuple[str, SafeString]:
    """Render a document.

    Shape: (title, HTML of the rest); the title is the only heading of the first level.
    """
    heading, _, text = (FOLDER / f"{name}.md").read_text(encoding="utf-8").partition("\n")
    html = _markdown.render(text)
    for bare, whole in FRAMES.items():
        html = html.replace(bare, whole)
    return heading.removeprefix("# "), mark_safe(html)  # noqa: S308 (our own document)
