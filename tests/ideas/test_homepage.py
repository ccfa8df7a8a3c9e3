"""What the box shows on the home page."""

import datetime as dt

import pytest
from django.utils import timezone

from ideas import homepage
from ideas.models import Answer, Stage
from mulhouse import db
from tests import factories as f

pytestmark = pytest.mark.django_db
DAY = dt.timedelta(days=1)


def edition(*, opens=-5, closes=2, ends=9, **fields):
    days = {"opens_on": f.today() + opens * DAY, "closes_on": f.today() + closes * DAY}
    return f.make_campaign(kind="edition", supports_end_on=f.today() + ends * DAY, **days, **fields)


def test_last_days_of_the_campaigns_soonest_first():
    edition(title="Budget")
    edition(title="Demain", opens=1)
    edition(title="Hier", closes=-3, ends=-1)
    edition(title="Brouillon", published_at=None)
    edition(title="Dépôts clos", closes=-1, ends=0)
    assert [(line.title, str(line.detail)) for line in homepage.together(timezone.now())[0]] == [
        ("Dépôts clos", "Dernier jour pour soutenir les idées"),
        ("Budget", "Dernier jour pour déposer une idée"),
        ("Budget", "Dernier jour pour soutenir les idées"),
    ]


def test_cards_are_the_open_campaign_and_the_idea_that_rises_most():
    at = timezone.now()
    assert homepage.together(at)[1] == []
    edition(title="Brouillon", published_at=None)
    campaign = f.make_campaign(title="La boîte")
    f.make_idea(campaign=campaign, title="Tiède", heat=1.0, declared_count=2)
    f.make_idea(campaign=campaign, title="Chaude", heat=5.0, declared_count=2)
    f.make_idea(campaign=campaign, title="Sans soutien", heat=9.0)
    f.make_idea(campaign=campaign, title="Étudiée", heat=9.0, declared_count=2, stage=Stage.STUDY)
    f.make_idea(campaign=campaign, title="Masquée", heat=9.0, declared_count=2, hidden_at=at)
    assert [card.title for card in homepage.together(at)[1]] == ["La boîte", "Chaude"]


def test_the_page_asks_twice_at_most(django_assert_num_queries):
    at = timezone.now()
    f.make_idea(published_at=at, declared_count=3, verified_count=4)
    answered = f.make_idea(published_at=at - 400 * DAY, stage=Stage.ALREADY)
    for idea in (answered, f.make_idea(published_at=at, stage=Stage.KEPT, withdrawn_at=at)):
        Answer.objects.create(
            idea=idea,
            number=1,
            outcome="already",
            reason="Fait.",
            reason_html="",
            signatory="La Ville",
            published_at=at,
        )
    f.make_idea(published_at=at - 400 * DAY)
    with django_assert_num_queries(1):
        homepage.together(at)
    with django_assert_num_queries(1):
        counted = db.count_rows(homepage.tallies(at))
    assert counted == [1, 1]
    assert [(figure.value, str(figure.label)) for figure in homepage.figures([2, 0])] == [("2", "idées déposées")]


def test_the_home_page_shows_them_beside_the_consultations(client):
    for _ in range(6):
        f.make_consultation()
    f.make_idea(campaign=f.make_campaign(title="La boîte"), title="Chaude", declared_count=2)
    titles = [card.title for card in client.get("/").context["cards"]]
    assert len(titles) == 6
    assert titles[1::2][:2] == ["La boîte", "Chaude"]
