"""The feeds of the box: what stands in them, in which order, at which cost."""

import datetime as dt
import xml.etree.ElementTree as ET

import pytest
from django.utils import timezone

from ideas.models import Answer
from tests import factories as f
from tests.ideas.rows import make_event

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
        idea = f.make_idea(author=author, title="Secret", stage="study", **fields)
        answer(idea)
        make_event(idea, text_html="<p>Secret</p>")
    for kind in ("atom", "rss"):
        assert "Secret" not in client.get(f"/idees/flux/{kind}/").content.decode()


def test_ideas_and_answers_newest_first(client):
    now = timezone.now()
    old = f.make_idea(title="Ancienne", published_at=now - dt.timedelta(days=9))
    f.make_idea(title="Récente", published_at=now - dt.timedelta(days=1))
    answer(old, published_at=now - dt.timedelta(hours=1))
    assert entries(client) == ["Réponse de la Ville\u00a0: Ancienne", "Récente", "Ancienne"]


def test_the_feed_says_what_is_studied_and_what_is_realised(client):
    now = timezone.now()
    days = {n: now - dt.timedelta(days=n) for n in range(1, 6)}
    made = {"published_at": now - dt.timedelta(days=9)}
    f.make_idea(title="Un four", stage="study", stage_at=days[4], **made)
    done = f.make_idea(title="Un préau", stage="done", **made)
    make_event(done, kind="step", step="done", published_at=days[1])
    make_event(done, kind="step", step="works", published_at=days[3])
    make_event(done, kind="news", published_at=days[2])
    assert entries(client)[:4] == [
        "C’est fait\u00a0: Un préau",
        "Des nouvelles\u00a0: Un préau",
        "Étape faite\u00a0: Travaux\u00a0: Un préau",
        "À l’étude\u00a0: Un four",
    ]


def test_who_speaks_for_an_association_is_named_with_it(client):
    f.make_idea(author=f.make_resident(public_name="Ada"), behalf="association", behalf_name="Les Amis")
    root = ET.fromstring(client.get("/idees/flux/atom/").content)
    assert [name.text for name in root.iter(f"{ATOM}name")][1:] == ["Ada, pour l’association Les Amis"]


def test_formats(client):
    assert client.get("/idees/flux/atom/")["Content-Type"] == "application/atom+xml; charset=utf-8"
    assert client.get("/idees/flux/rss/")["Content-Type"] == "application/rss+xml; charset=utf-8"
    assert client.get("/idees/flux/json/").status_code == 404


@pytest.mark.parametrize("count", [1, 3, 10])
def test_feed_costs_the_same(client, count, django_assert_num_queries):
    for _ in range(count):
        answer(f.make_idea())
        make_event(f.make_idea(stage="study"))
    with django_assert_num_queries(5):  # register, ideas, studies, answers, events
        client.get("/idees/flux/atom/")
