"""Stored numbers are those of the rows, and put right when they are not."""

import logging

import pytest
from django.core.management import call_command
from django.utils import timezone

from consultations import actions, counters, tasks
from consultations.models import Comment, Consultation, Contribution, Section
from mulhouse.references import new_reference
from tests import factories as f

pytestmark = pytest.mark.django_db


@pytest.fixture
def city():
    """Two contributions, one withdrawn; two comments and a reply, one withdrawn; positions and a support."""
    consultation, at = f.make_consultation(sections=2), timezone.now()
    author, other = f.make_resident(), f.make_resident()
    rows = []
    for section in consultation.sections.all():
        words = actions.Words(section=section, kind="opinion", title="Un banc à l’ombre", body="Oui.", signature="name")
        draft = actions.save_draft(actor=author, consultation=consultation, reference=new_reference(), words=words)
        rows.append(actions.publish(actor=author, contribution=draft, at=at))
    first, second = rows

    def say(row, **fields):
        given = {"reference": new_reference(), "stance": "for", "body": "Oui.", "at": at, **fields}
        return actions.comment(actor=other, contribution=row, **given)

    thread = say(first)
    gone = say(first, stance="against")
    say(first, parent=thread)
    say(second)
    actions.withdraw_comment(actor=other, comment=gone, at=at)
    actions.take_position(actor=other, contribution=first, choice="mixed", at=at)
    actions.support_comment(actor=author, comment=thread, at=at)
    actions.withdraw(actor=author, contribution=second, at=at)
    return consultation, first, thread


def found():
    return [
        (difference.counter, difference.stored, difference.counted) for difference in counters.recount(repair=False)
    ]


def test_gestures_leave_exact_counts(city):
    assert found() == []
    consultation, first, thread = city
    consultation.refresh_from_db()
    first.refresh_from_db()
    thread.refresh_from_db()
    assert (consultation.contribution_count, consultation.comment_count) == (1, 2)
    assert (first.mixed_count, first.comment_count, first.for_count, first.against_count) == (1, 2, 1, 0)
    assert (thread.support_count, thread.reply_count) == (1, 1)


def test_every_wrong_count_is_found_and_put_right(city):
    consultation, first, thread = city
    Comment.objects.filter(pk=thread.pk).update(support_count=7, reply_count=0)
    Contribution.objects.filter(pk=first.pk).update(agree_count=3, for_count=9)
    Section.objects.filter(pk=first.section_id).update(contribution_count=8)
    Consultation.objects.filter(pk=consultation.pk).update(contribution_count=0, comment_count=5)
    wrong = [
        ("support_count", 7, 1),
        ("reply_count", 0, 1),
        ("agree_count", 3, 0),
        ("for_count", 9, 1),
        ("contribution_count", 8, 1),
        ("contribution_count", 0, 1),
        ("comment_count", 5, 2),
    ]
    assert found() == wrong
    repaired = counters.recount(repair=True)
    assert [(each.counter, each.stored, each.counted) for each in repaired] == wrong
    assert found() == []


def test_counting_is_four_queries_however_many_rows(city, django_assert_num_queries):
    with django_assert_num_queries(4):
        counters.recount(repair=False)


def test_night_task_says_what_it_corrects(city, caplog):
    Contribution.objects.filter(pk=city[1].pk).update(agree_count=3)
    with caplog.at_level(logging.ERROR):
        tasks.check_consistency()
        tasks.check_consistency()
    assert [record.getMessage() for record in caplog.records] == [
        f"counter consultations_contribution.agree_count of {city[1].pk} was 3, counted 0"
    ]


def test_command_shows_then_repairs(city, capsys):
    Contribution.objects.filter(pk=city[1].pk).update(agree_count=3)
    with pytest.raises(SystemExit):
        call_command("check_consistency")
    shown = capsys.readouterr().out
    assert "consultations_contribution" in shown
    assert "agree_count" in shown
    call_command("check_consistency", "--repair")
    call_command("check_consistency")
    assert "Tous les compteurs sont justes." in capsys.readouterr().out
