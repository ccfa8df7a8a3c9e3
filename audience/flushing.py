"""Bringing the counts from Redis to the database, each exactly once.

The counts are renamed first, to a batch with a name of its own: those that come meanwhile begin a new one. The batch is added in one
transaction that also writes its name; it is deleted after. A worker that is killed before the commit leaves the batch, which is taken
up; one that is killed after it leaves a batch whose name is known: it is deleted and not added again.
"""

import datetime as dt
import json
import uuid
from collections.abc import Iterator, Mapping
from typing import Any

from django.conf import settings
from django.db import connection, transaction
from django.utils import timezone
from redis import Redis
from redis.exceptions import ResponseError

from audience.counting import COUNTS
from audience.models import Batch, DailyPageCount
from mulhouse import memory

BATCH_PREFIX = "audience:batch:"
# Privacy: figures are kept 25 months (features-and-rules, RGPD-14).
KEPT_MONTHS = 25
KEPT_BATCHES = dt.timedelta(days=60)
ADD = """
INSERT INTO audience_dailypagecount (day, route, subject, language, device, views) VALUES (%s, %s, %s, %s, %s, %s)
ON CONFLICT ON CONSTRAINT page_count_once DO UPDATE SET views = audience_dailypagecount.views + EXCLUDED.views
"""


def flush() -> int:
    """Add what was counted since the last time, and what a killed worker left; give how many readings.

    Raises: redis.exceptions.RedisError when Redis does not answer: the next hour takes it up.
    """
    client = memory.connect(settings.REDIS_CACHE_URL)
    try:
        return sum(_flush(client))
    finally:
        client.close()


def _flush(client: Redis) -> Iterator[int]:
    take(client)
    names: list[Any] = sorted(client.scan_iter(match=f"{BATCH_PREFIX}*"))
    for name in names:
        key = uuid.UUID(name.decode().removeprefix(BATCH_PREFIX))
        counts: dict[Any, Any] = client.hgetall(name)
        found = {label.decode(): int(views) for label, views in counts.items()}
        yield add(key=key, counts=found)
        client.delete(name)


def take(client: Redis) -> None:
    """Put the counts aside under a new name; nothing when nothing was counted."""
    try:
        client.rename(COUNTS, f"{BATCH_PREFIX}{uuid.uuid4()}")
    except ResponseError as error:
        if "no such key" not in str(error):
            raise


@transaction.atomic(durable=True)
def add(*, key: uuid.UUID, counts: Mapping[str, int]) -> int:
    """Add a batch, once; give how many readings it brought.

    Locks: the name of the batch, until it is committed: another worker waits and finds it there.
    """
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO audience_batch (key, added_at) VALUES (%s, %s) ON CONFLICT DO NOTHING", [key, timezone.now()]
        )
        if cursor.rowcount == 0:
            return 0
        # In one order, whoever adds: two batches never wait for each other.
        for label in sorted(counts):
            cursor.execute(ADD, [*json.loads(label), counts[label]])
    return sum(counts.values())


@transaction.atomic(durable=True)
def forget(*, today: dt.date) -> int:
    """Delete what is older than KEPT_MONTHS; give how many lines."""
    first = (today.year * 12 + today.month - 1) - KEPT_MONTHS
    limit = dt.date(first // 12, first % 12 + 1, 1)
    Batch.objects.filter(added_at__lt=timezone.now() - KEPT_BATCHES).delete()
    return DailyPageCount.objects.filter(day__lt=limit).delete()[0]
