import pytest

from mulhouse import memory
from mulhouse.breaker import Breaker


def test_what_failed_is_left_alone_for_its_rest():
    now = [100.0]
    breaker = Breaker(5, clock=lambda: now[0])
    assert breaker.is_resting() is False

    breaker.rest()
    now[0] = 104.999
    assert breaker.is_resting() is True
    now[0] = 105.0
    assert breaker.is_resting() is False

    breaker.rest()
    breaker.wake()
    assert breaker.is_resting() is False


@pytest.fixture(autouse=True)
def _awake():
    memory.breaker.wake()
    yield
    memory.breaker.wake()


def test_redis_that_fails_is_not_asked_again_for_a_while():
    asked = []

    def ask(url):
        with memory.asking():
            asked.append(url)
            return memory.connect(url).ping()

    assert ask(memory.settings.REDIS_CACHE_URL) is True
    for _time in range(2):
        with pytest.raises(memory.MemoryUnavailableError):
            ask("unix:///nowhere/s")
    with pytest.raises(memory.MemoryUnavailableError):
        ask(memory.settings.REDIS_CACHE_URL)

    assert asked == [memory.settings.REDIS_CACHE_URL, "unix:///nowhere/s"]
    memory.breaker.wake()
    assert ask(memory.settings.REDIS_CACHE_URL) is True


def test_another_error_is_not_redis_being_away():
    with pytest.raises(ZeroDivisionError), memory.asking():
        _ = 1 / 0

    assert memory.breaker.is_resting() is False
