"""Looking for somebody in everything the site keeps: each column of each table, each stored file, each key of Redis, each session.

The scan knows nothing of the application: it reads the catalogue of the database, lists the storage, walks Redis.
"""

import base64
import contextlib
import gzip
import io
import json
import pickle
import zipfile
import zlib

import redis
from django.conf import settings
from django.contrib.sessions.models import Session
from django.core.files.storage import default_storage
from django.db import connection

WHOLE_NUMBERS = {"int2", "int4", "int8"}
# What no name, address or key can stand in.
WITHOUT_WORDS = {
    "bool",
    "date",
    "time",
    "timestamp",
    "timestamptz",
    "interval",
    "float4",
    "float8",
    "numeric",
    "uuid",
    "oid",
}


def columns():
    """Every column of every table and materialised view of every schema of ours, with its type: of the packages too."""
    with connection.cursor() as cursor:
        cursor.execute(
            """
            SELECT n.nspname, c.relname, a.attname, coalesce(base.typname, t.typname)
            FROM pg_attribute a
            JOIN pg_class c ON c.oid = a.attrelid AND c.relkind IN ('r', 'p', 'm')
            JOIN pg_namespace n ON n.oid = c.relnamespace
            JOIN pg_type t ON t.oid = a.atttypid
            LEFT JOIN pg_type base ON base.oid = t.typbasetype AND t.typtype = 'd'
            WHERE a.attnum > 0 AND NOT a.attisdropped
              AND n.nspname <> 'information_schema' AND n.nspname NOT LIKE 'pg\\_%'
            ORDER BY 1, 2, 3
            """
        )
        return [row for row in cursor.fetchall() if row[3] not in WITHOUT_WORDS]


def in_tables(words, number):
    """Look in every column: the words anywhere in a text, the key of the person as a whole number. Give (table, column) pairs."""
    by_table = {}
    for schema, table, column, kind in columns():
        by_table.setdefault((schema, table), []).append((column, kind))
    found = []
    with connection.cursor() as cursor:
        for (schema, table), named in by_table.items():
            tests, values = [], []
            for column, kind in named:
                test, value = _test(column, kind, words, number)
                tests.append(f"coalesce(bool_or({test}), false)")
                values += value
            cursor.execute(f'SELECT {", ".join(tests)} FROM "{schema}"."{table}"', values)
            found += [
                (table, column) for (column, _kind), is_there in zip(named, cursor.fetchone(), strict=True) if is_there
            ]
    return found


def _test(column, kind, words, number):
    if kind in WHOLE_NUMBERS:
        return f'"{column}"::bigint = %s', [number]
    text = f"encode(\"{column}\", 'escape')" if kind == "bytea" else f'"{column}"::text'
    return " OR ".join([f"{text} ILIKE %s"] * len(words)), [f"%{word}%" for word in words]


def in_sessions(user_pk, words=()):
    """Sessions are signed and packed: they are read as Django does, whoever they belong to."""
    found = []
    for row in Session.objects.order_by("pk"):
        held = row.get_decoded()
        text = json.dumps(held, default=str).lower()
        if held.get("_auth_user_id") == str(user_pk) or any(word.lower() in text for word in words):
            found.append(row.pk)
    return found


# --- Files ---------------------------------------------------------------------------------------------------------------


def stored(folder=""):
    """Every name of the storage, whatever it is made of."""
    try:
        folders, names = default_storage.listdir(folder)
    except FileNotFoundError:
        return
    for name in names:
        yield f"{folder}/{name}" if folder else name
    for inner in folders:
        yield from stored(f"{folder}/{inner}" if folder else inner)


def in_files(words):
    """Tell which stored files bear one of these words, in their name or inside, archives opened."""
    found, wanted = [], [word.lower().encode() for word in words]
    for name in stored():
        with default_storage.open(name) as file:
            content = file.read()
        texts = [name.encode(), *_opened(content)]
        if any(word in text.lower() for word in wanted for text in texts):
            found.append(name)
    return found


def _opened(content):
    """Give the bytes, and those of what an archive holds, archives in archives too."""
    yield content
    if zipfile.is_zipfile(io.BytesIO(content)):
        with zipfile.ZipFile(io.BytesIO(content)) as bundle:
            for name in bundle.namelist():
                yield name.encode()
                yield from _opened(bundle.read(name))


# --- Redis ---------------------------------------------------------------------------------------------------------------


def in_redis(words):
    """Tell which keys hold one of these words, in every database: cache, limits, pages, queues."""
    wanted = [word.lower().encode() for word in words]
    found = set()
    # The embedded server has its broker beside its cache, under an address that only kombu reads.
    urls = {settings.REDIS_CACHE_URL, settings.CELERY_BROKER_URL}
    for url in {url for url in urls if url.startswith(("redis://", "rediss://", "unix://"))}:
        client = redis.Redis.from_url(url, single_connection_client=True)
        for name in client.info("keyspace"):
            client.execute_command("SELECT", name.removeprefix("db"))
            for key in list(client.scan_iter("*")):
                texts = [text for value in [key, *_values(client, key)] for text in _unpacked(value)]
                if any(word in text.lower() for word in wanted for text in texts):
                    found.add(key)
        client.close()
    return sorted(found)


def _values(client, key):
    kind = client.type(key)
    if kind == b"string":
        return [value for value in [client.get(key)] if value is not None]  # it may go with its time meanwhile
    if kind == b"list":
        return client.lrange(key, 0, -1)
    if kind == b"set":
        return list(client.smembers(key))
    if kind == b"zset":
        return client.zrange(key, 0, -1)
    if kind == b"hash":
        return [part for pair in client.hgetall(key).items() for part in pair]
    return []


def _unpacked(value):
    """Open what a value may be wrapped in: a compressed page, a message of a queue, a pickled entry of the cache."""
    yield value
    with contextlib.suppress(Exception):
        yield gzip.decompress(value[value.index(b"\x1f\x8b") :])
    with contextlib.suppress(Exception):
        yield zlib.decompress(value)
    with contextlib.suppress(Exception):
        yield base64.b64decode(json.loads(value)["body"])
    with contextlib.suppress(Exception):
        # An unacknowledged message: a list of the message and where it came from.
        yield base64.b64decode(json.loads(value)[0]["body"])
    with contextlib.suppress(Exception):
        yield repr(pickle.loads(value)).encode()
