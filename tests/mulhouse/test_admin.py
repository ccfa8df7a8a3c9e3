# ruff: noqa: SLF001 (Django lists the tables of its admin nowhere else)
"""The staff space: its door, its home page, its tables that only show, and the buttons that act."""

import re

import pytest
from django import forms
from django.contrib import admin
from django.urls import reverse
from django.utils import timezone

from accounts.models import User
from city.models import Theme
from consultations.models import CommentSupport, Position
from mulhouse import work
from mulhouse.errors import DomainError
from mulhouse.staff import Button, ShownAdmin, StaffAdmin
from notifications.models import OutboundMail
from tests.factories import make_consultation, make_resident, make_staff, make_theme, make_user, sign_in
from transparency.models import RegisterLine

INDEX = "/gestion/"


def administrator(client):
    return sign_in(client, make_user(is_staff=True, is_superuser=True, public_name="Camille"))


def text_of(response):
    return response.content.decode()


# --- The door ------------------------------------------------------------------------------------------------------------


def test_visitor_is_led_to_the_sign_in_page_of_the_site_and_back(db, client):
    response = client.get("/gestion/consultations/consultation/", follow=True)
    asked = [url for url, _ in response.redirect_chain]
    assert asked[-1] == f"{reverse('account_login')}?next=/gestion/consultations/consultation/"


@pytest.mark.parametrize("wanted", ["https://example.org/", "//example.org/", "javascript:x"])
def test_sign_in_never_leads_elsewhere(db, client, wanted):
    response = client.get("/gestion/login/", {"next": wanted})
    assert response["Location"] == f"{reverse('account_login')}?next=/gestion/"


def test_resident_is_refused_with_a_sentence(db, client):
    sign_in(client, make_resident())
    response = client.get(INDEX, follow=True)
    assert response.status_code == 403
    assert "réservée aux agents" in text_of(response)


def test_staff_without_second_factor_are_led_to_it(db, client):
    sign_in(client, make_staff("consultations.change_consultation"), second_factor=False)
    response = client.get(INDEX, follow=True)
    assert [url for url, _ in response.redirect_chain][-1] == reverse("accounts:second_factor")
    assert "deuxième facteur" in text_of(response)


def test_staff_who_are_signed_in_come_back_from_the_door(db, client):
    sign_in(client, make_staff())
    response = client.get("/gestion/login/", {"next": "/gestion/city/theme/"})
    assert response["Location"] == "/gestion/city/theme/"


@pytest.mark.parametrize(
    ("path", "route"),
    [
        ("/gestion/logout/", "account_logout"),
        ("/gestion/password_change/", "account_change_password"),
        ("/gestion/password_change/done/", "admin:index"),
    ],
)
def test_account_pages_are_those_of_the_site(db, client, path, route):
    sign_in(client, make_staff())
    assert client.get(path)["Location"] == reverse(route)


def test_tables_of_packages_stay_out():
    labels = {model._meta.app_label for model in admin.site._registry}
    assert labels & {"auth", "account", "mfa", "socialaccount", "usersessions", "sessions"} == set()


def test_positions_and_supports_are_shown_to_nobody():
    assert {Position, CommentSupport} & set(admin.site._registry) == set()
    shown = [field.name for table in admin.site._registry.values() for field in table.opts.get_fields()]
    assert "positions" in shown  # the relation exists, so the next line means something
    listed = [name for table in admin.site._registry.values() for name in (*table.list_display, *(table.fields or ()))]
    assert [name for name in listed if "positions" in str(name) or "supports_set" in str(name)] == []


# --- Home ------------------------------------------------------------------------------------------------------------------


def test_home_says_what_waits_late_things_first(db, client, monkeypatch):
    monkeypatch.setattr(
        work,
        "_queues",
        [
            work.WorkQueue("city.view_theme", lambda user, at: [work.WorkItem("Longue", 12, "/longue/")]),
            work.WorkQueue("city.view_theme", lambda user, at: [work.WorkItem("En retard", 1, "/retard/", late=1)]),
            work.WorkQueue("city.delete_theme", lambda user, at: [work.WorkItem("D’un autre", 99, "/autre/")]),
        ],
    )
    sign_in(client, make_staff("city.view_theme"))
    page = text_of(client.get(INDEX))
    assert re.findall(r'<h2><a href="([^"]+)">', page) == ["/retard/", "/longue/"]
    assert "1\u00a0en retard" in page


