import datetime as dt
import gzip
import threading

import pytest
from django.contrib import messages
from django.contrib.sessions.backends.db import SessionStore
from django.core.cache import cache
from django.db import connection, transaction
from django.http import HttpResponse, StreamingHttpResponse
from django.middleware.csrf import get_token
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.test import override_settings
from django.urls import path
from django.utils import timezone, translation
from django.utils.translation import gettext as _

from mulhouse import memory, release
from mulhouse.access import public
from tests.factories import make_user, sign_in
from transparency import pages, register

# What the views below did: how many times each was rendered.
renders = []
until = {"at": None}


def page(name, *, status=200, respond=None, **options):
    def view(request, **kwargs):
        renders.append(name)
        if respond:
            return respond(request)
        who = request.user.email if request.user.is_authenticated else "visiteur"
        return HttpResponse(
            f"{name} {who} {translation.get_language()} {len(renders)} {_('Oui')} " + "é" * 200, status=status
        )

    kept = pages.cached_for_visitors(**options)(view) if options else pages.cached_for_visitors(view)
    return public(kept)


def with_cookie(request):
    response = HttpResponse("a")
    response.set_cookie("a", "b")
    return response


def with_session(request):
    request.session["a"] = "b"
    return HttpResponse("a")


def with_message(request):
    messages.success(request, "a")
    return HttpResponse("a")


RESPONSES = {
    "token": lambda request: HttpResponse(get_token(request)),
    "cookie": with_cookie,
    "session": with_session,
    "message": with_message,
    "stream": lambda request: StreamingHttpResponse(["a"]),
    "redirect": lambda request: redirect("/"),
    "gone": lambda request: HttpResponse("a", status=410),
    "large": lambda request: HttpResponse("a" * (pages.LARGEST_BYTES + 1)),
}

urlpatterns = [
    path("page/", page("page")),
    path("lazy/", page("lazy", respond=lambda request: TemplateResponse(request, "emails/base.html", {
        "subject": "a", "SITE_NAME": "a", "SITE_URL": "a", "CONTACT": {"email": "", "phone": ""}, "language": "fr", "why": "",
    }))),
    path("fragment/", page("fragment", respond=lambda request: HttpResponse(request.headers.get("HX-Request", "whole")))),
    path("midi/", page("midi", until=lambda at: until["at"])),
    *(path(f"{name}/", page(name, respond=respond)) for name, respond in RESPONSES.items()),
]  # fmt: skip

pytestmark = [pytest.mark.django_db, pytest.mark.urls(__name__)]


@pytest.fixture(autouse=True)
def _fresh():
    renders.clear()
    until["at"] = None
    memory.breaker.wake()
    register.declare(register.Act("test.act", "Un acte d’essai"))
    yield
    register._acts.pop("test.act")  # noqa: SLF001 (no app ever takes an act back)
    memory.breaker.wake()


def record():
    with transaction.atomic():
        register.record("test.act", role="agent")


def test_a_page_is_rendered_once_for_visitors(client, django_assert_num_queries):
    first = client.get("/page/")
    with django_assert_num_queries(1):
        second = client.get("/page/")

    assert renders == ["page"]
    assert second.content == first.content
    assert first.content.decode().startswith("page visiteur fr 1 ")
    assert first["ETag"] == second["ETag"]
    assert (second["Cache-Control"], second["Content-Type"]) == ("no-cache", "text/html; charset=utf-8")
    assert {"Cookie", "HX-Request", "Accept-Encoding"} <= set(second["Vary"].split(", "))
    assert not second.cookies


def test_a_visitor_who_has_the_page_is_told_so_without_rendering_it(client, django_assert_num_queries):
    etag = client.get("/page/")["ETag"]
    cache.clear()
    with django_assert_num_queries(1):
        response = client.get("/page/", headers={"If-None-Match": etag})

    assert (response.status_code, response.content, response["ETag"]) == (304, b"", etag)
    assert renders == ["page"]


def test_any_line_of_the_register_brings_a_new_page(client):
    old = client.get("/page/")
    record()
    new = client.get("/page/", headers={"If-None-Match": old["ETag"]})

    assert new.status_code == 200
    assert new["ETag"] != old["ETag"]
    assert renders == ["page", "page"]


def test_a_line_that_is_not_committed_changes_nothing(client):
    client.get("/page/")
    with transaction.atomic():
        register.record("test.act", role="agent")
        transaction.set_rollback(True)
    client.get("/page/")

    assert renders == ["page"]


def test_a_new_version_takes_the_place_of_the_old_one(client):
    for _number in range(5):
        client.get("/page/")
        record()

    assert len(memory.client().keys("page:*")) == 1


def test_midnight_in_paris_brings_a_new_page(client, monkeypatch):
    monkeypatch.setattr(timezone, "now", lambda: dt.datetime(2026, 3, 28, 22, 59, 59, tzinfo=dt.UTC))
    client.get("/page/")
    client.get("/page/")
    monkeypatch.setattr(timezone, "now", lambda: dt.datetime(2026, 3, 28, 23, 0, 0, tzinfo=dt.UTC))
    client.get("/page/")

    assert renders == ["page", "page"]


def test_a_release_brings_a_new_page(client, monkeypatch):
    client.get("/page/")
    monkeypatch.setattr(release, "identity", lambda: "another")
    client.get("/page/")

    assert renders == ["page", "page"]


