"""Is this process able to serve? Database, broker, migrations."""

import redis.exceptions
from django.conf import settings
from django.db import DatabaseError, connection
from django.db.migrations.executor import MigrationExecutor

from mulhouse import memory


class _Seen:
    """Migrations once found applied stay so for as long as this process runs: they are read a single time."""

    migrated = False


def problems() -> list[str]:
    """List what keeps the site from serving fully, one word each; empty when ready.

    Shape: words among "database", "migrations", "broker".
    """
    found = []
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1")
        if not _is_migrated():
            found.append("migrations")
    except DatabaseError:
        found.append("database")
    client = memory.connect(settings.REDIS_CACHE_URL)
    try:
        client.ping()
    except redis.exceptions.RedisError:
        found.append("broker")
    finally:
        client.close()
    return found


def _is_migrated() -> bool:
    if not _Seen.migrated:
        executor = MigrationExecutor(connection)
        _Seen.migrated = not executor.migration_plan(executor.loader.graph.leaf_nodes())
    return _Seen.migrated
