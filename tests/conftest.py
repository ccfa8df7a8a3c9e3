"""What every test stands on: the guards, a register that can be emptied between tests, our own mail, an empty Redis."""

from pathlib import Path

import pytest
import redis
from django.conf import settings
from django.core.management import call_command
from django.utils import translation

from tests import guards

pytest_plugins = ("tests.e2e.browser",)


def pytest_configure(config):
    config.addinivalue_line("markers", "writes_on_get(reason): the return from an identity provider signs in on a GET")
    guards.install()


@pytest.fixture(scope="session", autouse=True)
def _static_folder():
    """WhiteNoise warns when it is absent; the tests serve the sources, nothing is collected."""
    settings.STATIC_ROOT.mkdir(parents=True, exist_ok=True)


@pytest.fixture(scope="session", autouse=True)
def _catalogues():
    """German, English and the French plurals, compiled as the site's own set-up does."""
    if any(Path(settings.LOCALE_PATHS[0]).glob("*/LC_MESSAGES/*.po")):
        call_command("compile_catalogs", verbosity=0)


@pytest.fixture(scope="session")
def django_db_setup(django_db_setup, django_db_blocker):
    """Let the flush that follows a transactional test empty the register; the row triggers stay.

    `tests/transparency` puts the trigger back to show that TRUNCATE is refused.
    """
    with django_db_blocker.unblock():
        from django.db import connection  # noqa: PLC0415 (the database exists from here on)

        with connection.cursor() as cursor:
            cursor.execute("DROP TRIGGER IF EXISTS register_whole ON transparency_registerline")
    yield
    with django_db_blocker.unblock():
        from django.db import connection  # noqa: PLC0415 (same)

        with connection.cursor() as cursor:
            # A worker that a test killed may not have hung up yet, and DROP DATABASE waits for nobody.
            cursor.execute(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
                " WHERE datname = current_database() AND pid <> pg_backend_pid()"
            )


@pytest.fixture(scope="session", autouse=True)
def _our_mail(django_test_environment):
    """Django's test set-up replaces the mail backend: put the outbox back, and let it deliver to `mail.outbox`."""
    settings.EMAIL_BACKEND = "notifications.backends.OutboxBackend"
    settings.DELIVERY_BACKEND = "django.core.mail.backends.locmem.EmailBackend"


@pytest.fixture(scope="session")
def redis_server():
    client = redis.Redis.from_url(settings.REDIS_CACHE_URL)
    yield client
    client.close()


@pytest.fixture(autouse=True)
def _empty_redis(redis_server):
    """Limits, cached pages and queued tasks do not pass from one test to the next."""
    redis_server.flushall()


@pytest.fixture(autouse=True)
def _in_french():
    """A request in German leaves its language behind in the thread."""
    with translation.override("fr"):
        yield


@pytest.fixture(autouse=True)
def _allowance(request):
    guards.Allowance.write_on_get = request.node.get_closest_marker("writes_on_get") is not None
    yield
    guards.Allowance.write_on_get = False
