"""Ideas gathered under one: who proposes, who answers, whose support counts, how they separate again. Nothing is counted twice."""

import datetime as dt
import json

import pytest
from django.db import transaction
from django.utils import timezone

from accounts.models import Residency
from desk.models import Person
from ideas import (
    clocks,
    gathering,
    gathering_personal_data,
    gathering_telling,
    heat,
    pairing,
    rules,
    supporting,
    tasks,
)
from ideas.models import CarryAnswer, GatheredIdea, Gathering, Idea, LikelyPair, Stage, Support, ThresholdPassing
from moderation import actions as moderation
from moderation import cases, kinds
from moderation.models import Case
from mulhouse.errors import RefusedError
from mulhouse.references import new_reference
from notifications.models import Notification, OutboundMail, Subscription
from tests import factories as f
from transparency.models import Promise, RegisterLine

pytestmark = pytest.mark.django_db
STUDY = "ideas.study_idea"
TEXT = gathering.Text("Une idée pour deux", "De l’ombre.", "Des **arbres**.")


def acts(prefix="idea."):
    return list(RegisterLine.objects.filter(act__startswith=prefix).order_by("number").values_list("act", flat=True))


def facts(act):
    return json.loads(RegisterLine.objects.get(act=act).content)["faits"]


def two_ideas(count=2, **fields):
    campaign = f.make_campaign(thresholds=fields.pop("thresholds", ((4, "Rencontre"), (6, "Atelier"))))
    return [f.make_idea(campaign=campaign, **fields) for _ in range(count)]


def propose(actor, ideas, *, is_of_city=False, reference="", at=None):
    return gathering.propose(
        actor=actor,
        ideas=ideas,
        reference=reference or new_reference(),
        text=TEXT,
        is_of_city=is_of_city,
        at=at or timezone.now(),
    )


def refused(call, **given):
    with pytest.raises(RefusedError) as error:
        call(**given)
    return error.value.code


def carry(person, made, *, is_yes=True):
    gathering.carry(actor=person, gathering=made, is_yes=is_yes, at=timezone.now())


# --- Who may propose -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ("stranger", "not_author"),
        ("agent_without_permission", "not_allowed"),
        ("one", "number"),
        ("eleven", "number"),
        ("withdrawn", "gone"),
        ("hidden", "gone"),
        ("studied", "studied"),
        ("gathered", "gathered"),
        ("gathers", "gathered"),
        ("over", "over"),
        ("campaigns", "campaigns"),
        ("proposed", "proposed"),
        ("no_author", "no_author"),
    ],
)
def test_gathering_is_refused_with_its_reason(change, code):
    ideas = two_ideas()
    first, second = ideas
    actor, is_of_city, now = first.author, False, timezone.now()
    if change == "stranger":
        actor = f.make_resident()
    elif change == "agent_without_permission":
        actor, is_of_city = f.make_staff("ideas.read_idea"), True
    elif change == "one":
        ideas = [first, first]
    elif change == "eleven":
        ideas = [first, *(f.make_idea(campaign=first.campaign) for _ in range(10))]
    elif change == "campaigns":
        ideas = [first, f.make_idea()]
    elif change == "proposed":
        propose(second.author, [second, f.make_idea(campaign=first.campaign)])
    elif change == "over":
        today = f.today()
        campaign = f.make_campaign(
            kind="edition", closes_on=today - dt.timedelta(days=2), supports_end_on=today - dt.timedelta(days=1)
        )
        ideas = [f.make_idea(campaign=campaign, author=actor) for _ in range(2)]
    else:
        values = {
            "withdrawn": {"withdrawn_at": now},
            "hidden": {"hidden_at": now},
            "studied": {"stage": Stage.STUDY},
            "gathered": {"stage": Stage.GATHERED},
            "gathers": {"gathers": 2},
            "no_author": {"author": None},
        }[change]
        Idea.objects.filter(pk=second.pk).update(**values)
    before = Gathering.objects.count()
    assert refused(propose, actor=actor, ideas=ideas, is_of_city=is_of_city) == code
    assert Gathering.objects.count() == before


