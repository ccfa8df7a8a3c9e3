"""What the city promises at each threshold: by when, who says that it is kept, what everybody reads of it."""

import datetime as dt
import json

import pytest
from django.db import IntegrityError, transaction
from django.urls import reverse
from django.utils import timezone

from ideas import actions, city_rules, realising, supporting, tasks
from ideas.models import Event, Idea, Stage, Threshold, ThresholdPassing
from mulhouse import typography
from mulhouse.errors import DomainError, RefusedError
from notifications.models import Notification
from tests import factories as f
from tests.ideas.city_rows import AGENT, make_agent, make_answered, read
from transparency import queues as promised
from transparency.models import Promise, RegisterLine

pytestmark = pytest.mark.django_db
FOLLOWER = (city_rules.VIEW, city_rules.FOLLOW)


def supported(count=1, **fields):
    """An idea that reaches thresholds through its supporters."""
    campaign = f.make_campaign(thresholds=((1, "Rencontre"), (2, "Atelier"), (5, "Conseil")))
    idea = f.make_idea(campaign=campaign, **fields)
    for _ in range(count):
        supporting.support(actor=f.make_resident(), idea=idea, at=timezone.now())
    idea.refresh_from_db()
    return idea


def first(idea):
    return Threshold.objects.get(campaign=idea.campaign, supports=1)


def promise(idea, supports=1):
    return Promise.objects.filter(kind="idea.threshold", key=f"{idea.reference}-{supports}").first()


def keep(idea, *, actor=None, threshold=None, **given):
    values = {"text": "La rencontre a eu lieu **lundi**.", "happened_on": f.today(), "at": timezone.now(), **given}
    return realising.keep_promise(actor=actor or make_agent(), idea=idea, threshold=threshold or first(idea), **values)


def refused(call, *args, **given):
    with pytest.raises(RefusedError) as error:
        call(*args, **given)
    return error.value.code


# --- Refused -----------------------------------------------------------------------------------------------------------


def test_only_those_who_follow_realisations_say_it():
    idea = supported()
    for person in (f.make_resident(), f.make_staff(*(name for name in AGENT if name != city_rules.FOLLOW))):
        assert refused(keep, idea, actor=person) == "not_allowed"
    assert promise(idea).met_on is None


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"withdrawn_at": timezone.now()}, "gone"),
        ({"hidden_at": timezone.now()}, "gone"),
        ({"stage": Stage.GATHERED}, "gathered"),
    ],
)
def test_nothing_is_kept_for_what_is_gone(changes, code):
    idea = supported()
    Idea.objects.filter(pk=idea.pk).update(**changes)
    assert refused(keep, idea) == code


def test_threshold_that_is_not_reached_promised_nothing():
    idea = supported()
    assert refused(keep, idea, threshold=Threshold.objects.get(campaign=idea.campaign, supports=2)) == "not_reached"
    assert refused(keep, idea, threshold=Threshold.objects.get(pk=first(supported()).pk)) == "not_reached"


@pytest.mark.parametrize(
    ("given", "code"), [({"text": " "}, "text"), ({"happened_on": f.today() + dt.timedelta(days=1)}, "happened_on")]
)
def test_it_is_said_in_words_and_once_done(given, code):
    idea = supported()
    with pytest.raises(DomainError) as error:
        keep(idea, **given)
    assert (error.value.code, Event.objects.count(), promise(idea).met_on) == (code, 0, None)


def test_database_holds_the_rule_and_what_was_said():
    idea = supported()
    event = keep(idea)
    wrong = (
        lambda: Threshold.objects.filter(pk=first(idea).pk).update(days=1),
        lambda: Event.objects.filter(pk=event.pk).update(threshold=None),
        lambda: Event.objects.create(
            idea=idea, kind="promise", text="Fait.", happened_on=f.today(), published_at=timezone.now()
        ),
        lambda: Event.objects.create(
            idea=idea, threshold=event.threshold, text="Fait.", happened_on=f.today(), published_at=timezone.now()
        ),
        lambda: f.make_campaign(published_at=None).thresholds.update(days=731),
    )
    for change in wrong:
        with pytest.raises(IntegrityError), transaction.atomic():
            change()


# --- Promised, then kept -------------------------------------------------------------------------------------------------


def test_each_threshold_is_promised_within_its_days_once_it_is_reached():
    campaign = f.make_campaign(thresholds=((2, "Rencontre"), (3, "Atelier")), published_at=None)
    campaign.thresholds.filter(supports=2).update(days=40)
    campaign.published_at = timezone.now()
    campaign.save(update_fields=["published_at", "updated_at"])
    idea = f.make_idea(campaign=campaign)
    people = [f.make_resident() for _ in range(3)]
    supporting.support(actor=people[0], idea=idea, at=timezone.now())
    # Half-way: nothing yet.
    assert (ThresholdPassing.objects.count(), promise(idea, 2)) == (1, None)
    for person in people[1:]:
        supporting.support(actor=person, idea=idea, at=timezone.now())
    days = [(row.days, row.due_on) for row in (promise(idea, 2), promise(idea, 3))]
    assert days == [(40, f.today() + dt.timedelta(days=40)), (180, f.today() + dt.timedelta(days=180))]
    # Taken back, then given again: promised once, and the day stays.
    supporting.withdraw_support(actor=people[0], idea=idea, at=timezone.now())
    supporting.support(actor=people[0], idea=idea, at=timezone.now() + dt.timedelta(days=2))
    assert Promise.objects.filter(kind="idea.threshold").count() == 2