def test_a_page_that_changes_at_noon_is_rendered_again_at_noon(client, monkeypatch):
    noon = dt.datetime(2026, 3, 28, 11, 0, 0, tzinfo=dt.UTC)
    until["at"] = noon
    monkeypatch.setattr(timezone, "now", lambda: noon - dt.timedelta(seconds=1))
    etag = client.get("/midi/")["ETag"]
    assert client.get("/midi/", headers={"If-None-Match": etag}).status_code == 304
    client.get("/midi/")
    assert renders == ["midi"]

    monkeypatch.setattr(timezone, "now", lambda: noon)
    until["at"] = None
    assert client.get("/midi/", headers={"If-None-Match": etag}).status_code == 200
    client.get("/midi/")
    assert renders == ["midi", "midi"]


def test_each_language_has_its_page(client):
    seen = {}
    for language in ("fr", "de", "en", "fr", "de", "en"):
        seen[language] = client.get("/page/", headers={"Accept-Language": language}).content.decode()

    assert renders == ["page"] * 3
    assert {language: text.split()[2] for language, text in seen.items()} == {"fr": "fr", "de": "de", "en": "en"}


def test_the_query_and_the_host_make_other_pages(client):
    for address in ("/page/", "/page/?a=1", "/page/?a=2"):
        client.get(address)
    client.get("/page/", headers={"Host": "other.example"})

    assert renders == ["page"] * 4


def test_a_fragment_is_not_the_page(client):
    assert client.get("/fragment/").content == b"whole"
    assert client.get("/fragment/", headers={"HX-Request": "true"}).content == b"true"
    assert client.get("/fragment/").content == b"whole"
    assert renders == ["fragment"] * 2


def test_a_person_who_is_signed_in_gets_their_own_page_and_leaves_no_trace(client):
    etag = client.get("/page/")["ETag"]
    sign_in(client, make_user(email="ana@example.org"))
    mine = client.get("/page/", headers={"If-None-Match": etag})

    assert mine.status_code == 200
    assert mine.content.decode().startswith("page ana@example.org fr 2 ")
    assert "ETag" not in mine
    assert "Cookie" in mine["Vary"]

    client.cookies.clear()
    assert client.get("/page/").content.decode().startswith("page visiteur fr 1 ")
    assert renders == ["page"] * 2


def test_a_person_who_signs_in_first_leaves_nothing_to_visitors(client):
    sign_in(client, make_user(email="ana@example.org"))
    client.get("/page/")
    client.cookies.clear()

    assert client.get("/page/").content.decode().startswith("page visiteur")


def test_a_message_on_its_way_to_somebody_is_not_kept(client):
    client.get("/message/")
    client.get("/page/")
    client.cookies.clear()
    client.get("/page/")

    assert renders == ["message", "page", "page"]


@pytest.mark.parametrize("name", RESPONSES)
def test_what_is_not_a_whole_page_for_everybody_is_not_kept(client, name):
    for _number in range(2):
        response = client.get(f"/{name}/")
        assert "ETag" not in response
        client.cookies.clear()

    assert renders == [name, name]
    assert memory.client().keys("page:*") == []


def test_a_token_is_not_kept_even_for_somebody_who_has_one(client):
    client.get("/token/")
    client.get("/token/")

    assert renders == ["token", "token"]


def test_a_post_and_a_long_query_go_through(client):
    client.get("/page/")
    client.post("/page/")
    client.get("/page/?a=" + "a" * 300)
    client.get("/page/?a=" + "a" * 300)

    assert renders == ["page"] * 4


def test_a_head_request_is_answered_from_the_page(client):
    client.get("/page/")
    response = client.head("/page/")

    assert (response.status_code, response.content) == (200, b"")
    assert renders == ["page"]


def test_a_template_response_is_finished_before_it_is_kept(client):
    assert client.get("/lazy/").content == client.get("/lazy/").content
    assert renders == ["lazy"]


def test_the_page_is_sent_compressed_as_it_is_kept(client):
    plain = client.get("/page/")
    packed = client.get("/page/", headers={"Accept-Encoding": "gzip, br"})

    assert packed["Content-Encoding"] == "gzip"
    assert gzip.decompress(packed.content) == plain.content
    assert packed["ETag"] == plain["ETag"]


def test_nothing_is_kept_while_developing(client):
    with override_settings(DEBUG=True):
        client.get("/page/")
        client.get("/page/")

    assert renders == ["page", "page"]


def test_kept_pages_do_not_stay_for_ever(client):
    client.get("/page/")
    client.get("/page/?a=1")

    lives = sorted(memory.client().ttl(key) for key in memory.client().keys("page:*"))
    assert [lives[0] in range(290, 301), lives[1] in range(3590, 3601)] == [True, True]


@pytest.fixture
def redis_down(monkeypatch):
    asked = []
    down = memory.connect("unix:///nowhere/s")
    monkeypatch.setattr(memory, "client", lambda: asked.append(1) or down)
    return asked


def test_without_redis_pages_are_rendered_and_304_still_answered(client, redis_down):
    etag = client.get("/page/")["ETag"]

    assert client.get("/page/").status_code == 200
    assert client.get("/page/", headers={"If-None-Match": etag}).status_code == 304
    assert renders == ["page", "page"]
    assert len(redis_down) == 1  # then it is left alone for a while


@pytest.mark.django_db(transaction=True)
def test_what_is_kept_under_a_number_is_never_older_than_it(rf):
    """A line is written while the page is being rendered: the next request renders again."""
    writing, written = threading.Event(), threading.Event()

    def write():
        writing.wait(10)
        try:
            record()
        finally:
            connection.close()
            written.set()

    def render(request):
        writing.set()
        written.wait(10)
        return HttpResponse("a")

    thread = threading.Thread(target=write)
    thread.start()
    view = pages.cached_for_visitors(lambda request: renders.append("slow") or render(request))
    request = rf.get("/slow/")
    request.session = SessionStore()
    view(request)
    thread.join()
    view(request)

    assert renders == ["slow", "slow"]
