"""What waits for staff: apps register their queues, the admin's home page shows them, late ones first."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any


@dataclass(frozen=True)
class WorkItem:
    """A line of the work queue: how many things wait, where, and whether one is late."""

    label: str
    count: int
    url: str
    late: int = 0
    detail: str = ""


@dataclass(frozen=True)
class WorkQueue:
    """A queue shown to those who hold `permission`."""

    permission: str
    items: Callable[[Any, datetime], list[WorkItem]]


_queues: list[WorkQueue] = []


def register(queue: WorkQueue) -> None:
    """Add a queue; called from AppConfig.ready()."""
    _queues.append(queue)


def waiting(user: Any, *, at: datetime) -> list[WorkItem]:
    """List what waits for this person, late ones first, then the longest queues."""
    items = [item for queue in _queues if user.has_perm(queue.permission) for item in queue.items(user, at)]
    return sorted(items, key=lambda item: (-item.late, -item.count, item.label))
