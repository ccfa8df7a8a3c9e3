"""The table of roles: read by every member of staff, never wrong about who holds what."""

import pytest

from accounts import matrix, roles
from tests import factories as f

pytestmark = pytest.mark.django_db
URL = "/gestion/accounts/user/roles/"


@pytest.mark.parametrize(
    ("who", "door"),
    [
        ("visitor", f"/compte/connexion/?next={URL}"),
        ("resident", f"/gestion/login/?next={URL}"),
        ("staff", "/mon-espace/deuxieme-facteur/"),
    ],
)
def test_others_than_staff_with_a_second_factor_are_led_away(client, who, door):
    if who != "visitor":
        f.sign_in(client, f.make_staff() if who == "staff" else f.make_user(), second_factor=False)
    assert client.get(URL).headers["Location"] == door


def test_each_permission_of_each_role_is_shown():
    told = {}
    for section in matrix.sections():
        for line in section.lines:
            for role, held in zip(roles.ROLES.values(), line.held, strict=True):
                told[role.code] = told.get(role.code, 0) + held
    assert told == {role.code: len(role.permissions) for role in roles.ROLES.values()}


def test_words_are_french():
    words = [line.label for section in matrix.sections() for line in section.lines]
    assert [label for label in words if label.startswith("Can ")] == []
    assert len(words) == len(set(words))


def test_page_counts_the_people_of_each_role(client, django_assert_num_queries):
    person = f.make_staff()
    person.groups.add(*roles.Group.objects.filter(name="moderator"))
    f.sign_in(client, person)
    with django_assert_num_queries(8):
        response = client.get(URL)
    assert {holder.role.code: holder.people for holder in response.context["holders"]}["moderator"] == 1
    assert "Modération" in response.content.decode()
