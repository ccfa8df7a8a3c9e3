"""The staff's table of people: addresses stay hidden, buttons do what they say and no more."""

import pytest
from django.test import Client

from accounts import roles
from accounts.models import User
from tests.factories import make_service, make_staff, make_user, sign_in
from transparency.models import RegisterLine

pytestmark = pytest.mark.django_db
LIST = "/gestion/accounts/user/"


def administrator(*more):
    return sign_in(Client(), make_staff("accounts.view_user", *more))


def page_of(user):
    return f"{LIST}{user.pk}/change/"


def gesture(user, name):
    return f"{LIST}{user.pk}/geste/{name}/"


@pytest.fixture
def person():
    return make_user(email="camille@habitants.example", public_name="Camille du canal")


def test_without_the_permission_there_is_no_table(person):
    client = sign_in(Client(), make_staff("accounts.view_residency"))
    assert client.get(LIST).status_code == 403
    assert client.get(page_of(person)).status_code == 403


def test_addresses_are_on_no_page(person):
    client = administrator()
    for url in (LIST, page_of(person)):
        page = client.get(url).content.decode()
        assert "Camille du canal" in page
        assert "camille@habitants.example" not in page


def test_an_address_is_looked_up_by_those_who_may_see_it(person):
    query = {"q": "camille@habitants.example"}
    assert "Camille du canal" not in administrator().get(LIST, query).content.decode()
    assert "Camille du canal" in administrator("accounts.view_email").get(LIST, query).content.decode()


def test_nothing_is_edited_added_nor_deleted(person):
    client = administrator()
    client.post(page_of(person), {"public_name": "Autre"})
    person.refresh_from_db()
    assert person.public_name == "Camille du canal"
    assert client.get(f"{LIST}add/").status_code == 403
    assert client.post(f"{LIST}{person.pk}/delete/", {"post": "yes"}).status_code == 403


@pytest.mark.parametrize("name", ["donner-un-role", "retirer-un-role", "afficher-l-adresse", "suspendre", "rouvrir"])
def test_a_button_needs_its_permission(person, name):
    answer = administrator().post(gesture(person, name), {"role": "agent", "reason": "Essai"})
    assert answer.status_code == 403
    assert RegisterLine.objects.count() == 0


@pytest.mark.django_db(transaction=True)
def test_a_role_is_given_and_taken_from_the_page(person):
    client = administrator("accounts.grant_role")
    client.post(gesture(person, "donner-un-role"), {"role": "agent"})
    assert roles.of(person) == [roles.AGENT]
    assert "Agent de la participation" in client.get(page_of(person)).content.decode()
    client.post(gesture(person, "retirer-un-role"), {"role": "agent"})
    assert roles.of(person) == []


@pytest.mark.django_db(transaction=True)
def test_a_role_of_a_service_is_given_with_its_service(person):
    client, service = administrator("accounts.grant_role"), make_service(name="Voirie")
    refused = client.post(gesture(person, "donner-un-role"), {"role": "service"})
    assert (refused.status_code, "Choisissez le service" in refused.content.decode()) == (422, True)
    client.post(gesture(person, "donner-un-role"), {"role": "service", "service": service.pk})
    assert "Service de la Ville (Voirie)" in client.get(page_of(person)).content.decode()


@pytest.mark.django_db(transaction=True)
def test_an_address_is_shown_for_a_reason_and_written_down(person):
    client = administrator("accounts.view_email")
    assert client.post(gesture(person, "afficher-l-adresse"), {"purpose": "curiosity"}).status_code == 422
    page = client.post(gesture(person, "afficher-l-adresse"), {"purpose": "help"}, follow=True)
    assert "camille@habitants.example" in page.content.decode()
    assert RegisterLine.objects.get().act == "person.email_shown"


@pytest.mark.django_db(transaction=True)
def test_an_account_is_suspended_and_reopened_from_the_page(person):
    client = administrator("accounts.deactivate_user")
    assert client.post(gesture(person, "suspendre"), {"danger": "Messages répétés"}).status_code == 422
    client.post(gesture(person, "suspendre"), {"danger": "stolen"})
    assert not User.objects.get(pk=person.pk).is_active
    client.post(gesture(person, "rouvrir"))
    assert User.objects.get(pk=person.pk).is_active


@pytest.mark.parametrize("rows", [1, 3])
def test_the_list_costs_the_same_for_one_person_and_three(rows, django_assert_max_num_queries):
    for _row in range(rows):
        make_user()
    client = administrator()
    client.get(LIST)
    with django_assert_max_num_queries(10):
        assert client.get(LIST).status_code == 200
