"""The whole portal in real processes, as `make run` starts it, and a visitor who speaks HTTP to it."""

import html
import os
import re
import secrets
import shutil
import signal
import socket
import subprocess
import sys
import time
from contextlib import suppress
from http.cookiejar import CookieJar
from pathlib import Path
from urllib.error import HTTPError, URLError
from urllib.parse import urlencode, urljoin
from urllib.request import HTTPCookieProcessor, HTTPRedirectHandler, Request, build_opener

import psycopg2
from django.conf import settings

from mulhouse.embedded.postgres import LocalPostgres
from mulhouse.embedded.state import command_of, make_folder
from mulhouse.embedded.valkey import _binary

START_SECONDS = 240
RECOVERY_SECONDS = 30


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def wait_until(condition, seconds=RECOVERY_SECONDS, what="it"):
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, f"{what} did not come in {seconds} s"
        time.sleep(0.1)


class Redis:
    """A Valkey of the test's own on a port, that nobody starts again but the test."""

    def __init__(self):
        self.port = free_port()
        self.process = None

    @property
    def url(self):
        return f"redis://127.0.0.1:{self.port}/0"

    def start(self):
        command = [
            _binary(),
            "--port",
            str(self.port),
            "--bind",
            "127.0.0.1",
            "--save",
            "",
            "--appendonly",
            "no",
        ]
        self.process = subprocess.Popen(command, stdout=subprocess.DEVNULL, cwd="/")
        wait_until(self._answers, what="Redis")

    def kill(self):
        self.process.kill()
        self.process.wait(10)

    def _answers(self):
        with suppress(OSError), socket.create_connection(("127.0.0.1", self.port), timeout=1):
            return True
        return False


class Stack:
    """`manage.py serve` on a state folder of its own: PostgreSQL, web, worker and beat; Redis is the test's."""

    def __init__(self, redis, mail_port):
        self.state = settings.STATE_DIR.parent / f"stack-{secrets.token_hex(4)}"
        make_folder(self.state, mode=0o711 if os.geteuid() == 0 else 0o700)
        self.postgres = LocalPostgres(self.state)
        self.said = self.state / "serve.log"
        self.redis = redis
        self.mail_port = mail_port
        self.process = None
        self.address = ""

    def __enter__(self):
        kept = {name: value for name, value in os.environ.items() if not name.startswith(("PORTAL_", "DATABASE_URL"))}
        environment = {
            **kept,
            "PORTAL_ENV": "demo",
            "PORTAL_STATE": str(self.state),
            "REDIS_URL": self.redis.url,
            "DELIVERY_BACKEND": "django.core.mail.backends.smtp.EmailBackend",
            "EMAIL_HOST": "127.0.0.1",
            "EMAIL_PORT": str(self.mail_port),
        }
        with self.said.open("w") as output:
            self.process = subprocess.Popen(
                [sys.executable, "manage.py", "serve", "--port", str(free_port())],
                cwd=settings.BASE_DIR,
                env=environment,
                stdout=output,
                stderr=output,
            )
        wait_until(self._is_open, START_SECONDS, "the portal")
        return self

    def __exit__(self, *error):
        self.process.send_signal(signal.SIGINT)
        try:
            self.process.wait(40)
        finally:
            self.process.kill()
            self.postgres.destroy()
            shutil.rmtree(self.state, ignore_errors=True)

    def _is_open(self):
        assert self.process.poll() is None, self.said.read_text()
        found = re.search(r"Le portail est ouvert : (\S+)", self.said.read_text())
        self.address = found.group(1) if found else ""
        return bool(found)

    def processes(self, word):
        """Give the processes of the portal whose command holds a word, parents first."""
        family, known = {self.process.pid}, {}
        for folder in sorted(Path("/proc").glob("[0-9]*"), key=lambda folder: int(folder.name)):
            with suppress(OSError):
                known[int(folder.name)] = int((folder / "stat").read_text().rsplit(")", 1)[1].split()[1])
        while grown := {pid for pid, parent in known.items() if parent in family} - family:
            family |= grown
        return sorted(pid for pid in family if word in b" ".join(command_of(pid) or []))

    def kill(self, word):
        """Kill at once everything whose command holds a word; give the processes that were killed."""
        found = self.processes(word)
        assert found, f"nothing to kill: {word}"
        for pid in found:
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        return found

    def kill_postgres(self):
        pid = self.postgres.pid()
        os.kill(pid, signal.SIGKILL)
        return [pid]

    def rows(self, sql, *parameters):
        """Ask the database itself."""
        connection = psycopg2.connect(**self.postgres.params())
        connection.autocommit = True
        try:
            with connection.cursor() as cursor:
                cursor.execute(sql, parameters)
                return cursor.fetchall() if cursor.description else []
        finally:
            connection.close()


class _Stay(HTTPRedirectHandler):
    """A redirection is an answer like another: it says that the act was confirmed."""

    def redirect_request(self, *arguments):
        return None


class Visitor:
    """Somebody with a browser that knows cookies and forms, and nothing else."""

    def __init__(self, base):
        self.base = base
        self._opener = build_opener(HTTPCookieProcessor(CookieJar()), _Stay)
        self._token = ""

    def get(self, path):
        """Ask a page; give its status and its text. Status 0 when nobody answers."""
        return self._ask(Request(urljoin(self.base, path)))

    def post(self, path, **fields):
        """Send a form with the token of the last page that held one; give its status and where it leads."""
        data = urlencode({"csrfmiddlewaretoken": self._token, **fields}).encode()
        headers = {"Referer": self.base, "Origin": self.base.rstrip("/")}
        return self._ask(Request(urljoin(self.base, path), data=data, headers=headers))

    def _ask(self, request):
        try:
            with self._opener.open(request, timeout=30) as answer:
                text = answer.read().decode()
                if found := re.search(r'name="csrfmiddlewaretoken" value="([^"]+)"', text):
                    self._token = found.group(1)
                return answer.status, text
        except HTTPError as error:
            with error:
                return error.code, error.headers.get("Location", "")
        except (URLError, OSError):
            return 0, ""

    @staticmethod
    def value(page, name):
        """Read a hidden field."""
        return html.unescape(re.search(rf'name="{name}" value="([^"]*)"', page).group(1))