def test_proposal_of_an_author_is_nowhere_before_the_others_agree():
    first, second = two_ideas()
    made = propose(first.author, [first, second])
    assert (made.parent, made.is_pending, Idea.objects.filter(gathers__gt=0).count()) == (None, True, 0)
    assert sorted(made.members.values_list("idea", "answer")) == sorted([(first.pk, "yes"), (second.pk, "")])
    assert made.answers_until == f.today() + dt.timedelta(days=30)
    assert acts() == ["idea.gathering_proposed"]
    # The same form, sent twice.
    assert propose(first.author, [first, second], reference=made.reference) == made
    assert refused(propose, actor=second.author, ideas=[first, second], reference=made.reference) == "not_author"
    first.refresh_from_db()
    assert first.stage == Stage.SUPPORT


def test_last_agreement_opens_it():
    first, second = two_ideas(2, stage=Stage.SUPPORT)
    Idea.objects.filter(pk=second.pk).update(stage=Stage.EXPIRED)
    made = propose(first.author, [first, second])
    gathering.answer(actor=second.author, gathering=made, idea=second, agrees=True, at=timezone.now())
    made.refresh_from_db()
    parent = made.parent
    assert (parent.title, parent.proposal_html, parent.gathers) == (
        TEXT.title,
        "<p>Des <strong>arbres</strong>.</p>\n",
        2,
    )
    assert (parent.author, parent.author_label, parent.stage) == (first.author, "Réunit 2 idées", Stage.SUPPORT)
    assert (parent.next_supports, parent.is_visible, parent.theme) == (4, True, first.theme)
    for idea in (first, second):
        idea.refresh_from_db()
    assert (first.stage, second.stage) == (Stage.GATHERED, Stage.GATHERED)
    assert dict(made.members.values_list("idea", "stage_before")) == {first.pk: "support", second.pk: "expired"}
    assert acts() == ["idea.gathering_proposed", "idea.published", "idea.gathered", "idea.gathering_answered"]
    line = RegisterLine.objects.get(act="idea.gathered")
    assert line.subject == parent.reference
    assert sorted(facts("idea.gathered")["idees"]) == sorted([first.reference, second.reference])
    followers = Subscription.objects.filter(topic=parent.topic).values_list("user", flat=True)
    assert sorted(followers) == sorted([first.author_id, second.author_id])
    parent.campaign.refresh_from_db()
    assert parent.campaign.idea_count == 3


def test_repeating_an_answer_is_no_error():
    made = f.make_gathering()
    member = made.members.get(answer="")
    for _ in range(2):
        gathering.answer(actor=member.idea.author, gathering=made, idea=member.idea, agrees=True, at=timezone.now())
    assert (acts().count("idea.gathering_answered"), Idea.objects.filter(gathers=2).count()) == (1, 1)


@pytest.mark.parametrize("who", ["stranger", "proposer"])
def test_nobody_answers_for_the_idea_of_somebody_else(who):
    made = f.make_gathering()
    member = made.members.get(answer="")
    actor = f.make_resident() if who == "stranger" else made.author
    given = {"actor": actor, "gathering": made, "idea": member.idea, "agrees": True, "at": timezone.now()}
    assert refused(gathering.answer, **given) == "not_author"
    assert refused(gathering.answer, **{**given, "idea": f.make_idea(author=actor)}) == "over"


def test_refused_idea_stays_apart_and_the_others_go_on():
    ideas = two_ideas(3)
    made = propose(ideas[0].author, ideas)
    gathering.answer(actor=ideas[1].author, gathering=made, idea=ideas[1], agrees=False, at=timezone.now())
    made.refresh_from_db()
    assert made.is_pending
    # It is free again at once.
    assert propose(ideas[1].author, [ideas[1], f.make_idea(campaign=ideas[1].campaign)]).is_pending
    gathering.answer(actor=ideas[2].author, gathering=made, idea=ideas[2], agrees=True, at=timezone.now())
    stages = [Idea.objects.get(pk=idea.pk).stage for idea in ideas]
    assert stages == [Stage.GATHERED, Stage.SUPPORT, Stage.GATHERED]


