"""What leads from one page of the idea box to another: papers, co-authors, ideas that resemble it, the address of a draft."""

import datetime as dt

import pytest
from django.urls import reverse
from django.utils import timezone

from ideas.models import CoAuthor, LikelyPair, Stage
from tests import factories as f

pytestmark = pytest.mark.django_db
YESTERDAY = f.today() - dt.timedelta(days=1)


def page(client, address):
    response = client.get(address)
    assert response.status_code == 200, address
    return response.content.decode()


def url(name, *args):
    return reverse(f"ideas:{name}", args=args)


def sign_with(idea, name, **fields):
    user = f.make_resident(public_name=name, **fields)
    return CoAuthor.objects.create(
        idea=idea, user=user, state=CoAuthor.State.ACCEPTED, invited_at=timezone.now(), answered_at=timezone.now()
    )


# --- Papers --------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("fields", "residency_level", "is_there"),
    [
        ({}, "declared", True),
        ({}, "verified", False),
        ({"supports_until": YESTERDAY}, "declared", False),
        ({"stage": Stage.STUDY}, "declared", False),
    ],
)
def test_an_idea_leads_to_its_sheet_as_long_as_it_is_signed(client, fields, residency_level, is_there):
    idea = f.make_idea(campaign=f.make_campaign(residency_level=residency_level), **fields)
    assert (url("paper_sheet", idea.reference) in page(client, idea.get_absolute_url())) == is_there


@pytest.mark.parametrize(("closes_on", "is_there"), [(None, True), (f.today(), True), (YESTERDAY, False)])
def test_a_campaign_leads_to_its_form_as_long_as_it_is_brought_back(client, closes_on, is_there):
    dates = {"kind": "edition", "closes_on": closes_on, "supports_end_on": closes_on} if closes_on else {}
    campaign = f.make_campaign(**dates)
    assert (url("paper_form", campaign.slug) in page(client, campaign.get_absolute_url())) == is_there


# --- Those who sign ------------------------------------------------------------------------------------------------------


def test_those_who_sign_are_named_on_the_page_and_on_each_card(client):
    idea = f.make_idea()
    addresses = (idea.get_absolute_url(), url("list"), idea.campaign.get_absolute_url())
    for name in ("Ali", "Bea", "Zoé"):
        sign_with(idea, name)
    sign_with(idea, "Absent", limited_since=timezone.now())
    pages = [page(client, address) for address in addresses]
    assert "<bdi>Ali</bdi>, <bdi>Bea</bdi> et <bdi>Zoé</bdi></p>" in pages[0]
    assert ["avec Ali, Bea et Zoé<" in text for text in pages] == [False, True, True]
    assert ["Absent" in text for text in pages] == [False] * 3


@pytest.mark.parametrize("count", [1, 3])
def test_cards_cost_the_same_however_many_sign(client, count, django_assert_num_queries):
    campaign = f.make_campaign()
    for idea in [f.make_idea(campaign=campaign) for _ in range(count)]:
        for _ in range(count):
            sign_with(idea, "Ali")
    with django_assert_num_queries(5):  # register, themes, districts, campaigns, ideas
        page(client, url("list"))


def test_my_ideas_lead_to_those_who_sign_and_to_what_gathers_them(client):
    user = f.make_resident()
    ideas = [f.make_idea(author=user, published=False), f.make_idea(author=user)]
    studied = f.make_idea(author=user, stage=Stage.STUDY)
    f.sign_in(client, user)
    text = page(client, url("mine"))
    assert [url("coauthors", each.reference) in text for each in (*ideas, studied)] == [True, True, False]
    assert f'href="{url("carrying")}"' in text
    assert f'href="{url("mine")}"' in page(client, url("carrying"))
    # From there one comes back to the draft, or to the page.
    assert url("draft", ideas[0].reference) in page(client, url("coauthors", ideas[0].reference))
    assert ideas[1].get_absolute_url() in page(client, url("coauthors", ideas[1].reference))


# --- What resembles it -----------------------------------------------------------------------------------------------------


def test_an_idea_leads_to_those_that_the_night_found_close(client):
    campaign = f.make_campaign()
    idea, near, nearest, hidden, apart = (
        f.make_idea(campaign=campaign, title=title)
        for title in ("Un banc", "Des bancs", "Le banc", "Caché", "Un arbre")
    )
    for other, likeness in ((near, 0.5), (nearest, 0.9), (hidden, 0.8), (apart, 0.7)):
        LikelyPair.objects.create(first=idea, second=other, likeness=likeness, found_at=timezone.now())
    LikelyPair.objects.filter(second=apart).update(dismissed_at=timezone.now())
    type(hidden).objects.filter(pk=hidden.pk).update(hidden_at=timezone.now(), hidden_reason="3.2")
    response = client.get(idea.get_absolute_url())
    assert [title for title, _url in response.context["near"]] == ["Le banc", "Des bancs"]
    assert [title for title, _url in client.get(near.get_absolute_url()).context["near"]] == ["Un banc"]
    assert "Idées proches" in response.content.decode()
    assert "Idées proches" not in page(client, apart.get_absolute_url())


# --- The address of a draft --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["draft", "duplicates", "preview", "discard"])
def test_the_address_of_a_draft_leads_to_the_idea_once_it_is_published(client, name):
    idea = f.make_idea()
    f.sign_in(client, idea.author)
    for ask in (client.get, client.post):
        if (name, ask) != ("duplicates", client.post):
            assert ask(url(name, idea.reference))["Location"] == idea.get_absolute_url()
    f.sign_in(client, f.make_resident())
    assert client.get(url(name, idea.reference)).status_code == 404
