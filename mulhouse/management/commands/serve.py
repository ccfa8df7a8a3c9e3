"""`make run` and `make dev`: prepare everything, serve, and stop everything in the end."""

import fcntl
import hashlib
import os
import signal
import socket
import sys
import time
from argparse import ArgumentParser
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from io import StringIO
from pathlib import Path
from types import FrameType
from typing import Any

from django.conf import settings
from django.contrib.staticfiles.finders import get_finders
from django.core.management import BaseCommand, CommandError, call_command
from django.db import connection
from django.db.migrations.executor import MigrationExecutor
from django.urls import reverse

from accounts.demo import PASSWORD, demo_accounts
from mulhouse.embedded.children import Child, end_with_parent
from mulhouse.embedded.servers import EmbeddedServers
from mulhouse.embedded.supervisor import Sources, Supervisor

PORTS_TRIED = 50


class Command(BaseCommand):
    """Serve the portal on this machine, from nothing: database, broker, web, worker, beat.

    Raises: CommandError with the reason when a part does not start; what was started is stopped first.
    Locks: the preparation runs in one process at a time; two of these commands share the servers and one beat.
    """

    help = "Prépare puis sert le portail sur cette machine : base, tâches de fond, web. Ctrl-C arrête tout."
    requires_system_checks = ()

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Declare the options; each has a variable of the environment for `make run PORT=8001`."""
        parser.add_argument("--host", default=os.environ.get("HOST_ADDRESS", "127.0.0.1"), help="adresse d’écoute")
        parser.add_argument("--port", type=int, default=int(os.environ.get("PORT") or 8000), help="premier port essayé")
        parser.add_argument("--reload", action="store_true", help="redémarre quand le code change")
        parser.add_argument("--with-parent", action="store_true", help="s’arrête quand le processus parent disparaît")

    def handle(self, *, host: str, port: int, reload: bool, with_parent: bool, **_options: Any) -> None:
        """Prepare, serve, stop."""
        if settings.PRODUCTION:
            msg = "serve ne sert ni en production ni à des personnes réelles : voir docs/exploitation.md."
            raise CommandError(msg)
        if with_parent:
            end_with_parent()
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            signal.signal(number, _interrupt)
        try:
            with EmbeddedServers() as servers:
                self._serve(servers, host, port, reload=reload)
        except KeyboardInterrupt:
            self._say("Arrêté, rien n’est perdu.")
        except RuntimeError as error:
            raise CommandError(str(error)) from error

    def _serve(self, servers: EmbeddedServers, host: str, port: int, *, reload: bool) -> None:
        self._say_where(servers)
        listener = self._listen(host, port)
        settings.SITE_URL = _address(listener)  # the mails of the demonstration lead to this very site
        self._prepare()
        children = self._children(listener, reload=reload)
        supervisor = Supervisor(children, servers, self._say, Sources(settings.BASE_DIR) if reload else None)
        try:
            with self._step("Démarrage du site et des tâches de fond"):
                supervisor.start()
                supervisor.wait_for_answer(*_reachable(listener))
            self._welcome(listener)
            supervisor.run()
        finally:
            _ignore_signals()
            self.stdout.write("")
            self._say("Arrêt en cours…")
            supervisor.stop()
            listener.close()

    # --- Preparation -------------------------------------------------------------------------------------------

    def _say_where(self, servers: EmbeddedServers) -> None:
        database = "intégrée" if servers.postgres else "donnée par DATABASE_URL"
        broker = "intégrée" if servers.valkey else "donnée par REDIS_URL"
        self._say(f"Base de données {database}, file de messages {broker}.")
        if settings.STATE_DIR != settings.BASE_DIR / "var":
            self._say(
                f"Les données sont dans {settings.STATE_DIR}"
                + (
                    "."
                    if "PORTAL_STATE" in os.environ
                    else " : PostgreSQL refuse root, et le compte qui le remplace ne"
                    " peut pas entrer dans ce dossier du projet."
                )
            )

    def _prepare(self) -> None:
        with (settings.STATE_DIR / "prepare.lock").open("a") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            executor = MigrationExecutor(connection)
            if executor.migration_plan(executor.loader.graph.leaf_nodes()):
                with self._step("Mise à jour de la structure de la base"):
                    call_command("migrate", interactive=False, verbosity=0)
            call_command("compile_catalogs", stdout=StringIO())
            if not settings.DEBUG:
                self._collect_static()
            self._seed()
            # The site’s own pages change with its release.
            call_command("reindex", pages=True, stdout=StringIO())
            connection.close()

    def _seed(self) -> None:
        self._say("Ville de démonstration…")
        output = StringIO()
        call_command("seed_demo", stdout=output)
        for line in output.getvalue().splitlines():
            self._say(line)

    def _collect_static(self) -> None:
        stamp = settings.STATE_DIR / "static-collected"
        digest = _static_digest()
        with suppress(FileNotFoundError):
            if stamp.read_text() == digest and settings.STATIC_ROOT.exists():
                return
        with self._step("Compression des feuilles de style, scripts et images"):
            call_command("collectstatic", interactive=False, verbosity=0)
        stamp.write_text(digest)

    # --- Processes -----------------------------------------------------------------------------------------------

    def _listen(self, host: str, port: int) -> socket.socket:
        """Open the port asked for, or the next one that is free; kept open, it cannot be taken from us."""
        for candidate in range(port, port + PORTS_TRIED):
            listener = socket.socket()
            listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                listener.bind((host, candidate))
                listener.listen(512)
            except OSError:
                listener.close()
                continue
            if candidate != port:
                self._say(f"Le port {port} est pris : le site sera sur le port {candidate}.")
            return listener
        msg = f"Aucun port libre entre {port} et {port + PORTS_TRIED - 1} sur {host}."
        raise CommandError(msg)

    def _children(self, listener: socket.socket, *, reload: bool) -> list[Child]:
        logs = settings.STATE_DIR / "log"
        environment = {**os.environ, "SITE_URL": settings.SITE_URL, "PYTHONUNBUFFERED": "1"}
        celery = [sys.executable, "-m", "celery", "-A", "mulhouse"]
        web = [sys.executable, "-m", "gunicorn", "--chdir", str(settings.BASE_DIR)]
        if reload:
            environment |= {"WEB_WORKERS": "1", "WEB_THREADS": "8", "ACCESS_LOG": "-"}
        return [
            Child(
                "web",
                [*web, "--bind", f"fd://{listener.fileno()}"],
                environment | {"PORTAL_ROLE": "web"},
                log=None if reload else logs / "web.log",
                pass_fds=[listener.fileno()],
            ),
            # One process answers in milliseconds and takes half the memory; more workers are for production.
            Child(
                "worker",
                [*celery, "worker", "-P", "solo", "--loglevel", "WARNING", "--without-gossip", "--without-mingle"],
                environment,
                log=None if reload else logs / "worker.log",
            ),
            Child(
                "beat",
                [*celery, "beat", "--loglevel", "WARNING", "--pidfile="],
                environment,
                log=None if reload else logs / "beat.log",
                only_one=settings.STATE_DIR / "beat.lock",
            ),
        ]

    # --- Words ---------------------------------------------------------------------------------------------------

    def _say(self, sentence: str) -> None:
        self.stdout.write(f"• {sentence}")
        self.stdout.flush()

    @contextmanager
    def _step(self, title: str) -> Iterator[None]:
        self.stdout.write(f"• {title}… ", ending="")
        self.stdout.flush()
        started = time.monotonic()
        yield
        self.stdout.write(f"{time.monotonic() - started:.1f} s".replace(".", ","))

    def _welcome(self, listener: socket.socket) -> None:
        self.stdout.write("")
        self.stdout.write(f"  Le portail est ouvert : {_address(listener)}/")
        self.stdout.write("")
        self.stdout.write(f"  Entrer en un clic : {_address(listener)}{reverse('demo_enter')}")
        self.stdout.write(f"  ou par le formulaire, mot de passe « {PASSWORD} » :")
        for account in demo_accounts():
            self.stdout.write(f"    {account.label:<38}{account.email}")
        self.stdout.write("")
        self.stdout.write("  Ctrl-C arrête tout et garde les données.")
        self.stdout.write(f"  Journaux : {settings.STATE_DIR / 'log'}")
        self.stdout.flush()


def _interrupt(number: int, frame: FrameType | None) -> None:
    raise KeyboardInterrupt


def _ignore_signals() -> None:
    # The end has begun; a second Ctrl-C would leave processes behind.
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.SIG_IGN)


def _reachable(listener: socket.socket) -> tuple[str, int]:
    """Return where this machine reaches the site: an address that means « all of them » is not one to call."""
    host, port = listener.getsockname()[:2]
    return ("127.0.0.1" if host == "0.0.0.0" else host), port  # noqa: S104 — compared, not bound


def _address(listener: socket.socket) -> str:
    """Return the address to type; passkeys want a name, so `localhost` where this machine knows it."""
    host, port = _reachable(listener)
    with suppress(OSError):
        if host == "127.0.0.1" and socket.gethostbyname("localhost") == host:
            host = "localhost"
    return f"http://{host}:{port}"


def _static_digest() -> str:
    """Sum up every static file by path, size and date, and what turns them into what is served."""
    digest = hashlib.sha256(settings.STORAGES["staticfiles"]["BACKEND"].encode())
    digest.update((settings.BASE_DIR / "requirements.txt").read_bytes())
    for finder in get_finders():
        for name, storage in finder.list([]):
            status = Path(storage.path(name)).stat()
            digest.update(f"{name} {status.st_size} {status.st_mtime_ns}".encode())
    return digest.hexdigest()
