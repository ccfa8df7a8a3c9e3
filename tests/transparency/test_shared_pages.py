"""Pages that differ by their frame alone: made once for residents, as a visitor would read them, and put in each one's frame."""

import re

import pytest
from django.conf import settings
from django.contrib.sessions.backends.db import SessionStore
from django.db import transaction
from django.http import Http404, HttpResponse
from django.middleware.csrf import get_token
from django.test import override_settings
from django.urls import reverse

from consultations.models import Consultation, Contribution
from mulhouse import memory
from tests import factories as f
from transparency import pages, register

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _fresh():
    memory.breaker.wake()
    memory.client().flushdb()
    register.declare(register.Act("test.act", "Un acte d’essai"))
    yield
    register._acts.pop("test.act")  # noqa: SLF001 (no app ever takes an act back)
    memory.breaker.wake()


@pytest.fixture
def addresses():
    consultation = f.make_consultation(title="Rues & places <de demain>", sections=2)
    for number in range(3):
        f.make_contribution(consultation=consultation, title=f"Un banc {pages.BETWEEN} {number}")
    listed = reverse("consultations:contributions", args=[consultation.slug])
    return [listed, f"{listed}?q=banc", f"{listed}?tri=soutenu", f"/de{listed}", reverse("consultations:list")]


def read(client, address):
    """Read a page; the token of its forms, new each time, is taken away."""
    response = client.get(address)
    assert response.status_code == 200, address
    return re.sub(r'(?<=name="csrfmiddlewaretoken" value=")\w+', "", response.content.decode())


def record():
    with transaction.atomic():
        register.record("test.act", role="agent")


def test_residents_read_the_page_that_the_view_makes_for_them(client, addresses):
    f.sign_in(client, f.make_resident())
    with override_settings(DEBUG=True):  # nothing is shared while developing
        own = [read(client, address) for address in addresses]
    assert memory.client().keys("parts:*") == []
    assert [read(client, address) for address in addresses] == own  # made
    assert [read(client, address) for address in addresses] == own  # kept
    assert len(memory.client().keys("parts:*")) == len(addresses)


def test_each_person_reads_it_in_their_own_frame(client, addresses):
    first, second = f.make_resident(scheme="light"), f.make_resident(scheme="dark")
    shown = [(read(f.sign_in(client, person), addresses[0]), person.scheme) for person in (first, second)]
    assert [f'data-theme="{scheme}"' in page and "Se déconnecter" in page for page, scheme in shown] == [True, True]
    client.logout()
    assert "data-theme" not in read(client, addresses[0])


def test_a_kept_page_asks_for_the_person_and_the_version_alone(client, addresses, django_assert_num_queries):
    f.sign_in(client, f.make_resident())
    read(client, addresses[0])
    with django_assert_num_queries(3):  # the session, the person, the head of the register
        read(client, addresses[0])


def test_what_is_on_the_register_is_read_at_once(client, addresses):
    f.sign_in(client, f.make_resident())
    read(client, addresses[0])
    Contribution.objects.update(title="Une fontaine")
    assert "Une fontaine" not in read(client, addresses[0])  # no act: nothing public is said to have changed
    record()
    assert "Une fontaine" in read(client, addresses[0])


def test_a_draft_is_found_by_those_who_edit_it_alone(client, addresses):
    Consultation.objects.update(published_at=None)
    for person in (f.make_resident(), f.make_staff(), f.make_resident()):
        assert f.sign_in(client, person).get(addresses[0]).status_code == 404
    assert "Un banc" in read(f.sign_in(client, f.make_staff("consultations.change_consultation")), addresses[0])
    assert f.sign_in(client, f.make_resident()).get(addresses[0]).status_code == 404


def test_a_fragment_is_sent_without_a_frame(client, addresses):
    f.sign_in(client, f.make_resident())
    read(client, addresses[0])
    assert client.get(addresses[0], headers={"HX-Request": "true"}).content.startswith(b'<div id="resultats"')


@pytest.fixture
def redis_down(monkeypatch):
    nowhere = memory.connect("redis://127.0.0.1:1/0")
    monkeypatch.setattr(memory, "client", lambda: nowhere)


def test_without_redis_pages_are_made_each_time(client, addresses, redis_down):
    f.sign_in(client, f.make_resident())
    first = read(client, addresses[0])
    assert read(client, addresses[0]) == first


def with_cookie(request):
    response = HttpResponse("a")
    response.set_cookie("a", "b")
    return response


def with_session(request):
    request.session["a"] = "b"
    return HttpResponse("a")


@pytest.mark.parametrize(
    "respond",
    [
        lambda request: HttpResponse(get_token(request)),
        with_cookie,
        with_session,
        lambda request: HttpResponse("a", status=410),
    ],
    ids=["token", "cookie", "session", "gone"],
)
def test_what_is_not_everybody_s_is_made_for_the_person_and_not_kept(rf, respond):
    asked_by = []

    def view(request):
        asked_by.append(request.user.is_authenticated)
        return respond(request)

    request = rf.get("/page/", headers={"Cookie": f"{settings.SESSION_COOKIE_NAME}=a"})
    request.user, request.session = f.make_resident(), SessionStore()
    pages.cached_for_visitors(shared=True)(view)(request)
    assert asked_by == [False, True]
    assert memory.client().keys("parts:*") == []


def test_the_view_knows_nothing_of_who_asks(rf):
    seen = {}

    def view(request):
        seen.update(
            user=request.user, session=dict(request.session.items()), cookies=request.COOKIES, meta=request.META
        )
        raise Http404

    request = rf.get("/page/", headers={"Cookie": f"{settings.SESSION_COOKIE_NAME}=secret"})
    request.user, request.session = f.make_resident(), SessionStore()
    request.session["a"] = "secret"
    request.META["CSRF_COOKIE"] = "secret"
    with pytest.raises(Http404):
        pages.cached_for_visitors(shared=True)(view)(request)
    assert (seen["user"].is_authenticated, seen["session"], seen["cookies"]) == (False, {}, {})
    assert "secret" not in str(seen["meta"])
    assert request.META["CSRF_COOKIE"] == "secret"