def test_nothing_opens_with_fewer_than_two():
    first, second = two_ideas()
    made = propose(first.author, [first, second])
    gathering.answer(actor=second.author, gathering=made, idea=second, agrees=False, at=timezone.now())
    made.refresh_from_db()
    assert (made.end, made.parent, "idea.gathering_dropped" in acts()) == ("lapsed", None, True)
    assert (
        refused(gathering.answer, actor=second.author, gathering=made, idea=second, agrees=True, at=timezone.now())
        == "over"
    )


@pytest.mark.parametrize(
    ("is_of_city", "days", "expected"),
    [
        (True, 10, "pending"),
        (True, 11, "open"),
        (False, 30, "pending"),
        (False, 31, "lapsed"),
    ],
)
def test_silence_agrees_with_the_city_and_not_with_an_author(is_of_city, days, expected):
    made = f.make_gathering(is_of_city=is_of_city)
    gathering.settle(gathering=made, at=timezone.now() + dt.timedelta(days=days))
    made.refresh_from_db()
    assert ("pending" if made.is_pending else made.end or "open") == expected
    line = RegisterLine.objects.filter(act="idea.gathering_proposed").get()
    assert line.role == ("agent" if is_of_city else "habitant")


def test_city_opens_at_once_when_every_author_agrees_and_leaves_out_who_refuses():
    ideas = two_ideas(3)
    agent = f.make_staff(STUDY)
    made = propose(agent, ideas, is_of_city=True)
    for idea, agrees in zip(ideas, (True, False, True), strict=True):
        gathering.answer(actor=idea.author, gathering=made, idea=idea, agrees=agrees, at=timezone.now())
    made.refresh_from_db()
    assert (made.is_open, made.parent.author) == (True, ideas[0].author)
    assert sorted(made.members.filter(is_live=True).values_list("idea", flat=True)) == [ideas[0].pk, ideas[2].pk]


def test_idea_that_goes_while_authors_think_is_left_out():
    ideas = two_ideas(3)
    made = propose(ideas[0].author, ideas)
    Idea.objects.filter(pk=ideas[1].pk).update(withdrawn_at=timezone.now())
    gathering.answer(actor=ideas[2].author, gathering=made, idea=ideas[2], agrees=True, at=timezone.now())
    made.refresh_from_db()
    assert (made.is_open, made.parent.gathers) == (True, 2)
    assert not made.members.get(idea=ideas[1]).is_live


def test_city_gathers_ideas_whose_authors_left():
    ideas = two_ideas(author=None)
    made = propose(f.make_staff(STUDY), ideas, is_of_city=True)
    made.refresh_from_db()
    assert (made.is_open, made.parent.author) == (True, None)


def test_proposal_is_taken_back_by_who_made_it():
    made = f.make_gathering()
    other = made.members.get(answer="").idea
    assert refused(gathering.cancel, actor=other.author, gathering=made, at=timezone.now()) == "not_author"
    for _ in range(2):
        gathering.cancel(actor=made.author, gathering=made, at=timezone.now())
    assert acts()[-1:] == ["idea.gathering_dropped"]
    assert not GatheredIdea.objects.filter(is_live=True).exists()
    opened = f.gather()
    assert refused(gathering.cancel, actor=opened.author, gathering=opened, at=timezone.now()) == "over"


def test_campaign_read_first_sends_the_words_to_moderation_before_the_authors():
    campaign = f.make_campaign(moderation="prior")
    ideas = [f.make_idea(campaign=campaign) for _ in range(2)]
    made = propose(ideas[0].author, ideas)
    assert (made.is_waiting, Case.objects.get().kind) == (True, gathering.HELD_KIND)
    tasks.tell_gathering(gathering_id=made.pk)
    assert Notification.objects.count() == 0
    given = {"actor": ideas[1].author, "gathering": made, "idea": ideas[1], "agrees": True}
    assert refused(gathering.answer, **given, at=timezone.now()) == "held"
    decide(made, "keep")
    later = timezone.now()
    made.refresh_from_db()
    assert made.released_at is not None
    gathering.answer(**given, at=later)
    made.refresh_from_db()
    assert made.is_open


