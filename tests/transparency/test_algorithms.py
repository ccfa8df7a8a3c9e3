import re

import pytest
from django.urls import reverse

from transparency import algorithms

NAMES = [name for name, _title in algorithms.names()]


@pytest.mark.parametrize("name", NAMES)
def test_no_two_tables_of_a_page_have_one_name(name):
    """Whoever goes from region to region by ear must know which is which."""
    html = algorithms.page(name)[1]
    names = re.findall(r'role="region" aria-label="([^"]+)"', html)
    assert len(names) == html.count("<table>") > 0
    assert len(set(names)) == len(names)


def test_tables_are_named_by_what_they_stand_under():
    html = algorithms.page("vote-secret")[1]
    assert re.findall(r'role="region" aria-label="([^"]+)"', html) == [
        "Tableau\u00a0: Quatre endroits séparés",
        "Tableau\u00a0: Ce qui est gardé, et combien de temps",
    ]


@pytest.mark.django_db
def test_every_method_is_published(client):
    listed = client.get("/methodes/").content.decode()
    for name, title in algorithms.names():
        address = reverse("transparency:method_page", args=[name])
        assert (f'href="{address}"' in listed, client.get(address).status_code, title in listed) == (True, 200, True)
    assert client.get("/methodes/inconnue/").status_code == 404


@pytest.mark.django_db
@pytest.mark.parametrize("address", ["/methodes/", "/methodes/delais/"])
def test_methods_read_the_register_only(client, django_assert_num_queries, address):
    with django_assert_num_queries(1):
        client.get(address)
