"""The catalogue of what the portal gives: each room says what it has, once, for the files, the pages, DCAT and the API.

A room declares its datasets in AppConfig.ready(); a room below this one is declared for in `opendata.beneath`.
"""

import datetime as dt
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from django.db.models import QuerySet
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from mulhouse.opendata import Table

Value = str | dt.datetime


class Frequency(StrEnum):
    """How often the lines of a dataset change; the codes of the European list of frequencies."""

    CONTINUOUS = "CONT"
    DAILY = "DAILY"
    MONTHLY = "MONTHLY"
    IRREGULAR = "IRREG"

    @property
    def words(self) -> str | Promise:
        """Say it in words."""
        return FREQUENCIES[self]


FREQUENCIES: dict[Frequency, str | Promise] = {
    Frequency.CONTINUOUS: _("À tout moment\u00a0; les fichiers sont refaits chaque nuit"),
    Frequency.DAILY: _("Chaque jour"),
    Frequency.MONTHLY: _("Chaque mois"),
    Frequency.IRREGULAR: _("Quand la Ville en publie\u00a0; les fichiers sont refaits chaque nuit"),
}


class Asks(StrEnum):
    """What a filter of the API takes."""

    SLUG = "slug"
    CHOICE = "choix"
    SINCE = "depuis"


@dataclass(frozen=True)
class Filter:
    """A filter of the API: its name in the address, what it keeps, and how.

    Shape: `order` is the order that the index of this filter follows, when it is not that of the list; where two filters have one,
    that of the last.
    """

    name: str
    meaning: str
    asks: Asks
    keep: Callable[[QuerySet[Any], Any], QuerySet[Any]]
    choices: tuple[str, ...] = ()
    order: tuple[str, ...] | None = None


@dataclass(frozen=True)
class Listing:
    """How the API reads a table page by page: the rows, and a total order that an index follows.

    Shape: `order` is columns of the row (or of rows it is read with), the last one unique, all in the same direction. For a
    table of counts, whose lines are no rows, `rows` are those of what is counted, and `lines` gives the lines of a page of them.
    """

    rows: Callable[[], QuerySet[Any]]
    order: tuple[str, ...] = ("-pk",)
    filters: tuple[Filter, ...] = ()
    lines: Callable[[Sequence[Any]], Iterable[Any]] | None = None


@dataclass(frozen=True)
class Dataset:
    """A table that everybody may take away.

    Shape: `table.name` is its code, in addresses; `routes` name the other addresses that give the same lines; `page` is the
    route of the page where people read them.
    """

    table: Table
    producer: str | Promise
    frequency: Frequency
    page: str
    keywords: tuple[str, ...] = ()
    listing: Listing | None = None
    small_numbers: str | Promise = ""
    routes: tuple[str, ...] = field(default=())

    @property
    def code(self) -> str:
        """Give its name in addresses."""
        return self.table.name


_datasets: dict[str, Dataset] = {}
_harmless: set[str] = set()


def declare(*datasets: Dataset) -> None:
    """Add datasets to the catalogue; called from AppConfig.ready(). Raises: ValueError when a code is taken."""
    for dataset in datasets:
        if _datasets.setdefault(dataset.code, dataset) is not dataset:
            raise ValueError(dataset.code)


def all_of_them() -> list[Dataset]:
    """Give every dataset, by code."""
    return [_datasets[code] for code in sorted(_datasets)]


def find(code: str) -> Dataset | None:
    """Give a dataset by its code, None for an unknown one."""
    return _datasets.get(code)


def harmless(*acts: str) -> None:
    """Say which acts of the register take nothing away from what is public: they only add, or count.

    An act that nobody declared here may have taken something away: the files of the night are not given any more after it.
    """
    _harmless.update(acts)


def harmless_acts() -> frozenset[str]:
    """Give the acts that were declared to take nothing away."""
    return frozenset(_harmless)
