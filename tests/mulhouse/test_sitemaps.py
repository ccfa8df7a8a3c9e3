"""What search engines are told."""

import re

import pytest

from tests import factories as f

pytestmark = pytest.mark.django_db


def listed(client):
    response = client.get("/sitemap.xml")
    assert (response.status_code, response["Content-Type"]) == (200, "application/xml")
    return re.findall(r"<loc>([^<]+)</loc>", response.content.decode())


def test_site_map_lists_what_is_published_on_the_declared_host(client, settings):
    settings.SITE_URL = "https://participer.ville.example"
    row = f.make_consultation()
    draft = f.make_consultation(published_at=None)
    contribution = f.make_contribution(consultation=row)
    found = listed(client)
    home = "https://participer.ville.example"
    expected = [
        f"{home}/",
        f"{home}/concertations/",
        f"{home}{row.get_absolute_url()}",
        f"{home}{row.get_absolute_url()}contributions/",
    ]
    assert [address for address in expected if address not in found] == []
    assert [address for address in found if draft.slug in address or contribution.reference in address] == []
    assert [address for address in found if not address.startswith(f"{home}/")] == []
    assert len(found) == len(set(found))


def test_site_map_names_nothing_private(client):
    assert [
        address for address in listed(client) if re.search("/(compte|mon-espace|gestion|abonnements)/", address)
    ] == []


def test_site_map_costs_the_same_with_many_consultations(client, django_assert_num_queries):
    for _ in range(12):
        f.make_consultation()
    with django_assert_num_queries(5):  # register, and a count and a page for each of the two lists
        client.get("/sitemap.xml")


def test_crawlers_are_told_what_not_to_ask_for(client, settings):
    text = client.get("/robots.txt").content.decode()
    assert "Disallow: /mon-espace/\n" in text
    assert "apercu" not in text
    assert text.endswith(f"Sitemap: {settings.SITE_URL}/sitemap.xml\n")
