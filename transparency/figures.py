"""Public figures, counted once for everybody until the register grows: its last number is their version, as for whole pages."""

import json
from collections.abc import Callable, Sequence
from datetime import timedelta
from typing import Any, TypeVar

from django.utils import timezone

from mulhouse import memory, release
from transparency import register

KEEP_SECONDS = 3600

Count = TypeVar("Count", int, list[int])


def kept(name: str, count: Callable[[], Sequence[Count]]) -> list[Count]:
    """Give what `count` finds, from memory as long as the register, the day in Paris and the release are the same.

    Shape: numbers, or lists of numbers.
    The head is read first: what is counted after it is at least as recent. Without Redis, each call counts.
    """
    address = f"figures:{name}"
    version = f"{register.head()}.{timezone.localdate().isoformat()}.{release.identity()}"
    found = _recall(address)
    if found and found["version"] == version:
        return list(found["counts"])
    counts = list(count())
    _keep(address, {"version": version, "counts": counts})
    return counts


def _recall(address: str) -> dict[str, Any] | None:
    try:
        with memory.asking():
            packed = memory.client().get(address)
    except memory.MemoryUnavailableError:
        return None
    found: dict[str, Any] | None = json.loads(packed) if isinstance(packed, bytes) else None
    return found


def _keep(address: str, found: dict[str, Any]) -> None:
    try:
        with memory.asking():
            memory.client().set(address, json.dumps(found), ex=timedelta(seconds=KEEP_SECONDS))
    except memory.MemoryUnavailableError:
        return
