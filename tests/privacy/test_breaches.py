"""The register of breaches: closed to all but those in charge, its 72 hours, nothing said in public."""

import datetime as dt

import pytest
from django.db import IntegrityError, transaction
from django.test import Client
from django.utils import timezone

from accounts import roles
from mulhouse.errors import DomainError, RefusedError
from privacy import actions, queues
from privacy.models import Breach
from tests import factories as f
from transparency.models import RegisterLine

pytestmark = pytest.mark.django_db(transaction=True)
AT = dt.datetime(2026, 11, 23, 12, tzinfo=dt.UTC)
ADMIN = "/gestion/privacy/breach/"
FOUND = AT - dt.timedelta(hours=10)
H = dt.timedelta(hours=1)


def keeper():
    return f.make_staff("privacy.view_breach", "privacy.record_breach")


def record(actor=None):
    return actions.record_breach(
        actor=actor or keeper(),
        nature="Un fichier d’adresses envoyé à un tiers.",
        data_kinds="adresses",
        people_count=12,
        discovered_at=FOUND,
        at=AT,
    )


def test_no_other_role_than_the_administrator_keeps_it():
    holders = [role.code for role in roles.ROLES.values() if "privacy.record_breach" in role.permissions]
    assert holders == ["administrator"]
    with pytest.raises(RefusedError):
        record(f.make_staff("privacy.view_breach"))
    row = record()
    for person in (f.make_staff(), f.make_staff("privacy.view_breach"), f.make_staff("privacy.record_breach")):
        client = f.sign_in(Client(), person)
        assert client.get(ADMIN).status_code == 403
        assert "fichier d’adresses" not in client.get(f"{ADMIN}{row.pk}/change/").content.decode()


def test_the_register_says_that_there_is_one_and_nothing_more():
    row = record()
    actor = keeper()
    actions.complete_breach(actor=actor, breach=row, people_count=15, consequences="Hameçonnage.", measures="Rappel.")
    actions.notify_breach(actor=actor, breach=row, notified_at=AT, delay_reason="", at=AT)
    actions.settle_people(actor=actor, breach=row, told_at=None, reason="Aucun risque élevé.")
    lines = RegisterLine.objects.filter(act__startswith="breach.").order_by("number")
    assert [line.act for line in lines] == [
        "breach.recorded",
        "breach.completed",
        "breach.notified",
        "breach.people_settled",
    ]
    for line in lines:
        assert '"faits":{}' in line.content
        assert "adresses" not in line.content


@pytest.mark.parametrize(("late", "reason", "allowed"), [(0, "", True), (1, "", False), (1, "Week-end.", True)])
def test_after_72_hours_it_says_why(late, reason, allowed):
    row = record()
    at = row.due_at + dt.timedelta(seconds=late)
    if allowed:
        actions.notify_breach(actor=keeper(), breach=row, notified_at=at, delay_reason=reason, at=at)
        assert Breach.objects.get().notified_at == at
    else:
        with pytest.raises(RefusedError) as refused:
            actions.notify_breach(actor=keeper(), breach=row, notified_at=at, delay_reason=reason, at=at)
        assert refused.value.code == "delay_reason"
        with pytest.raises(IntegrityError), transaction.atomic():
            Breach.objects.filter(pk=row.pk).update(notified_at=at)


def test_not_to_come_not_twice():
    with pytest.raises(DomainError):
        actions.record_breach(
            actor=keeper(), nature="x", data_kinds="y", people_count=None, discovered_at=AT + H, at=AT
        )
    row = record()
    actions.notify_breach(actor=keeper(), breach=row, notified_at=AT, delay_reason="", at=AT)
    with pytest.raises(RefusedError):
        actions.notify_breach(actor=keeper(), breach=row, notified_at=AT, delay_reason="", at=AT)
    with pytest.raises(DomainError):
        actions.leave_unnotified(actor=keeper(), breach=row, reason="Aucun risque.")


@pytest.mark.parametrize(
    ("hours", "words", "late"), [(61, "Encore 1\u00a0h", 0), (63, "Les 72\u00a0heures sont passées", 1)]
)
def test_the_work_queue_counts_the_hours(hours, words, late):
    record()
    watcher = f.make_staff("privacy.handle_datarequest", "privacy.record_breach")
    item = queues.rights(watcher, AT + hours * H)[0]
    assert (item.detail.startswith(words), item.late) == (True, late)
    actions.leave_unnotified(actor=keeper(), breach=Breach.objects.get(), reason="Fichier chiffré.")
    assert queues.rights(watcher, AT) == []


def test_staff_write_it_down_from_a_page():
    client = f.sign_in(Client(), keeper())
    assert "Inscrire une violation" in client.get(f"{ADMIN}add/").content.decode()
    assert client.post(f"{ADMIN}add/", {"nature": "x"}).status_code == 422
    found = timezone.localtime().strftime("%Y-%m-%dT%H:%M")
    given = {"nature": "Poste volé.", "data_kinds": "adresses", "people_count": "", "discovered_at": found}
    assert client.post(f"{ADMIN}add/", given).status_code == 302
    row = Breach.objects.get()
    assert row.due_at - row.discovered_at == 72 * H
    # What is completed twice keeps what was said the first time, unless it is changed.
    complete = f"{ADMIN}{row.pk}/geste/completer/"
    known = {"people_count": "15", "consequences": "Hameçonnage.", "measures": "Rappel."}
    assert client.post(complete, known).status_code == 302
    assert client.get(complete).context["form"].initial == {**known, "people_count": 15}
    # What the action refuses is corrected where it was typed.
    later = (timezone.localtime() + H).strftime("%Y-%m-%dT%H:%M")
    refused = client.post(f"{ADMIN}add/", {**given, "nature": "Une clé perdue.", "discovered_at": later})
    assert refused.status_code == 422
    assert "Une clé perdue." in refused.content.decode()
    assert "La découverte ne peut pas être à venir." in refused.content.decode()
    assert "Poste volé." in client.get(f"{ADMIN}{row.pk}/change/").content.decode()
    assert client.get(ADMIN).status_code == 200
