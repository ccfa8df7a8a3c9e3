import pytest
from django.db import OperationalError, connection
from django.test import override_settings

from mulhouse import health


@pytest.fixture(autouse=True)
def _forget(monkeypatch):
    monkeypatch.setattr(health._Seen, "migrated", False)  # noqa: SLF001 (what a process remembers)


def ready(client):
    response = client.get("/readyz")
    return response.status_code, response.content.decode()


@pytest.mark.django_db
def test_a_process_that_can_serve_says_so(client):
    assert ready(client) == (200, "ok")
    assert (client.get("/healthz").status_code, client.get("/healthz").content) == (200, b"ok")


def test_a_living_process_needs_nothing_to_say_so(client, django_db_blocker):
    """No database, whatever the host, and no redirection to https: the probe comes from inside."""
    with override_settings(ALLOWED_HOSTS=["elsewhere.example"], SECURE_SSL_REDIRECT=True):
        assert client.get("/healthz").status_code == 200


@pytest.mark.django_db
def test_a_migration_that_waits_is_named(client):
    with connection.cursor() as cursor:
        cursor.execute(
            "DELETE FROM django_migrations WHERE app = 'notifications'"
            " AND name = (SELECT max(name) FROM django_migrations WHERE app = 'notifications')"
        )

    assert ready(client) == (503, "migrations")


@pytest.mark.django_db
def test_migrations_found_applied_are_not_read_again(client, django_assert_num_queries):
    ready(client)
    with django_assert_num_queries(1):
        assert ready(client) == (200, "ok")


@pytest.mark.django_db
def test_a_database_that_does_not_answer_is_named(client):
    def fail(execute, sql, params, many, context):
        raise OperationalError

    with connection.execute_wrapper(fail):
        assert ready(client) == (503, "database")


@pytest.mark.django_db
def test_a_broker_that_does_not_answer_is_named(client):
    with override_settings(REDIS_CACHE_URL="unix:///nowhere/s"):
        assert ready(client) == (503, "broker")
