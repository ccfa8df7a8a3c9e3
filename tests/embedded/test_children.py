"""The processes under `make run`, with small programs in the place of the web server and the worker."""

import os
import signal
import subprocess
import sys
import time

import pytest

from mulhouse.embedded.children import Child
from mulhouse.embedded.state import command_of
from mulhouse.embedded.supervisor import FALLS, Sources, Supervisor

PATIENCE_SECONDS = 10
WITH_DESCENDANT = """
import subprocess, sys, time
child = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(60)"])
print(child.pid, flush=True)
time.sleep(60)
"""


class NoServers:
    def revive(self):
        return []


@pytest.fixture
def start(tmp_path):
    started = []

    def start(code, **options):
        child = Child("essai", [sys.executable, "-c", code], os.environ, log=tmp_path / "log/essai.log", **options)
        started.append(child)
        return child, child.start()

    yield start
    for child in started:
        child.ask_to_stop()
        child.wait(0)


def wait_until(condition):
    deadline = time.monotonic() + PATIENCE_SECONDS
    while not (found := condition()):
        assert time.monotonic() < deadline, "it did not come about"
        time.sleep(0.02)
    return found


def test_child_writes_to_its_log(start):
    child, _started = start("print('bonjour')")
    wait_until(lambda: child.has_ended() is not None)

    assert child.last_words() == "bonjour"


def test_child_that_is_killed_takes_its_descendants_along(start):
    child, _started = start(WITH_DESCENDANT)
    descendant = int(wait_until(child.last_words))
    os.kill(child.process.pid, signal.SIGKILL)

    code = wait_until(child.has_ended)

    assert code == -signal.SIGKILL
    wait_until(lambda: command_of(descendant) is None)


def test_child_deaf_to_the_request_is_killed_in_the_end(start):
    child, _started = start(
        "import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN); print('prêt', flush=True); time.sleep(60)"
    )
    wait_until(child.last_words)
    child.ask_to_stop()

    child.wait(0.2)

    assert child.process is None


def test_only_one_passes_to_the_next_when_the_process_is_gone(start, tmp_path):
    first, first_started = start("import time; time.sleep(60)", only_one=tmp_path / "lock")
    second, second_started = start("import time; time.sleep(60)", only_one=tmp_path / "lock")
    os.kill(first.process.pid, signal.SIGKILL)
    wait_until(first.has_ended)

    assert (first_started, second_started) == (True, False)
    assert second.start() is True


def test_children_die_with_a_supervisor_that_is_killed(tmp_path):
    code = f"""
import os, sys, time
from pathlib import Path
from mulhouse.embedded.children import Child
child = Child("x", [sys.executable, "-c", "import time; time.sleep(60)"], os.environ, log=Path({str(tmp_path)!r}) / "x.log")
child.start()
print(child.process.pid, flush=True)
time.sleep(60)
"""
    with subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE) as supervisor:
        child = int(supervisor.stdout.readline())
        supervisor.kill()

    wait_until(lambda: command_of(child) is None)


def test_supervisor_starts_again_what_falls_then_gives_up(start, monkeypatch):
    monkeypatch.setattr("mulhouse.embedded.supervisor.DELAY_PER_FALL_SECONDS", 0)
    child, _started = start("raise SystemExit(3)")
    said = []
    supervisor = Supervisor([child], NoServers(), said.append, sources=None)

    with pytest.raises(RuntimeError, match="s’arrête sans cesse"):
        supervisor.run()

    assert said == ["« essai » s’est arrêté (code 3) : relancé."] * FALLS


def test_supervisor_reports_a_child_that_ends_before_the_site_answers(start):
    child, _started = start("print('port fermé'); raise SystemExit(1)")
    supervisor = Supervisor([child], NoServers(), print, sources=None)

    with pytest.raises(RuntimeError, match="port fermé"):
        supervisor.wait_for_answer("127.0.0.1", 1)


def test_sources_notice_a_change_a_new_file_and_nothing_else(tmp_path):
    (tmp_path / "app").mkdir()
    (tmp_path / "var").mkdir()
    view = tmp_path / "app/views.py"
    view.touch()
    sources = Sources(tmp_path)

    def after(change):
        change()
        sources.looked_at -= 2  # rather than wait
        return sources.have_changed()

    assert after(lambda: None) is False
    assert after(lambda: os.utime(view, (1, time.time() + 5))) is True
    assert after(lambda: None) is False
    assert after((tmp_path / "app/page.html").touch) is True
    assert after((tmp_path / "var/cache.py").touch) is False
