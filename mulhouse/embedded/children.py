"""The processes that `make run` looks after: web, worker, beat."""

import ctypes
import fcntl
import os
import signal
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from contextlib import ExitStack, suppress
from pathlib import Path
from typing import IO

from mulhouse.embedded.state import tail

PR_SET_PDEATHSIG = 1
LOG_LIMIT_BYTES = 5_000_000
# Found once, since little is safe between fork and exec.
_libc = ctypes.CDLL(None) if sys.platform == "linux" else None


def end_with_parent() -> None:
    """Ask the kernel to end this process (SIGTERM) when the one that started it dies, however it dies."""
    if _libc is not None:
        _libc.prctl(PR_SET_PDEATHSIG, signal.SIGTERM)


class Child:
    """One process with its descendants, started again as often as needed.

    `log` is a file, or None for the terminal. `only_one` is the path of a lock held for as long as the process lives:
    two supervisors of one checkout have one such process between them.
    """

    def __init__(
        self,
        name: str,
        command: Sequence[str],
        environment: Mapping[str, str],
        *,
        log: Path | None,
        only_one: Path | None = None,
        pass_fds: Sequence[int] = (),
    ) -> None:
        self.name = name
        self.command = command
        self.environment = environment
        self.log = log
        self.only_one = only_one
        self.pass_fds = pass_fds
        self.process: subprocess.Popen[bytes] | None = None
        self.started_at = 0.0

    def start(self) -> bool:
        """Start the process. False when another supervisor has the only one allowed.

        Locks: `only_one` passes to the process, so it is free exactly when the process is gone.
        """
        with ExitStack() as files:
            fds = list(self.pass_fds)
            if self.only_one is not None:
                lock = files.enter_context(self.only_one.open("a"))
                try:
                    fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
                except BlockingIOError:
                    return False
                fds.append(lock.fileno())
            output = files.enter_context(_open_log(self.log)) if self.log else None
            # A session of its own: Ctrl-C in the terminal comes to the supervisor alone, which orders the end.
            self.process = subprocess.Popen(  # noqa: S603 — our own programs, no shell
                self.command,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT if output else None,
                env=self.environment,
                pass_fds=fds,
                start_new_session=True,
                preexec_fn=end_with_parent,  # noqa: PLW1509 — the supervisor has no other thread
            )
        self.started_at = time.monotonic()
        return True

    def has_ended(self) -> int | None:
        """Return the code of the process once it has ended, after ending what it left behind; None while it runs."""
        if self.process is None:
            return None
        # WNOWAIT: the number of the group stays ours until its descendants are gone.
        if os.waitid(os.P_PID, self.process.pid, os.WEXITED | os.WNOHANG | os.WNOWAIT) is None:
            return None
        self._kill_group()
        code = self.process.wait()
        self.process = None
        return code

    def ask_to_stop(self) -> None:
        """Send SIGTERM, which gunicorn and Celery take as: finish what you are doing."""
        if self.process is not None:
            # Not Popen.terminate, which collects a process already dead before its group is known to be empty.
            os.kill(self.process.pid, signal.SIGTERM)

    def wait(self, patience_seconds: float) -> None:
        """Wait for the end asked for, then stop waiting and kill."""
        deadline = time.monotonic() + patience_seconds
        while self.process is not None and self.has_ended() is None:
            if time.monotonic() > deadline:
                self._kill_group()
            time.sleep(0.05)

    def last_words(self) -> str:
        """Return the end of its log."""
        return tail(self.log) if self.log else ""

    def _kill_group(self) -> None:
        if self.process is not None:
            with suppress(ProcessLookupError):
                os.killpg(self.process.pid, signal.SIGKILL)


def _open_log(path: Path) -> IO[bytes]:
    path.parent.mkdir(exist_ok=True)
    with suppress(FileNotFoundError):
        if path.stat().st_size > LOG_LIMIT_BYTES:
            path.replace(path.with_suffix(".log.1"))
    return path.open("ab")
