"""Counting pages: what counts, what never does, and each reading exactly once."""

import datetime as dt
import json
import re
import threading
import uuid
from zoneinfo import ZoneInfo

import pytest
import redis.exceptions
from django.db import connection
from django.utils import timezone

from audience import counting, figures, flushing, tasks
from audience.models import Batch, DailyPageCount
from mulhouse import memory
from tests.factories import make_consultation, make_contribution, make_resident, make_staff, sign_in
from tests.test_routes import ROUTES

READER = {"user-agent": "Mozilla/5.0 (X11; Linux x86_64) Firefox/130.0", "accept": "text/html"}
PHONE = {"user-agent": "Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) Mobile", "accept": "text/html"}


def counts(redis_server):
    found = redis_server.hgetall(counting.COUNTS)
    return {tuple(json.loads(name)[1:]): int(views) for name, views in found.items()}


def stored():
    return {(row.route, row.subject, row.language, row.device): row.views for row in DailyPageCount.objects.all()}


# --- What does not count ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "headers",
    [
        {"sec-gpc": "1"},
        {"dnt": "1"},
        {"user-agent": "Mozilla/5.0 (compatible; Googlebot/2.1)"},
        {"user-agent": "curl/8.0"},
        {"user-agent": "python-requests/2.32"},
        {"user-agent": "WhatsApp/2.24"},
        {"user-agent": ""},
        {"hx-request": "true"},
        {"sec-purpose": "prefetch;prerender"},
        {"purpose": "prefetch"},
    ],
)
def test_who_refuses_and_robots_do_not_count(db, client, redis_server, headers):
    assert client.get("/concertations/", headers={**READER, **headers}).status_code == 200
    assert counts(redis_server) == {}


@pytest.mark.parametrize(
    "path",
    [
        "/concertations/rien/",
        "/robots.txt",
        "/concertations/flux/atom/",
        "/api/v1/themes",
        "/donnees/themes.csv",
        "/mon-espace/",
    ],
)
def test_what_is_no_public_page_does_not_count(db, client, redis_server, path):
    response = client.get(path, headers=READER)
    if response.streaming:
        b"".join(response.streaming_content)
    assert counts(redis_server) == {}


def test_neither_a_form_nor_a_look_ahead_counts(db, client, redis_server):
    client.head("/concertations/", headers=READER)
    client.post("/audience/refuser/", {"choix": "accepter"}, headers=READER)
    assert counts(redis_server) == {}


def test_a_private_page_does_not_count(db, client, redis_server):
    sign_in(client, make_resident())
    assert client.get("/mon-espace/", headers=READER).status_code == 200
    assert counts(redis_server) == {}


def test_an_agent_who_reads_a_draft_leaves_its_name_nowhere(db, client, redis_server):
    make_consultation(slug="brouillon-secret", published_at=None)
    sign_in(client, make_staff("consultations.change_consultation"))
    for path in ("/concertations/brouillon-secret/", "/concertations/"):
        assert client.get(path, headers=READER).status_code == 200
    assert counts(redis_server) == {}


def test_a_resident_counts_like_everybody(db, client, redis_server):
    sign_in(client, make_resident())
    client.get("/concertations/", headers=READER)
    assert counts(redis_server) == {("consultations:list", "", "fr", "ordinateur"): 1}


# --- What counts -----------------------------------------------------------------------------------------------------------


def test_a_page_counts_made_kept_or_unchanged(db, client, redis_server):
    first = client.get("/concertations/?page=1", headers=READER)
    client.get("/concertations/", headers=READER)
    client.get("/concertations/", headers=READER)
    again = client.get("/concertations/?page=1", headers={**READER, "if-none-match": first["ETag"]})
    assert again.status_code == 304
    assert counts(redis_server) == {("consultations:list", "", "fr", "ordinateur"): 4}


def test_a_page_is_told_by_what_it_shows_and_nothing_else(db, client, redis_server):
    contribution = make_contribution(consultation=make_consultation(slug="parc"))
    client.get(f"/de{contribution.get_absolute_url()}?q=Dupont", headers=PHONE, REMOTE_ADDR="203.0.113.7")
    assert counts(redis_server) == {("consultations:contribution", "parc", "de", "telephone"): 1}
    whole = json.dumps([value.decode() for value in redis_server.hgetall(counting.COUNTS)])
    assert not any(word in whole for word in (contribution.reference, "Dupont", "203.0.113.7", "iPhone"))


def test_a_page_is_read_without_redis(db, client, monkeypatch):
    def down():
        raise redis.exceptions.ConnectionError

    monkeypatch.setattr(memory, "client", down)
    memory.breaker.wake()
    assert client.get("/concertations/", headers=READER).status_code == 200
    memory.breaker.wake()


