"""Requests about one's data: their clock, their code, their answers; denial first."""

import datetime as dt
import re

import pytest
from django.test import Client
from django.utils import timezone

from accounts import actions as accounts
from mulhouse.errors import DomainError, RefusedError
from notifications.models import OutboundMail
from privacy import actions
from privacy.models import AccessLog, DataRequest
from tests import factories as f
from transparency.models import Promise, PromisePause, RegisterLine

pytestmark = pytest.mark.django_db(transaction=True)
AT = dt.datetime(2026, 11, 23, 12, tzinfo=dt.UTC)
ASK = "/donnees-personnelles/demande/"
OWN = "/mon-espace/donnees/demandes/"
ADMIN = "/gestion/privacy/datarequest/"
HANDLE = ("privacy.view_datarequest", "privacy.handle_datarequest", "privacy.limit_person")


def make_request(user=None, **fields):
    return actions.ask(user=user or f.make_resident(), kind="access", words="Tout ce que vous savez.", at=AT, **fields)


def agent():
    return f.make_staff(*HANDLE)


def visitor_request():
    row = actions.ask_without_account(
        kind="rectification",
        name="Odile Schmitt",
        email="odile@ailleurs.example",
        words="Mon nom.",
        language="fr",
        at=AT,
    )
    return row, re.search(r"\d{6}", OutboundMail.objects.get(to="odile@ailleurs.example").text).group()


# --- Rules ---------------------------------------------------------------------------------------------------------------


def test_only_those_in_charge_deal_with_it_and_never_with_their_own():
    row = make_request()
    for person in (f.make_resident(), f.make_staff()):
        with pytest.raises(RefusedError) as refused:
            actions.answer(actor=person, request=row, outcome="done", text="Oui.", at=AT)
        assert refused.value.code == "not_allowed"
    insider = agent()
    with pytest.raises(RefusedError) as refused:
        actions.answer(actor=insider, request=make_request(insider), outcome="done", text="Oui.", at=AT)
    assert refused.value.code == "own_request"


def test_the_clock_of_an_account_runs_at_once():
    row = make_request()
    assert (row.due_on, row.identity) == (dt.date(2026, 12, 23), "account")
    line = RegisterLine.objects.get(act="data_request.received")
    assert (line.role, line.subject) == ("habitant", row.reference)
    assert '"reponse_promise":"2026-12-23"' in line.content


def test_extension_once_with_a_reason_before_the_month_is_over():
    row, actor = make_request(), agent()
    with pytest.raises(DomainError):
        actions.extend(actor=actor, request=row, reason=" ", at=AT)
    with pytest.raises(RefusedError) as refused:
        actions.extend(actor=actor, request=row, reason="Trop.", at=AT + dt.timedelta(days=31))
    assert refused.value.code == "late"
    row = actions.extend(
        actor=actor, request=row, reason="Des archives papier à relire.", at=AT + dt.timedelta(days=30)
    )
    assert row.due_on == dt.date(2027, 2, 23)
    assert "archives papier" in OutboundMail.objects.get(kind="privacy.request_extended").text
    with pytest.raises(RefusedError) as refused:
        actions.extend(actor=actor, request=row, reason="Encore.", at=AT)
    assert refused.value.code == "extended"


@pytest.mark.parametrize(("days", "in_time"), [(30, "true"), (31, "false")])
def test_an_answer_is_in_time_on_the_last_day(days, in_time):
    row = make_request()
    actions.answer(actor=agent(), request=row, outcome="done", text="Voici.", at=AT + dt.timedelta(days=days))
    assert f'"dans_les_delais":{in_time}' in RegisterLine.objects.get(act="data_request.answered").content
    assert "CNIL" in OutboundMail.objects.get(kind="privacy.request_answered").text
    with pytest.raises(RefusedError) as refused:
        actions.answer(actor=agent(), request=row, outcome="done", text="Encore.", at=AT)
    assert refused.value.code == "answered"


# --- A clock that waits for an identity ----------------------------------------------------------------------------------


def confirmed():
    row, code = visitor_request()
    return actions.confirm(request=row, code=code, at=AT)


def test_only_those_in_charge_stop_the_clock_and_only_while_the_identity_is_awaited():
    row, actor = confirmed(), agent()
    for person in (f.make_resident(), f.make_staff("privacy.view_datarequest")):
        for gesture in (lambda who: actions.pause(actor=who, request=row, reason="Qui ?", at=AT), resume_now(row)):
            with pytest.raises(RefusedError) as refused:
                gesture(person)
            assert refused.value.code == "not_allowed"
    with pytest.raises(RefusedError) as refused:
        actions.pause(actor=actor, request=make_request(), reason="Qui ?", at=AT)
    assert refused.value.code == "identified"
    with pytest.raises(DomainError) as refused:
        actions.pause(actor=actor, request=row, reason=" ", at=AT)
    assert refused.value.code == "reason"
    with pytest.raises(DomainError) as refused:
        actions.pause(actor=actor, request=row, reason="Qui ?", at=AT + dt.timedelta(days=31))
    assert refused.value.code == "late"
    assert PromisePause.objects.count() == 0


