"""Gatherings at the same instant, on real connections: one idea is gathered once, one person counts once, nobody waits for ever."""

from collections import Counter

import pytest
from django.utils import timezone

from ideas import actions, amending, gathering, supporting
from ideas.models import AuthorNews, CarryAnswer, GatheredIdea, Gathering, Idea, Stage, Support, ThresholdPassing
from mulhouse.errors import DomainError
from mulhouse.references import new_reference
from tests import factories as f
from tests.concurrency import run_in_threads
from transparency.models import RegisterLine

pytestmark = pytest.mark.django_db(transaction=True)


def codes(found):
    """Count what the threads met: None for those that went through. Anything but a refusal is raised."""
    for each in found:
        if isinstance(each, Exception) and not isinstance(each, DomainError):
            raise each
    return Counter(each.code if isinstance(each, DomainError) else None for each in found)


def check(idea):
    idea.refresh_from_db()
    assert idea.verified_count + idea.declared_count == Support.objects.filter(idea=idea).count()


def test_one_idea_is_proposed_in_one_gathering():
    campaign = f.make_campaign()
    shared = f.make_idea(campaign=campaign)
    others = [f.make_idea(campaign=campaign) for _ in range(8)]

    def propose(number):
        f.make_gathering(ideas=[others[number], shared][:: 1 if number % 2 else -1], by=others[number].author)

    assert codes(run_in_threads(8, propose)) == {None: 1, "proposed": 7}
    assert GatheredIdea.objects.filter(idea=shared, is_live=True).count() == 1


def test_two_authors_who_agree_at_once_open_it_once():
    campaign = f.make_campaign()
    ideas = [f.make_idea(campaign=campaign) for _ in range(6)]
    made = f.make_gathering(ideas=ideas, is_of_city=True)

    def answer(number):
        idea = ideas[number % 6]
        gathering.answer(actor=idea.author, gathering=made, idea=idea, agrees=True, at=timezone.now())

    assert codes(run_in_threads(12, answer)) == {None: 12}
    assert (Idea.objects.filter(gathers=6).count(), RegisterLine.objects.filter(act="idea.gathered").count()) == (1, 1)


def test_idea_withdrawn_while_it_is_gathered_is_one_or_the_other():
    for _ in range(4):
        made = f.make_gathering()
        idea = made.members.get(answer="").idea

        def act(number, made=made, idea=idea):
            if number:
                actions.withdraw(actor=idea.author, idea=idea, at=timezone.now())
            else:
                gathering.answer(actor=idea.author, gathering=made, idea=idea, agrees=True, at=timezone.now())

        codes(run_in_threads(2, act))
        idea.refresh_from_db()
        made.refresh_from_db()
        assert (idea.withdrawn_at is None) == (idea.stage == Stage.GATHERED) == made.is_open


def test_one_person_who_answers_many_times_counts_once():
    campaign = f.make_campaign(thresholds=((5, "Rencontre"), (10, "Atelier")))
    ideas = [f.make_idea(campaign=campaign) for _ in range(2)]
    crowd = [f.make_resident() for _ in range(6)]
    for person in crowd:
        for idea in ideas:
            f.make_support(idea=idea, user=person)
    made = f.gather(*ideas)

    def say(number):
        person = crowd[number % 6]
        for is_yes in ((True, True), (True, False, True), (False, True))[number % 3]:
            gathering.carry(actor=person, gathering=made, is_yes=is_yes, at=timezone.now())

    def direct(number):
        if number < 18:
            return say(number)
        return supporting.support(actor=crowd[number % 6], idea=made.parent, at=timezone.now())

    assert codes(run_in_threads(24, direct)) == {None: 24}
    check(made.parent)
    assert (made.parent.declared_count, CarryAnswer.objects.count()) == (6, 6)
    assert ThresholdPassing.objects.filter(idea=made.parent, threshold__supports=5, percent=100).count() == 1


def test_answers_during_a_separation_are_counted_nowhere():
    ideas = [f.make_idea() for _ in range(1)]
    ideas.append(f.make_idea(campaign=ideas[0].campaign))
    crowd = [f.make_resident() for _ in range(10)]
    for person in crowd:
        f.make_support(idea=ideas[0], user=person)
    made, agent = f.gather(*ideas), f.make_staff("ideas.study_idea")

    def act(number):
        if number == 5:
            gathering.separate(actor=agent, gathering=made, reason="Deux besoins.", at=timezone.now())
        else:
            gathering.carry(actor=crowd[number], gathering=made, is_yes=True, at=timezone.now())

    found = codes(run_in_threads(10, act))
    assert set(found) <= {None, "over", "withdrawn"}
    made.refresh_from_db()
    check(made.parent)
    check(ideas[0])
    assert (made.parent.declared_count, CarryAnswer.objects.count(), ideas[0].declared_count) == (0, 0, 10)
    assert not Gathering.objects.open().exists()


def test_news_at_the_same_instant_are_one():
    idea = f.make_idea()
    found = run_in_threads(6, lambda _number: f.make_author_news(idea=idea))
    assert codes(found) == {None: 1, "weekly": 5}
    assert AuthorNews.objects.count() == 1


def test_change_answered_twice_at_once_is_taken_once():
    made = f.make_amendment()

    def answer(number):
        amending.answer(actor=made.idea.author, amendment=made, accepts=number % 2 == 0, word="", at=timezone.now())

    codes(run_in_threads(6, answer))
    made.refresh_from_db()
    assert RegisterLine.objects.filter(act="idea.amendment_answered").count() == 1
    assert made.idea.versions.count() == (1 if made.state == "accepted" else 0)


def test_same_change_sent_twice_is_one():
    idea, person, reference = f.make_idea(), f.make_resident(), new_reference()
    change = amending.Change(idea.title, idea.need, "Des bancs.", "Pour s’asseoir.")

    def propose(_number):
        amending.propose(actor=person, idea=idea, reference=reference, change=change, at=timezone.now())

    assert codes(run_in_threads(6, propose)) == {None: 6}
    assert idea.amendment_set.count() == 1