def test_home_says_when_nothing_waits(db, client):
    sign_in(client, make_staff())
    page = text_of(client.get(INDEX))
    assert "Rien n’attend" in page
    assert "Votre rôle n’ouvre aucune table" in page


def test_menu_holds_what_one_may_open(db, client):
    sign_in(client, make_staff("consultations.view_contribution"))
    page = text_of(client.get(INDEX))
    menu = page[page.index('<nav class="nav"') :]
    assert re.findall(r">([^<>]+)</a></li>", menu[: menu.index("</nav>")]) == ["À faire", "Contributions"]


def test_home_costs_the_same_with_more_tables(db, client, django_assert_num_queries):
    administrator(client)
    client.get(INDEX)
    with django_assert_num_queries(11):
        client.get(INDEX)
    for _ in range(4):
        make_consultation(published_at=None)
    with django_assert_num_queries(11):
        client.get(INDEX)


def test_pages_are_in_the_colours_somebody_chose(db, client):
    sign_in(client, make_user(is_staff=True, is_superuser=True, scheme="sombre"))
    assert '<html lang="fr" data-theme="sombre">' in text_of(client.get(INDEX))


# --- Tables ----------------------------------------------------------------------------------------------------------------


def our_tables():
    return [table for table in admin.site._registry.values() if isinstance(table, StaffAdmin)]


def test_every_table_is_one_of_ours():
    assert [table for table in admin.site._registry.values() if not isinstance(table, StaffAdmin)] == []


@pytest.mark.parametrize("table", our_tables(), ids=lambda table: table.opts.label)
def test_lists_open_without_a_policy_violation(db, client, table):
    """Nothing inline: neither style, nor script, nor handler."""
    administrator(client)
    page = text_of(client.get(reverse(f"admin:{table.opts.app_label}_{table.opts.model_name}_changelist")))
    assert re.findall(r"<style|<script(?![^>]*\bsrc=)|\son\w+=|\sstyle=", page) == []
    assert page.count("<h1") == 1


@pytest.mark.parametrize(
    "table", [table for table in our_tables() if isinstance(table, ShownAdmin)], ids=lambda table: table.opts.label
)
def test_shown_tables_change_nothing(db, client, table, rf):
    request = rf.get("/")
    request.user = make_user(is_staff=True, is_superuser=True)
    assert not table.has_change_permission(request)
    assert not table.has_delete_permission(request)
    assert table.actions is None
    assert table.list_max_show_all == 0


def test_list_says_when_nothing_answers(db, client):
    administrator(client)
    assert "Cette table est vide" in text_of(client.get("/gestion/notifications/outboundmail/"))
    assert "Rien ne répond" in text_of(client.get("/gestion/notifications/outboundmail/", {"q": "x@example.org"}))


def test_names_are_shown_to_those_who_may_and_changed_by_fewer(db, client):
    theme = make_theme()
    url = reverse("admin:city_theme_change", args=[theme.pk])
    sign_in(client, make_staff())
    assert client.get(url).status_code == 403
    sign_in(client, make_staff("city.view_theme"))
    assert 'name="_save"' not in text_of(client.get(url))
    assert client.post(url, {"name": "Autre"}).status_code == 403
    sign_in(client, make_staff("city.view_theme", "city.change_theme"))
    assert 'name="_save"' in text_of(client.get(url))


