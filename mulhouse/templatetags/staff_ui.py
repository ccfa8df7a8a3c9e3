"""What only the pages of the staff space draw: the pages of a list, and its counts in words."""

from django import template
from django.contrib.admin.views.main import PAGE_VAR, ChangeList

from mulhouse.templatetags.ui import Pages, pages_of
from mulhouse.typography import number

register = template.Library()


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
    noun = changelist.opts.verbose_name if count <= 1 else changelist.opts.verbose_name_plural
    return f"{number(count)}\u00a0{noun}"


@register.filter
def late_words(count: int) -> str:
    """Say how many things are late."""
    return f"{number(count)}\u00a0en retard"