def test_words_that_moderation_refuses_gather_nothing():
    campaign = f.make_campaign(moderation="prior")
    ideas = [f.make_idea(campaign=campaign) for _ in range(2)]
    made = propose(ideas[0].author, ideas)
    decide(made, "hide")
    made.refresh_from_db()
    assert (made.end, made.refused_clause, made.members.filter(is_live=True).count()) == ("refused", "3.5", 0)


def decide(made, action):
    case = Case.objects.get(subject=made.reference)
    thing = kinds.of(case.kind).find(made.reference)
    moderation.decide(
        actor=f.make_staff("moderation.decide_case", "moderation.view_case"),
        case=case,
        action=action,
        clause="3.5" if action == "hide" else "",
        facts="C’est une publicité." if action == "hide" else "",
        passages=[],
        seen=cases.seen_of(case, thing),
        at=timezone.now(),
    )


# --- Supports ------------------------------------------------------------------------------------------------------


def test_counter_of_the_parent_counts_distinct_persons():
    """Two originals by the same person count once; a support of the parent itself too; silence and no count nothing."""
    first, second = two_ideas()
    both, one, silent, unwilling, direct, verified = (f.make_resident(verified=number == 5) for number in range(6))
    for idea, people in ((first, (both, one, silent)), (second, (both, unwilling, verified))):
        for person in people:
            f.make_support(idea=idea, user=person)
    made = f.gather(first, second)
    for person in (both, one, verified):
        carry(person, made)
    carry(unwilling, made, is_yes=False)
    supporting.support(actor=direct, idea=made.parent, at=timezone.now())
    parent = Idea.objects.get(pk=made.parent_id)
    assert (parent.verified_count, parent.declared_count) == (1, 3)
    assert Support.objects.filter(idea=parent).values("person").distinct().count() == 4
    assert parent.heat == pytest.approx(heat.of([f.today()] * 4))
    assert sorted(ThresholdPassing.objects.filter(idea=parent).values_list("threshold__supports", "percent")) == [
        (4, 50),
        (4, 100),
        (6, 50),
    ]
    # The originals keep theirs.
    assert [Idea.objects.get(pk=idea.pk).declared_count for idea in (first, second)] == [3, 3]


def test_carrying_is_refused_to_who_was_not_asked():
    first, second = two_ideas()
    supporter = f.make_resident()
    f.make_support(idea=first, user=supporter)
    made = f.gather(first, second)
    given = {"gathering": made, "is_yes": True, "at": timezone.now()}
    assert refused(gathering.carry, actor=f.make_resident(), **given) == "not_asked"
    f.make_support(idea=first, user=second.author)
    # An author signs the idea that gathers: it is theirs.
    assert refused(gathering.carry, actor=second.author, **given) == "own"
    assert refused(supporting.support, actor=second.author, idea=made.parent, at=timezone.now()) == "own"
    Idea.objects.filter(pk=made.parent_id).update(supports_until=f.today() - dt.timedelta(days=1))
    assert refused(gathering.carry, actor=supporter, **given) == "expired"
    Residency.objects.filter(user=supporter).delete()
    Idea.objects.filter(pk=made.parent_id).update(supports_until=f.today())
    assert refused(gathering.carry, actor=supporter, **given) == "residency_missing"
    waiting = f.make_gathering(ideas=two_ideas())
    assert refused(gathering.carry, actor=supporter, **{**given, "gathering": waiting}) == "over"
    assert CarryAnswer.objects.count() == 0


def test_originals_take_no_support_any_more():
    made = f.gather()
    original = made.members.first().idea
    original.refresh_from_db()
    assert refused(supporting.support, actor=f.make_resident(), idea=original, at=timezone.now()) == "gathered"
    assert rules.withdraw_refusal(original.author, original).code == "gathered"
    assert rules.edit_refusal(made.author, made.parent, at=timezone.now()).code == "gathers"


def test_one_may_change_their_mind_and_nothing_is_counted_twice():
    first, second = two_ideas()
    person = f.make_resident()
    f.make_support(idea=first, user=person)
    made = f.gather(first, second)
    counts = []
    for is_yes in (True, True, False, False, True):
        carry(person, made, is_yes=is_yes)
        counts.append(Idea.objects.get(pk=made.parent_id).declared_count)
    assert counts == [1, 1, 0, 0, 1]
    assert CarryAnswer.objects.get().is_yes
    # Taken back on the page of the idea itself: the answer does not bring it back.
    supporting.withdraw_support(actor=person, idea=made.parent, at=timezone.now())
    assert (CarryAnswer.objects.get().support, Idea.objects.get(pk=made.parent_id).declared_count) == (None, 0)


