"""The server under measurement: gunicorn as in production, and how much of the processor it uses."""

import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from http.client import HTTPConnection
from pathlib import Path

from mulhouse.embedded.servers import EmbeddedServers

ROOT = Path(__file__).resolve().parent.parent
TICKS = os.sysconf("SC_CLK_TCK")
START_SECONDS = 60


def free_port() -> int:
    """Find a port of this machine that nobody uses."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@contextmanager
def running(port: int) -> Iterator[int]:
    """Serve the site on 127.0.0.1; give the process of the server.

    Raises: RuntimeError when it does not answer.
    """
    environment = {**os.environ, "PORTAL_ROLE": "web", "BIND": f"127.0.0.1:{port}"}
    process = subprocess.Popen(  # noqa: S603 (our own program)
        [sys.executable, "-m", "gunicorn", "--chdir", str(ROOT), "mulhouse.wsgi:application"], env=environment, cwd=ROOT
    )
    try:
        deadline = time.monotonic() + START_SECONDS
        while not _answers(port):
            if process.poll() is not None or time.monotonic() > deadline:
                raise RuntimeError("Le serveur web ne répond pas.")
            time.sleep(0.2)
        yield process.pid
    finally:
        process.terminate()
        process.wait(30)


def _answers(port: int) -> bool:
    connection = HTTPConnection("127.0.0.1", port, timeout=10)
    try:
        connection.request("GET", "/nue/")
        return connection.getresponse().status == 200  # noqa: PLR2004 (HTTP)
    except OSError:
        return False
    finally:
        connection.close()


def cpu_milliseconds(pids: list[int]) -> float:
    """Sum the processor time of some processes and of everything they started.

    Units: milliseconds, by steps of one clock tick (10 ms).
    """
    parents = _parents()
    family = set(pids)
    while grown := {pid for pid, parent in parents.items() if parent in family} - family:
        family |= grown
    ticks = 0
    for pid in family:
        with suppress(OSError):
            fields = Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()
            # utime, stime, and those of children that have ended.
            ticks += sum(int(field) for field in fields[11:15])
    return 1000 * ticks / TICKS


def _parents() -> dict[int, int]:
    found = {}
    for folder in Path("/proc").iterdir():
        if folder.name.isdigit():
            with suppress(OSError, IndexError):
                found[int(folder.name)] = int((folder / "stat").read_text().rsplit(")", 1)[1].split()[1])
    return found


def server_pids(servers: EmbeddedServers) -> list[int]:
    """Give the processes of the database and of Redis, where they are the embedded ones."""
    pids = [servers.postgres.pid() if servers.postgres else None, servers.valkey.pid() if servers.valkey else None]
    return [pid for pid in pids if pid]
