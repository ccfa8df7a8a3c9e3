"""What the author of an idea is offered on its page and in « Mes idées »: what the rules allow them, and to nobody else."""

import re

import pytest
from django.urls import reverse
from django.utils import timezone

from tests import factories as f
from tests.factories import sign_in

pytestmark = pytest.mark.django_db
TOOLS = ("correct", "photos", "renew", "withdraw")


def offered(client, address, idea):
    """The tools whose address the page links to."""
    response = client.get(address)
    links = set(re.findall(r'href="([^"]+)"', response.content.decode()))
    return [name for name in TOOLS if reverse(f"ideas:{name}", args=[idea.reference]) in links]


@pytest.mark.parametrize("who", ["nobody", "another", "agent"])
def test_nobody_else_is_offered_anything(client, who):
    idea = f.make_idea(supports_until=f.today())
    if who != "nobody":
        sign_in(client, f.make_resident() if who == "another" else f.make_staff("ideas.study_idea"))
    assert offered(client, idea.get_absolute_url(), idea) == []


@pytest.mark.parametrize(
    ("fields", "tools"),
    [
        ({}, ["correct", "photos", "withdraw"]),
        ({"declared_count": 1}, ["correct", "withdraw"]),
        ({"supports_until": f.today()}, ["correct", "photos", "renew", "withdraw"]),
        ({"stage": "expired", "supports_until": f.today()}, ["correct", "photos", "renew", "withdraw"]),
        ({"renewed_at": timezone.now(), "supports_until": f.today()}, ["correct", "photos", "withdraw"]),
        ({"stage": "study"}, []),
        ({"stage": "kept"}, []),
        ({"withdrawn_at": timezone.now()}, []),
        ({"hidden_at": timezone.now(), "hidden_reason": "3.2"}, []),
    ],
)
def test_the_author_is_offered_what_the_rules_allow(client, fields, tools):
    user = f.make_resident()
    idea = f.make_idea(author=user, **fields)
    sign_in(client, user)
    assert offered(client, idea.get_absolute_url(), idea) == tools
    assert offered(client, reverse("ideas:mine"), idea) == tools


def test_each_link_of_the_list_names_its_idea(client):
    user = f.make_resident()
    f.make_idea(author=user, title="Un banc rue Basse")
    sign_in(client, user)
    html = client.get(reverse("ideas:mine")).content.decode()
    assert re.findall(r'retirer/"[^>]*>(.*?)</a>', html)[0].count("Un banc rue Basse") == 1
