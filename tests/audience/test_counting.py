"""Counting pages: what counts, what never does, and each reading exactly once."""

import datetime as dt
import json
import threading
import uuid

import pytest
import redis.exceptions
from django.db import connection
from django.utils import timezone

from audience import counting, figures, flushing, tasks
from audience.models import Batch, DailyPageCount
from mulhouse import memory
from tests.factories import make_consultation, make_contribution, make_resident, sign_in
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
        {"user-agent": ""},
        {"hx-request": "true"},
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


def test_page_of_figures(db, client, django_assert_num_queries):
    today = timezone.localdate()
    put(today, 1000)
    put(today - dt.timedelta(days=1), 1234)
    put(today - dt.timedelta(days=1), 4, route="consultations:detail", subject="parc")
    with django_assert_num_queries(4):
        text = client.get("/audience/").content.decode()
    assert "1\u202f238" in text or "1\u00a0238" in text
    assert "moins de 5" in text
    assert "1000" not in text.replace("\u202f", "").replace("\u00a0", "")
    assert client.cookies == {}


def test_empty_page(db, client):
    assert "Aucun nombre pour l’instant" in client.get("/audience/").content.decode()


def test_small_numbers_are_not_in_the_file(db, client):
    month = timezone.localdate().replace(day=1) - dt.timedelta(days=1)
    put(month, 4)
    put(month, 5, route="consultations:list")
    put(timezone.localdate(), 50)
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
