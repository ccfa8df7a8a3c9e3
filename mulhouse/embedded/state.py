"""Where the embedded servers keep their files, who owns them, and who still uses them."""

import fcntl
import hashlib
import os
import pwd
import stat
from contextlib import suppress
from pathlib import Path
from typing import IO


def stand_in() -> pwd.struct_passwd | None:
    """Name the unprivileged account that runs PostgreSQL when we are root; None when we are not.

    PostgreSQL refuses uid 0, and initdb wants a uid that has a name.
    """
    if os.geteuid() != 0:
        return None
    for name in ("postgres", "nobody"):
        with suppress(KeyError):
            return pwd.getpwnam(name)
    return None


def can_enter(account: pwd.struct_passwd, folder: Path) -> bool:
    """Tell whether `account` may pass through `folder` and every folder above it."""
    for step in (folder, *folder.parents):
        status = step.stat()
        if status.st_uid == account.pw_uid:
            needed = stat.S_IXUSR
        elif status.st_gid == account.pw_gid:
            needed = stat.S_IXGRP
        else:
            needed = stat.S_IXOTH
        if not status.st_mode & needed:
            return False
    return True


def state_dir(project: Path) -> Path:
    """Choose the folder that holds everything the embedded servers write.

    Shape: PORTAL_STATE when set, else `var` in the checkout, else (root, in a checkout closed to others such as
    /root) a folder of /var/lib named after the checkout.
    """
    if chosen := os.environ.get("PORTAL_STATE"):
        return Path(chosen).absolute()
    project = project.resolve()
    account = stand_in()
    if account is None or can_enter(account, project):
        return project / "var"
    digest = hashlib.sha256(str(project).encode()).hexdigest()[:8]
    return Path("/var/lib") / f"portal-{digest}"


def make_folder(path: Path, *, mode: int, owner: pwd.struct_passwd | None = None) -> None:
    """Create a folder of ours, or make sure that the one found there is ours.

    Raises: PermissionError when the path is a link or belongs to somebody else (a folder of /tmp can be planted).
    """
    path.mkdir(parents=True, exist_ok=True)
    status = path.lstat()
    ours = {os.geteuid()} if owner is None else {os.geteuid(), owner.pw_uid}
    if not stat.S_ISDIR(status.st_mode) or status.st_uid not in ours:
        msg = f"{path} appartient à un autre compte : donnez un autre dossier par PORTAL_STATE."
        raise PermissionError(msg)
    if owner is not None and status.st_uid != owner.pw_uid:
        os.chown(path, owner.pw_uid, owner.pw_gid, follow_symlinks=False)
    if stat.S_IMODE(status.st_mode) != mode:
        path.chmod(mode)


def command_of(pid: int) -> list[bytes] | None:
    """Read the command line of a running process; None when it has ended (a zombie has ended too)."""
    try:
        words = Path(f"/proc/{pid}/cmdline").read_bytes().split(b"\0")
    except OSError:
        return None
    return words if words[0] else None


def tail(log: Path, lines: int = 30) -> str:
    """Return the last lines of a log, for the message of an error."""
    try:
        return "\n".join(log.read_text(errors="replace").splitlines()[-lines:])
    except OSError:
        return f"({log} : rien d’écrit)"


class Lease:
    """A share in the embedded servers: they stop when the last process that holds one leaves.

    The lock belongs to an open file, so the kernel drops it however the process ends: it is never stale.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self._file: IO[str] | None = None

    def take(self) -> None:
        """Join the users of the servers; waits while the last of them is stopping the servers."""
        if self._file is None:
            self._file = self.path.open("a")
            fcntl.flock(self._file, fcntl.LOCK_SH)

    def leave(self) -> bool:
        """Give the share back. True when nobody else holds one: the caller then stops the servers and closes.

        Locks: on True the lease stays held for writing until `close`, so that nobody attaches to a server that stops.
        """
        if self._file is None:
            return False
        try:
            fcntl.flock(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            self.close()
            return False
        return True

    def close(self) -> None:
        """Forget the lock."""
        if self._file is not None:
            self._file.close()
            self._file = None
