"""Redis as a short memory (limits, cached pages): asked quickly, and left alone for a while when it does not answer.

What is kept there may be lost at any time.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from itertools import islice
from typing import Any

import redis
import redis.exceptions
from django.conf import settings
from redis.backoff import NoBackoff
from redis.retry import Retry

from mulhouse.breaker import Breaker

TIMEOUT_SECONDS = 0.5
REST_SECONDS = 5.0
FORGET_AT_ONCE = 500

breaker = Breaker(REST_SECONDS)


class MemoryUnavailableError(Exception):
    """Redis does not answer, or did not a moment ago."""


@contextmanager
def asking() -> Iterator[None]:
    """Run commands on Redis.

    Raises: MemoryUnavailableError when it fails, and at once for the few seconds that follow.
    """
    if breaker.is_resting():
        raise MemoryUnavailableError
    try:
        yield
    except redis.exceptions.RedisError as error:
        breaker.rest()
        raise MemoryUnavailableError from error


def connect(url: str) -> redis.Redis:
    """Make a client that does not wait: one attempt, short time-outs."""
    return redis.Redis.from_url(
        url,
        socket_timeout=TIMEOUT_SECONDS,
        socket_connect_timeout=TIMEOUT_SECONDS,
        retry=Retry(NoBackoff(), 0),
    )


def forget(*patterns: str) -> None:
    """Take away every key that matches, without holding Redis up; what can not be reached goes with its own time."""
    try:
        with asking():
            for pattern in patterns:
                for batch in batched(client().scan_iter(match=pattern, count=1000), FORGET_AT_ONCE):
                    client().unlink(*batch)
    except MemoryUnavailableError:
        return


def batched(keys: Iterator[Any], size: int) -> Iterator[list[Any]]:
    """Give some keys at a time."""
    while batch := list(islice(keys, size)):
        yield batch


@cache
def client() -> redis.Redis:
    """Give the client of this process. Use it inside `asking()`."""
    return connect(settings.REDIS_CACHE_URL)