def test_no_leaves_alone_what_somebody_gave_to_the_idea_itself():
    first, second = two_ideas()
    person = f.make_resident()
    f.make_support(idea=first, user=person)
    made = f.gather(first, second)
    supporting.support(actor=person, idea=made.parent, at=timezone.now())
    carry(person, made)
    carry(person, made, is_yes=False)
    assert Idea.objects.get(pk=made.parent_id).declared_count == 1


def test_who_supports_is_never_on_the_register():
    first, second = two_ideas()
    person = f.make_resident()
    f.make_support(idea=first, user=person)
    made = f.gather(first, second)
    carry(person, made)
    line = RegisterLine.objects.get(act="idea.supported")
    assert (line.subject, hasattr(line, "actor") and line.actor is not None) == (first.campaign.slug, False)


# --- Separating ------------------------------------------------------------------------------------------------------


def test_separation_gives_everything_back():
    first, second = two_ideas()
    Idea.objects.filter(pk=second.pk).update(stage=Stage.EXPIRED)
    person, direct = f.make_resident(), f.make_resident()
    f.make_support(idea=first, user=person)
    at = timezone.now() - dt.timedelta(days=6)
    until = first.supports_until
    made = f.gather(first, second, at=at)
    carry(person, made)
    supporting.support(actor=direct, idea=made.parent, at=timezone.now())
    agent = f.make_staff(STUDY)
    given = {"gathering": made, "reason": "Deux besoins différents.", "at": timezone.now()}
    assert refused(gathering.separate, actor=made.author, **given) == "not_allowed"
    for _ in range(2):
        gathering.separate(actor=agent, **given)
    made.refresh_from_db()
    parent = Idea.objects.get(pk=made.parent_id)
    assert (made.end, made.end_reason, parent.is_visible) == ("city", "Deux besoins différents.", False)
    # The carried support is gone, with the answer; the direct one stays with what is closed.
    assert (parent.declared_count, Support.objects.filter(idea=parent).count(), CarryAnswer.objects.count()) == (
        1,
        1,
        0,
    )
    first.refresh_from_db()
    second.refresh_from_db()
    assert (first.stage, first.declared_count, first.supports_until) == (Stage.SUPPORT, 1, until + dt.timedelta(days=6))
    assert second.stage == Stage.EXPIRED
    line = RegisterLine.objects.get(act="idea.separated")
    assert (line.role, facts("idea.separated")["par"], facts("idea.separated")["motif"]) == (
        "agent",
        "ville",
        "Deux besoins différents.",
    )
    parent.campaign.refresh_from_db()
    assert parent.campaign.idea_count == 2
    # And the ideas may be gathered again.
    assert f.gather(first, second).is_open


def owed():
    return set(Promise.objects.owed().values_list("key", flat=True))


def test_city_owes_a_reading_of_the_idea_that_gathers_then_of_the_originals_again():
    ideas = two_ideas(3)
    with transaction.atomic():
        for idea in ideas:
            clocks.begin(clocks.READING, idea=idea, at=idea.published_at)
        clocks.keep(clocks.READING, idea=ideas[2], at=timezone.now())
    first, second, third = (idea.reference for idea in ideas)
    days = dict(Promise.objects.values_list("key", "due_on"))
    assert owed() == {first, second}
    made = f.gather(*ideas)
    assert owed() == {made.parent.reference}
    hidden = kinds.get("idea")
    with transaction.atomic():
        row = hidden.hold(second)
        hidden.hide(row, timezone.now(), "spam")
    with transaction.atomic():
        hidden.show(hidden.hold(second))
    # Given back, and still gathered: it is owed nothing of its own.
    assert owed() == {made.parent.reference}
    gathering.separate(actor=f.make_staff(STUDY), gathering=made, reason="Deux lieux.", at=timezone.now())
    assert owed() == {first, second}
    assert dict(Promise.objects.filter(key__in=days).values_list("key", "due_on")) == days
    assert Promise.objects.get(key=third).met_on is not None


