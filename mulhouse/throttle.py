"""How often one person or one address may do something: one table, counted in Redis so that it holds across processes.

Source: features-and-rules §3. Sign-in, reset and code limits of django-allauth stand in the settings (ACCOUNT_RATE_LIMITS)
and count in the same Redis through the cache.
"""

import ipaddress
import math
import time
from dataclasses import dataclass
from enum import Enum
from functools import cache

import limits
from django.conf import settings
from django.http import HttpRequest
from django.utils.translation import gettext as _

from mulhouse import memory
from mulhouse.errors import DomainError


@dataclass(frozen=True)
class Rule:
    """Some limits, and what to do when they can not be counted."""

    rates: tuple[str, ...]
    open_on_failure: bool


class Limit(Enum):
    """What is counted."""

    REQUEST = Rule(("300/minute",), open_on_failure=True)
    DEMO_SIGN_IN = Rule(("60/minute",), open_on_failure=False)
    POSTING = Rule(("10/10 minutes", "60/day"), open_on_failure=True)
    COMMENTING = Rule(("10/5 minutes", "100/day"), open_on_failure=True)
    # Responses begun without an account from one address: a class, a library, a meeting share one.
    ANSWERING = Rule(("40/10 minutes", "300/day"), open_on_failure=True)
    POSITION = Rule(("60/minute",), open_on_failure=True)
    UPLOADING = Rule(("30/hour",), open_on_failure=True)
    REPORTING = Rule(("10/hour",), open_on_failure=True)
    EXPORTING = Rule(("60/10 minutes",), open_on_failure=True)
    # Accounts opened from one address without the work of a browser (accounts.forms.SignupForm).
    SIGN_UP_WITHOUT_PROOF = Rule(("6/hour", "20/day"), open_on_failure=False)
    # Reading the API: a program that takes everything reads 12,000 lines a minute.
    API = Rule(("120/minute",), open_on_failure=True)
    DATA_EXPORT = Rule(("5/day",), open_on_failure=False)


class ThrottledError(DomainError):
    """Too many, too fast."""

    def __init__(self) -> None:
        super().__init__("throttled", _("Vous allez trop vite. Attendez quelques minutes, puis réessayez."))


@cache
def _limiter() -> limits.strategies.SlidingWindowCounterRateLimiter:
    storage = limits.storage.RedisStorage("redis://", connection_pool=memory.client().connection_pool)
    return limits.strategies.SlidingWindowCounterRateLimiter(storage)


@cache
def _items(limit: Limit) -> list[limits.RateLimitItem]:
    return [limits.parse(rate) for rate in limit.value.rates]


@dataclass(frozen=True)
class Left:
    """What remains of a limit: how many, out of how many, and in how many seconds all of it comes back."""

    allowed: bool
    most: int
    remaining: int
    seconds: int
    window: int


def spend(limit: Limit, key: str) -> Left | None:
    """Count one gesture of `key` against a limit of one rate, and tell what remains; None when Redis does not answer."""
    item = _items(limit)[0]
    try:
        with memory.asking():
            allowed = _limiter().hit(item, limit.name, key)
            found = _limiter().get_window_stats(item, limit.name, key)
    except memory.MemoryUnavailableError:
        return None
    seconds = max(math.ceil(found.reset_time - time.time()), 1)
    return Left(allowed, item.amount, max(found.remaining, 0), seconds, item.get_expiry())


def check(limit: Limit, key: str) -> None:
    """Count one gesture of `key` (an address or a person) against `limit`.

    Raises: ThrottledError when it is one too many, or when Redis is down and the limit closes on failure.
    """
    try:
        with memory.asking():
            allowed = all(_limiter().hit(item, limit.name, key) for item in _items(limit))
    except memory.MemoryUnavailableError as error:
        if limit.value.open_on_failure:
            return
        raise ThrottledError from error
    if not allowed:
        raise ThrottledError


def client_ip(request: HttpRequest) -> str:
    """Read the visitor's address, as far from the end of X-Forwarded-For as there are trusted proxies.

    Shape: an IPv4 address, or the /64 network of an IPv6 one (a home holds the whole of it).
    """
    address = request.META.get("REMOTE_ADDR", "") or "0.0.0.0"  # noqa: S104 (a label, nothing listens)
    hops = [hop.strip() for hop in request.headers.get("X-Forwarded-For", "").split(",") if hop.strip()]
    if settings.TRUSTED_PROXIES and len(hops) >= settings.TRUSTED_PROXIES:
        address = hops[-settings.TRUSTED_PROXIES]
    try:
        parsed = ipaddress.ip_address(address)
    except ValueError:
        return address
    if isinstance(parsed, ipaddress.IPv6Address):
        return str(ipaddress.ip_network((parsed, 64), strict=False))
    return str(parsed)