def test_names_are_added_changed_and_removed_on_the_register(db, client):
    administrator(client)
    values = {"name": "Nature", "slug": "nature-en-ville", "motif": "feuille", "position": "3"}
    client.post(reverse("admin:city_theme_add"), values)
    theme = Theme.objects.get(slug="nature-en-ville")
    client.post(reverse("admin:city_theme_change", args=[theme.pk]), {**values, "name": "La nature"})
    client.post(reverse("admin:city_theme_delete", args=[theme.pk]), {"post": "yes"})
    lines = RegisterLine.objects.filter(act="city.names_changed").order_by("number")
    assert [re.search(r'"changement":"(\w+)"', line.content)[1] for line in lines] == [
        "ajout",
        "modification",
        "suppression",
    ]
    assert not Theme.objects.filter(pk=theme.pk).exists()


def test_name_under_which_something_is_filed_stays(db, client):
    administrator(client)
    theme = make_consultation().theme
    url = reverse("admin:city_theme_delete", args=[theme.pk])
    assert "Des choses sont classées" in text_of(client.get(url))
    client.post(url, {"post": "yes"})
    assert Theme.objects.filter(pk=theme.pk).exists()


def test_form_of_a_name_says_what_is_wrong(db, client):
    administrator(client)
    theme = make_theme()
    response = client.post(
        reverse("admin:city_theme_add"), {"name": theme.name, "slug": "", "motif": "", "position": ""}
    )
    page = text_of(response)
    assert "<title>Erreur" in page
    assert 'id="erreurs"' in page
    assert 'href="#id_slug"' in page


# --- Buttons ---------------------------------------------------------------------------------------------------------------


class ReasonForm(forms.Form):
    reason = forms.CharField(label="Motif")


@pytest.fixture
def pressed(monkeypatch):
    """Give the table of mails three buttons that say what they were called with."""
    calls = []

    def run(actor, row, answers):
        if answers.get("reason") == "non":
            raise DomainError("no", "Pas aujourd’hui.")
        calls.append((actor.email, row.pk, answers))
        return "C’est fait."

    table = admin.site._registry[OutboundMail]
    permission = "notifications.view_outboundmail"
    monkeypatch.setattr(
        type(table),
        "buttons",
        (
            Button(name="direct", label="Agir", permission=permission, run=run),
            Button(
                name="demande", label="Agir aussi", permission=permission, run=run, question="Vraiment ?", danger=True
            ),
            Button(name="motif", label="Motiver", permission=permission, run=run, form=ReasonForm),
            Button(name="autre", label="D’un autre", permission="city.delete_theme", run=run),
            Button(name="cache", label="Caché", permission=permission, run=run, shown=lambda row: False),
        ),
    )
    return calls


@pytest.fixture
def mail(db):
    return OutboundMail.objects.create(
        kind="essai", to="aicha@example.org", subject="Sujet", text="CODE 123456", send_after=timezone.now()
    )


def button_url(mail, name):
    return reverse("admin:notifications_outboundmail_button", args=[mail.pk, name])


def test_buttons_are_refused_without_permission(db, client, pressed, mail):
    assert client.post(button_url(mail, "direct")).status_code == 302  # to the door
    sign_in(client, make_resident())
    assert client.post(button_url(mail, "direct"), follow=True).status_code == 403
    sign_in(client, make_staff("notifications.view_outboundmail"))
    assert client.post(button_url(mail, "autre")).status_code == 403
    assert client.post(button_url(mail, "inconnu")).status_code == 404
    assert pressed == []


def test_buttons_one_may_press_are_on_the_page(db, client, pressed, mail):
    sign_in(client, make_staff("notifications.view_outboundmail"))
    page = text_of(client.get(reverse("admin:notifications_outboundmail_change", args=[mail.pk])))
    assert re.findall(r"/geste/(\w+)/", page) == ["direct", "demande", "motif"]


def test_button_without_question_acts_at_once_and_only_by_post(db, client, pressed, mail):
    agent = make_staff("notifications.view_outboundmail")
    sign_in(client, agent)
    assert client.get(button_url(mail, "direct")).status_code == 405
    response = client.post(button_url(mail, "direct"), follow=True)
    assert "C’est fait." in text_of(response)
    assert pressed == [(agent.email, mail.pk, {})]


