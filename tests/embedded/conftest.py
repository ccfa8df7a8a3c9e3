"""Embedded servers of these tests alone, apart from those that the other tests use."""

from contextlib import closing

import psycopg2
import pytest

from mulhouse.embedded.postgres import LocalPostgres
from mulhouse.embedded.valkey import LocalValkey
from tests.plugins.embedded import STATE


@pytest.fixture(scope="module")
def state():
    """A folder where root's stand-in may pass; pytest closes the one of `tmp_path` at the start of any other session."""
    return STATE / "apart"


@pytest.fixture(scope="module")
def postgres(state):
    cluster = LocalPostgres(state)  # not `fast`, which trades what is promised here for speed
    cluster.start()
    yield cluster
    cluster.destroy()


@pytest.fixture(scope="module")
def scratch(state):
    """A cluster that may lose what it was told when it is killed: many times faster."""
    cluster = LocalPostgres(state / "scratch", fast=True)
    cluster.start()
    yield cluster
    cluster.destroy()


@pytest.fixture(scope="module")
def valkey(state):
    server = LocalValkey(state)
    server.start()
    yield server
    server.stop()


def execute(postgres, statement):
    with closing(psycopg2.connect(**postgres.params())) as connection, connection, connection.cursor() as cursor:
        cursor.execute(statement)
        return cursor.fetchall() if cursor.description else None
