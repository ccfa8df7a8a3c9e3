"""Supports: who may, what they count, what each threshold does once, and what time does to an idea."""

import datetime as dt

import pytest
from django.contrib.auth.models import AnonymousUser
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from accounts.models import Residency
from desk import merging, people
from desk.models import Channel
from ideas import actions, heat, supporting, verifying
from ideas.models import Idea, Stage, Support, ThresholdPassing
from mulhouse.errors import RefusedError
from notifications import subscriptions
from notifications.models import Subscription
from tests import factories as f
from transparency.models import LineActor, RegisterLine

pytestmark = pytest.mark.django_db(transaction=True)
THREE = ((2, "Rencontre"), (4, "Atelier"), (10, "Conseil"))


def refused(function, *args, **kwargs):
    with pytest.raises(RefusedError) as caught:
        function(*args, **kwargs)
    return caught.value.code


def counts(idea):
    idea.refresh_from_db()
    return idea.verified_count, idea.declared_count, idea.support_total, idea.counted


def passings(idea):
    rows = ThresholdPassing.objects.filter(idea=idea).order_by("threshold__supports", "percent")
    return list(rows.values_list("threshold__supports", "percent"))


def acts():
    return list(RegisterLine.objects.order_by("number").values_list("act", flat=True))


def give(idea, number, **fields):
    """Have so many people support an idea by the action itself."""
    for _ in range(number):
        supporting.support(actor=f.make_resident(**fields), idea=idea, at=timezone.now())


# --- Who may -------------------------------------------------------------------------------------------------------


def test_visitor_is_asked_to_sign_in():
    assert refused(supporting.support, actor=AnonymousUser(), idea=f.make_idea(), at=timezone.now()) == "sign_in"
    assert (
        refused(supporting.withdraw_support, actor=AnonymousUser(), idea=f.make_idea(), at=timezone.now()) == "sign_in"
    )
    assert Support.objects.count() == 0


def test_who_did_not_say_where_they_live_is_refused():
    assert (
        refused(supporting.support, actor=f.make_user(), idea=f.make_idea(), at=timezone.now()) == "residency_missing"
    )


def test_declared_residence_is_refused_where_verified_ones_are_asked():
    idea = f.make_idea(campaign=f.make_campaign(residency_level="verified"))

    assert refused(supporting.support, actor=f.make_resident(), idea=idea, at=timezone.now()) == "residency_unverified"
    give(idea, 1, verified=True)
    assert counts(idea) == (1, 0, 1, 1)


def test_author_does_not_support_their_own_idea():
    idea = f.make_idea()

    assert refused(supporting.support, actor=idea.author, idea=idea, at=timezone.now()) == "own"
    assert counts(idea) == (0, 0, 0, 0)


@pytest.mark.parametrize(
    ("fields", "code"),
    [
        ({"published": False}, "withdrawn"),
        ({"withdrawn_at": timezone.now()}, "withdrawn"),
        ({"hidden_at": timezone.now()}, "withdrawn"),
        ({"stage": Stage.EXPIRED}, "expired"),
        ({"stage": Stage.STUDY}, "stage"),
        ({"stage": Stage.KEPT}, "stage"),
        ({"stage": Stage.GATHERED}, "gathered"),
        ({"supports_until": f.today() - dt.timedelta(days=1)}, "expired"),
    ],
)
def test_idea_that_gathers_no_support_refuses_it_and_its_withdrawal(fields, code):
    idea = f.make_idea(**fields)
    given = f.make_resident()
    f.make_support(idea=idea, user=given)

    assert refused(supporting.support, actor=f.make_resident(), idea=idea, at=timezone.now()) == code
    assert refused(supporting.withdraw_support, actor=given, idea=idea, at=timezone.now()) == code
    assert (counts(idea)[1], Support.objects.count(), acts()) == (1, 1, [])


def test_last_day_is_included():
    idea = f.make_idea(supports_until=f.today())

    give(idea, 1)

    assert counts(idea) == (0, 1, 1, 1)


# --- What is counted -----------------------------------------------------------------------------------------------


def test_verified_and_declared_supports_are_counted_apart():
    idea = f.make_idea()

    give(idea, 2, verified=True)
    give(idea, 1)

    assert counts(idea) == (2, 1, 3, 3)
    assert idea.heat == pytest.approx(heat.of([f.today()] * 3))
    assert list(Support.objects.order_by("pk").values_list("is_verified", "channel", "supported_on")) == [
        (True, Channel.WEB, f.today()),
        (True, Channel.WEB, f.today()),
        (False, Channel.WEB, f.today()),
    ]


