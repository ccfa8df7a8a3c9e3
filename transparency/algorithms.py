"""The algorithms the city publishes: the documents of docs/algorithms, as pages."""

from functools import cache
from pathlib import Path

from django.conf import settings
from django.utils.safestring import SafeString, mark_safe
from markdown_it import MarkdownIt

FOLDER = Path(settings.BASE_DIR) / "docs" / "algorithms"
# Raw HTML is shown as typed.
_markdown = MarkdownIt("commonmark", {"html": False}).enable("table")


@cache
def page(name: str) -> tuple[str, SafeString]:
    """Render a document.

    Shape: (title, HTML of the rest); the title is the only heading of the first level.
    """
    heading, _, text = (FOLDER / f"{name}.md").read_text(encoding="utf-8").partition("\n")
    html = _markdown.render(text)
    # A block of code scrolls sideways: the keyboard must reach it.
    return heading.removeprefix("# "), mark_safe(html.replace("<pre>", '<pre tabindex="0">'))  # noqa: S308 (our own document)
