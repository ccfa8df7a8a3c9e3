"""Trying something and leaving nothing of it, so that one city serves every test."""

from contextlib import contextmanager

from django.apps import apps
from django.db import connection, transaction


@contextmanager
def undone():
    """Take back what is written inside; the actions of the site may open their own transactions."""
    around = transaction.atomic()
    around._from_testcase = True  # noqa: SLF001 (as Django does around the tests of a class)
    with around:
        yield
        transaction.set_rollback(True)


def counts():
    """Give how many rows each table holds, but for sessions; one query."""
    tables = sorted(
        model._meta.db_table
        for model in apps.get_models(include_auto_created=True)
        if model._meta.managed and not model._meta.db_table.endswith("session")
    )
    with connection.cursor() as cursor:
        cursor.execute("SELECT " + ", ".join(f'(SELECT count(*) FROM "{table}")' for table in tables))
        return dict(zip(tables, cursor.fetchone(), strict=True))
