"""Short lists cut into numbered pages: what one person, or one case, has. Skipping a few hundred rows costs nothing.

A long list that everybody reads goes from row to row instead (`mulhouse.lists`).
"""

from typing import Any, TypeVar

from django.db.models import Model, QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext as _

from mulhouse import lists, typography
from mulhouse.templatetags import ui

Row = TypeVar("Row", bound=Model)
LAST_PAGE = 1000


class Paging:
    """Where an address stands in the lists of a page: they share its number, and go on as long as one of them does."""

    def __init__(self, request: HttpRequest, *, size: int) -> None:
        self.request = request
        self.size = size
        self.number = min(lists.number(request.GET), LAST_PAGE)
        self.has_more = False

    def cut(self, rows: "QuerySet[Row, Any]") -> list[Row]:
        """Read the rows of this page, and whether there are more: one query."""
        start = (self.number - 1) * self.size
        found: list[Row] = list(rows[start : start + self.size + 1])
        self.has_more |= len(found) > self.size
        return found[: self.size]

    def pages(self) -> ui.Pages:
        """Give the links to the page before and the page after, once every list is cut."""
        return ui.Pages(
            previous_url=self._url(self.number - 1) if self.number > 1 else "",
            next_url=self._url(self.number + 1) if self.has_more else "",
            words=_("Page %(number)s") % {"number": typography.number(self.number)},
        )

    def _url(self, number: int) -> str:
        query = self.request.GET.copy()
        query[lists.PAGE] = str(number)
        return f"{self.request.path}?{query.urlencode()}"
