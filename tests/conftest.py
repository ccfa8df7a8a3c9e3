"""What every test stands on: the guards, tables and a Redis that are empty, our own mail."""

import gc
from pathlib import Path

import pytest
import redis
from django.conf import settings
from django.core.management import call_command
from django.db import connection, transaction
from django.test import TransactionTestCase
from django.utils import translation

from tests import guards

pytest_plugins = ("tests.e2e.browser",)

# As a replica, the server fires no trigger: neither foreign keys nor the tables that only grow stand in the way.
EMPTY = """
SET LOCAL session_replication_role = replica;
DO $$
DECLARE name text; many bool;
BEGIN
    FOR name IN SELECT quote_ident(tablename) FROM pg_tables WHERE schemaname = 'public'
        AND tablename NOT IN ('django_migrations', 'django_content_type', 'auth_permission', 'auth_group', 'auth_group_permissions')
    LOOP
        EXECUTE format('SELECT count(*) = 500 FROM (SELECT FROM %s LIMIT 500) rows HAVING count(*) > 0', name) INTO many;
        IF many THEN EXECUTE format('TRUNCATE %s CASCADE', name);
        ELSIF NOT many THEN EXECUTE format('DELETE FROM %s', name);
        END IF;
    END LOOP;
END $$
"""
ROLES_AT_FIRST = []


def pytest_configure(config):
    config.addinivalue_line("markers", "writes_on_get(reason): the return from an identity provider signs in on a GET")
    guards.install()
    TransactionTestCase._fixture_teardown = _empty_tables  # noqa: SLF001 (no setting chooses how tables are emptied)


@pytest.hookimpl(trylast=True)
def pytest_collection_finish():
    """What was imported and collected lives to the end: no collection of garbage walks through it again."""
    gc.collect()
    gc.freeze()


def _empty_tables(_test_case):
    """Empty the tables that hold rows, after a test that committed.

    Django truncates all of them, a hundred, and makes every permission again: seconds where this takes milliseconds.
    """
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(EMPTY)
    if _roles_held() != ROLES_AT_FIRST:
        from django.contrib.auth.models import Group  # noqa: PLC0415 (the models are loaded by now)

        from accounts import roles  # noqa: PLC0415 (same)

        Group.objects.all().delete()
        roles.sync()
        ROLES_AT_FIRST[:] = _roles_held()


def _roles_held():
    """Say what each role may do; most tests change nothing of it, and to make it again takes sixty statements."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT g.id, g.name, array_agg(p.permission_id ORDER BY p.permission_id) FROM auth_group g"
            " LEFT JOIN auth_group_permissions p ON p.group_id = g.id GROUP BY g.id ORDER BY g.id"
        )
        return cursor.fetchall()


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
    """Hang up for the processes that a test killed: DROP DATABASE waits for nobody."""
    with django_db_blocker.unblock():
        ROLES_AT_FIRST[:] = _roles_held()
    yield
    with django_db_blocker.unblock(), connection.cursor() as cursor:
        cursor.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
            " WHERE datname = current_database() AND pid <> pg_backend_pid()"
        )


@pytest.fixture(scope="session", autouse=True)
def _our_mail(django_test_environment):
    """Django's test set-up replaces the mail backend: put the outbox back, and let it deliver to `mail.outbox`."""
    settings.EMAIL_BACKEND = "notifications.backends.OutboxBackend"
    settings.DELIVERY_BACKEND = "django.core.mail.backends.locmem.EmailBackend"


@pytest.fixture(scope="session", autouse=True)
def _kind_of_the_tests(django_test_environment):
    """A mail of an undeclared kind is refused: those of the tests have one of their own."""
    from notifications import kinds  # noqa: PLC0415 (the models are loaded by now)

    kinds.declare(kinds.Kind("test", "Essai", "Un essai."))


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