def test_a_phone_named_like_a_robot_counts(db, client, redis_server):
    client.get(
        "/concertations/", headers={**READER, "user-agent": "Mozilla/5.0 (Linux; Android 13; CUBOT KINGKONG) Mobile"}
    )
    assert counts(redis_server) == {("consultations:list", "", "fr", "telephone"): 1}


# --- No address, no trace of anybody ----------------------------------------------------------------------------------------

IPV4, IPV6 = "203.0.113.77", "2001:db8:77:88::99"
TRACES = (IPV4, "2001:db8:77:88", "Zqnavigateur", "zqcherche", "zqcookie", "zqprovenance")


@pytest.mark.django_db(transaction=True)
def test_neither_address_nor_trace_is_kept_anywhere(client, redis_server, settings):
    """Every key and value of Redis and every column of every table, after readings of all sorts and the pouring of the hour."""
    settings.TRUSTED_PROXIES = 1
    consultation = make_consultation(slug="parc")
    make_contribution(consultation=consultation)
    agent = "Mozilla/5.0 (X11; Linux x86_64) Zqnavigateur/130.0"
    client.cookies["zqcookie"] = "zqcookie"
    for address in (IPV4, IPV6):
        sent = {**READER, "user-agent": agent, "x-forwarded-for": address, "referer": "https://zqprovenance.example/"}
        for path in ("/", "/concertations/parc/", "/concertations/parc/avis/?q=zqcherche", "/recherche/?q=zqcherche"):
            first = client.get(path, headers=sent, REMOTE_ADDR=address)
            client.get(path, headers={**sent, "if-none-match": first.get("ETag", "")}, REMOTE_ADDR=address)
    assert counts(redis_server)
    assert redis_traces(redis_server, "audience:*") == []
    # The limits count each address for a while, under a key that goes by itself: no measure reads them.
    kept = redis_traces(redis_server, "*")
    assert [name for name in kept if not name.startswith("LIMITS:")] == []
    assert [name for name in kept if not 0 < redis_server.ttl(name) <= 86_400] == []
    assert flushing.flush() > 0
    assert table_traces() == []


def redis_traces(server, pattern):
    """Give the keys where a trace stands, in the name or in the value."""
    found = []
    for name in server.scan_iter(match=pattern):
        kind = server.type(name)
        value = {
            b"hash": server.hgetall,
            b"string": server.get,
            b"zset": lambda key: server.zrange(key, 0, -1),
            b"set": server.smembers,
            b"list": lambda key: server.lrange(key, 0, -1),
        }[kind](name)
        if any(trace in repr((name, value)) for trace in TRACES):
            found.append(name.decode())
    return found


def table_traces():
    """Give the tables where a row, written as text, holds a trace."""
    found = []
    with connection.cursor() as cursor:
        cursor.execute("SELECT quote_ident(tablename) FROM pg_tables WHERE schemaname = 'public'")
        for (table,) in cursor.fetchall():
            for trace in TRACES:
                cursor.execute(f"SELECT count(*) FROM {table} AS line WHERE line::text ILIKE %s", [f"%{trace}%"])
                if cursor.fetchone()[0]:
                    found.append((table, trace))
    return found


def test_no_column_could_hold_one():
    columns = {field.name for model in (Batch, DailyPageCount) for field in model._meta.get_fields()}
    assert columns == {"id", "day", "route", "subject", "language", "device", "views", "key", "added_at"}


# --- Exactly once ----------------------------------------------------------------------------------------------------------


@pytest.mark.django_db(transaction=True)
def test_flush_twice_adds_once(client, redis_server):
    client.get("/concertations/", headers=READER)
    assert (flushing.flush(), flushing.flush()) == (1, 0)
    client.get("/concertations/", headers=READER)
    tasks.flush()
    assert stored() == {("consultations:list", "", "fr", "ordinateur"): 2}
    assert redis_server.keys("audience:*") == []


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("killed_at", ["taken", "added"])
def test_a_worker_killed_between_loses_and_doubles_nothing(client, redis_server, killed_at):
    client.get("/concertations/", headers=READER)
    flushing.take(redis_server)
    (name,) = redis_server.keys(f"{flushing.BATCH_PREFIX}*")
    if killed_at == "added":
        found = {label.decode(): int(views) for label, views in redis_server.hgetall(name).items()}
        flushing.add(key=uuid.UUID(name.decode().removeprefix(flushing.BATCH_PREFIX)), counts=found)
    client.get("/concertations/", headers=READER)
    tasks.flush()
    assert stored() == {("consultations:list", "", "fr", "ordinateur"): 2}
    assert redis_server.keys("audience:*") == []


