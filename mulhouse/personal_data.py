"""What the site knows about a person, table by table: filled by each app, read by the export, the erasure and the public page.

Every model with a link to a person is declared here once; `tests/test_conventions.py` finds the one that is not.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from enum import Enum
from typing import Any

from django.db import models


class Fate(Enum):
    """What becomes of a row when its person closes their account."""

    ERASED = "erased"
    UNSIGNED = "unsigned"
    KEPT = "kept"


def _no_files(user: Any) -> Iterable[tuple[str, Any]]:
    return ()


@dataclass(frozen=True)
class Holding:
    """One table that knows something about a person.

    `export` gives the person's own rows as JSON-ready dictionaries; `erase` applies `fate` inside the closing
    transaction. `files` gives (name in the archive, open file) pairs. `period`, `purpose` and `basis` are French sentences
    for the public page.
    """

    model: type[models.Model]
    label: str
    purpose: str
    basis: str
    period: str
    fate: Fate
    export: Callable[[Any], Iterable[dict[str, Any]]]
    erase: Callable[[Any], None]
    files: Callable[[Any], Iterable[tuple[str, Any]]] = _no_files


_holdings: dict[str, Holding] = {}


def declare(*holdings: Holding) -> None:
    """Add an app's tables; called from AppConfig.ready()."""
    for holding in holdings:
        _holdings[holding.model._meta.label] = holding


def holdings() -> list[Holding]:
    """Give every declared table, in the order of declaration (bottom room first)."""
    return list(_holdings.values())
