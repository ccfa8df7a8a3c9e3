"""Who looked: each staff surface that reveals something of a person leaves one row; no page of the admin shows an address."""

import datetime as dt
import re

import pytest
from django.contrib import admin
from django.test import Client
from django.urls import NoReverseMatch, reverse
from django.utils import timezone

from accounts import actions as accounts
from mulhouse import looking
from notifications import outbox
from privacy import actions
from privacy.models import AccessLog
from tests import factories as f
from transparency import actions as transparency
from transparency import register
from transparency.models import RegisterLine

pytestmark = pytest.mark.django_db(transaction=True)
OWN = "/mon-espace/donnees/consultations/"
DOMAIN = "habitants-secrets.example"


def rows():
    return [(row.person, row.category, row.why) for row in AccessLog.objects.order_by("pk")]


def test_an_address_shown_is_told_to_its_person():
    user, clerk = f.make_resident(), f.make_staff("accounts.view_user", "accounts.view_email")
    client = f.sign_in(Client(), clerk)
    url = f"/gestion/accounts/user/{user.pk}/geste/afficher-l-adresse/"
    assert client.get(url).status_code == 200
    assert rows() == []
    client.post(url, {"purpose": "help"})
    assert rows() == [(user, "EMAIL", "Répondre à une demande d’aide")]
    page = f.sign_in(Client(), user).get(OWN).content.decode()
    assert "Votre adresse électronique" in page
    assert clerk.public_name not in page


def test_who_stood_behind_a_line_is_told_to_them():
    user = f.make_resident()
    accounts.update_profile(user=user, public_name="Autre nom", birth_year=None, language="fr", scheme="")
    line = RegisterLine.objects.get(act="profile.renamed")
    transparency.reveal_actor(actor=f.make_staff("transparency.view_lineactor"), line=line, at=timezone.now())
    assert rows() == [(user, "AUTHOR", "")]


def test_a_refused_look_leaves_nothing():
    user = f.make_resident()
    with pytest.raises(Exception, match="rôle"):
        accounts.show_email(actor=f.make_staff(), person=user, purpose=accounts.Purpose.HELP)
    assert rows() == []


def test_looking_at_oneself_is_not_told():
    clerk = f.make_staff("accounts.view_email")
    accounts.show_email(actor=clerk, person=clerk, purpose=accounts.Purpose.HELP)
    assert rows() == []


def test_every_category_has_its_words():
    assert all(category.value.strip() for category in looking.Category)
    assert max(len(category.name) for category in looking.Category) <= 20


@pytest.mark.parametrize(("days", "left"), [(365, 1), (366, 0)])
def test_it_is_kept_a_year(days, left):
    user, clerk = f.make_resident(), f.make_staff("accounts.view_email")
    accounts.show_email(actor=clerk, person=user, purpose=accounts.Purpose.HELP)
    at = AccessLog.objects.get().at
    actions.purge(at=at + dt.timedelta(days=days))
    assert AccessLog.objects.count() == left


def test_one_sees_one_s_own_only():
    user, other, clerk = f.make_resident(), f.make_resident(), f.make_staff("accounts.view_email")
    accounts.show_email(actor=clerk, person=user, purpose=accounts.Purpose.HELP)
    assert Client().get(OWN).status_code == 302
    assert "Personne n’a consulté vos données" in f.sign_in(Client(), other).get(OWN).content.decode()


def _everything():
    """Somebody with an address that no page may show, in every table that knows people."""
    user = f.make_resident(email=f"odile@{DOMAIN}", public_name="Odile S.")
    contribution = f.make_contribution(author=user)
    f.make_comment(contribution=contribution, author=user)
    accounts.update_profile(user=user, public_name="Odile Sch.", birth_year=1980, language="fr", scheme="")
    transparency.report_fault(page="/", description="Illisible", email=user.email, language="fr", at=timezone.now())
    request = actions.ask(user=user, kind="access", words=f"Écrivez à odile@{DOMAIN}", at=timezone.now())
    actions.ask_without_account(
        kind="access", name="Paul", email=f"paul@{DOMAIN}", words="Tout", language="fr", at=timezone.now()
    )
    clerk = f.make_user(email=f"agent@{DOMAIN}", is_superuser=True, is_staff=True)
    actions.limit(actor=clerk, person=user, reason="Contestation.", at=timezone.now())
    actions.extend(actor=clerk, request=request, reason="Archives papier.", at=timezone.now())
    from django.db import transaction  # noqa: PLC0415

    with transaction.atomic():
        outbox.enqueue(kind="test", to=user.email, subject="Bonjour", text="x", user=user)
        register.record("account.reopened", role="administration", actor=user)
    return clerk


def test_no_page_of_the_admin_shows_an_address_on_a_get():
    """Every list and every row of every table: what reveals is a POST, which leaves a row."""
    client = f.sign_in(Client(), _everything())
    shown, walked = [], 0
    address = re.compile(rf"[\w.]+@{re.escape(DOMAIN)}")
    for table in admin.site._registry.values():  # noqa: SLF001 (no public list of tables)
        opts = table.model._meta
        try:
            urls = [reverse(f"admin:{opts.app_label}_{opts.model_name}_changelist")]
            keys = table.model._default_manager.order_by("pk").values_list("pk", flat=True)[:3]  # noqa: SLF001 (its documented name)
            urls += [reverse(f"admin:{opts.app_label}_{opts.model_name}_change", args=[key]) for key in keys]
        except NoReverseMatch:
            continue
        for url in urls:
            response = client.get(url, follow=True)
            if not response.streaming:
                walked += 1
                shown += [(url, found) for found in address.findall(response.content.decode())]
    assert shown == []
    assert walked > 20
    assert AccessLog.objects.count() == 0