def test_supporting_twice_counts_once_and_withdrawing_twice_is_no_error():
    idea, actor, at = f.make_idea(), f.make_resident(), timezone.now()

    supporting.support(actor=actor, idea=idea, at=at)
    supporting.support(actor=actor, idea=idea, at=at)
    assert counts(idea) == (0, 1, 1, 1)

    supporting.withdraw_support(actor=actor, idea=idea, at=at)
    supporting.withdraw_support(actor=actor, idea=idea, at=at)
    assert counts(idea) == (0, 0, 0, 0)
    assert (idea.heat, Support.objects.count()) == (heat.COLD, 0)
    assert acts() == ["idea.supported", "idea.unsupported"]


def test_register_says_neither_who_supports_nor_what():
    idea = f.make_idea()

    give(idea, 1)

    line = RegisterLine.objects.get()
    assert (line.act, line.subject) == ("idea.supported", idea.campaign.slug)
    assert idea.reference not in line.content
    assert LineActor.objects.count() == 0


def test_one_may_follow_what_one_supports_in_the_same_gesture():
    idea, follower, other = f.make_idea(), f.make_resident(), f.make_resident()

    supporting.support(actor=follower, idea=idea, at=timezone.now(), follow=True)
    supporting.support(actor=other, idea=idea, at=timezone.now())

    assert list(Subscription.objects.values_list("user", "topic")) == [(follower.pk, idea.topic)]
    assert [person.pk for person in subscriptions.followers(idea.topic)] == [follower.pk]


def test_little_is_done_while_a_crowd_waits_for_the_idea():
    """Between the lock of the idea and the commit: the count, then the line of the register; its texts are never read."""
    idea = f.make_idea(campaign=f.make_campaign(thresholds=((50, "Rencontre"),)))
    seen = []
    for _ in range(3):
        actor = f.make_resident()
        with CaptureQueriesContext(connection) as asked:
            supporting.support(actor=actor, idea=idea, at=timezone.now())
        statements = [query["sql"] for query in asked]
        held = next(at for at, sql in enumerate(statements) if 'FOR NO KEY UPDATE OF "ideas_idea"' in sql)
        seen.append((statements[held].count('"need"'), [sql.split(" ", 1)[0] for sql in statements[held + 1 :]]))

    assert seen == [(0, ["UPDATE", "SELECT", "SELECT", "INSERT", "COMMIT"])] * 3


# --- Thresholds ----------------------------------------------------------------------------------------------------


def test_each_threshold_passes_once_and_the_next_is_known():
    idea = f.make_idea(campaign=f.make_campaign(thresholds=THREE))
    seen = []
    for _ in range(5):
        give(idea, 1)
        idea.refresh_from_db()
        seen.append((idea.next_supports, passings(idea)))

    assert seen == [
        (2, [(2, 50)]),
        (4, [(2, 50), (2, 100), (4, 50)]),
        (4, [(2, 50), (2, 100), (4, 50)]),
        (10, [(2, 50), (2, 100), (4, 50), (4, 100)]),
        (10, [(2, 50), (2, 100), (4, 50), (4, 100), (10, 50)]),
    ]
    assert acts().count("idea.threshold_passed") == 5


def test_threshold_that_was_passed_stays_passed_and_does_not_pass_again():
    idea = f.make_idea(campaign=f.make_campaign(thresholds=THREE))
    last = f.make_resident()
    give(idea, 1)
    supporting.support(actor=last, idea=idea, at=timezone.now())

    supporting.withdraw_support(actor=last, idea=idea, at=timezone.now())
    supporting.support(actor=last, idea=idea, at=timezone.now())

    assert counts(idea) == (0, 2, 2, 2)
    assert (idea.next_supports, passings(idea)) == (4, [(2, 50), (2, 100), (4, 50)])
    assert acts().count("idea.threshold_passed") == 3


def test_last_threshold_leaves_none():
    idea = f.make_idea(campaign=f.make_campaign(thresholds=((1, "Rencontre"),)))

    give(idea, 2)

    idea.refresh_from_db()
    assert (idea.next_supports, passings(idea)) == (None, [(1, 50), (1, 100)])


def test_thresholds_count_verified_residences_only_where_the_campaign_says_so():
    idea = f.make_idea(campaign=f.make_campaign(thresholds=THREE, verified_only=True))

    give(idea, 3)
    assert (counts(idea), passings(idea)) == ((0, 3, 3, 0), [])

    give(idea, 2, verified=True)
    assert (counts(idea), passings(idea)) == ((2, 3, 5, 2), [(2, 50), (2, 100), (4, 50)])


# --- A residence that is verified later ----------------------------------------------------------------------------


def verify(user):
    Residency.objects.filter(user=user).update(
        verified_on=f.today(), expires_on=f.today() + dt.timedelta(days=365), method=Residency.Method.DESK
    )


