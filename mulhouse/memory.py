"""Redis as a short memory (limits, cached pages): asked quickly, and left alone for a while when it does not answer.

What is kept there may be lost at any time. Without the pause, each request would wait for the time-out while Redis is down.
"""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import cache

import limits.errors
import redis
import redis.exceptions
from django.conf import settings
from redis.backoff import NoBackoff
from redis.retry import Retry

TIMEOUT_SECONDS = 0.5
REST_SECONDS = 5.0
FAILURES = (redis.exceptions.RedisError, limits.errors.StorageError)


class MemoryUnavailableError(Exception):
    """Redis does not answer, or did not a moment ago."""


class Breaker:
    """Remembers, in this process, that something failed, for `rest_seconds`."""

    def __init__(self, rest_seconds: float, clock: Callable[[], float] = time.monotonic) -> None:
        self._rest_seconds = rest_seconds
        self._clock = clock
        self._rests_until = float("-inf")

    def is_resting(self) -> bool:
        """Tell whether it failed less than `rest_seconds` ago."""
        return self._clock() < self._rests_until

    def rest(self) -> None:
        """Note a failure."""
        self._rests_until = self._clock() + self._rest_seconds

    def wake(self) -> None:
        """Forget the failure."""
        self._rests_until = float("-inf")


breaker = Breaker(REST_SECONDS)


@contextmanager
def asking() -> Iterator[None]:
    """Run commands on Redis.

    Raises: MemoryUnavailableError when it fails, and at once for the few seconds that follow.
    """
    if breaker.is_resting():
        raise MemoryUnavailableError
    try:
        yield
    except FAILURES as error:
        breaker.rest()
        raise MemoryUnavailableError from error


def connection_options() -> dict[str, object]:
    """Give the options of a client that does not wait: one attempt, short time-outs."""
    return {
        "socket_timeout": TIMEOUT_SECONDS,
        "socket_connect_timeout": TIMEOUT_SECONDS,
        "retry": Retry(NoBackoff(), 0),
    }


@cache
def client() -> redis.Redis:
    """Give the client of this process. Use it inside `asking()`."""
    return redis.Redis.from_url(settings.REDIS_CACHE_URL, **connection_options())
