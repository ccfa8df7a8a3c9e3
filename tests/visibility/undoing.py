"""Trying something and leaving nothing of it, so that one city serves every test."""

import re
from contextlib import contextmanager

from django.apps import apps
from django.db import connection, transaction

WRITES = re.compile(r'\s*(?:INSERT INTO|UPDATE|DELETE FROM)\s+"(\w+)"')


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


@contextmanager
def written():
    """Give the tables that are written to inside, in the order of the writing, without what a savepoint takes back; nor sessions."""
    tables, marks = [], {}

    def note(execute, sql, params, many, context):
        given = execute(sql, params, many, context)
        if table := WRITES.match(sql):
            if context["cursor"].rowcount and not table[1].endswith("session"):
                tables.append(table[1])
        elif sql.startswith("SAVEPOINT"):
            marks[sql.split()[-1]] = len(tables)
        elif sql.startswith("ROLLBACK TO"):
            del tables[marks[sql.split()[-1]] :]
        return given

    with connection.execute_wrapper(note):
        yield tables
