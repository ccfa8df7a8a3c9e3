"""Is this process able to serve? Database, broker, migrations."""

import redis
from django.conf import settings
from django.db import DatabaseError, connection
from django.db.migrations.executor import MigrationExecutor


def problems() -> list[str]:
    """List what keeps the site from serving fully, one word each; empty when ready.

    Shape: words among "database", "migrations", "broker".
    """
    found = []
    try:
        executor = MigrationExecutor(connection)
        if executor.migration_plan(executor.loader.graph.leaf_nodes()):
            found.append("migrations")
    except DatabaseError:
        found.append("database")
    client = redis.Redis.from_url(settings.REDIS_CACHE_URL, socket_timeout=1, socket_connect_timeout=1)
    try:
        client.ping()
    except redis.RedisError:
        found.append("broker")
    finally:
        client.close()
    return found
