"""Every page of the staff space, found from its routes: what it costs, and who is kept out of it."""

from collections import defaultdict

import pytest
from django.apps import apps
from django.contrib import admin
from django.contrib.auth.models import Group, Permission
from django.contrib.contenttypes.models import ContentType
from django.urls import get_resolver, reverse

from accounts import middleware
from accounts.roles import MEDIATOR
from consultations import analysis_rules
from consultations.admin import workspace
from consultations.models import Consultation
from mulhouse import memory
from tests.consultations.staff_pages import City, an_agent
from tests.factories import make_resident, make_staff, sign_in
from tests.test_budgets import LARGE, SMALL, asked
from tests.test_routes import walk

pytestmark = pytest.mark.django_db

MOST_QUERIES = 12
# Their answer is no page: a file, a row of data for a script, or « there is nothing here ».
ANSWERS = {200, 302, 403, 404, 405}


def test_staff_pages_cost_twelve_queries_at_most_and_the_same_at_ten_times_the_rows(client, monkeypatch):
    # The presence of a session is written once a minute: by the first page, not by one that is counted.
    monkeypatch.setattr(middleware, "RENEWAL_SECONDS", 3600)
    agent = an_agent()
    sign_in(client, agent)
    # Read once by each process, whatever the page.
    ContentType.objects.get_for_models(*apps.get_models())
    client.get(reverse("admin:index"))
    small, large = [], []
    for counts, size in ((small, SMALL), (large, LARGE)):
        for name, found in City(agent, size).addresses().items():
            for rank, address in enumerate(found):
                status, number = asked(client, address)
                assert status in ANSWERS, address
                counts.append((f"{name} {rank}", status, number))
    assert [line for line in large if line[2] > MOST_QUERIES] == []
    assert [(before, after) for before, after in zip(small, large, strict=True) if before != after] == []


# --- Who -----------------------------------------------------------------------------------------------------------------

# Open to whoever enters the staff space: what waits, the words of Django's scripts, the table of roles.
FOR_EVERY_AGENT = {"index", "jsi18n", "role_matrix"}
# These lead to the one page of the site that does it, or are Django’s and used by none of our forms.
LEADING_AWAY = {"login", "logout", "password_change", "password_change_done", "view_on_site", "autocomplete"}
CLOSED = {403, 404}


@pytest.fixture
def city(db):
    return City(an_agent(), SMALL)


def answers(client, city, *, follow=False):
    """Ask each route of the staff space by GET and by POST; give what is not a closed door."""
    found = {}
    for name, addresses in city.addresses().items():
        if name in LEADING_AWAY | FOR_EVERY_AGENT:
            continue
        for address in addresses[:1] if "button" not in name else addresses:
            for ask in (client.get, client.post):
                memory.client().flushdb()  # nobody asks all of this in a minute
                response = ask(address, follow=follow)
                if response.status_code not in CLOSED:
                    found[address, ask.__name__] = response
    return found


def test_visitor_is_led_to_sign_in(client, city):
    found = answers(client, city)
    doors = (reverse("account_login"), reverse("admin:login"))
    opened = [asked for asked, response in found.items() if not response.get("Location", "").startswith(doors)]
    assert opened == []


def test_resident_enters_nowhere(client, city):
    sign_in(client, make_resident())
    assert answers(client, city, follow=True) == {}


def test_agent_without_a_task_opens_nothing(client, city):
    """The role of mediation holds no permission here yet."""
    agent = make_staff()
    agent.groups.set(Group.objects.filter(name=MEDIATOR.code))
    sign_in(client, agent)
    assert answers(client, city) == {}


def test_agent_without_the_second_factor_is_led_to_it(client, city):
    sign_in(client, city.agent, second_factor=False)
    doors = (reverse("accounts:second_factor"), reverse("admin:login"))
    found = answers(client, city)
    assert [asked for asked, response in found.items() if not response.get("Location", "").startswith(doors)] == []
    assert client.get(reverse("admin:login"))["Location"] == reverse("accounts:second_factor")


def views():
    """Give the view of each route of the staff space: the first one of its name, which is the one that answers."""
    return {name.removeprefix("admin:"): view for name, (view, _) in reversed(list(walk(get_resolver())))}


def test_every_page_of_a_consultation_says_what_it_asks():
    """The door of the workspace asks by itself: it leads those who only read to the public page."""
    own = {name: view for name, view in views().items() if name.startswith(("consultations_consultation_", "desk_"))}
    silent = {name for name, view in own.items() if not hasattr(view, "access")}
    of_django = {"add", "button", "changelist", "delete", "history"}
    assert {name.removeprefix("consultations_consultation_") for name in silent} - of_django == {
        "change",
        "desk_receipt_changelist",
    }


def _everything_but(permission):
    agent = make_staff()
    agent.user_permissions.set(Permission.objects.exclude(codename=permission.partition(".")[2]))
    return agent


def test_each_page_is_closed_to_who_holds_everything_but_its_permission(client, city):
    asked, known = defaultdict(list), views()
    for name, addresses in city.addresses().items():
        view = known.get(f"consultations_consultation_{name}") or known[name]
        if hasattr(view, "access"):
            asked[view.access] += addresses[:1]
    assert set(asked) >= {workspace.EDIT, analysis_rules.ANALYSE, "consultations.change_report", "desk.assist"}
    opened = []
    for permission, addresses in asked.items():
        sign_in(client, _everything_but(permission))
        memory.client().flushdb()
        opened += [a for a in addresses for ask in (client.get, client.post) if ask(a).status_code != 403]
    assert opened == []


def test_each_button_is_closed_to_who_holds_everything_but_its_permission(client, city):
    opened = []
    for table in admin.site._registry.values():  # noqa: SLF001 (Django gives no other list)
        for button in getattr(table, "buttons", ()):
            row = city.open if table.model is Consultation else table.model.objects.order_by("pk").first()
            if row is not None:
                sign_in(client, _everything_but(button.permission))
                route = f"admin:{table.opts.app_label}_{table.opts.model_name}_button"
                address = reverse(route, args=[row.pk, button.name])
                opened += [address for ask in (client.get, client.post) if ask(address).status_code not in CLOSED]
    assert opened == []
