"""Stored numbers of the idea box are those of the rows, and put right when they are not."""

import datetime as dt
import logging

import pytest
from django.core.management import call_command
from django.utils import timezone
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from consultations import tasks
from ideas import actions, heat, supporting, talking
from ideas.models import Campaign, Comment, Idea, Support
from mulhouse.references import new_reference
from tests import factories as f
from transparency import recounting
from transparency.models import RegisterLine

pytestmark = pytest.mark.django_db


@pytest.fixture
def box():
    """Two ideas, one withdrawn; comments, one withdrawn, a reply; supports of both sorts, one taken back, a threshold passed."""
    campaign, at = f.make_campaign(thresholds=((2, "Rencontre"), (9, "Atelier"))), timezone.now()
    author, other = f.make_resident(public_name="Nadia B."), f.make_resident(public_name="Ali C.")
    words = actions.Words(title="Un banc", need="S’asseoir.", proposal="Ici.", signature="name", theme=f.make_theme())
    rows = []
    for _ in range(2):
        draft = actions.save_draft(actor=author, campaign=campaign, reference=new_reference(), words=words)
        rows.append(actions.publish(actor=author, idea=draft, at=at))
    first, second = rows

    def say(idea, **fields):
        return talking.comment(
            actor=other, idea=idea, reference=new_reference(), body="Oui.", at=at, **{"stance": "for", **fields}
        )

    thread = say(first)
    gone = say(first, stance="against")
    say(first, parent=thread)
    talking.withdraw_comment(actor=other, comment=gone, at=at)
    people = [f.make_resident(), f.make_resident(verified=True), f.make_resident(), other]
    for days, person in enumerate(people):
        supporting.support(actor=person, idea=first, at=at + dt.timedelta(days=days))
    supporting.withdraw_support(actor=other, idea=first, at=at)
    actions.withdraw(actor=author, idea=second, at=at)
    return campaign, first, thread


def found():
    return [(each.counter, each.stored, each.counted) for each in recounting.recount("ideas", repair=False)]


def test_gestures_leave_exact_counts(box):
    assert found() == []
    campaign, first, thread = box
    for row in box:
        row.refresh_from_db()
    assert (campaign.idea_count, thread.reply_count) == (1, 1)
    assert (first.verified_count, first.declared_count, first.next_supports) == (1, 2, 9)
    assert (first.comment_count, first.for_count, first.against_count) == (2, 1, 0)
    assert first.heat == pytest.approx(heat.of(Support.objects.values_list("supported_on", flat=True)))


def test_every_wrong_count_is_found_and_put_right_with_a_line(box):
    campaign, first, thread = box
    exact = Idea.objects.get(pk=first.pk).heat
    Comment.objects.filter(pk=thread.pk).update(reply_count=7)
    Idea.objects.filter(pk=first.pk).update(
        verified_count=8,
        declared_count=9,
        comment_count=3,
        for_count=4,
        against_count=5,
        next_supports=None,
        heat=1.0,
    )
    Campaign.objects.filter(pk=campaign.pk).update(idea_count=6)
    wrong = [
        ("reply_count", 7, 1),
        ("verified_count", 8, 1),
        ("declared_count", 9, 2),
        ("comment_count", 3, 2),
        ("for_count", 4, 1),
        ("against_count", 5, 0),
        ("next_supports", None, 9),
        ("heat", 1.0, pytest.approx(exact)),
        ("idea_count", 6, 1),
    ]
    assert found() == wrong
    repaired = recounting.recount("ideas", repair=True)
    assert [(each.counter, each.stored, each.counted) for each in repaired] == wrong
    assert found() == []
    assert RegisterLine.objects.filter(act="idea.recounted").count() == 3


def test_an_idea_that_nobody_supports_is_cold_and_a_draft_is_not_counted():
    f.make_idea()
    f.make_idea(published=False, declared_count=3, heat=5.0)
    assert found() == []


@settings(
    max_examples=25,
    deadline=None,
    database=None,
    derandomize=True,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(days=st.lists(st.dates(dt.date(2020, 1, 1), dt.date(2040, 1, 1)), max_size=6))
def test_the_night_computes_the_same_heat_as_the_day(days):
    """PostgreSQL and Python agree, for supports that are years apart too."""
    campaign = f.make_campaign()
    idea = f.make_idea(campaign=campaign, declared_count=len(days), heat=heat.of(days))
    Support.objects.bulk_create([Support(idea=idea, supported_on=day) for day in days])
    assert found() == []
    idea.delete()
    Campaign.objects.filter(pk=campaign.pk).update(idea_count=0)


def test_a_drift_of_rounding_is_no_difference(box):
    _campaign, first, _thread = box
    exact = Idea.objects.get(pk=first.pk).heat
    Idea.objects.filter(pk=first.pk).update(heat=round(exact, 2) + 0.001)
    assert found() == []


def test_counting_is_three_queries_however_many_rows(box, django_assert_num_queries):
    with django_assert_num_queries(3):
        recounting.recount("ideas", repair=False)


def test_night_and_command_cover_the_box(box, caplog, capsys):
    first = box[1]
    Idea.objects.filter(pk=first.pk).update(declared_count=3)
    with pytest.raises(SystemExit):
        call_command("check_consistency")
    assert "ideas_idea" in capsys.readouterr().out
    with caplog.at_level(logging.ERROR):
        tasks.check_consistency()
        tasks.check_consistency()
    assert [record.getMessage() for record in caplog.records] == [
        f"counter ideas_idea.declared_count of {first.pk} was 3, counted 2"
    ]
    call_command("check_consistency")
    assert "Tous les compteurs sont justes." in capsys.readouterr().out