def test_button_with_a_question_asks_first(db, client, pressed, mail):
    sign_in(client, make_staff("notifications.view_outboundmail"))
    assert "Vraiment ?" in text_of(client.get(button_url(mail, "demande")))
    assert pressed == []
    client.post(button_url(mail, "demande"))
    assert len(pressed) == 1


def test_button_with_a_form_checks_it(db, client, pressed, mail):
    sign_in(client, make_staff("notifications.view_outboundmail"))
    response = client.post(button_url(mail, "motif"), {})
    assert (response.status_code, pressed) == (422, [])
    assert 'href="#id_reason"' in text_of(response)
    client.post(button_url(mail, "motif"), {"reason": "oui"})
    assert [answers for _, _, answers in pressed] == [{"reason": "oui"}]


def test_refusal_of_an_action_is_said(db, client, pressed, mail):
    sign_in(client, make_staff("notifications.view_outboundmail"))
    response = client.post(button_url(mail, "motif"), {"reason": "non"}, follow=True)
    assert "Pas aujourd’hui." in text_of(response)
    assert pressed == []


# --- The outbox and the register --------------------------------------------------------------------------------------------


def test_mails_never_show_what_they_say_nor_the_whole_address(db, client, mail):
    administrator(client)
    OutboundMail.objects.create(
        kind="code",
        to="leo@example.org",
        subject="Votre code : 654321",
        text="654321",
        secret=True,
        send_after=timezone.now(),
    )
    pages = text_of(client.get("/gestion/notifications/outboundmail/"))
    for row in OutboundMail.objects.all():
        pages += text_of(client.get(reverse("admin:notifications_outboundmail_change", args=[row.pk])))
    found = [word for word in ("123456", "654321", "aicha@example.org", "leo@example.org") if word in pages]
    assert found == []
    assert "a…@example.org" in pages


def test_failed_mail_leaves_again(db, client, mail):
    OutboundMail.objects.filter(pk=mail.pk).update(state="failed", attempts=6, last_error="550")
    sign_in(client, make_staff("notifications.view_outboundmail"))
    assert client.post(button_url(mail, "renvoyer")).status_code == 403
    sign_in(client, make_staff("notifications.view_outboundmail", "notifications.retry_outboundmail"))
    assert "repart" in text_of(client.post(button_url(mail, "renvoyer"), follow=True))
    mail.refresh_from_db()
    assert (mail.state, mail.attempts) == ("queued", 0)
    assert "il n’y a rien à renvoyer" in text_of(client.post(button_url(mail, "renvoyer"), follow=True))


def test_failed_mails_wait_on_the_home_page(db, client, mail):
    OutboundMail.objects.filter(pk=mail.pk).update(state="failed")
    sign_in(client, make_staff("notifications.view_outboundmail"))
    assert "Courriels qui ne sont pas partis" in text_of(client.get(INDEX))


def test_register_is_read_only(db, client):
    administrator(client)
    client.post(
        reverse("admin:city_theme_add"), {"name": "Nature", "slug": "nature-v", "motif": "feuille", "position": "3"}
    )
    line = RegisterLine.objects.get()
    url = reverse("admin:transparency_registerline_change", args=[line.number])
    page = text_of(client.get(url))
    assert "Un nom de quartier, de thème ou de service a changé" in page
    assert client.post(url, {}).status_code == 403
    assert client.post(reverse("admin:transparency_registerline_delete", args=[line.number])).status_code == 403


def test_people_are_never_edited_raw(db, client):
    administrator(client)
    person = make_resident()
    url = reverse("admin:accounts_user_change", args=[person.pk])
    assert client.post(url, {"is_superuser": "on"}).status_code in {403, 405}
    assert User.objects.get(pk=person.pk).is_superuser is False


def test_history_names_nobody(db, client):
    administrator(client)
    theme = make_theme()
    assert client.get(reverse("admin:city_theme_history", args=[theme.pk])).status_code == 404


def test_booleans_are_said_in_french(db, client):
    administrator(client)
    page = text_of(client.get(reverse("admin:accounts_user_changelist")))
    assert ">Oui<" in page
    assert 'alt="True"' not in page