def test_hidden_original_is_owed_nothing_after_the_separation():
    ideas = two_ideas()
    with transaction.atomic():
        for idea in ideas:
            clocks.begin(clocks.READING, idea=idea, at=idea.published_at)
    made = f.gather(*ideas)
    Idea.objects.filter(pk=ideas[0].pk).update(hidden_at=timezone.now())
    gathering.separate(actor=f.make_staff(STUDY), gathering=made, reason="Deux lieux.", at=timezone.now())
    assert owed() == {ideas[1].reference}


def test_authors_separate_when_all_of_them_ask():
    made = f.gather()
    first, second = (member.idea.author for member in made.members.order_by("pk"))
    at = timezone.now()
    assert refused(gathering.leave, actor=f.make_resident(), gathering=made, wants=True, at=at) == "not_author"
    assert gathering.leave(actor=first, gathering=made, wants=True, at=at) is False
    assert gathering.leave(actor=first, gathering=made, wants=False, at=at) is False
    assert gathering.leave(actor=second, gathering=made, wants=True, at=at) is False
    assert gathering.leave(actor=first, gathering=made, wants=True, at=at) is True
    made.refresh_from_db()
    assert (made.end, acts()[-1]) == ("authors", "idea.separated")
    assert refused(gathering.leave, actor=first, gathering=made, wants=True, at=at) == "not_author"


def test_nothing_separates_once_the_city_studies():
    made = f.gather()
    Idea.objects.filter(pk=made.parent_id).update(stage=Stage.STUDY)
    given = {"actor": f.make_staff(STUDY), "gathering": made, "reason": "Autre chose.", "at": timezone.now()}
    assert refused(gathering.separate, **given) == "studied"
    assert refused(gathering.leave, actor=made.author, gathering=made, wants=True, at=timezone.now()) == "studied"


# --- Being told ----------------------------------------------------------------------------------------------------


def test_authors_are_told_each_step_once():
    made = f.make_gathering()
    other = made.members.get(answer="").idea
    for _ in range(2):
        tasks.tell_gathering(gathering_id=made.pk)
    told = Notification.objects.filter(kind="ideas.gathering").order_by("pk")
    assert list(told.values_list("user", flat=True)) == [other.author_id]
    gathering.answer(actor=other.author, gathering=made, idea=other, agrees=True, at=timezone.now())
    tasks.tell_gathering(gathering_id=made.pk)
    assert told.count() == 3
    gathering.separate(actor=f.make_staff(STUDY), gathering=made, reason="Non.", at=timezone.now())
    tasks.sweep_gatherings()
    assert told.count() == 5
    assert OutboundMail.objects.filter(kind="ideas.gathering").count() == 5


def test_each_supporter_is_asked_once_and_authors_are_not():
    first, second = two_ideas()
    both, follower = f.make_resident(), f.make_resident()
    for idea in (first, second):
        f.make_support(idea=idea, user=both)
    f.make_support(idea=first, user=second.author)
    Subscription.objects.create(user=follower, topic=first.topic)
    made = f.gather(first, second)
    for _ in range(2):
        tasks.ask_supporters(gathering_id=made.pk)
    Gathering.objects.update(asked_at=None)
    tasks.sweep_gatherings()
    asked = Notification.objects.filter(kind="ideas.gathered")
    assert sorted(asked.values_list("user", flat=True)) == [both.pk, follower.pk]
    assert asked.get(user=both).once_key == f"gathered:{made.pk}:{both.pk}"
    assert "compte-t-il" in asked.get(user=both).subject_line
    assert "compte-t-il" not in asked.get(user=follower).subject_line
    mail = OutboundMail.objects.get(kind="ideas.gathered", user=both)
    assert f"/idees/mes-idees/regroupements/#{made.reference}" in mail.text


def test_sweep_opens_what_time_settles():
    made = f.make_gathering(is_of_city=True, at=timezone.now() - dt.timedelta(days=12))
    tasks.sweep_gatherings()
    made.refresh_from_db()
    assert made.is_open