def test_kept_promise_is_an_event_told_to_followers_and_written_on_the_register():
    idea = supported()
    follower = f.make_resident()
    actions.follow(actor=follower, idea=idea)
    event = keep(idea)
    tasks.tell_event(event_id=event.pk)
    assert (event.kind, event.threshold, event.text_html) == (
        "promise",
        first(idea),
        "<p>La rencontre a eu lieu <strong>lundi</strong>.</p>\n",
    )
    assert promise(idea).met_on == f.today()
    line = RegisterLine.objects.get(act="idea.promise_kept")
    assert (line.role, json.loads(line.content)["faits"]) == (
        "agent",
        {"seuil": 1, "date": f.today().isoformat(), "nouvelle": event.reference},
    )
    told = Notification.objects.filter(user=follower).values_list("subject_line", flat=True)
    assert list(told) == [f"Promesse tenue\u00a0: {idea.title}"]
    assert refused(keep, idea) == "kept"


@pytest.mark.parametrize("stage", [Stage.EXPIRED, Stage.STUDY, Stage.DECLINED, Stage.DONE])
def test_it_is_kept_whatever_became_of_the_idea(stage):
    idea = supported()
    Idea.objects.filter(pk=idea.pk).update(stage=stage)
    keep(idea)
    assert promise(idea).met_on == f.today()


def test_answer_does_not_keep_it():
    idea = supported()
    read(idea)
    make_answered(idea=idea, outcome="declined", remedy="Déposer autrement.", next_step="", next_on=None)
    assert promise(idea).met_on is None


def test_withdrawn_idea_is_owed_nothing_and_a_hidden_one_is_owed_again():
    idea = supported()
    actions.withdraw(actor=idea.author, idea=idea, at=timezone.now())
    assert promise(idea).dropped_on == f.today()


# --- Pages ---------------------------------------------------------------------------------------------------------------


def test_page_says_by_when_then_what_was_done(client):
    idea = supported()
    page = client.get(idea.get_absolute_url()).content.decode()
    assert 'id="seuil-1"' in page
    assert 'id="seuil-2"' not in page
    assert typography.day(f.today() + dt.timedelta(days=180)) in page
    keep(idea)
    page = client.get(idea.get_absolute_url()).content.decode()
    assert "Ce que la Ville a fait" in page
    assert "<h4>Rencontre</h4>" in page
    assert "La rencontre a eu lieu <strong>lundi</strong>." in page


def test_public_promise_leads_to_the_idea_as_long_as_it_is_public(client):
    idea = supported()
    address = reverse("ideas:promise", args=[promise(idea).key])
    assert client.get(address)["Location"] == f"{idea.get_absolute_url()}#seuil-1"
    assert address in client.get(reverse("transparency:promises")).content.decode()
    Idea.objects.filter(pk=idea.pk).update(hidden_at=timezone.now())
    assert client.get(address).status_code == 404
    assert client.get(reverse("ideas:promise", args=["rien"])).status_code == 404


def test_agent_keeps_it_from_the_file(client):
    idea, agent = supported(), f.make_staff(*FOLLOWER)
    f.sign_in(client, agent)
    address = reverse("admin:ideas_idea_promise", args=[idea.pk, first(idea).pk])
    page = client.get(reverse("admin:ideas_idea_change", args=[idea.pk])).content.decode()
    assert address in page
    response = client.post(address, {"text": "", "happened_on": f.today().isoformat()})
    assert (response.status_code, response.context["form"].errors.keys()) == (422, {"text"})
    response = client.post(address, {"text": "Elle a eu lieu.", "happened_on": f.today().isoformat()})
    assert response["Location"] == reverse("admin:ideas_idea_change", args=[idea.pk])
    page = client.get(reverse("admin:ideas_idea_change", args=[idea.pk])).content.decode()
    assert address not in page
    assert client.get(address).status_code == 403


def test_it_waits_in_the_queue_until_it_is_kept():
    idea, person = supported(), f.make_staff(*FOLLOWER)
    late = timezone.now() + dt.timedelta(days=181)
    assert [(line.label, line.count, line.late) for line in promised.promises(person, late)] == [
        ("Promesses de seuils atteints à tenir", 1, 1)
    ]
    keep(idea)
    assert promised.promises(person, late) == []
