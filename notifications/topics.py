"""What can be followed: each service declares its kind of topic and how to name one."""

from collections.abc import Callable
from dataclasses import dataclass

Describe = Callable[[str], "Topic | None"]


@dataclass(frozen=True)
class Topic:
    """A topic as shown to people: its title and its page."""

    title: str
    url: str


_kinds: dict[str, Describe] = {}


def declare(kind: str, describe: Describe) -> None:
    """Add a kind of topic; called from AppConfig.ready(). `describe` is given what follows « kind: »."""
    _kinds[kind] = describe


def describe(topic: str) -> Topic | None:
    """Name a topic such as « consultation:quais-du-canal »; None when it exists no more."""
    kind, _, key = topic.partition(":")
    return _kinds[kind](key) if kind in _kinds else None
