"""The feeds of the box: what stands in them, in which order, at which cost."""

import datetime as dt
import xml.etree.ElementTree as ET

import pytest
from django.utils import timezone

from ideas.models import Answer
from tests import factories as f

pytestmark = pytest.mark.django_db
ATOM = "{http://www.w3.org/2005/Atom}"


def answer(idea, **fields):
    values = {
        "number": 1,
        "outcome": "already",
        "reason": "C’est fait.",
        "reason_html": "<p>C’est fait.</p>",
        "signatory": "La direction des espaces verts",
        "published_at": timezone.now(),
    }
    return Answer.objects.create(idea=idea, **{**values, **fields})


def entries(client):
    root = ET.fromstring(client.get("/idees/flux/atom/").content)
    return [entry.findtext(f"{ATOM}title") for entry in root.iter(f"{ATOM}entry")]


def test_nothing_that_is_not_visible_is_in_the_feeds(client):
    author = f.make_resident()
    for fields in ({"withdrawn_at": timezone.now()}, {"hidden_at": timezone.now()}, {"published": False}):
        answer(f.make_idea(author=author, title="Secret", **fields))
    for kind in ("atom", "rss"):
        assert "Secret" not in client.get(f"/idees/flux/{kind}/").content.decode()


def test_ideas_and_answers_newest_first(client):
    now = timezone.now()
    old = f.make_idea(title="Ancienne", published_at=now - dt.timedelta(days=9))
    f.make_idea(title="Récente", published_at=now - dt.timedelta(days=1))
    answer(old, published_at=now - dt.timedelta(hours=1))
    assert entries(client) == ["Réponse de la Ville\u00a0: Ancienne", "Récente", "Ancienne"]


def test_formats(client):
    assert client.get("/idees/flux/atom/")["Content-Type"] == "application/atom+xml; charset=utf-8"
    assert client.get("/idees/flux/rss/")["Content-Type"] == "application/rss+xml; charset=utf-8"
    assert client.get("/idees/flux/json/").status_code == 404


@pytest.mark.parametrize("count", [1, 3, 10])
def test_feed_costs_the_same(client, count, django_assert_num_queries):
    for _ in range(count):
        answer(f.make_idea())
    with django_assert_num_queries(3):  # register, ideas, answers
        client.get("/idees/flux/atom/")
