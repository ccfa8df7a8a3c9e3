"""What can be found: each room declares its kinds from AppConfig.ready(), with who may see them, as one queryset each."""

import datetime as dt
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from django.db.models import QuerySet
from django.utils.functional import Promise

Rows = QuerySet[Any]
Text = str | Promise


@dataclass(frozen=True)
class Line:
    """A document as results show it: its own words, what its address is made of, and what it belongs to."""

    kind: str
    title: str
    parts: tuple[str, ...]
    dated_at: dt.datetime | None = None
    parent: "Line | None" = None


@dataclass(frozen=True)
class Source:
    """A kind of text that can be found.

    Shape: `public` gives what everybody sees (None: all of it), `own` what a person alone may see besides or wrote; both
    are asked anew at each search. `theme` and `district` narrow rows by the name in an address, `states` by a state at an
    instant; a kind that has none is left out of such a question.
    """

    kind: str
    label: Text
    plural: Text
    weight: float
    public: Callable[[], Rows] | None
    address: Callable[[Line], str]
    title: Callable[[Line], Text]
    own: Callable[[Any], Rows] | None = None
    theme: Callable[[Rows, str], Rows] | None = None
    district: Callable[[Rows, str], Rows] | None = None
    states: Mapping[str, Callable[[Rows, dt.datetime], Rows]] = field(default_factory=dict)


_sources: dict[str, Source] = {}


def register(*sources: Source) -> None:
    """Add kinds; called from AppConfig.ready()."""
    for source in sources:
        _sources[source.kind] = source


def sources() -> list[Source]:
    """Give every kind, those that weigh most first."""
    return sorted(_sources.values(), key=lambda source: (-source.weight, source.kind))


def source(kind: str) -> Source:
    """Give a kind by its name."""
    return _sources[kind]
