"""Roles: one table, given and taken on the register, never without a right to."""

import datetime as dt
import json

import pytest
from django.conf import settings
from django.contrib.auth.models import Group, Permission
from django.test import Client
from django.utils import timezone

from accounts import actions, roles, tasks
from accounts.models import User
from mulhouse.errors import RefusedError
from notifications.models import OutboundMail
from tests.factories import make_service, make_staff, make_user, sign_in
from transparency.models import LineActor, RegisterLine

pytestmark = pytest.mark.django_db
AT = dt.datetime(2026, 3, 16, 12, tzinfo=dt.UTC)


@pytest.fixture
def administrator():
    return make_staff("accounts.grant_role", "accounts.deactivate_user", "accounts.view_email", "accounts.view_user")


def codes():
    return list(RegisterLine.objects.order_by("number").values_list("act", flat=True))


# --- The table --------------------------------------------------------------------------------------------------------


def test_every_permission_of_the_table_exists():
    existing = {f"{p.content_type.app_label}.{p.codename}" for p in Permission.objects.select_related("content_type")}
    assert sorted(set().union(*(role.permissions for role in roles.ROLES.values())) - existing) == []


def test_groups_hold_what_the_table_says():
    for role in roles.ROLES.values():
        held = Group.objects.get(name=role.code).permissions.select_related("content_type")
        assert {f"{p.content_type.app_label}.{p.codename}" for p in held} == role.permissions


def test_sync_takes_back_what_is_not_in_the_table_and_can_run_again():
    group = Group.objects.get(name="moderator")
    group.permissions.add(Permission.objects.get(codename="grant_role"))
    roles.sync("accounts")
    roles.sync()
    assert not group.permissions.filter(codename="grant_role").exists()


def test_only_the_administration_gives_roles_and_sees_addresses():
    for permission in ("accounts.grant_role", "accounts.view_email", "accounts.deactivate_user"):
        assert [role.code for role in roles.ROLES.values() if permission in role.permissions] == ["administrator"]


# --- Giving and taking ------------------------------------------------------------------------------------------------


def test_somebody_without_the_permission_gives_nothing():
    person = make_user()
    with pytest.raises(RefusedError) as refused:
        actions.grant_role(actor=make_staff(), person=person, role=roles.AGENT)
    assert refused.value.code == "not_allowed"
    assert roles.of(person) == []
    assert codes() == []


def test_nobody_changes_their_own_roles(administrator):
    with pytest.raises(RefusedError) as refused:
        actions.grant_role(actor=administrator, person=administrator, role=roles.ADMINISTRATOR)
    assert refused.value.code == "own_role"


def test_a_suspended_account_gets_no_role(administrator):
    person = make_user(is_active=False)
    with pytest.raises(RefusedError) as refused:
        actions.grant_role(actor=administrator, person=person, role=roles.AGENT)
    assert refused.value.code == "suspended"


def test_a_role_opens_the_staff_space_and_is_on_the_register_without_the_name(administrator):
    person = make_user(public_name="Dominique Test", email="dominique@ville.example")
    actions.grant_role(actor=administrator, person=person, role=roles.AGENT)
    person = User.objects.get(pk=person.pk)
    assert person.is_staff
    assert person.has_perm("accounts.verify_residency")
    line = RegisterLine.objects.get()
    assert (line.act, line.role) == ("role.granted", "administration")
    assert json.loads(line.content)["faits"] == {"fonction": "Agent de la participation"}
    assert "Dominique" not in line.content
    assert "dominique" not in line.content
    assert LineActor.objects.get().user == administrator
    assert OutboundMail.objects.get(to=person.email).kind == "accounts.role_granted"


def test_a_role_given_twice_is_one_line(administrator):
    person = make_user()
    for _time in range(2):
        actions.grant_role(actor=administrator, person=person, role=roles.AGENT)
    assert codes() == ["role.granted"]


def test_a_role_signs_the_person_out(administrator):
    person = make_user()
    client = sign_in(Client(), person)
    assert client.get("/mon-espace/").status_code == 200
    actions.grant_role(actor=administrator, person=person, role=roles.AGENT)
    assert client.get("/mon-espace/")["Location"].startswith("/compte/connexion/")


def test_the_staff_space_closes_with_the_last_role(administrator):
    person = make_user()
    for role in (roles.AGENT, roles.MODERATOR):
        actions.grant_role(actor=administrator, person=person, role=role)
    actions.revoke_role(actor=administrator, person=User.objects.get(pk=person.pk), role=roles.AGENT)
    assert User.objects.get(pk=person.pk).is_staff
    actions.revoke_role(actor=administrator, person=User.objects.get(pk=person.pk), role=roles.MODERATOR)
    assert not User.objects.get(pk=person.pk).is_staff
    assert codes() == ["role.granted", "role.granted", "role.revoked", "role.revoked"]


