import os
import subprocess
import sys

import pytest
from django.conf import settings
from django.test import override_settings

from mulhouse import memory, throttle
from mulhouse.throttle import Limit


@pytest.fixture(autouse=True)
def _awake():
    memory.breaker.wake()
    yield
    memory.breaker.wake()


def allowed(limit, key, times):
    count = 0
    for _time in range(times):
        try:
            throttle.check(limit, key)
        except throttle.ThrottledError:
            continue
        count += 1
    return count


def test_the_limits_are_those_that_were_decided():
    assert {limit.name: (limit.value.rates, limit.value.open_on_failure) for limit in Limit} == {
        "REQUEST": (("300/minute",), True),
        "DEMO_SIGN_IN": (("60/minute",), False),
        "POSTING": (("10/10 minutes", "60/day"), True),
        "COMMENTING": (("10/5 minutes", "100/day"), True),
        "ANSWERING": (("40/10 minutes", "300/day"), True),
        "POSITION": (("60/minute",), True),
        "UPLOADING": (("30/hour",), True),
        "REPORTING": (("10/hour",), True),
        "DATA_EXPORT": (("5/day",), False),
        "EXPORTING": (("60/10 minutes",), True),
        "SIGN_UP_WITHOUT_PROOF": (("6/hour", "20/day"), False),
        "API": (("120/minute",), True),
    }


def test_each_key_has_its_own_count():
    assert (allowed(Limit.REPORTING, "a", 12), allowed(Limit.REPORTING, "b", 12)) == (10, 10)
    assert allowed(Limit.DATA_EXPORT, "a", 6) == 5


def test_the_shortest_window_stops_first():
    assert allowed(Limit.POSTING, "a", 15) == 10


HIT = """
import django
django.setup()
from mulhouse import throttle
count = 0
for _time in range(8):
    try:
        throttle.check(throttle.Limit.REPORTING, "somebody")
        count += 1
    except throttle.ThrottledError:
        pass
print(count)
"""


def test_a_limit_holds_across_processes():
    environment = {
        **os.environ,
        "DJANGO_SETTINGS_MODULE": "mulhouse.settings",
        "PORTAL_ENV": "demo",
        "PORTAL_STATE": str(settings.STATE_DIR),
    }
    here = allowed(Limit.REPORTING, "somebody", 6)
    there = subprocess.run(
        [sys.executable, "-c", HIT], env=environment, cwd=settings.BASE_DIR, capture_output=True, text=True, check=True
    )

    assert (here, int(there.stdout)) == (6, 4)


@pytest.fixture
def redis_down(monkeypatch):
    """Limits are counted on a server that is not there; how many times it was asked."""
    asked = []
    limiter = throttle.limits.strategies.SlidingWindowCounterRateLimiter(
        throttle.limits.storage.RedisStorage(
            "redis://", connection_pool=memory.connect("unix:///nowhere/s").connection_pool
        )
    )
    monkeypatch.setattr(throttle, "_limiter", lambda: asked.append(1) or limiter)
    return asked


@pytest.mark.parametrize("limit", Limit)
def test_without_redis_reading_and_posting_stay_open_and_doors_close(redis_down, limit):
    assert allowed(limit, "a", 3) == (3 if limit.value.open_on_failure else 0)
    assert len(redis_down) == 1  # then it is left alone for a while


def request_from(rf, address="198.51.100.7", forwarded=None):
    return rf.get("/", REMOTE_ADDR=address, headers={"X-Forwarded-For": forwarded} if forwarded else {})


@pytest.mark.parametrize(
    ("proxies", "forwarded", "ip"),
    [
        (0, None, "198.51.100.7"),
        (0, "203.0.113.9", "198.51.100.7"),  # anybody can write this header
        (1, "203.0.113.9", "203.0.113.9"),
        (1, "10.0.0.1, 203.0.113.9", "203.0.113.9"),
        (2, "10.0.0.1, 203.0.113.9, 192.0.2.1", "203.0.113.9"),
        (2, "203.0.113.9", "198.51.100.7"),  # fewer hops than proxies: not what the proxies write
        (1, "2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"),
        (1, "nonsense", "nonsense"),
    ],
)
def test_the_address_of_a_visitor(rf, proxies, forwarded, ip):
    with override_settings(TRUSTED_PROXIES=proxies):
        assert throttle.client_ip(request_from(rf, forwarded=forwarded)) == ip


def test_a_home_shares_one_network(rf):
    assert throttle.client_ip(request_from(rf, "2001:db8::1")) == throttle.client_ip(request_from(rf, "2001:db8::2"))


@pytest.mark.django_db
def test_the_general_limit_shows_a_page(client, monkeypatch):
    monkeypatch.setitem(throttle.Limit.REQUEST.value.__dict__, "rates", ("3/minute",))
    throttle._items.cache_clear()  # noqa: SLF001 (read once a process)
    try:
        statuses = [client.get("/registre/methode/").status_code for _time in range(4)]
        refused = client.get("/registre/methode/")
        other = client.get("/registre/methode/", REMOTE_ADDR="198.51.100.7")
    finally:
        throttle._items.cache_clear()  # noqa: SLF001 (same)

    assert statuses == [200, 200, 200, 429]
    assert (refused["Retry-After"], "no-store" in refused["Cache-Control"]) == ("60", True)
    assert "Vous allez trop vite." in refused.content.decode()
    assert other.status_code == 200
