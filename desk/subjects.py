"""What people take part in at the desk besides consultations: each service declares its own at start."""

import datetime as dt
from collections.abc import Callable, Sequence
from dataclasses import dataclass


@dataclass(frozen=True)
class Line:
    """One thing for which something may be entered now."""

    title: str
    open_url: str
    # What is printed for it: words and address.
    sheets: Sequence[tuple[str, str]] = ()


@dataclass(frozen=True)
class Subject:
    """A sort of thing that people take part in.

    Shape: `prefix` begins its topics (« campaign:jardins »); `open_url` leads from the rest of one to where an agent begins again;
    `word` names it on a receipt.
    """

    prefix: str
    heading: str
    word: str
    lines: Callable[[dt.datetime], list[Line]]
    open_url: Callable[[str], str]


_subjects: dict[str, Subject] = {}


def declare(subject: Subject) -> None:
    """Add a sort of thing to the desk."""
    _subjects[subject.prefix] = subject


def every() -> list[Subject]:
    """Give what was declared."""
    return list(_subjects.values())


def of(topic: str) -> Subject | None:
    """Give the sort of a topic, None for one that nobody declared."""
    return _subjects.get(topic.partition(":")[0])
