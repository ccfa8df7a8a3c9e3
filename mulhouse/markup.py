"""Text written by people, made safe to show: a small Markdown subset for residents, sanitised HTML for staff and imports."""

import html
import re

import nh3
from markdown_it import MarkdownIt

# Headings stay the page's own, images come as attachments, raw HTML is shown as typed.
_markdown = MarkdownIt("zero", {"breaks": True, "linkify": False}).enable(
    ["emphasis", "list", "link", "newline", "blockquote", "escape", "entity"]
)

RESIDENT_TAGS = {"p", "br", "strong", "em", "ul", "ol", "li", "a", "blockquote"}
STAFF_TAGS = RESIDENT_TAGS | {"h3", "h4", "table", "thead", "tbody", "tr", "th", "td", "caption", "hr", "sup", "sub"}
SCHEMES = {"https", "http", "mailto", "tel"}
TAG = re.compile(r"<[^>]*>")
SPACES = re.compile(r"[ \t\u00a0]+")


def render_markdown(source: str) -> str:
    """Render what a resident typed.

    Shape: HTML with RESIDENT_TAGS only; links carry rel="nofollow ugc noopener".
    """
    return nh3.clean(
        _markdown.render(source),
        tags=RESIDENT_TAGS,
        attributes={"a": {"href"}, "ol": {"start"}},
        url_schemes=SCHEMES,
        link_rel="nofollow ugc noopener",
    )


LINK = re.compile(
    r"https?:|\bwww\.|\]\s*[(\[]|<a\b|\b[a-z0-9-]{2,63}\.(?:com|net|org|fr|de|ch|eu|info|biz|ru|cn|xyz|top|shop|site|online|io|link|click"
    r"|store|live|club|pro|me|ly|gl)\b(?!\s*@)",
    re.IGNORECASE,
)


def has_link(source: str, *, ours: str = "") -> bool:
    """Tell whether a text leads elsewhere: an address, a Markdown link, the name of a site. `ours` is no link."""
    return LINK.search(source.replace(ours, "") if ours else source) is not None


def clean_html(source: str, *, staff: bool = False) -> str:
    """Keep the harmless part of an HTML text: an imported body, or what staff wrote in the editor.

    Shape: for staff, h3 and h4 at the highest, tables with scope; never a class, a style, an image or an `hx-` attribute.
    """
    attributes = {"a": {"href"}, "ol": {"start"}}
    if staff:
        attributes |= {"th": {"scope", "colspan", "rowspan"}, "td": {"colspan", "rowspan"}}
    return nh3.clean(
        source,
        tags=STAFF_TAGS if staff else RESIDENT_TAGS,
        attributes=attributes,
        url_schemes=SCHEMES,
        link_rel="noopener" if staff else "nofollow ugc noopener",
    )


def to_text(source: str) -> str:
    """Reduce HTML to its words, for search, mails, previews and exports.

    Shape: one line per paragraph, entities decoded, no markup.
    """
    broken = re.sub(r"(?i)<br\s*/?>|</(p|li|h\d|tr|blockquote)>", "\n", source)
    words = html.unescape(TAG.sub("", broken))
    lines = (SPACES.sub(" ", line).strip() for line in words.splitlines())
    return "\n".join(line for line in lines if line)