def test_residence_verified_later_moves_the_support_and_passes_the_threshold():
    idea = f.make_idea(campaign=f.make_campaign(thresholds=THREE, verified_only=True))
    people_of_it = [f.make_resident() for _ in range(3)]
    for person in people_of_it:
        supporting.support(actor=person, idea=idea, at=timezone.now())
    verify(people_of_it[0])
    verify(people_of_it[1])

    assert [found.pk for found in verifying.ideas(at=timezone.now())] == [idea.pk]
    assert verifying.verify_supports(idea=idea, at=timezone.now()) == 2
    assert verifying.verify_supports(idea=idea, at=timezone.now()) == 0

    assert (counts(idea), passings(idea)) == ((2, 1, 3, 2), [(2, 50), (2, 100), (4, 50)])
    assert list(verifying.ideas(at=timezone.now())) == []
    line = RegisterLine.objects.get(act="idea.supports_verified")
    assert (line.subject, '"soutiens":2' in line.content) == (idea.campaign.slug, True)


def test_verification_changes_nothing_of_what_is_over():
    over = f.make_idea(supports_until=f.today() - dt.timedelta(days=1))
    studied = f.make_idea(stage=Stage.STUDY)
    person = f.make_resident(verified=True)
    for idea in (over, studied):
        f.make_support(idea=idea, user=person)

    assert list(verifying.ideas(at=timezone.now())) == []
    assert [verifying.verify_supports(idea=idea, at=timezone.now()) for idea in (over, studied)] == [0, 0]
    assert Support.objects.filter(is_verified=True).count() == 0


def test_verification_that_ended_verifies_nothing():
    idea, person = f.make_idea(), f.make_resident(verified=True)
    f.make_support(idea=idea, user=person)
    Residency.objects.filter(user=person).update(
        verified_on=f.today() - dt.timedelta(days=400), expires_on=f.today() - dt.timedelta(days=35)
    )

    assert verifying.verify_supports(idea=idea, at=timezone.now()) == 0


# --- Time ----------------------------------------------------------------------------------------------------------


def test_idea_expires_once_after_its_last_day():
    idea, at = f.make_idea(supports_until=f.today() - dt.timedelta(days=1)), timezone.now()
    f.make_support(idea=idea)

    assert supporting.expire(idea=idea, at=at - dt.timedelta(days=1)) is False
    assert supporting.expire(idea=idea, at=at) is True
    assert supporting.expire(idea=idea, at=at) is False

    idea.refresh_from_db()
    assert (idea.stage, idea.stage_at, acts()) == (Stage.EXPIRED, at, ["idea.expired"])
    assert '"soutiens":1' in RegisterLine.objects.get().content


def test_idea_that_reached_its_study_does_not_expire():
    idea = f.make_idea(campaign=f.make_campaign(thresholds=((1, "Rencontre"), (2, "Atelier"))))
    give(idea, 2)
    Idea.objects.update(supports_until=f.today() - dt.timedelta(days=1))

    assert supporting.expire(idea=idea, at=timezone.now()) is False
    idea.refresh_from_db()
    assert idea.stage == Stage.SUPPORT


@pytest.mark.parametrize(
    ("fields", "code"),
    [
        ({"supports_until": f.today() + dt.timedelta(days=14)}, "early"),
        ({"stage": Stage.EXPIRED, "renewed_at": timezone.now()}, "renewed"),
        ({"stage": Stage.STUDY}, "stage"),
        ({"withdrawn_at": timezone.now()}, "stage"),
        ({"next_supports": None}, "reached"),
        ({"stage": Stage.EXPIRED, "supports_until": f.today() - dt.timedelta(days=91)}, "late"),
    ],
)
def test_renewal_is_refused(fields, code):
    idea = f.make_idea(**{"supports_until": f.today(), **fields})

    assert refused(supporting.renew, actor=f.make_resident(), idea=idea, at=timezone.now()) == "not_author"
    assert refused(supporting.renew, actor=idea.author, idea=idea, at=timezone.now()) == code
    assert acts() == []


def test_edition_is_not_renewed():
    edition = f.make_campaign(kind="edition", closes_on=f.today(), supports_end_on=f.today() + dt.timedelta(days=3))
    idea = f.make_idea(campaign=edition)

    assert refused(supporting.renew, actor=idea.author, idea=idea, at=timezone.now()) == "edition"


def test_expired_idea_is_renewed_once_and_keeps_its_supports():
    idea, at = f.make_idea(supports_until=f.today() - dt.timedelta(days=5)), timezone.now()
    f.make_support(idea=idea)
    supporting.expire(idea=idea, at=at)

    supporting.renew(actor=idea.author, idea=idea, at=at)

    assert counts(idea) == (0, 1, 1, 1)
    assert (idea.stage, idea.supports_until) == (Stage.SUPPORT, f.today() + dt.timedelta(days=90))
    assert refused(supporting.renew, actor=idea.author, idea=idea, at=at) == "renewed"
    give(idea, 1)
    assert counts(idea) == (0, 2, 2, 2)