@pytest.mark.parametrize("count", [1, 3])
def test_asking_costs_the_same_however_many(django_assert_num_queries, count):
    first, second = two_ideas()
    for _ in range(count):
        f.make_support(idea=first)
    made = f.gather(first, second)
    people = list(gathering_telling.concerned(made))
    with django_assert_num_queries(13):
        gathering_telling.ask(gathering=made, people=people, at=timezone.now())


# --- One person, accounts that close ---------------------------------------------------------------------------------


def test_two_persons_that_are_one_keep_one_answer():
    first, second = two_ideas()
    people = [f.make_resident() for _ in range(2)]
    for person in people:
        f.make_support(idea=first, user=person)
    made = f.gather(first, second)
    for person in people:
        carry(person, made)
    kept, gone = (Person.objects.get(user=person) for person in people)
    with transaction.atomic():
        supporting.absorb(kept, gone)
        gathering.absorb(kept, gone)
    assert CarryAnswer.objects.get().person == kept
    assert Idea.objects.get(pk=made.parent_id).declared_count == 1


def test_closing_an_account_forgets_answers_and_drops_proposals():
    made = f.make_gathering()
    first = made.members.get(answer="yes").idea
    supporter = f.make_resident()
    opened_ideas = two_ideas()
    f.make_support(idea=opened_ideas[0], user=supporter)
    opened = f.gather(*opened_ideas)
    carry(supporter, opened)
    for person, expected in ((made.author, 1), (supporter, 1)):
        holdings = gathering_personal_data.HOLDINGS
        assert sum(len(list(each.export(person))) for each in holdings) == expected
        with transaction.atomic():
            for each in holdings:
                each.erase(person)
    made.refresh_from_db()
    assert (made.author, made.end, made.title) == (None, "cancelled", "—")
    assert not GatheredIdea.objects.filter(idea=first, is_live=True).exists()
    assert CarryAnswer.objects.count() == 0
    voice = opened.author
    with transaction.atomic():
        gathering.erase_proposals(user=voice, at=timezone.now())
    opened.refresh_from_db()
    assert (opened.author, opened.is_open) == (None, True)


# --- Pairs -----------------------------------------------------------------------------------------------------------


def test_pairs_are_found_by_letters_and_by_words_within_a_campaign():
    campaign = f.make_campaign()
    near = [
        f.make_idea(campaign=campaign, title=title)
        for title in ("Planter des arbres rue de Bâle", "Plantons des arbres, rue de Bale")
    ]
    words = f.make_idea(campaign=campaign, title="Ombrager les écoles")
    f.make_idea(
        campaign=campaign, title="Des voiles tendues l’été", proposal="Pour ombrager la cour des écoles en juin."
    )
    f.make_idea(title="Planter des arbres rue de Bâle")
    f.make_idea(campaign=campaign, title="Planter des arbres rue de Bâle", stage=Stage.STUDY)
    at = timezone.now()
    assert pairing.find_pairs(at=at) == 2
    assert pairing.find_pairs(at=at) == 0
    found = [{row.first_id, row.second_id} for row in pairing.to_look_at().order_by("-likeness")]
    assert found[0] == {idea.pk for idea in near}
    assert words.pk in found[1]


def test_pair_leaves_the_queue_once_dismissed_or_gathered():
    first, second = two_ideas(title="Un banc devant la poste")
    tasks.find_pairs()
    pair = LikelyPair.objects.get()
    assert list(pairing.to_look_at()) == [pair]
    given = {"pair": pair, "at": timezone.now()}
    assert refused(gathering.dismiss_pair, actor=f.make_resident(), **given) == "not_allowed"
    proposed = f.make_gathering(ideas=[first, second])
    assert list(pairing.to_look_at()) == []
    gathering.cancel(actor=proposed.author, gathering=proposed, at=timezone.now())
    assert list(pairing.to_look_at()) == [pair]
    for _ in range(2):
        gathering.dismiss_pair(actor=f.make_staff(STUDY), **given)
    assert (list(pairing.to_look_at()), acts("idea.pair")) == ([], ["idea.pair_dismissed"])
    assert pairing.find_pairs(at=timezone.now()) == 0
