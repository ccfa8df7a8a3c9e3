"""Which tables are public archives, and what of them is past its time: each service fills this registry.

Destroying public archives needs the visa of the director of the departmental archives, files included (code du patrimoine,
art. L. 212-2 and R. 212-14): nothing here destroys by itself.
"""

import datetime as dt
from collections.abc import Callable, Iterable
from dataclasses import dataclass


@dataclass(frozen=True)
class Ripe:
    """Something whose time is over: its key, what it is, the last day it served, how many rows."""

    key: str
    label: str
    last_on: dt.date
    rows: int


@dataclass(frozen=True)
class Category:
    """A kind of public archives with its period. `ripe(before)` lists, `destroy(key)` runs inside a transaction, twice harmless."""

    code: str
    label: str
    years: int
    source: str
    ripe: Callable[[dt.date], Iterable[Ripe]]
    destroy: Callable[[str], None]


_categories: dict[str, Category] = {}


def declare(*categories: Category) -> None:
    """Add a service's categories; called from AppConfig.ready()."""
    for category in categories:
        _categories[category.code] = category


def categories() -> list[Category]:
    """Give every category, in the order of declaration."""
    return list(_categories.values())


def category(code: str) -> Category:
    """Give a category. Raises: KeyError for one that nobody declared."""
    return _categories[code]


def before(category: Category, *, today: dt.date) -> dt.date:
    """Give the day before which what served last is past its time."""
    try:
        return today.replace(year=today.year - category.years)
    except ValueError:
        return today.replace(year=today.year - category.years, day=28)
