"""Addresses that refuse, in the staff space: shown masked, written to again with a reason, on the register."""

import json

import pytest
from django.urls import reverse
from django.utils import timezone

from mulhouse.errors import DomainError
from notifications import actions, addresses
from notifications.models import AddressState
from tests.factories import make_staff, make_user, sign_in
from transparency.models import RegisterLine

pytestmark = pytest.mark.django_db(transaction=True)
VIEW, CHANGE = "notifications.view_addressstate", "notifications.change_addressstate"
LIST = "admin:notifications_addressstate_changelist"


@pytest.fixture
def state():
    person = make_user(email="camille.durand@example.org")
    actions.note_bounce(address=person.email, code="bounced", reported_by="mailjet", at=timezone.now())
    return AddressState.objects.get()


def button(state):
    return reverse("admin:notifications_addressstate_button", args=[state.pk, "reprendre"])


@pytest.mark.parametrize("who", [None, make_user, make_staff], ids=["visitor", "resident", "staff"])
def test_the_others_see_nothing(client, state, who):
    if who is not None:
        sign_in(client, who())
    for url in (reverse(LIST), reverse("admin:notifications_addressstate_change", args=[state.pk]), button(state)):
        assert client.get(url).status_code in {302, 403}
    assert client.post(button(state), {"reason": "asked"}).status_code in {302, 403}
    assert AddressState.objects.get().is_refusing


def test_who_reads_changes_nothing(client, state):
    reader = sign_in(client, make_staff(VIEW))
    assert client.get(button(state)).status_code == 403
    assert client.post(button(state), {"reason": "asked"}).status_code == 403
    page = reader.get(reverse("admin:notifications_addressstate_change", args=[state.pk])).content.decode()
    assert "Écrire de nouveau" not in page
    with pytest.raises(DomainError):
        actions.reopen_address(
            actor=make_staff(VIEW), state=state, reason=AddressState.Reopening.ASKED, at=timezone.now()
        )
    assert AddressState.objects.get().is_refusing


@pytest.mark.parametrize("count", [1, 30])
def test_the_list_masks_addresses_and_costs_the_same(client, count, django_assert_num_queries):
    for number in range(count):
        actions.note_complaint(
            address=f"camille.durand{number}@example.org",
            kind="consultations.phase",
            reported_by="postmark",
            at=timezone.now(),
        )
    sign_in(client, make_staff(VIEW))
    with django_assert_num_queries(LIST_QUERIES):
        page = client.get(reverse(LIST)).content.decode()
    assert "c…@example.org" in page
    assert "camille" not in page
    assert "Étapes d’une consultation" in page


LIST_QUERIES = 9


def test_staff_writes_again_with_a_reason_once(client, state):
    sign_in(client, make_staff(VIEW, CHANGE))
    asked = client.get(button(state)).content.decode()
    assert "camille" not in asked
    for wrong in ("", "autre"):
        assert client.post(button(state), {"reason": wrong}).status_code == 422
    assert RegisterLine.objects.count() == 0
    # Twice: the page says that it is done.
    assert [client.post(button(state), {"reason": "asked"}).status_code for _ in range(2)] == [302, 422]
    assert not AddressState.objects.get().is_refusing
    assert addresses.refusing([state.address]) == set()
    (line,) = RegisterLine.objects.all()
    assert (line.act, line.role) == ("mail.address_reopened", "agent")
    assert json.loads(line.content)["faits"] == {"motif": "La personne dit que son adresse marche"}
    assert "camille" not in line.content


def test_one_that_refuses_again_is_noted_again(state):
    staff = make_staff(CHANGE)
    actions.reopen_address(actor=staff, state=state, reason=AddressState.Reopening.REPAIRED, at=timezone.now())
    with pytest.raises(DomainError):
        actions.reopen_address(actor=staff, state=state, reason=AddressState.Reopening.REPAIRED, at=timezone.now())
    actions.note_bounce(address=state.address, code="bounced", reported_by="smtp", at=timezone.now())
    assert AddressState.objects.get().is_refusing
