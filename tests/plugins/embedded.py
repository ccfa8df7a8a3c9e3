"""A database and a broker of the tests' own, made for one run (one process of it) and deleted after it.

Loaded by `-p` in pyproject.toml, before pytest-django reads the settings: what the environment says of the servers of
`make run` is set aside. TEST_DATABASE_URL and TEST_REDIS_URL name other servers, where the embedded ones do not run.
"""

import os
import shutil
import tempfile
from pathlib import Path

import pytest

from mulhouse.embedded.postgres import LocalPostgres
from mulhouse.embedded.state import Lease, make_folder, state_dir
from mulhouse.embedded.valkey import LocalValkey

PROJECT = Path(__file__).resolve().parent.parent.parent
ABOVE = state_dir(PROJECT) / "tests"
FOLDER_MODE = 0o711 if os.geteuid() == 0 else 0o700


def _own_folder() -> Path:
    for folder in (ABOVE.parent, ABOVE):
        make_folder(folder, mode=FOLDER_MODE)
    folder = Path(tempfile.mkdtemp(dir=ABOVE))
    folder.chmod(FOLDER_MODE)
    return folder


STATE = _own_folder()
LEASE = Lease(STATE / "servers.lock")
LEASE.take()

os.environ["PORTAL_ENV"] = "test"
os.environ["PORTAL_TEST_STATE"] = str(STATE)
for name in ("DATABASE_URL", "REDIS_URL"):
    os.environ.pop(name, None)
    if other := os.environ.get(f"TEST_{name}"):
        os.environ[name] = other


def _delete(folder: Path) -> None:
    LocalValkey(folder).stop()
    LocalPostgres(folder).destroy()
    shutil.rmtree(folder, ignore_errors=True)


def _delete_abandoned() -> None:
    """Delete what runs that were killed left: a folder whose lease nobody holds."""
    for folder in ABOVE.iterdir():
        lease = Lease(folder / "servers.lock")
        if folder != STATE and lease.path.exists():
            lease.take()
            if lease.leave():
                _delete(folder)
                lease.close()


@pytest.hookimpl(optionalhook=True, tryfirst=True)
def pytest_xdist_auto_num_workers(config):
    """Run the tests in one process more than there are processors, each with servers of its own; in one when it is given a Redis.

    One more: a third of a test's time is spent waiting for its database or its browser.
    """
    return 1 if os.environ.get("TEST_REDIS_URL") else len(os.sched_getaffinity(0)) + 1


def pytest_collection_finish(session):
    from django.conf import settings  # noqa: PLC0415 — read once the environment above is set

    if not session.items or session.config.option.collectonly:
        return
    if settings.EMBEDDED_POSTGRES:
        settings.EMBEDDED_POSTGRES.start()
    if settings.EMBEDDED_VALKEY:
        settings.EMBEDDED_VALKEY.start()


@pytest.hookimpl(trylast=True)
def pytest_unconfigure(config):
    _delete(STATE)
    LEASE.close()
    _delete_abandoned()
