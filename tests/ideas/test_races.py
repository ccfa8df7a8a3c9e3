"""Many at the same instant on one idea, on real connections: exact counts, one passing of each threshold, nobody waits for ever."""

import datetime as dt
import random
from collections import Counter

import pytest
from django.db import transaction
from django.utils import timezone

from accounts.models import Residency
from desk import actions as desk
from desk import people
from desk.models import Channel, Person
from ideas import heat, supporting, talking, verifying
from ideas.models import Comment, Idea, Stage, Support, ThresholdPassing
from mulhouse.errors import RefusedError
from mulhouse.references import new_reference
from tests import factories as f
from tests.concurrency import run_in_threads
from transparency.models import RegisterLine
from transparency.verification import verify_whole

pytestmark = pytest.mark.django_db(transaction=True)
CROWD = 40
EACH = 6
FINGERPRINT = "c" * 64


def acts():
    return Counter(RegisterLine.objects.values_list("act", flat=True))


def check(idea):
    """The counters say what the rows say; the passings, each once; the chain holds."""
    idea.refresh_from_db()
    rows = Support.objects.filter(idea=idea)
    verified = rows.filter(is_verified=True).count()
    assert (idea.verified_count, idea.declared_count) == (verified, rows.count() - verified)
    days = list(rows.values_list("supported_on", flat=True))
    assert idea.heat == pytest.approx(heat.of(days), abs=1e-6)
    found = Counter(ThresholdPassing.objects.filter(idea=idea).values_list("threshold__supports", "percent"))
    assert set(found.values()) <= {1}
    assert acts()["idea.threshold_passed"] == ThresholdPassing.objects.count()
    assert verify_whole().reason == ""
    return sorted(found)


def test_forty_threads_of_supports_and_withdrawals_count_exactly_and_pass_each_threshold_once():
    """Each thread has its own people, who support, change their mind, and support again; some of them were verified."""
    idea = f.make_idea(campaign=f.make_campaign(thresholds=((50, "Rencontre"), (120, "Atelier"))))
    district, at = f.make_district(), timezone.now()
    crowd = [
        [f.make_resident(district=district, verified=number % 3 == 0) for _ in range(EACH)] for number in range(CROWD)
    ]
    # Drawn beforehand: the same gestures each time, in whatever order the threads meet.
    gestures = []
    for number in range(CROWD):
        lot = random.Random(number)
        gestures.append([(lot.randrange(EACH), lot.random() < 0.7) for _ in range(EACH * 2)] + [(0, False), (0, True)])

    def take_part(number):
        for who, supports in gestures[number]:
            gesture = supporting.support if supports else supporting.withdraw_support
            gesture(actor=crowd[number][who], idea=idea, at=at)

    answers = run_in_threads(CROWD, take_part)

    assert answers == [None] * CROWD
    last = [dict(each) for each in gestures]  # the last gesture of each person decides
    expected = Counter(number % 3 == 0 for number in range(CROWD) for who in last[number] if last[number][who])
    passed = check(idea)
    assert (idea.verified_count, idea.declared_count) == (expected[True], expected[False])
    assert passed == [(50, 50), (50, 100), (120, 50), (120, 100)]
    assert acts()["idea.supported"] - acts()["idea.unsupported"] == expected[True] + expected[False]


def test_forty_clicks_of_one_person_are_one_support():
    idea, actor, at = f.make_idea(), f.make_resident(), timezone.now()

    answers = run_in_threads(CROWD, lambda number: supporting.support(actor=actor, idea=idea, at=at))

    assert answers == [None] * CROWD
    assert check(idea) == []
    assert (idea.declared_count, acts()["idea.supported"]) == (1, 1)


def test_no_support_is_counted_after_the_last_day():
    """Supports and the end of an idea together: whoever comes after is told, and what the end wrote is what was counted."""
    idea = f.make_idea(supports_until=f.today())
    crowd = [f.make_resident() for _ in range(CROWD)]
    now, tomorrow = timezone.now(), timezone.now() + dt.timedelta(days=1)

    def gesture(number):
        if number % 10 == 0:
            return supporting.expire(idea=idea, at=tomorrow)
        return supporting.support(actor=crowd[number], idea=idea, at=now)

    answers = run_in_threads(CROWD, gesture)

    codes = Counter(answer.code if isinstance(answer, RefusedError) else answer for answer in answers)
    check(idea)
    assert idea.stage == Stage.EXPIRED
    assert (codes[True], codes[False], codes[None] + codes["expired"]) == (1, 3, 36)
    assert idea.declared_count == codes[None]
    assert f'"soutiens":{codes[None]}' in RegisterLine.objects.get(act="idea.expired").content


