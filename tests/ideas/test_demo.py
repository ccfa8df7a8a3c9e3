"""The idea box of the demonstration: every stage, counts right, nothing twice, nothing by a second run."""

import importlib
import time
from collections import Counter

import pytest
from django.apps import apps
from django.db import transaction
from django.utils import timezone

from accounts import demo as accounts
from ballots import counting
from ballots.models import RollLine, Votation
from ideas import voting
from ideas.demo import seeding
from ideas.models import (
    Answer,
    Campaign,
    CampaignVote,
    CarryAnswer,
    Comment,
    Event,
    Gathering,
    Idea,
    Reading,
    Support,
    ThresholdPassing,
)
from notifications.models import OutboundMail
from tests import factories as f
from transparency.models import Promise, RegisterLine
from transparency.verification import verify_whole

# Read by pytest-django when it collects: without it, this file run alone finds no database made.
pytestmark = pytest.mark.django_db


@pytest.fixture(scope="module")
def loaded(django_db_setup, django_db_blocker):
    """Load once for the whole file, and give the processor time it took; all taken back in the end."""
    block = transaction.atomic()
    block._from_testcase = True  # noqa: SLF001 (what TestCase does, so that durable actions may run inside)
    with django_db_blocker.unblock():
        block.__enter__()
        try:
            # A transactional test, run before, may have emptied the tables of the city.
            importlib.import_module("city.migrations.0003_names").name_the_city(apps, None)
            accounts.seed()
            district = f.make_district()
            for _ in range(40):
                f.make_resident(district=district)
            begun = time.process_time()
            assert seeding.seed(at=timezone.now()) is True
            yield time.process_time() - begun
        finally:
            transaction.set_rollback(True)
            block.__exit__(None, None, None)


def test_box_is_loaded_once_and_at_every_stage(loaded):
    assert seeding.seed(at=timezone.now()) is False
    assert loaded < 5
    assert Idea.objects.count() == 64
    assert Counter(Idea.objects.values_list("stage", flat=True)) == {
        "support": 35,
        "expired": 5,
        "study": 3,
        "kept": 4,
        "gathered": 2,
        "declined": 3,
        "already": 1,
        "transferred": 1,
        "going_on": 3,
        "done": 6,
        "abandoned": 1,
    }
    campaigns = Campaign.objects.order_by("slug").values_list("kind", "idea_count", "budget_cents")
    assert list(campaigns) == [("permanent", 48, None), ("edition", 16, 30_000_000)]


def test_counts_are_those_of_the_rows_and_nothing_is_to_come(loaded):
    at = timezone.now()
    for idea in Idea.objects.order_by("pk"):
        rows = Support.objects.filter(idea=idea)
        assert (idea.verified_count, idea.support_total) == (rows.filter(is_verified=True).count(), rows.count())
        said = Comment.objects.filter(idea=idea)
        assert (idea.comment_count, idea.for_count, idea.against_count) == (
            said.count(),
            said.filter(stance="for").count(),
            said.filter(stance="against").count(),
        )
        days = [idea.published_at.date(), *rows.values_list("supported_on", flat=True)]
        assert (min(days), max(days) <= at.date()) == (days[0], True)
    assert not Comment.objects.filter(published_at__gt=at).exists()
    assert not Event.objects.filter(published_at__gt=at).exists()
    assert not Event.objects.filter(told_at=None).exists()
    assert not ThresholdPassing.objects.filter(passed_at__date__gt=at.date()).exists()
    assert verify_whole().reason == ""


def test_nobody_supports_their_own_idea_nor_is_written_to(loaded):
    for support in Support.objects.filter(person__isnull=False).select_related("person", "idea"):
        assert support.person.user_id != support.idea.author_id
    assert OutboundMail.objects.count() == 0


def test_every_gesture_of_the_city_is_there(loaded):
    assert Counter(Answer.objects.values_list("outcome", flat=True)) == {
        "kept": 4,
        "partly": 1,
        "declined": 3,
        "already": 1,
        "transferred": 1,
    }
    assert Reading.objects.count() == 26
    studies = Promise.objects.filter(kind="idea.study")
    assert (studies.count(), studies.filter(met_on__isnull=False).count()) == (8, 5)
    owed = studies.filter(met_on=None, due_on__lt=timezone.localdate())
    assert [promise.key for promise in owed] == [Idea.objects.get(title__startswith="Une ligne de bus").reference]
    assert Counter(RegisterLine.objects.values_list("act", flat=True))["idea.demo"] == 2


def test_one_enters_as_somebody_who_supports_and_wrote(loaded):
    resident = Idea.objects.get(title__startswith="Repeindre").author
    assert resident.email == "habitante@demo.example"
    assert Support.objects.filter(person__user=resident).count() == 3
    assert Comment.objects.filter(author=resident).count() == 1


def test_budget_of_the_campaign_held_what_was_made_of_it_and_not_the_two_others(loaded):
    link, at = CampaignVote.objects.select_related("campaign", "votation").get(), timezone.now()
    votation = Votation.objects.prefetch_related("options").get(pk=link.votation_id)
    result = counting.result(votation, at=at)
    assert votation.counted_at is not None
    assert result is not None
    assert result.paper == 8
    assert RollLine.objects.filter(votation=votation, channel="desk").count() == 8
    missed = [turn for turn in result.outcome.turns if turn.does_not_fit]
    labels = {option.number: option.label for option in votation.options.all()}
    assert [labels[turn.number] for turn in missed] == [
        "Une petite halle pour le marché du Drouot",
        "Une passerelle en bois sur la Doller",
    ]
    # What was kept is what the city made, or tried to make: every other project of the ballot.
    kept = {idea.stage for idea, _cost in voting.winners(link.campaign, at=at)}
    assert (kept, len(result.outcome.kept)) == ({"done", "going_on", "abandoned"}, 10)


def test_two_ideas_are_gathered_under_one_whose_supports_were_carried(loaded):
    gathering = Gathering.objects.select_related("parent").get()
    assert (gathering.is_open, gathering.parent.gathers, gathering.members.filter(answer="yes").count()) == (True, 2, 2)
    carried = CarryAnswer.objects.filter(gathering=gathering, is_yes=True, support__idea=gathering.parent)
    assert 0 < carried.count() < gathering.parent.support_total