def resume_now(row):
    return lambda who: actions.resume(actor=who, request=row, at=AT)


def test_the_clock_waits_for_the_identity_and_the_person_reads_why(client):
    row, actor = confirmed(), agent()
    days = dt.timedelta(days=1)
    actions.pause(actor=actor, request=row, reason="Venez au guichet avec une pièce d’identité.", at=AT + 10 * days)
    line = RegisterLine.objects.get(act="promise.paused")
    assert (line.role, line.subject, line.actor.user) == ("agent", row.reference, actor)
    assert "Venez au guichet" in OutboundMail.objects.get(kind="privacy.request_paused").text
    page = client.get(f"{ASK}{row.reference}/").content.decode()
    assert ("Le délai est arrêté" in page, "Venez au guichet" in page) == (True, True)
    assert list(DataRequest.objects.late(on=dt.date(2027, 3, 1))) == []

    actions.establish_identity(actor=actor, request=row, identity="desk", at=AT + 25 * days)
    row.refresh_from_db()
    assert (row.due_on, Promise.objects.get(key=row.reference).due_on) == (dt.date(2027, 1, 7), dt.date(2027, 1, 7))
    assert list(DataRequest.objects.late(on=dt.date(2027, 1, 8))) == [row]
    row = actions.extend(actor=actor, request=row, reason="Des archives papier.", at=AT + 26 * days)
    assert (row.due_on, Promise.objects.get(key=row.reference).due_on) == (dt.date(2027, 3, 10), dt.date(2027, 3, 10))


def test_a_refusal_during_a_pause_is_in_time():
    row, actor = confirmed(), agent()
    actions.pause(actor=actor, request=row, reason="Venez au guichet.", at=AT)
    row = actions.answer(actor=actor, request=row, outcome="refused", text="Non.", at=AT + dt.timedelta(days=60))
    assert '"dans_les_delais":true' in RegisterLine.objects.get(act="data_request.answered").content
    assert row.due_on == dt.date(2027, 2, 21)


def test_staff_stop_the_clock_from_the_table_and_start_it_again(client):
    row = confirmed()
    DataRequest.objects.filter(pk=row.pk).update(received_at=timezone.now())
    Promise.objects.update(due_on=f.today() + dt.timedelta(days=20), first_due_on=f.today(), made_on=f.today())
    f.sign_in(client, agent())
    url = f"{ADMIN}{row.pk}/geste/"
    assert client.post(f"{url}arreter-le-delai/", {"reason": ""}).status_code == 422
    assert client.post(f"{url}arreter-le-delai/", {"reason": "Venez au guichet."}).status_code == 302
    page = client.get(f"{ADMIN}{row.pk}/change/").content.decode()
    assert ("Arrêté" in page, "/arreter-le-delai/" in page, "/reprendre-le-delai/" in page) == (True, False, True)
    assert client.post(f"{url}reprendre-le-delai/").status_code == 302
    assert RegisterLine.objects.filter(act__in=("promise.paused", "promise.resumed")).count() == 2


def test_account_that_closes_leaves_no_promise_late_for_ever():
    row, kept = make_request(user := f.make_resident()), make_request(user)
    actions.answer(actor=agent(), request=kept, outcome="done", text="Voici.", at=AT)
    accounts.close_account(user=user)
    assert list(Promise.objects.standing().values_list("key", flat=True)) == [kept.reference]
    assert Promise.objects.get(key=row.reference).dropped_on is not None


# --- Without an account ------------------------------------------------------------------------------------------------


def test_without_an_account_the_clock_waits_for_the_code():
    row, code = visitor_request()
    assert (row.received_at, row.due_on) == (None, None)
    with pytest.raises(RefusedError) as refused:
        actions.answer(actor=agent(), request=row, outcome="refused", text="Non.", at=AT)
    assert refused.value.code == "unconfirmed"
    row = actions.confirm(request=row, code=code, at=AT + dt.timedelta(hours=2))
    assert row.due_on == dt.date(2026, 12, 23)
    assert row.code_hash == ""
    assert actions.confirm(request=row, code="000000", at=AT).received_at == row.received_at


def test_nothing_is_given_before_the_identity_is_known():
    row, code = visitor_request()
    row, actor = actions.confirm(request=row, code=code, at=AT), agent()
    with pytest.raises(RefusedError) as refused:
        actions.answer(actor=actor, request=row, outcome="done", text="Voici.", at=AT)
    assert refused.value.code == "identity"
    actions.establish_identity(actor=actor, request=row, identity="desk", at=AT)
    row.refresh_from_db()
    assert actions.answer(actor=actor, request=row, outcome="done", text="Voici.", at=AT).answered_at == AT


