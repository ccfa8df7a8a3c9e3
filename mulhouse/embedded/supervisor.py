"""Keep the processes of `make run` alive until somebody asks for the end."""

import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from http.client import HTTPConnection, HTTPException
from pathlib import Path

from mulhouse.embedded.children import Child
from mulhouse.embedded.servers import EmbeddedServers

TICK_SECONDS = 0.3
SERVERS_EVERY_SECONDS = 2.0
FIRST_ANSWER_SECONDS = 120
SERVER_ERROR = 500
ERRORS_BORNE = 10  # a page that fails this often in a row will not get better by waiting
STOP_SECONDS = 12
# A process that falls this often, this fast after its start, will not get better by itself.
FALLS = 5
DELAY_PER_FALL_SECONDS = 1.0  # the more it falls, the longer the wait
HEALTHY_AFTER_SECONDS = 20


class Sources:
    """The files whose change starts the children again, as they were when last looked at."""

    def __init__(self, project: Path) -> None:
        self.project = project
        self._seen = self._sum()
        self.looked_at = time.monotonic()

    def have_changed(self) -> bool:
        """Tell whether a file came, went or changed since the last time; looks once a second at most."""
        if time.monotonic() < self.looked_at + 1:
            return False
        before, self._seen = self._seen, self._sum()
        self.looked_at = time.monotonic()
        return before != self._seen

    def _sum(self) -> tuple[int, int]:
        """Sum up the files: how many there are, and the time of the latest change in nanoseconds."""
        times = []
        for path in self._files():
            with suppress(FileNotFoundError):  # gone since it was listed
                times.append(path.stat().st_mtime_ns)
        return len(times), max(times, default=0)

    def _files(self) -> Iterator[Path]:
        for folder in self.project.iterdir():
            if folder.is_dir() and folder.name not in {"var", "tests"} and not folder.name.startswith("."):
                for pattern in ("*.py", "*.html", "*.po"):
                    yield from folder.rglob(pattern)


class Supervisor:
    """Start the children, start again those that fall, stop them all."""

    def __init__(
        self, children: Sequence[Child], servers: EmbeddedServers, say: Callable[[str], None], sources: Sources | None
    ) -> None:
        self.children = children
        self.servers = servers
        self.say = say
        self.sources = sources
        self._falls: dict[str, int] = {}

    def start(self) -> None:
        """Start the children; the one that only one supervisor may have can wait until the site answers."""
        for child in self.children:
            if child.only_one is None:
                child.start()

    def wait_for_answer(self, host: str, port: int, path: str = "/") -> None:
        """Wait until the site answers.

        Raises: RuntimeError with the end of the log when a child ends, or time runs out.
        """
        deadline = time.monotonic() + FIRST_ANSWER_SECONDS
        errors = 0
        while (status := _status(host, port, path)) is None or status >= SERVER_ERROR:
            errors += status is not None
            for child in self.children:
                if (code := child.has_ended()) is not None:
                    msg = f"« {child.name} » s’est arrêté aussitôt (code {code}) :\n{child.last_words()}"
                    raise RuntimeError(msg)
            if errors > ERRORS_BORNE or time.monotonic() > deadline:
                msg = f"le site ne répond pas comme il faut (code {status}) :\n{self.children[0].last_words()}"
                raise RuntimeError(msg)
            time.sleep(TICK_SECONDS)

    def run(self) -> None:
        """Look after the children until a signal raises KeyboardInterrupt.

        Raises: RuntimeError when a process falls again and again, or a server does not come back.
        """
        servers_at = time.monotonic()
        while True:
            time.sleep(TICK_SECONDS)
            if time.monotonic() > servers_at + SERVERS_EVERY_SECONDS:
                for name in self.servers.revive():
                    self.say(f"{name} s’était arrêté : relancé, rien de confirmé n’est perdu.")
                servers_at = time.monotonic()
            for child in self.children:
                self.look_after(child)
            if self.sources and self.sources.have_changed():
                self.say("Le code a changé : redémarrage…")
                self._restart()

    def stop(self) -> None:
        """Stop every child, each finishing what it is doing."""
        for child in self.children:
            child.ask_to_stop()
        for child in self.children:
            child.wait(STOP_SECONDS)

    def _restart(self) -> None:
        self.stop()
        self._falls.clear()
        self.start()

    def look_after(self, child: Child) -> None:
        """Start a child again when it has ended, later each time it falls.

        Raises: RuntimeError when it falls again and again.
        """
        code = child.has_ended()
        if code is not None:
            lived = time.monotonic() - child.started_at
            falls = 1 if lived > HEALTHY_AFTER_SECONDS else self._falls.get(child.name, 0) + 1
            self._falls[child.name] = falls
            if falls > FALLS and self.sources is None:
                msg = f"« {child.name} » s’arrête sans cesse (code {code}) :\n{child.last_words()}"
                raise RuntimeError(msg)
            self.say(f"« {child.name} » s’est arrêté (code {code}) : relancé.")
        if child.process is None:
            due = child.started_at + self._falls.get(child.name, 0) * DELAY_PER_FALL_SECONDS
            if time.monotonic() > due:
                child.start()


def _status(host: str, port: int, path: str) -> int | None:
    connection = HTTPConnection(host, port, timeout=20)
    try:
        connection.request("GET", path)
        return connection.getresponse().status
    except (OSError, HTTPException):
        return None
    finally:
        connection.close()
