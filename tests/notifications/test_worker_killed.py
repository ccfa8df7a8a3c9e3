"""A real worker process, a real mail server: killed in the middle of sending, each mail leaves once after the restart."""

import os
import signal
import subprocess
import sys
import time
from contextlib import contextmanager

import pytest
from django.conf import settings
from django.db import connection, transaction
from django.utils import timezone

from mulhouse.celery import app
from notifications import delivery, outbox
from notifications.models import OutboundMail
from tests.notifications.smtp import MailServer

pytestmark = pytest.mark.django_db(transaction=True)

PATIENCE_SECONDS = 180


def environment(server):
    """What `make run` would set, on the database and the broker of this run."""
    database = connection.settings_dict
    return {
        **os.environ,
        "DJANGO_SETTINGS_MODULE": "mulhouse.settings",
        "PORTAL_ENV": "demo",
        "PORTAL_STATE": str(settings.STATE_DIR),
        "DATABASE_URL": f"postgres://{database['USER']}@/{database['NAME']}?host={database['HOST']}",
        "DELIVERY_BACKEND": "django.core.mail.backends.smtp.EmailBackend",
        "EMAIL_HOST": "127.0.0.1",
        "EMAIL_PORT": str(server.port),
    }


@contextmanager
def worker(server, log):
    """A Celery worker as `make run` starts it."""
    command = [
        sys.executable,
        "-m",
        "celery",
        "-A",
        "mulhouse",
        "worker",
        "-P",
        "solo",
        "--without-gossip",
        "--without-mingle",
    ]
    with log.open("a") as output:
        process = subprocess.Popen(
            command, env=environment(server), stdout=output, stderr=output, cwd=settings.BASE_DIR
        )
        try:
            yield process
        finally:
            process.kill()
            process.wait(10)


def wait_until(condition, process, log):
    deadline = time.monotonic() + PATIENCE_SECONDS
    while not condition():
        if time.monotonic() > deadline or process.poll() is not None:
            pytest.fail(f"nothing came:\n{log.read_text()[-3000:]}")
        time.sleep(0.05)


def enqueue(count):
    with transaction.atomic():
        return [
            outbox.enqueue(kind="test", to=f"a{number}@example.org", subject="a", text="a") for number in range(count)
        ]


def count(state):
    return OutboundMail.objects.filter(state=state).count()


def sweep_after_the_lease():
    """What beat sends every thirty seconds, five minutes later."""
    OutboundMail.objects.filter(state="claimed").update(lease_until=timezone.now())
    OutboundMail.objects.filter(state="queued").update(send_after=timezone.now() - delivery.GRACE)
    app.send_task("notifications.sweep")


def cut_those_who_wait_for_a_lock():
    """The database would go on with what a dead worker asked of it."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
            " WHERE datname = current_database() AND wait_event_type = 'Lock'"
        )


@pytest.fixture
def log(tmp_path):
    return tmp_path / "worker.log"


def test_each_mail_leaves_once_when_the_worker_is_killed_while_sending(log):
    with MailServer() as server:
        server.inbox.hold_at = 12
        mails = enqueue(40)
        with worker(server, log) as process:
            wait_until(server.inbox.holding.is_set, process, log)
            process.send_signal(signal.SIGKILL)
            process.wait(10)
        server.inbox.go_on.set()
        assert (count("sent"), count("claimed"), count("queued")) == (11, 1, 28)

        with worker(server, log) as process:
            wait_until(lambda: count("sent") == 39, process, log)  # the tasks still in the queue
            sweep_after_the_lease()
            wait_until(lambda: count("sent") == 40, process, log)

    assert sorted(server.inbox.ids) == sorted(f"<{mail.pk}@127.0.0.1>" for mail in mails)


def test_a_worker_killed_between_the_answer_and_the_settlement_sends_the_same_message_again(log):
    """The one moment nobody can close: the server has said yes and the worker dies before writing it down.

    The second copy bears the same Message-ID and the same date, by which mail servers and programs know it for the same.
    """
    with MailServer() as server:
        server.inbox.hold_at = 1
        (mail,) = enqueue(1)
        with worker(server, log) as process:
            wait_until(server.inbox.holding.is_set, process, log)
            with transaction.atomic():
                OutboundMail.objects.select_for_update().get()  # the settlement waits for this row
                server.inbox.go_on.set()
                wait_until(lambda: len(server.inbox.accepted) == 1, process, log)
                process.send_signal(signal.SIGKILL)
                process.wait(10)
                cut_those_who_wait_for_a_lock()
        assert count("claimed") == 1

        with worker(server, log) as process:
            sweep_after_the_lease()
            wait_until(lambda: count("sent") == 1, process, log)

    first, second = server.inbox.accepted
    assert first["Message-ID"] == second["Message-ID"] == f"<{mail.pk}@127.0.0.1>"
    assert first["Date"] == second["Date"]


ACT = """
import time
import django
django.setup()
from django.db import transaction
from notifications import outbox
before = time.monotonic()
with transaction.atomic():
    for number in range(50):
        outbox.enqueue(kind="library", to=f"a{number}@example.org", subject="a", text="a")
print(time.monotonic() - before)
"""


def test_with_the_broker_down_the_act_is_confirmed_and_the_mail_leaves_later(log):
    with MailServer() as server:
        outcome = subprocess.run(
            [sys.executable, "-c", ACT],
            env={**environment(server), "REDIS_URL": "redis://127.0.0.1:9/0"},
            cwd=settings.BASE_DIR, capture_output=True, text=True, check=False,
        )  # fmt: skip
        assert outcome.returncode == 0, outcome.stderr
        assert float(outcome.stdout) < 2
        assert count("queued") == 50

        with worker(server, log) as process:
            sweep_after_the_lease()
            wait_until(lambda: count("sent") == 50, process, log)
    assert len(set(server.inbox.ids)) == len(server.inbox.ids) == 50