def test_a_code_has_five_tries_and_a_day():
    row, code = visitor_request()
    wrong = "000000" if code != "000000" else "111111"
    url = f"{ASK}{row.reference}/"
    for _try in range(5):
        assert Client().post(url, {"code": wrong}).status_code == 422
    assert Client().post(url, {"code": code}).status_code == 422
    other = DataRequest.objects.get()
    DataRequest.objects.filter(pk=other.pk).update(tries=0)
    with pytest.raises(DomainError) as refused:
        actions.confirm(request=other, code=code, at=AT + dt.timedelta(days=1, seconds=1))
    assert refused.value.code == "too_old"
    actions.purge(at=AT + dt.timedelta(days=1, seconds=1))
    assert DataRequest.objects.count() == 0


# --- Pages -----------------------------------------------------------------------------------------------------------------


def test_a_visitor_asks_then_follows_by_reference_without_words_nor_name(client):
    given = {"kind": "access", "words": "Que savez-vous ?", "name": "Odile Schmitt", "email": "odile@ailleurs.example"}
    assert client.post(ASK, {**given, "email": ""}).status_code == 422
    assert client.post(ASK, {**given, "website": "x"}).status_code == 422
    assert DataRequest.objects.count() == 0
    where = client.post(ASK, given)["Location"]
    code = re.search(r"\d{6}", OutboundMail.objects.get().text).group()
    assert client.post(where, {"code": code}).status_code == 302
    page = client.get(where).content.decode()
    assert "bien reçue" in page
    for word in ("Odile", "ailleurs", "Que savez-vous"):
        assert word not in page
    assert client.get(f"{ASK}AAAAAAAA/").status_code == 404


def test_a_resident_asks_and_reads_the_answer_and_nobody_else_does(client):
    user, other = f.make_resident(), f.make_resident()
    assert client.get(OWN).status_code == 302
    f.sign_in(client, user)
    assert client.post(ASK, {"kind": "objection", "words": "Arrêtez de m’écrire."})["Location"] == OWN
    row = DataRequest.objects.get()
    actions.answer(actor=agent(), request=row, outcome="done", text="C’est arrêté.", at=timezone.now())
    page = client.get(OWN).content.decode()
    assert "Arrêtez de m’écrire." in page
    assert "C’est arrêté." in page
    assert "Arrêtez" not in f.sign_in(Client(), other).get(OWN).content.decode()


@pytest.mark.parametrize("many", [1, 12])
def test_own_pages_cost_the_same_whatever_the_rows(client, many, django_assert_max_num_queries):
    user = f.make_resident()
    actor = agent()
    for _each in range(many):
        actions.read_request(actor=actor, request=make_request(user))
    f.sign_in(client, user)
    for url in (OWN, "/mon-espace/donnees/consultations/", "/mon-espace/donnees/"):
        with django_assert_max_num_queries(8):
            assert client.get(url).status_code == 200


# --- Staff -------------------------------------------------------------------------------------------------------------------


def test_the_queue_is_closed_to_the_others():
    row = make_request()
    for person in (f.make_staff(), f.make_staff("accounts.view_user")):
        client = f.sign_in(Client(), person)
        assert client.get(ADMIN).status_code == 403
        assert client.get(f"{ADMIN}{row.pk}/change/").status_code in {302, 403}
        assert client.post(f"{ADMIN}{row.pk}/geste/ouvrir/").status_code in {302, 403, 404}
    assert AccessLog.objects.count() == 0


def test_name_and_words_show_on_a_post_that_the_person_sees():
    user = f.make_resident(public_name="Nadia B.")
    row, client = make_request(user), f.sign_in(Client(), agent())
    for page in (client.get(ADMIN), client.get(f"{ADMIN}{row.pk}/change/")):
        assert page.status_code == 200
        assert "Tout ce que vous savez." not in page.content.decode()
        assert "Nadia" not in page.content.decode()
    assert client.get(f"{ADMIN}{row.pk}/geste/ouvrir/").status_code == 405
    assert AccessLog.objects.count() == 0
    page = client.post(f"{ADMIN}{row.pk}/geste/ouvrir/")
    assert "Tout ce que vous savez." in page.content.decode()
    assert "no-store" in page["Cache-Control"]
    log = AccessLog.objects.get()
    assert (log.person, log.category, log.subject) == (user, "REQUEST", row.reference)
    seen = f.sign_in(Client(), user).get("/mon-espace/donnees/consultations/").content.decode()
    assert "Une demande que vous avez faite" in seen
    assert "Agent de la Ville" in seen


def test_staff_answer_from_the_table():
    row, client = make_request(), f.sign_in(Client(), agent())
    url = f"{ADMIN}{row.pk}/geste/repondre/"
    assert client.post(url, {"outcome": "done", "answer": ""}).status_code == 422
    assert client.post(url, {"outcome": "done", "answer": "Voici vos données."}).status_code == 302
    row.refresh_from_db()
    assert (row.outcome, row.answer) == ("done", "Voici vos données.")


def test_the_home_of_staff_shows_what_is_late():
    make_request()
    page = f.sign_in(Client(), agent()).get("/gestion/").content.decode()
    assert "Demandes sur des données" in page
    assert "Demandes sur des données" not in f.sign_in(Client(), f.make_staff()).get("/gestion/").content.decode()