def test_a_role_taken_twice_is_one_line(administrator):
    person = make_user()
    actions.revoke_role(actor=administrator, person=person, role=roles.AGENT)
    assert codes() == []


# --- The role of a service ----------------------------------------------------------------------------------------------


def test_the_role_of_a_service_is_given_with_it_and_no_other_role_is(administrator):
    person, service = make_user(), make_service()
    for role, given in ((roles.SERVICE, None), (roles.AGENT, service)):
        with pytest.raises(RefusedError) as refused:
            actions.grant_role(actor=administrator, person=person, role=role, service=given)
        assert refused.value.code == "service"
    assert (codes(), roles.of(person)) == ([], [])


def test_the_role_of_a_service_says_which_and_moves_with_it(administrator):
    person, first, second = make_user(), make_service(name="Voirie"), make_service(name="Sports")
    for service in (first, first, second):
        person = User.objects.get(pk=person.pk)
        actions.grant_role(actor=administrator, person=person, role=roles.SERVICE, service=service)
    lines = [json.loads(line.content)["faits"] for line in RegisterLine.objects.order_by("number")]
    assert lines == [{"fonction": f"Service de la Ville ({name})"} for name in ("Voirie", "Sports")]
    person = User.objects.get(pk=person.pk)
    assert (person.service, roles.of(person)) == (second, [roles.SERVICE])
    actions.revoke_role(actor=administrator, person=person, role=roles.SERVICE)
    person = User.objects.get(pk=person.pk)
    assert (person.service, roles.of(person), person.is_staff) == (None, [], False)


# --- Suspending -------------------------------------------------------------------------------------------------------


def test_suspending_needs_the_permission_and_another_person(administrator):
    for actor, person, code in (
        (make_staff(), make_user(), "not_allowed"),
        (administrator, administrator, "own_account"),
        (administrator, make_user(is_superuser=True), "not_allowed"),
    ):
        with pytest.raises(RefusedError) as refused:
            actions.suspend_account(actor=actor, person=person, danger=actions.Danger.STOLEN, at=AT)
        assert refused.value.code == code
    assert codes() == []


def test_suspending_signs_out_and_says_why_until_when_and_what_can_be_done(administrator):
    person = make_user()
    client = sign_in(Client(), person)
    for _time in range(2):
        actions.suspend_account(actor=administrator, person=person, danger=actions.Danger.STOLEN, at=AT)
    assert client.get("/mon-espace/")["Location"].startswith("/compte/connexion/")
    text = OutboundMail.objects.get(to=person.email).text
    for words in ("Quelqu’un d’autre semble", "15\u00a0avril 2026", "juge administratif", settings.LEGAL["dpo_email"]):
        assert words in text
    assert not User.objects.get(pk=person.pk).has_usable_password()
    for _time in range(2):
        actions.reopen_account(actor=administrator, person=person, at=AT)
    assert User.objects.get(pk=person.pk).is_active
    assert codes() == ["account.suspended", "account.reopened"]


def test_suspended_account_opens_again_on_its_day_by_itself(administrator, monkeypatch):
    person = make_user()
    actions.suspend_account(actor=administrator, person=person, danger=actions.Danger.ASKED, at=AT)
    ends_at = User.objects.get(pk=person.pk).suspended_until
    for now, is_open in ((ends_at - dt.timedelta(seconds=1), False), (ends_at, True), (ends_at, True)):
        monkeypatch.setattr(timezone, "now", lambda now=now: now)
        tasks.reopen_suspended()
        assert User.objects.get(pk=person.pk).is_active is is_open
    assert codes() == ["account.suspended", "account.reopened"]
    assert RegisterLine.objects.get(act="account.reopened").role == "système"


# --- Addresses --------------------------------------------------------------------------------------------------------


def test_an_address_is_shown_with_the_permission_only_and_written_down(administrator):
    person = make_user(email="camille@habitants.example")
    with pytest.raises(Exception, match="Votre rôle ne permet pas"):
        actions.show_email(actor=make_staff(), person=person, purpose=actions.Purpose.HELP)
    assert codes() == []
    assert actions.show_email(actor=administrator, person=person, purpose=actions.Purpose.HELP) == person.email
    line = RegisterLine.objects.get()
    assert json.loads(line.content)["faits"] == {"motif": "Répondre à une demande d’aide"}
    assert "camille" not in line.content
