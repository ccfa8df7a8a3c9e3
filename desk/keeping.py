"""Whose fingerprint must not be forgotten yet: each room that lets people do something once says who did it lately."""

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from django.db.models import QuerySet

# Gives the keys of people.
Rows = Callable[[], "QuerySet[Any, Any]"]
_rooms: list[Rows] = []


def declare(rows: Rows) -> None:
    """Say whose fingerprint a room needs; called from AppConfig.ready()."""
    _rooms.append(rows)


def in_use() -> list["QuerySet[Any, Any]"]:
    """Give, room by room, the people whose fingerprint is needed."""
    return [rows() for rows in _rooms]
