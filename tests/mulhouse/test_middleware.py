import io
import logging
import threading

import psycopg2
import pytest
from django.core.exceptions import PermissionDenied
from django.db import OperationalError, connection, transaction
from django.http import Http404, HttpResponse
from django.test import override_settings
from django.urls import path

from city.models import Sector
from mulhouse import tracing
from mulhouse.access import public
from mulhouse.errors import Refusal, RefusedError
from tests.factories import make_sector, make_user, sign_in

logger = logging.getLogger("mulhouse.tests")


@public
def ok(request):
    logger.warning("seen")
    return HttpResponse("ok")


@public
def refused(request):
    raise RefusedError(Refusal("closed", "La consultation est terminée."))


@public
def denied(request):
    raise PermissionDenied("Réservé aux agents.")


@public
def missing(request):
    raise Http404


@public
def gone(request):
    return HttpResponse("gone", status=410)


@public
def broken(request):
    raise ValueError("secret detail")


@public
def locked(request):
    with transaction.atomic():
        Sector.objects.select_for_update(of=("self",)).get(slug="verrou")
    return HttpResponse("ok")


VIEWS = {
    "ok": ok,
    "refused": refused,
    "denied": denied,
    "missing": missing,
    "gone": gone,
    "broken": broken,
    "locked": locked,
}


@pytest.fixture
def _routes(monkeypatch):
    """The site's own addresses, and ours."""
    from mulhouse import urls  # noqa: PLC0415 (read by the site, extended here)

    ours = [path(f"essai/{name}/", view) for name, view in VIEWS.items()]
    monkeypatch.setattr(urls, "urlpatterns", [*ours, *urls.urlpatterns])
    from django.urls import clear_url_caches  # noqa: PLC0415 (same)

    clear_url_caches()
    yield
    clear_url_caches()


pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("_routes")]


@pytest.fixture
def client(client):
    client.raise_request_exception = False
    return client


def ask(client, name, **options):
    return client.get(f"/essai/{name}/", **options)


def test_a_browser_asks_again_for_what_is_gone(client):
    assert ask(client, "gone")["Cache-Control"] == "no-cache"
    assert not ask(client, "ok").has_header("Cache-Control")


@pytest.mark.parametrize(
    ("name", "status", "words"),
    [
        ("refused", 403, "La consultation est terminée."),
        ("denied", 403, "Réservé aux agents."),
        ("missing", 404, "</h1>"),
        ("broken", 500, "</h1>"),
    ],
)
def test_each_failure_has_its_page_without_a_query(client, django_assert_num_queries, name, status, words):
    with django_assert_num_queries(0):
        response = ask(client, name)

    text = response.content.decode()
    assert (response.status_code, words in text, text.count("<h1")) == (status, True, 1)
    assert "secret detail" not in text


@pytest.mark.parametrize("name", ["broken", "ok"])
def test_a_request_has_a_number(client, name):
    first, second = ask(client, name), ask(client, name)

    assert first["X-Request-ID"] != second["X-Request-ID"]
    assert len(first["X-Request-ID"]) == 16


def test_the_number_is_on_the_page_of_a_failure_and_in_the_logs(client):
    stream = io.StringIO()
    handler = logging.StreamHandler(stream)
    handler.addFilter(tracing.RequestIdFilter())
    handler.setFormatter(logging.Formatter("%(request_id)s %(message)s"))
    logger.addHandler(handler)
    try:
        response = ask(client, "ok")
    finally:
        logger.removeHandler(handler)
    assert stream.getvalue() == f"{response['X-Request-ID']} seen\n"

    response = ask(client, "broken")
    assert response["X-Request-ID"] in response.content.decode()


@pytest.mark.parametrize(
    ("proxies", "given", "kept"),
    [
        (1, "abcdef-123456", True),
        (0, "abcdef-123456", False),
        (1, "short", False),
        (1, "a" * 65, False),
        (1, "<script>alert", False),
    ],
)
def test_a_number_is_taken_from_a_trusted_proxy_only(client, proxies, given, kept):
    with override_settings(TRUSTED_PROXIES=proxies):
        response = ask(client, "ok", headers={"X-Request-ID": given})

    assert (response["X-Request-ID"] == given) is kept


@pytest.mark.parametrize("name", ["ok", "refused", "missing", "broken"])
def test_every_answer_bears_the_security_headers(client, name):
    response = ask(client, name)

    policy = dict(part.strip().split(" ", 1) for part in response["Content-Security-Policy"].split(";"))
    assert policy["default-src"] == "'none'"
    assert (policy["script-src"], policy["style-src"], policy["frame-ancestors"]) == ("'self'", "'self'", "'none'")
    assert "unsafe" not in response["Content-Security-Policy"]
    assert response["X-Content-Type-Options"] == "nosniff"
    assert response["X-Frame-Options"] == "DENY"
    assert response["Referrer-Policy"] == "same-origin"
    assert response["Cross-Origin-Opener-Policy"] == "same-origin"
    assert response["Permissions-Policy"].startswith("camera=()")


def test_a_form_that_stayed_open_too_long_says_what_to_do(client):
    from django.test import Client  # noqa: PLC0415 (one that checks tokens)

    response = Client(enforce_csrf_checks=True).post("/accessibilite/signaler/", {})

    assert response.status_code == 403
    assert "Cette page est restée ouverte trop longtemps." in response.content.decode()


@pytest.mark.django_db(transaction=True)
def test_a_row_somebody_else_holds_too_long_is_a_503(client):
    make_sector(slug="verrou")
    held, go_on = threading.Event(), threading.Event()

    def hold():
        try:
            with transaction.atomic():
                Sector.objects.select_for_update(of=("self",)).get(slug="verrou")
                held.set()
                go_on.wait(10)
        finally:
            connection.close()

    holder = threading.Thread(target=hold)
    holder.start()
    held.wait(10)
    with connection.cursor() as cursor:
        cursor.execute("SET lock_timeout = '100ms'")
    try:
        response = client.post("/essai/locked/")
    finally:
        with connection.cursor() as cursor:
            cursor.execute("SET lock_timeout = 0")
        go_on.set()
        holder.join()

    assert (response.status_code, response["Retry-After"]) == (503, "10")
    assert response["X-Request-ID"] in response.content.decode()
    assert client.post("/essai/locked/").status_code == 200


def without_database(execute, sql, params, many, context):
    error = OperationalError("the connection was cut")
    error.__cause__ = psycopg2.OperationalError("the connection was cut")
    raise error


@pytest.mark.parametrize("signed_in", [False, True])
def test_without_the_database_pages_say_that_it_will_come_back(client, signed_in):
    """Signed in, the session is read by a middleware, where no view's handler looks."""
    if signed_in:
        sign_in(client, make_user())
    with connection.execute_wrapper(without_database):
        response = client.get("/registre/")

    assert response.status_code == 503


def test_a_wrong_query_is_ours_and_stays_a_500(client):
    def wrong(execute, sql, params, many, context):
        return execute("SELECT nothing", None, many, context)

    with connection.execute_wrapper(wrong):
        assert client.get("/registre/").status_code == 500
