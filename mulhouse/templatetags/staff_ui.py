"""What only the pages of the staff space draw: the pages of a list, and its counts in words."""

import re
from collections.abc import Iterable, Mapping
from typing import Any

from django import template
from django.contrib.admin.views.main import PAGE_VAR, ChangeList
from django.utils.html import conditional_escape
from django.utils.safestring import SafeString, mark_safe
from django.utils.text import capfirst

from mulhouse.templatetags.ui import Pages, pages_of
from mulhouse.typography import number

register = template.Library()

# Django's drawing of a boolean: a colour, and a word in English.
BOOLEAN = re.compile(r'<img src="[^"]+" alt="(True|False|None)">')
CELL = re.compile(r"<(t[hd])\b")
WORDS = {"True": "Oui", "False": "Non", "None": ""}


@register.simple_tag
def list_pages(*, changelist: ChangeList) -> Pages:
    """Give the pages of a list to the component that shows them."""
    return pages_of(
        number=changelist.page_num,
        total=changelist.paginator.num_pages,
        url_of=lambda page: changelist.get_query_string({PAGE_VAR: page}),
    )


@register.filter
def count_words(changelist: ChangeList) -> str:
    """Say how many rows answer: « 1 204 contributions »."""
    count = changelist.result_count
    many = getattr(changelist.model_admin, "rows_name", "") or changelist.opts.verbose_name_plural
    noun = changelist.opts.verbose_name if count <= 1 else many
    return f"{number(count)}\u00a0{noun}"


@register.filter
def late_words(count: int) -> str:
    """Say how many things are late."""
    return f"{number(count)}\u00a0en retard"


@register.filter
def under_headers(cells: Iterable[SafeString], headers: Iterable[Mapping[str, Any]]) -> list[SafeString]:
    """Give each cell of a row the head of its column: what a phone shows beside it, one under the other."""
    heads = [conditional_escape(capfirst(str(header["text"]))) for header in headers]
    labelled = (CELL.sub(rf'<\1 data-titre="{head}"', cell, count=1) for cell, head in zip(cells, heads, strict=True))
    return [mark_safe(cell) for cell in labelled]  # noqa: S308 (the cell is safe, the head is escaped)


@register.filter
def booleans_in_words(cell: SafeString) -> SafeString:
    """Write « Oui » or « Non » where Django draws a coloured icon."""
    return mark_safe(BOOLEAN.sub(lambda found: WORDS[found[1]], cell))  # noqa: S308 (the cell is safe, the words are ours)
