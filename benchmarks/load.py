"""Ask one address as fast as possible from a few connections, for a short time."""

import itertools
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from http.client import HTTPConnection

# Each request seems to come from another visitor: the general limit (300 a minute and address) is paid, never reached.
_visitors = itertools.count(1)


@dataclass(frozen=True)
class Target:
    """What is asked: an address (made anew for each request), its headers, and the answer expected.

    `turn` gives the headers that change with each request.
    """

    path: Callable[[], str]
    headers: dict[str, str]
    status: int = 200
    method: str = "GET"
    turn: Callable[[], dict[str, str]] = dict


@dataclass(frozen=True)
class Sample:
    """What a run saw.

    Units: seconds.
    """

    seconds: float
    latencies: tuple[float, ...]

    @property
    def rate(self) -> float:
        """Requests per second."""
        return len(self.latencies) / self.seconds

    @property
    def p95(self) -> float:
        """The time that 95 answers in 100 do not exceed."""
        return sorted(self.latencies)[int(len(self.latencies) * 0.95)]


def _visitor() -> str:
    number = next(_visitors)
    return f"10.{number >> 16 & 255}.{number >> 8 & 255}.{number & 255}"


def fetch(connection: HTTPConnection, target: Target) -> tuple[int, dict[str, str], bytes]:
    """Ask once. Shape: status, headers in lower case, body as received."""
    headers = {"Accept-Encoding": "gzip", "X-Forwarded-For": _visitor(), **target.headers, **target.turn()}
    connection.request(target.method, target.path(), headers=headers)
    response = connection.getresponse()
    body = response.read()
    return response.status, {name.lower(): value for name, value in response.getheaders()}, body


def run(port: int, target: Target, *, seconds: float, connections: int) -> Sample:
    """Keep `connections` requests under way for `seconds`.

    Raises: RuntimeError when an answer is not the one expected: the measure would be of something else.
    """
    start = threading.Barrier(connections + 1)
    found: list[list[float]] = [[] for _ in range(connections)]
    wrong: list[str] = []

    def worker(latencies: list[float]) -> None:
        connection = HTTPConnection("127.0.0.1", port, timeout=60)
        connection.connect()
        start.wait()
        for began in _until(seconds):
            status, _headers, _body = fetch(connection, target)
            latencies.append(time.perf_counter() - began)
            if status != target.status:
                wrong.append(f"{target.path()} : {status}")
                break
        connection.close()

    threads = [threading.Thread(target=worker, args=(latencies,)) for latencies in found]
    for thread in threads:
        thread.start()
    start.wait()
    began = time.perf_counter()
    for thread in threads:
        thread.join()
    if wrong:
        raise RuntimeError(wrong[0])
    return Sample(time.perf_counter() - began, tuple(itertools.chain.from_iterable(found)))


def _until(seconds: float) -> Iterator[float]:
    end = time.perf_counter() + seconds
    while (now := time.perf_counter()) < end:
        yield now
