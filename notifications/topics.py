"""What can be followed, and what is told of: each service declares its kind of topic and how to name one, or many at once.

A topic that is not named any more is hidden, withdrawn or gone: whoever shows it shows nothing of it.
"""

from collections import defaultdict
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass

Describe = Callable[[str], "Topic | None"]
DescribeMany = Callable[[Collection[str]], Mapping[str, "Topic"]]


@dataclass(frozen=True)
class Topic:
    """A topic as shown to people: its title and its page."""

    title: str
    url: str


@dataclass(frozen=True)
class _Sort:
    describe: Describe | None
    many: DescribeMany | None
    is_open: bool


_kinds: dict[str, _Sort] = {}


def declare(
    kind: str, describe: Describe | None = None, *, many: DescribeMany | None = None, is_open: bool = False
) -> None:
    """Add a kind of topic; called from AppConfig.ready(). Both readers are given what follows « kind: », one of them is enough.

    `many` names several in one query. `is_open`: anybody may follow it from any page (a theme, a district).
    """
    _kinds[kind] = _Sort(describe, many, is_open)


def describe(topic: str) -> Topic | None:
    """Name a topic such as « consultation:quais-du-canal »; None when it exists no more."""
    kind, _, key = topic.partition(":")
    sort = _kinds.get(kind)
    if sort is not None and sort.describe is not None:
        return sort.describe(key)
    return named([topic]).get(topic)


def is_open(topic: str) -> bool:
    """Tell whether anybody may follow a topic from any page."""
    kind, _, _key = topic.partition(":")
    return kind in _kinds and _kinds[kind].is_open


def named(topics: Collection[str]) -> dict[str, Topic]:
    """Name many topics; those that everybody may not see (any more) are left out.

    Shape: one query for each kind of topic among them, however many.
    """
    keys: dict[str, set[str]] = defaultdict(set)
    for topic in topics:
        kind, _, key = topic.partition(":")
        if kind in _kinds and key:
            keys[kind].add(key)
    found: dict[str, Topic] = {}
    for kind, wanted in sorted(keys.items()):
        sort = _kinds[kind]
        rows: dict[str, Topic] = {}
        if sort.many is not None:
            rows.update(sort.many(wanted))
        elif sort.describe is not None:
            rows.update({key: row for key in sorted(wanted) if (row := sort.describe(key)) is not None})
        found |= {f"{kind}:{key}": row for key, row in rows.items()}
    return found
