"""What hides the texts of a person while their data is set aside: each service fills this registry with its own two gestures."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Shelf:
    """How a service hides everything of a person, and shows it again. Both run in the transaction of the limitation."""

    hide: Callable[[Any], None]
    show: Callable[[Any], None]


_shelves: dict[str, Shelf] = {}


def declare(name: str, shelf: Shelf) -> None:
    """Add a service; called from AppConfig.ready()."""
    _shelves[name] = shelf


def shelves() -> list[Shelf]:
    """Give every service that shows what people wrote."""
    return list(_shelves.values())