def test_everything_that_touches_supports_at_once():
    """Supports, withdrawals, verified residences, an account that closes, two people who become one: no deadlock, exact counts."""
    idea = f.make_idea(campaign=f.make_campaign(thresholds=((10, "Rencontre"), (20, "Atelier")), verified_only=True))
    other = f.make_idea(campaign=idea.campaign)
    agent = f.make_staff("desk.assist", "accounts.verify_residency")
    crowd = [f.make_resident() for _ in range(CROWD)]
    for user in crowd[::2]:
        for each in (idea, other):
            f.make_support(idea=each, user=user)
            Idea.objects.filter(pk=each.pk).update(
                heat=heat.added(Idea.objects.values_list("heat", flat=True).get(pk=each.pk), f.today())
            )
    with transaction.atomic():
        paper = people.of_identity(FINGERPRINT)
        for each in (idea, other):
            supporting.add(idea=each, person=paper, channel=Channel.PAPER, is_verified=True, at=timezone.now())
    Residency.objects.filter(user__in=crowd).update(
        verified_on=f.today(), expires_on=f.today() + dt.timedelta(days=365), method=Residency.Method.DESK
    )
    at = timezone.now()

    def gesture(number):
        actor = crowd[number]
        match number % 8:
            case 0:
                verifying.verify_supports(idea=idea if number % 16 else other, at=at)
            case 2:
                supporting.withdraw_support(actor=actor, idea=idea, at=at)
            case 4:
                with transaction.atomic():
                    supporting.erase_supports(user=actor, at=at)
            case 7 if number == 7:
                desk.link_account(actor=agent, user=actor, fingerprint=FINGERPRINT)
            case _:
                supporting.support(actor=actor, idea=other if number % 3 else idea, at=at)
                supporting.support(actor=crowd[7], idea=other, at=at)

    answers = run_in_threads(CROWD, gesture)

    assert answers == [None] * CROWD
    for each in (idea, other):
        check(each)
        assert Support.objects.filter(idea=each, person__identity_hash=FINGERPRINT).count() == 1
    assert Person.objects.get(identity_hash=FINGERPRINT).user == crowd[7]


def test_people_reunited_while_they_support_wait_for_nobody_for_ever():
    idea, agent = f.make_idea(), f.make_staff("desk.assist", "accounts.verify_residency")
    crowd = [f.make_resident() for _ in range(CROWD // 2)]
    for number in range(CROWD // 2):
        with transaction.atomic():
            paper = people.of_identity(f"{number:064d}")
            supporting.add(idea=idea, person=paper, channel=Channel.PAPER, is_verified=True, at=timezone.now())
            people.of_user(crowd[number])

    def gesture(number):
        user = crowd[number // 2]
        if number % 2:
            desk.link_account(actor=agent, user=user, fingerprint=f"{number // 2:064d}")
        else:
            supporting.support(actor=user, idea=idea, at=timezone.now())

    answers = run_in_threads(CROWD, gesture)

    assert answers == [None] * CROWD
    check(idea)
    assert (idea.verified_count, idea.declared_count) == (CROWD // 2, 0)


def test_forty_forms_are_answered_whatever_the_crowd():
    """Comments, replies and withdrawals on the same threads, as people send them: the counts are those of the rows."""
    idea, at = f.make_idea(), timezone.now()
    threads = [f.make_idea_comment(idea=idea, stance="for") for _ in range(4)]
    crowd = [f.make_resident() for _ in range(CROWD)]

    def gesture(number):
        thread = threads[number % 4]
        match number % 5:
            case 0:
                talking.withdraw_comment(actor=threads[3].author, comment=threads[3], at=at)
            case 1 | 2:
                talking.comment(
                    actor=crowd[number],
                    idea=idea,
                    reference=new_reference(),
                    stance="",
                    body="Oui.",
                    parent=thread,
                    at=at,
                )
            case _:
                talking.comment(
                    actor=crowd[number], idea=idea, reference=new_reference(), stance="against", body="Non.", at=at
                )

    answers = run_in_threads(CROWD, gesture)

    assert {getattr(answer, "code", "") for answer in answers if isinstance(answer, Exception)} <= {"withdrawn"}
    idea.refresh_from_db()
    seen = Comment.objects.visible().filter(idea=idea)
    assert (idea.comment_count, idea.for_count, idea.against_count) == (
        seen.count(),
        seen.filter(stance="for").count(),
        seen.filter(stance="against").count(),
    )
    for thread in Comment.objects.threads().filter(idea=idea):
        assert thread.reply_count == seen.filter(parent=thread).count()
    assert verify_whole().reason == ""


def test_forty_sends_of_one_comment_are_one_comment():
    idea, author, at = f.make_idea(), f.make_resident(), timezone.now()

    answers = run_in_threads(
        CROWD,
        lambda number: (
            talking.comment(actor=author, idea=idea, reference="SAMEREF1", stance="for", body="Oui.", at=at).pk
        ),
    )

    assert len(set(answers)) == 1
    idea.refresh_from_db()
    assert (Comment.objects.count(), idea.comment_count, idea.for_count) == (1, 1, 1)
