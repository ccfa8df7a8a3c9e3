"""The check of every document against its source, in batches, each a transaction of its own."""

import logging

from django.db import connection

from search import actions, registry

logger = logging.getLogger(__name__)


def check() -> dict[str, int]:
    """Compare every document with its source, repair, and give how many differed by kind (no line for none)."""
    found: dict[str, int] = {}
    for source in registry.sources():
        if source.public is None:
            continue
        differed, last = 0, 0
        # Documents whose source is gone, then sources in order.
        while batch := _keys(source.kind, source.public().model._meta.db_table, last):
            differed += actions.check_documents(kind=source.kind, keys=batch)
            last = batch[-1]
        if differed:
            logger.error("the search differed from %s in %s documents: repaired", source.kind, differed)
            found[source.kind] = differed
    return found


def _keys(kind: str, table: str, after: int) -> list[int]:
    with connection.cursor() as cursor:
        cursor.execute(
            f"(SELECT id FROM {table} WHERE id > %s ORDER BY id LIMIT %s) UNION"  # noqa: S608 (the name of a model's table)
            " (SELECT object_id FROM search_document WHERE kind = %s AND object_id > %s ORDER BY object_id LIMIT %s)"
            " ORDER BY 1 LIMIT %s",
            [after, actions.BATCH, kind, after, actions.BATCH, actions.BATCH],
        )
        return [row[0] for row in cursor.fetchall()]
