"""What each service shows on the home page: apps register from AppConfig.ready(), the page asks in order."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from mulhouse.db import count_rows


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


def _nothing(_asked: Any) -> list[Any]:
    return []


@dataclass(frozen=True)
class HomeSource:
    """What one service gives the home page; each function but `figures` takes the instant of the request.

    Shape: `together` gives the deadlines and the cards that one reading finds, in place of `deadlines` and `cards`. `figures`
    words what `counts` found, which the page keeps until the register grows; a service whose figures are numbers of rows gives
    these rows instead (`tallies`): all of them are counted at once.
    """

    deadlines: Callable[[datetime], list[Deadline]] = _nothing
    cards: Callable[[datetime], list[Any]] = _nothing
    counts: Callable[[datetime], list[int]] = _nothing
    figures: Callable[[Sequence[int]], list[KeyFigure]] = _nothing
    together: Callable[[datetime], tuple[list[Deadline], list[Any]]] | None = None
    tallies: Callable[[datetime], list[Any]] | None = None

    def shown(self, at: datetime) -> tuple[list[Deadline], list[Any]]:
        """Give the deadlines, then the cards."""
        return self.together(at) if self.together else (self.deadlines(at), self.cards(at))


def counted(services: Sequence[HomeSource], at: datetime) -> list[list[int]]:
    """Give what each service counts, the rows of all in one query.

    Shape: a list for each service, in its order.
    """
    tallies = [source.tallies(at) if source.tallies else [] for source in services]
    found = iter(count_rows([rows for each in tallies for rows in each]))
    return [
        [next(found) for _rows in rows] if rows else source.counts(at)
        for source, rows in zip(services, tallies, strict=True)
    ]


_sources: list[HomeSource] = []


def register(source: HomeSource) -> None:
    """Add a service to the home page; called from AppConfig.ready()."""
    _sources.append(source)


def sources() -> list[HomeSource]:
    """Give the services in the order of their registration."""
    return list(_sources)
