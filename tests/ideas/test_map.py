"""The map of the ideas: what it counts, which ideas it lists, what it costs."""

import datetime as dt
import re

import pytest
from django.db import connection
from django.db.models import Count
from django.utils import timezone

from city.models import District
from ideas.models import Idea
from tests import factories as f
from tests.factories import sign_in

pytestmark = pytest.mark.django_db
MAP = "/idees/carte/"


def district(slug):
    return District.objects.get(slug=slug)


def test_map_is_only_read(client):
    assert client.post(MAP).status_code == 405


def test_counts_of_the_drawing_and_of_the_table_are_those_of_the_rows(client):
    campaign, drouot, rebberg = f.make_campaign(), district("drouot"), district("rebberg")
    for _ in range(3):
        f.make_idea(campaign=campaign, place_district=drouot)
    f.make_idea(campaign=campaign, place_district=rebberg)
    f.make_idea(campaign=campaign)
    f.make_idea(campaign=campaign, place_district=drouot, withdrawn_at=timezone.now())
    f.make_idea(campaign=campaign, place_district=drouot, hidden_at=timezone.now())
    f.make_idea(campaign=campaign, place_district=drouot, published=False)
    response = client.get(MAP)
    assert {group.slug: group.count for group in response.context["groups"] if group.count} == {
        "drouot": 3,
        "rebberg": 1,
    }
    assert response.context["total_count"] == 4
    assert re.findall(r'class="pas-(\d)"><title>([^<]+)</title>', response.content.decode()) == [
        ("3", "Drouot\u00a0: 3 idées"),
        ("1", "Rebberg\u00a0: 1 idée"),
    ]


def test_each_district_shows_its_newest_ideas(client):
    campaign, drouot = f.make_campaign(), district("drouot")
    for number in range(5):
        at = timezone.now() - dt.timedelta(hours=number)
        f.make_idea(campaign=campaign, place_district=drouot, title=f"n{number}", published_at=at)
    group = next(each for each in client.get(MAP).context["groups"] if each.slug == "drouot")
    assert [row.title for row in group.rows] == ["n0", "n1", "n2"]


def test_list_of_a_district_goes_from_page_to_page(client):
    campaign, drouot, author = f.make_campaign(), district("drouot"), f.make_resident()
    for number in range(23):
        at = timezone.now() - dt.timedelta(minutes=number)
        f.make_idea(campaign=campaign, author=author, place_district=drouot, title=f"n{number:02}", published_at=at)
    f.make_idea(campaign=campaign, place_district=district("rebberg"))
    first = client.get(MAP + "?quartier=drouot")
    second = client.get(first.context["pages"].next_url)
    shown = [card.title for card in (*first.context["cards"], *second.context["cards"])]
    assert shown == [f"n{number:02}" for number in range(23)]
    assert second.context["pages"].next_url == ""
    assert client.get(MAP + "?quartier=inconnu").context["group"] is None


def test_an_empty_map_says_so(client):
    assert "Aucune idée ne nomme un quartier pour l’instant" in client.get(MAP).content.decode()


@pytest.mark.parametrize("count", [1, 3, 10])
def test_map_costs_the_same(client, count, django_assert_num_queries):
    campaign, drouot = f.make_campaign(), district("drouot")
    for _ in range(count):
        f.make_idea(campaign=campaign, place_district=drouot)
    with django_assert_num_queries(4):  # register, counts, districts with their newest, those ideas
        client.get(MAP)
    with django_assert_num_queries(4):  # register, counts, districts, page
        client.get(MAP + "?quartier=drouot")
    sign_in(client, f.make_resident())
    client.get(MAP)
    with django_assert_num_queries(3):  # session, person and register: it was made, for everybody
        client.get(MAP)


def test_counts_are_read_from_the_index_of_places():
    campaign, author, theme = f.make_campaign(), f.make_resident(), f.make_theme()
    for number in range(200):
        place = district("drouot") if number % 10 == 0 else None
        f.make_idea(campaign=campaign, author=author, theme=theme, place_district=place)
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE ideas_idea; SET LOCAL enable_seqscan = off")
    placed = Idea.objects.placed()
    plans = (
        placed.filter(place_district=district("drouot")).order_by("-published_at", "-pk")[:20].explain(),
        placed.order_by().values("place_district").annotate(count=Count("pk")).explain(),
    )
    assert [("idea_place" in plan) for plan in plans] == [True, True]
