"""What search engines are told."""

import re

import pytest
from django.utils import timezone

from tests import factories as f
from tests.commitments.rows import make_commitment
from tests.consultations.test_telling import answer, make_item

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


def test_site_map_lists_answers_and_commitments(client):
    answered, waiting = make_item(), make_item()
    answer(answered, at=timezone.now())
    public, draft = make_commitment(), make_commitment(published_at=None)
    found = [re.sub("^https?://[^/]+", "", address) for address in listed(client)]
    assert f"{answered.consultation.get_absolute_url()}suites/" in found
    assert public.get_absolute_url() in found
    assert f"{waiting.consultation.get_absolute_url()}suites/" not in found
    assert draft.get_absolute_url() not in found


def test_site_map_lists_campaigns_and_visible_ideas(client):
    campaign, draft = f.make_campaign(), f.make_campaign(published_at=None)
    seen = f.make_idea(campaign=campaign)
    gone = [f.make_idea(campaign=campaign, **{column: timezone.now()}) for column in ("withdrawn_at", "hidden_at")]
    found = [re.sub("^https?://[^/]+", "", address) for address in listed(client)]
    assert [row.get_absolute_url() in found for row in (campaign, draft, seen, *gone)] == [
        True,
        False,
        True,
        False,
        False,
    ]


def test_site_map_names_nothing_private(client):
    assert [
        address for address in listed(client) if re.search("/(compte|mon-espace|gestion|abonnements)/", address)
    ] == []


def test_site_map_costs_the_same_with_many_consultations(client, django_assert_num_queries):
    for _ in range(12):
        f.make_consultation()
    make_commitment()
    answer(make_item(), at=timezone.now())
    with django_assert_num_queries(
        12
    ):  # register, a count for each of the seven lists, and a page for those that have one
        client.get("/sitemap.xml")


def test_crawlers_are_told_what_not_to_ask_for(client, settings):
    text = client.get("/robots.txt").content.decode()
    assert "Disallow: /mon-espace/\n" in text
    assert "apercu" not in text
    assert text.endswith(f"Sitemap: {settings.SITE_URL}/sitemap.xml\n")