@pytest.mark.parametrize(
    ("supports", "words"),
    [
        (0, "Il en faut 2 pour que la Ville l’étudie."),
        (1, "Il en faut 2 pour que la Ville l’étudie."),
        (2, "Il en faut 9 pour le seuil suivant, «\u00a0Conseil\u00a0»."),
    ],
)
def test_renewal_says_what_the_next_threshold_asks(client, supports, words):
    campaign = f.make_campaign(thresholds=((1, "Rencontre"), (2, "Atelier"), (9, "Conseil")))
    idea = f.make_idea(campaign=campaign)
    give(idea, supports)
    Idea.objects.update(supports_until=f.today() - dt.timedelta(days=90))
    f.sign_in(client, idea.author)
    assert words in client.get(reverse("ideas:renew", args=[idea.reference])).content.decode()


def test_renewal_before_the_end_adds_to_the_days_left():
    idea = f.make_idea(supports_until=f.today() + dt.timedelta(days=3))

    supporting.renew(actor=idea.author, idea=idea, at=timezone.now())

    idea.refresh_from_db()
    assert idea.supports_until == f.today() + dt.timedelta(days=93)


# --- One person ----------------------------------------------------------------------------------------------------


def paper_person(number):
    with transaction.atomic():
        return people.of_identity(f"{number:064d}")


def add_paper(idea, person, *, is_verified):
    with transaction.atomic():
        return supporting.add(
            idea=idea, person=person, channel=Channel.PAPER, is_verified=is_verified, at=timezone.now()
        )


def merge(kept, gone):
    with transaction.atomic():
        merging.merge(kept, gone)


@pytest.mark.parametrize(
    ("web", "paper", "left"),
    [(False, True, (1, 0)), (True, False, (1, 0)), (False, False, (0, 1)), (True, True, (1, 0))],
)
def test_two_people_who_were_one_count_once_and_the_verified_support_stays(web, paper, left):
    both, only, user = f.make_idea(), f.make_idea(), f.make_resident()
    f.make_support(idea=both, user=user, is_verified=web)
    gone = paper_person(1)
    add_paper(both, gone, is_verified=paper)
    add_paper(only, gone, is_verified=True)
    assert sum(counts(both)[:2]) == 2

    merge(user.person, gone)

    assert (counts(both)[:2], counts(only)[:2]) == (left, (1, 0))
    assert list(Support.objects.order_by("idea").values_list("idea", "person")) == [
        (both.pk, user.person.pk),
        (only.pk, user.person.pk),
    ]


def test_paper_support_after_the_account_is_counted_once():
    idea, user = f.make_idea(), f.make_resident()
    supporting.support(actor=user, idea=idea, at=timezone.now())

    assert add_paper(idea, user.person, is_verified=True) is False
    assert counts(idea) == (0, 1, 1, 1)


# --- Closing an account --------------------------------------------------------------------------------------------


def test_closed_account_leaves_what_is_over_counted_and_takes_back_the_rest():
    user, other = f.make_resident(verified=True), f.make_resident()
    gathering, over, studied = (
        f.make_idea(),
        f.make_idea(supports_until=f.today() - dt.timedelta(days=1)),
        f.make_idea(stage=Stage.STUDY),
    )
    for idea in (gathering, over, studied):
        f.make_support(idea=idea, user=user, is_verified=True)
        f.make_support(idea=idea, user=other)

    with transaction.atomic():
        supporting.erase_supports(user=user, at=timezone.now())

    assert [counts(idea)[:2] for idea in (gathering, over, studied)] == [(0, 1), (1, 1), (1, 1)]
    assert list(Support.objects.filter(is_verified=True).order_by("idea").values_list("idea", "person")) == [
        (over.pk, None),
        (studied.pk, None),
    ]


def test_steps_of_a_support_need_the_transaction_of_their_caller():
    idea, user = f.make_idea(), f.make_resident()
    support = f.make_support(idea=idea, user=user)
    for call in (
        lambda: supporting.add(
            idea=idea, person=support.person, channel=Channel.DESK, is_verified=True, at=timezone.now()
        ),
        lambda: supporting.take_away(idea, Support.objects.all()),
        lambda: supporting.absorb(support.person, support.person),
        lambda: supporting.erase_supports(user=user, at=timezone.now()),
        lambda: actions.count_idea(idea=idea, by=1),
    ):
        with pytest.raises(RuntimeError):
            call()
    assert counts(idea) == (0, 1, 1, 1)