@pytest.mark.django_db(transaction=True)
def test_two_workers_add_a_batch_once(redis_server):
    key, label = uuid.uuid4(), json.dumps([dt.date(2026, 11, 1).isoformat(), "home", "", "fr", "ordinateur"])
    barrier, brought = threading.Barrier(4), []

    def work():
        barrier.wait()
        brought.append(flushing.add(key=key, counts={label: 7}))
        connection.close()

    workers = [threading.Thread(target=work) for _ in range(4)]
    for each in workers:
        each.start()
    for each in workers:
        each.join()
    assert sorted(brought) == [0, 0, 0, 7]
    assert (stored(), Batch.objects.count()) == ({("home", "", "fr", "ordinateur"): 7}, 1)


def put(day, views, route="home", subject=""):
    return DailyPageCount.objects.create(
        day=day, route=route, subject=subject, language="fr", device="ordinateur", views=views
    )


@pytest.mark.django_db(transaction=True)
def test_figures_are_kept_twenty_five_months():
    put(dt.date(2024, 9, 30), 1)
    kept = put(dt.date(2024, 10, 1), 1)
    assert flushing.forget(today=dt.date(2026, 11, 23)) == 1
    assert list(DailyPageCount.objects.all()) == [kept]


# --- The page --------------------------------------------------------------------------------------------------------------


def told_today():
    return figures.today(at=timezone.now())


def test_page_of_figures(db, client, django_assert_num_queries):
    today = told_today()
    put(today, 1000)
    put(today - dt.timedelta(days=1), 1234)
    put(today - dt.timedelta(days=1), 4, route="consultations:detail", subject="parc")
    with django_assert_num_queries(4):
        text = client.get("/audience/").content.decode()
    assert "1\u202f238" in text or "1\u00a0238" in text
    assert "moins de 5" in text
    assert "1000" not in text.replace("\u202f", "").replace("\u00a0", "")
    assert client.cookies == {}


PARIS = ZoneInfo("Europe/Paris")


@pytest.mark.parametrize(("hour", "told"), [((0, 0), False), ((0, 59), False), ((1, 0), True), ((23, 59), True)])
def test_a_day_is_told_one_hour_after_it_ends(hour, told):
    """Redis gives its counts each hour: told at midnight, a day would lack its last ones, and the page be kept so."""
    at = dt.datetime(2026, 11, 23, *hour, tzinfo=PARIS)
    assert figures.today(at=at) == (dt.date(2026, 11, 23) if told else dt.date(2026, 11, 22))
    assert figures.next_change(at) == (None if told else dt.datetime(2026, 11, 23, 1, tzinfo=PARIS))


def test_a_small_number_is_not_drawn_either(db, client):
    put(told_today() - dt.timedelta(days=2), 4)
    put(told_today() - dt.timedelta(days=3), 100)
    drawing = client.get("/audience/").content.decode().partition('class="graphique"')[2].partition("</svg>")[0]
    heights = re.findall(r'<rect[^>]*height="([\d.]+)"[^>]*class="p0"', drawing)
    assert sorted({float(height) for height in heights}) == [0, 160]


def test_empty_page(db, client):
    assert "Aucun nombre pour l’instant" in client.get("/audience/").content.decode()


def test_small_numbers_are_not_in_the_file(db, client):
    month = told_today().replace(day=1) - dt.timedelta(days=1)
    put(month, 4)
    put(month, 5, route="consultations:list")
    put(told_today(), 50)
    body = b"".join(client.get("/donnees/audience.json").streaming_content)
    rows = json.loads(body)["lignes"]
    assert [(row["page"], row["lectures"], row["moins_de_cinq"]) for row in rows] == [
        ("consultations:list", 5, None),
        ("home", None, "oui"),
    ]


def test_refusing_is_a_button_and_one_cookie(db, client, redis_server):
    page = client.get("/audience/refuser/", headers=READER)
    assert counting.COOKIE not in page.cookies
    answer = client.post("/audience/refuser/", {"choix": "refuser"}, headers=READER)
    cookie = answer.cookies[counting.COOKIE]
    assert (cookie.value, cookie["httponly"], cookie["samesite"], cookie["max-age"]) == ("1", True, "Lax", 15724800)
    redis_server.flushall()
    client.get("/concertations/", headers=READER)
    assert "Vous avez refusé" in client.get("/audience/refuser/", headers=READER).content.decode()
    assert counts(redis_server) == {}
    client.post("/audience/refuser/", {"choix": "accepter"}, headers=READER)
    client.get("/concertations/", headers=READER)
    assert counts(redis_server) == {("consultations:list", "", "fr", "ordinateur"): 1}


def test_every_named_page_exists():
    assert [route for route in figures.NAMES if route not in ROUTES] == []
