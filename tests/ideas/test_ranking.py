"""The order of studies: computed in integers, total, the same from the database and from the rule that is published."""

import datetime as dt
from dataclasses import replace

import pytest
from django.utils import timezone
from hypothesis import given
from hypothesis import strategies as st

from ideas import choosing, ranking
from ideas.models import Idea
from ideas.ranking import Candidate, Lack, Tie
from tests.factories import make_campaign, make_idea
from tests.ideas.city_rows import make_ready, pass_threshold, read

NOON = dt.datetime(2026, 3, 2, 12, tzinfo=dt.UTC)
ONE = Candidate(key=1, counted=150, needed=100, realism=60, least=35, published_at=NOON, passed_at=NOON)
DAYS = st.integers(0, 9).map(lambda days: NOON + dt.timedelta(days=days))
CANDIDATES = st.builds(
    Candidate,
    key=st.integers(1, 10_000),
    counted=st.integers(0, 5000),
    needed=st.sampled_from((1, 50, 100)),
    realism=st.none() | st.integers(0, 100),
    least=st.sampled_from((0, 35, 50)),
    published_at=DAYS,
    passed_at=st.none() | DAYS,
)


def test_points_multiply_supports_by_realism():
    assert ONE.points == 90
    assert replace(ONE, counted=100, realism=100).points == 100
    assert replace(ONE, realism=None).points == 0
    with pytest.raises(ValueError, match="threshold"):
        ranking.points(counted=3, needed=0, realism=50)


@pytest.mark.parametrize(
    ("changes", "lacks"),
    [
        ({}, []),
        ({"realism": 35}, []),
        ({"realism": 34}, [Lack.REALISM]),
        ({"realism": None}, [Lack.READING]),
        ({"passed_at": None}, [Lack.SUPPORTS]),
        ({"passed_at": None, "counted": 20, "realism": 10}, [Lack.SUPPORTS, Lack.REALISM]),
        ({"counted": 90}, []),
    ],
    ids=["ready", "just", "below", "unread", "short", "both", "withdrawn since"],
)
def test_what_keeps_an_idea_from_being_studied(changes, lacks):
    assert ranking.lacks(replace(ONE, **changes)) == lacks


def test_ties_go_to_the_threshold_passed_first_then_to_the_older():
    later = replace(ONE, key=2, passed_at=NOON + dt.timedelta(days=1))
    older = replace(ONE, key=3, published_at=NOON - dt.timedelta(days=1))
    popular = replace(ONE, key=4, counted=200)
    assert ranking.order([later, ONE, older, popular]) == [popular, older, ONE, later]
    assert ranking.tie(older, ONE) is Tie.OLDER
    assert ranking.tie(ONE, later) is Tie.PASSED_FIRST
    assert ranking.tie(popular, ONE) is None


@given(st.lists(CANDIDATES, max_size=12, unique_by=lambda idea: idea.key), st.randoms())
def test_order_is_total_and_holds_the_eligible_only(ideas, chance):
    found = ranking.order(ideas)
    assert {idea.key for idea in found} == {idea.key for idea in ideas if not ranking.lacks(idea)}
    shuffled = list(ideas)
    chance.shuffle(shuffled)
    assert ranking.order(shuffled) == found
    assert [idea.points for idea in found] == sorted((idea.points for idea in found), reverse=True)


@given(CANDIDATES, st.integers(1, 50))
def test_more_supports_or_realism_never_cost_a_place(idea, more):
    assert replace(idea, counted=idea.counted + more).points >= idea.points
    if idea.realism is not None:
        assert replace(idea, realism=min(100, idea.realism + more)).points >= idea.points


@pytest.mark.django_db
def test_database_gives_the_order_of_the_rule():
    campaign, now = make_campaign(), timezone.now()
    same = now - dt.timedelta(hours=2)
    rows = [
        make_ready(campaign=campaign, supports=140, level=3, passed_at=now),
        make_ready(campaign=campaign, supports=210, level=2, passed_at=now - dt.timedelta(days=3)),
        make_ready(campaign=campaign, supports=210, level=2, passed_at=same),
        make_ready(campaign=campaign, supports=210, level=2, passed_at=same, published_at=now - dt.timedelta(days=9)),
        make_ready(campaign=make_campaign(thresholds=((10, "Atelier"),)), supports=11, level=4, passed_at=now),
    ]
    pass_threshold(make_idea(campaign=campaign))
    read(pass_threshold(make_idea(campaign=campaign)), level=1)
    read(make_idea(campaign=campaign), level=4)
    found = list(choosing.eligible())
    every = [choosing.candidate(idea) for idea in choosing.with_rule(Idea.objects.select_related("campaign"))]
    assert [idea.pk for idea in found] == [seen.key for seen in ranking.order(every)]
    assert [idea.points for idea in found] == [110, 105, 105, 105, 105]
    assert [rows.index(idea) for idea in found] == [4, 1, 3, 2, 0]
    assert set(choosing.kept_back()) == set(Idea.objects.all()) - set(rows)


@pytest.mark.django_db
def test_what_is_gone_or_decided_is_no_candidate():
    idea = make_ready()
    assert choosing.rank_of(idea) == (1, 1)
    for gone in ({"withdrawn_at": timezone.now()}, {"hidden_at": timezone.now()}, {"stage": "expired"}):
        Idea.objects.filter(pk=idea.pk).update(**gone)
        assert choosing.rank_of(idea) == (0, 0)
        Idea.objects.filter(pk=idea.pk).update(withdrawn_at=None, hidden_at=None, stage="support")
    box = make_campaign(thresholds=())
    make_idea(campaign=box)
    assert set(choosing.candidates()) == {idea}


@pytest.mark.django_db
def test_words_say_why():
    seen = choosing.candidate(choosing.with_rule(Idea.objects.filter(pk=make_ready(supports=150).pk)).get())
    assert choosing.reason_words(seen) == "150 soutiens pour 100 demandés, réalisme 75 sur 100\u00a0: 112 points."
    short = replace(seen, counted=60, passed_at=None, realism=20)
    assert choosing.lack_words(short) == ["Il manque 40 soutiens.", "Réalisme 20 sur 100\u00a0: il en faut 35."]
    assert choosing.lack_words(replace(seen, realism=None)) == ["Sa première lecture n’est pas encore faite."]
    assert choosing.lack_words(replace(seen, passed_at=None)) == ["Elle n’a pas encore passé le seuil."]
