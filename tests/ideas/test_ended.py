"""Why an idea takes no support any more, on its page: for everybody, and what its author may do."""

import datetime as dt

import pytest
from django.urls import reverse
from django.utils import timezone

from tests import factories as f
from tests.factories import sign_in

pytestmark = pytest.mark.django_db
PAST = dt.date(2026, 3, 12)


def shown(client, idea):
    return client.get(idea.get_absolute_url()).content.decode()


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        (
            {"stage": "expired", "declared_count": 12},
            "Le délai est passé le 12\u00a0mars 2026\u00a0: 12 soutiens sur 100 demandés.",
        ),
        (
            {"stage": "expired", "declared_count": 1},
            "Le délai est passé le 12\u00a0mars 2026\u00a0: 1 soutien sur 100 demandés.",
        ),
        (
            {"stage": "expired", "verified_count": 12, "declared_count": 9, "verified_only": True},
            "Le délai est passé le 12\u00a0mars 2026\u00a0: 12 soutiens vérifiés sur 100 demandés.",
        ),
        ({"declared_count": 12}, "Le délai est passé le 12\u00a0mars 2026\u00a0: 12 soutiens sur 100 demandés."),
        ({"declared_count": 120, "next_supports": None}, "Les soutiens sont clos depuis le 12\u00a0mars 2026."),
    ],
)
def test_everybody_reads_why(client, fields, words):
    idea = f.make_idea(**{"supports_until": PAST, **fields})
    for person in (None, f.make_resident()):
        if person:
            sign_in(client, person)
        html = shown(client, idea)
        assert (html.count(words), "/prolonger/" in html) == (1, False)


@pytest.mark.parametrize("stage", ["support", "study", "kept", "gathered"])
def test_nothing_ended_says_nothing(client, stage):
    idea = f.make_idea(stage=stage, supports_until=f.today())
    assert client.get(idea.get_absolute_url()).context["ended"] == ""


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({}, "Prolonger (une fois)"),
        ({"renewed_at": timezone.now()}, "Cette idée a déjà été prolongée une fois."),
    ],
)
def test_its_author_reads_whether_it_may_go_on(client, fields, words):
    user = f.make_resident()
    idea = f.make_idea(author=user, stage="expired", supports_until=f.today() - dt.timedelta(days=1), **fields)
    sign_in(client, user)
    html = shown(client, idea)
    assert (words in html, reverse("ideas:renew", args=[idea.reference]) in html) == (True, not fields)


def test_a_campaign_without_a_study_counts_alone(client):
    idea = f.make_idea(
        campaign=f.make_campaign(thresholds=()),
        stage="expired",
        supports_until=PAST,
        declared_count=3,
        next_supports=None,
    )
    assert "Le délai est passé le 12\u00a0mars 2026\u00a0: 3 soutiens." in shown(client, idea)
