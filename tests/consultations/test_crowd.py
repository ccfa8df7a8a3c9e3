"""Several people at the same instant on the same text: nothing twice, nothing lost, nobody waits for ever."""

from collections import Counter

import pytest
from django.utils import timezone

from consultations import actions, counters
from consultations.models import Comment, CommentSupport, Contribution, ContributionVersion, Position
from mulhouse.errors import RefusedError
from mulhouse.references import new_reference
from notifications.models import OutboundMail
from tests import factories as f
from tests.concurrency import run_in_threads
from transparency.models import RegisterLine
from transparency.verification import verify_whole

pytestmark = pytest.mark.django_db(transaction=True)
CROWD = 30


def words(section, title="Un banc à l’ombre"):
    return actions.Words(section=section, kind="opinion", title=title, body="Il fait chaud.", signature="name")


def published(consultation, author):
    draft = actions.save_draft(
        actor=author, consultation=consultation, reference=new_reference(), words=words(consultation.sections.first())
    )
    return actions.publish(actor=author, contribution=draft, at=timezone.now())


def acts():
    return Counter(RegisterLine.objects.values_list("act", flat=True))


def test_thirty_sends_of_one_form_are_one_contribution():
    consultation, author, at = f.make_consultation(), f.make_resident(), timezone.now()
    section = consultation.sections.first()

    def send(number):
        draft = actions.save_draft(actor=author, consultation=consultation, reference="SENTTWCE", words=words(section))
        return actions.publish(actor=author, contribution=draft, at=at).reference

    answers = run_in_threads(CROWD, send)

    # Those who saved after the first was published are told so; nobody published a second one.
    assert {answer if isinstance(answer, str) else answer.code for answer in answers} <= {"SENTTWCE", "published"}
    assert (Contribution.objects.count(), OutboundMail.objects.count(), dict(acts())) == (
        1,
        1,
        {"contribution.published": 1},
    )
    assert counters.recount(repair=False) == []


def test_thirty_sends_of_one_comment_are_one_comment():
    row, author, at = published(f.make_consultation(), f.make_resident()), f.make_resident(), timezone.now()

    answers = run_in_threads(
        CROWD,
        lambda number: (
            actions.comment(actor=author, contribution=row, reference="SAMEREF1", stance="for", body="Oui.", at=at).pk
        ),
    )

    assert len(set(answers)) == 1
    assert (Comment.objects.count(), acts()["comment.published"]) == (1, 1)
    assert counters.recount(repair=False) == []


def test_thirty_clicks_on_support_are_one_support():
    row = published(f.make_consultation(), f.make_resident())
    comment = f.make_comment(contribution=row)
    resident, at = f.make_resident(), timezone.now()

    answers = run_in_threads(CROWD, lambda number: actions.support_comment(actor=resident, comment=comment, at=at))

    assert answers == [None] * CROWD
    comment.refresh_from_db()
    assert (CommentSupport.objects.count(), comment.support_count, acts()["comment.supported"]) == (1, 1, 1)


def test_text_that_somebody_reacts_to_is_never_replaced_in_silence():
    """Ten corrections and twenty positions: whichever comes first, every text that was reacted to can be read again."""
    author = f.make_resident()
    row = published(f.make_consultation(), author)
    residents = [f.make_resident() for _ in range(20)]
    at = timezone.now()

    def gesture(number):
        if number % 3 == 0:
            title = f"Un banc à l’ombre, version {number}"
            actions.correct(actor=author, contribution=row, words=words(row.section, title), at=at)
        else:
            actions.take_position(actor=residents[number - number // 3 - 1], contribution=row, choice="agree", at=at)

    answers = run_in_threads(CROWD, gesture)

    assert answers == [None] * CROWD
    row.refresh_from_db()
    after_reaction = RegisterLine.objects.filter(
        act="contribution.corrected", content__contains='"apres_reaction":true'
    )
    versions = list(ContributionVersion.objects.order_by("number").values_list("number", "title"))
    assert (len(versions), [number for number, _ in versions]) == (
        after_reaction.count(),
        list(range(1, len(versions) + 1)),
    )
    assert row.title not in dict(versions).values()
    assert row.agree_count == Position.objects.count() == 20
    assert verify_whole().reason == ""


def test_crowd_of_every_gesture_never_locks_itself():
    """Comments, replies, supports, positions, corrections and withdrawals on the same rows: no deadlock, exact counts."""
    consultation, at = f.make_consultation(sections=2), timezone.now()
    authors = [f.make_resident() for _ in range(3)]
    rows = [published(consultation, author) for author in authors]
    people = [f.make_resident() for _ in range(CROWD)]
    threads = [
        actions.comment(
            actor=people[number],
            contribution=rows[number % 3],
            reference=new_reference(),
            stance="for",
            body="Oui.",
            at=at,
        )
        for number in range(6)
    ]

    def gesture(number):
        actor, row, thread = people[number], rows[number % 3], threads[number % 6]
        match number % 6:
            case 0:
                actions.take_position(actor=actor, contribution=row, choice="agree", at=at)
            case 1:
                actions.comment(
                    actor=actor,
                    contribution=thread.contribution,
                    reference=new_reference(),
                    stance="neutral",
                    body="Et après ?",
                    parent=thread,
                    at=at,
                )
            case 2:
                actions.support_comment(actor=actor, comment=threads[(number + 1) % 6], at=at)
            case 3:
                actions.withdraw_comment(actor=people[3], comment=threads[3], at=at)
            case 4:
                section = consultation.sections.order_by("-pk").first()
                actions.correct(actor=authors[number % 3], contribution=row, words=words(section), at=at)
            case 5:
                if number == 29:
                    actions.withdraw(actor=authors[2], contribution=rows[2], at=at)
                else:
                    actions.take_position(actor=actor, contribution=row, choice="disagree", at=at)

    answers = run_in_threads(CROWD, gesture)

    # What was withdrawn meanwhile is refused with its sentence; nothing else is.
    assert {type(answer) for answer in answers} <= {type(None), RefusedError}
    assert {answer.code for answer in answers if answer} <= {"withdrawn"}
    assert counters.recount(repair=False) == []
    assert verify_whole().reason == ""
