"""What each service shows on the home page: apps register from AppConfig.ready(), the page asks in order."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any


@dataclass(frozen=True)
class Deadline:
    """A line of « À ne pas manquer »."""

    at: datetime
    title: str
    url: str
    detail: str


@dataclass(frozen=True)
class KeyFigure:
    """A public figure of the home page: the number, and what it counts."""

    value: str
    label: str


@dataclass(frozen=True)
class HomeSource:
    """What one service gives the home page; each function but the last takes the instant of the request.

    Shape: `figures` words what `counts` found, which the page keeps until the register grows.
    """

    deadlines: Callable[[datetime], list[Deadline]]
    cards: Callable[[datetime], list[Any]]
    counts: Callable[[datetime], list[int]]
    figures: Callable[[Sequence[int]], list[KeyFigure]]


_sources: list[HomeSource] = []


def register(source: HomeSource) -> None:
    """Add a service to the home page; called from AppConfig.ready()."""
    _sources.append(source)


def sources() -> list[HomeSource]:
    """Give the services in the order of their registration."""
    return list(_sources)
