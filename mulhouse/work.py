"""What waits for staff: apps register their queues, the admin's home page shows them, late ones first."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any


@dataclass(frozen=True)
class Share:
    """The part of a line that one service answers for."""

    service: str
    count: int
    late: int = 0


@dataclass(frozen=True)
class WorkItem:
    """A line of the work queue: how many things wait, where, whether one is late, and which services answer for them."""

    label: str
    count: int
    url: str
    late: int = 0
    detail: str = ""
    shares: tuple[Share, ...] = ()


@dataclass(frozen=True)
class WorkQueue:
    """A queue shown to those who hold `permission`; one without asks line by line."""

    permission: str | None
    items: Callable[[Any, datetime], list[WorkItem]]


_queues: list[WorkQueue] = []


def register(queue: WorkQueue) -> None:
    """Add a queue; called from AppConfig.ready()."""
    _queues.append(queue)


def waiting(user: Any, *, at: datetime) -> list[WorkItem]:
    """List what waits for this person, late ones first, then the longest queues."""
    open_to_them = (queue for queue in _queues if queue.permission is None or user.has_perm(queue.permission))
    items = [item for queue in open_to_them for item in queue.items(user, at)]
    return sorted(items, key=lambda item: (-item.late, -item.count, item.label))


@dataclass(frozen=True)
class ServiceWork:
    """What one service has to do: its lines with its own part of each, and how much of it is late."""

    service: str
    lines: tuple[tuple[WorkItem, Share], ...]
    late: int


def by_service(items: Iterable[WorkItem]) -> list[ServiceWork]:
    """Give each service its part of the queue, the latest first, then by name."""
    lines: dict[str, list[tuple[WorkItem, Share]]] = {}
    for item in items:
        for share in item.shares:
            lines.setdefault(share.service, []).append((item, share))
    found = [ServiceWork(name, tuple(own), sum(share.late for _, share in own)) for name, own in lines.items()]
    return sorted(found, key=lambda work: (-work.late, work.service))


def shares(things: Iterable[tuple[str, bool]]) -> tuple[Share, ...]:
    """Count things by service: (service, whether it is late) for each."""
    counts: dict[str, list[int]] = {}
    for service, is_late in things:
        own = counts.setdefault(service, [0, 0])
        own[0] += 1
        own[1] += is_late
    return tuple(Share(service, count, late) for service, (count, late) in sorted(counts.items()))
