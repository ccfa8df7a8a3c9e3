"""The realisation: dates that are announced, moved in public and kept in sight; events never rewritten, told at each."""

import datetime as dt
import json

import pytest
from django.db import IntegrityError, transaction
from django.utils import timezone

from commitments.photos import Photo
from ideas import realising, tasks
from ideas.models import Event, EventPhoto, Idea, Milestone, Stage
from mulhouse.errors import DomainError, RefusedError
from notifications.models import Notification, Subscription
from tests.factories import make_idea, make_resident, make_staff, make_user, today
from tests.ideas.city_rows import AGENT, make_agent, make_answered, make_planned, make_studied
from transparency.models import RegisterLine

pytestmark = pytest.mark.django_db
PHOTO = Photo(name="idees/a.webp", alt="Le chantier", width=60, height=40, sha256="ab")


def days(number):
    return today() + dt.timedelta(days=number)


def code_of(call):
    with pytest.raises(DomainError) as caught:
        call()
    return caught.value.code


def facts(act):
    return json.loads(RegisterLine.objects.filter(act=act).latest("number").content)["faits"]


def plan(idea, actor=None, **given):
    return realising.plan(actor=actor or make_agent(), idea=idea, days=given or {"done": days(90)}, at=timezone.now())


def gestures(idea, milestone):
    """Every gesture on a realisation, by somebody."""
    at = timezone.now()
    return (
        lambda who: realising.plan(actor=who, idea=idea, days={"works": days(50)}, at=at),
        lambda who: realising.change_date(
            actor=who, milestone=milestone, planned_on=days(200), reason="Le marché.", at=at
        ),
        lambda who: realising.finish_step(actor=who, milestone=milestone, done_on=today(), text="", at=at),
        lambda who: realising.add_news(actor=who, idea=idea, text="Ça avance.", happened_on=today(), at=at),
        lambda who: realising.abandon(actor=who, idea=idea, reason="Trop cher.", at=at),
    )


def test_only_those_who_may_say_where_it_stands():
    idea = make_planned()
    said = Event.objects.count()
    for actor in (make_resident(), idea.author, make_staff(*(name for name in AGENT if name != "ideas.follow_idea"))):
        for gesture in gestures(idea, idea.milestones.get(step="done")):
            with pytest.raises(RefusedError):
                gesture(actor)
    assert Event.objects.count() == said


@pytest.mark.parametrize("stage", [Stage.SUPPORT, Stage.STUDY, Stage.DECLINED, Stage.DONE, Stage.ABANDONED])
def test_only_what_is_kept_is_realised(stage):
    idea = make_idea(stage=stage)
    milestone = Milestone.objects.create(idea=idea, step="works", planned_on=days(1), first_planned_on=days(1))
    codes = []
    for gesture in gestures(idea, milestone):
        try:
            gesture(make_agent())
        except RefusedError as error:
            codes.append(error.code)
    # Of what is done, news may still be given.
    assert codes == ["not_kept"] * (4 if stage == Stage.DONE else 5)


def test_announced_days_start_the_realisation():
    idea = make_answered()
    event = plan(idea, study=days(10), done=days(100))
    idea.refresh_from_db()
    assert idea.stage == Stage.GOING_ON
    assert list(idea.milestones.values_list("step", "planned_on", "first_planned_on")) == [
        ("study", days(10), days(10)),
        ("done", days(100), days(100)),
    ]
    assert (event.kind, event.text.startswith("Le calendrier est annoncé\u00a0: étude le ")) == ("news", True)
    assert facts("idea.planned")["etapes"] == {"study": days(10).isoformat(), "done": days(100).isoformat()}
    assert code_of(lambda: plan(idea, study=days(12))) == "days"
    assert code_of(lambda: plan(idea, works=days(5))) == "works"
    plan(idea, works=days(50))
    assert idea.milestones.get(step="study").planned_on == days(10)


def test_day_that_moves_keeps_the_first_in_sight():
    idea = make_planned()
    row = idea.milestones.get(step="done")

    def change(day, reason="Le marché est infructueux."):
        return realising.change_date(
            actor=make_agent(), milestone=row, planned_on=day, reason=reason, at=timezone.now()
        )

    assert code_of(lambda: change(days(200), " ")) == "reason"
    assert code_of(lambda: change(days(100))) == "planned_on"
    assert code_of(lambda: change(days(2))) == "planned_on"
    event = change(days(200))
    row.refresh_from_db()
    assert (row.planned_on, row.first_planned_on) == (days(200), days(100))
    assert (event.date_before, event.date_after, event.text) == (days(100), days(200), "Le marché est infructueux.")
    assert facts("idea.date_changed")["motif"] == "Le marché est infructueux."


def test_last_stage_done_realises_the_idea():
    idea = make_planned()

    def finish(step, day):
        return realising.finish_step(
            actor=make_agent(),
            milestone=idea.milestones.get(step=step),
            done_on=day,
            text="C’est ouvert.",
            photos=[PHOTO],
            at=timezone.now(),
        )

    assert code_of(lambda: finish("study", days(1))) == "done_on"
    finish("study", today())
    assert code_of(lambda: finish("study", today())) == "done"
    idea.refresh_from_db()
    assert idea.stage == Stage.GOING_ON
    event = finish("done", today())
    idea.refresh_from_db()
    assert (idea.stage, event.photos.get().alt) == (Stage.DONE, "Le chantier")
    assert facts("idea.step_done")["photos_sha256"] == ["ab"]


def test_news_say_what_happened_and_what_it_costs():
    idea = make_planned()

    def news(**given):
        values = {"text": "Les fosses sont creusées.", "happened_on": today(), **given}
        return realising.add_news(actor=make_agent(), idea=idea, at=timezone.now(), **values)

    assert code_of(lambda: news(text=" ")) == "text"
    assert code_of(lambda: news(happened_on=days(1))) == "happened_on"
    news(budget_cents=4_500_000)
    assert facts("idea.realisation_news")["budget_centimes"] == 4_500_000
    Idea.objects.filter(pk=idea.pk).update(stage=Stage.DONE)
    assert news().kind == "news"


def test_giving_up_is_reasoned_and_final():
    idea = make_planned()
    assert code_of(lambda: realising.abandon(actor=make_agent(), idea=idea, reason=" ", at=timezone.now())) == "reason"
    realising.abandon(actor=make_agent(), idea=idea, reason="Le sol est pollué.", at=timezone.now())
    idea.refresh_from_db()
    assert (idea.stage, facts("idea.abandoned")["motif"]) == (Stage.ABANDONED, "Le sol est pollué.")
    with pytest.raises(RefusedError):
        plan(idea)


@pytest.mark.parametrize(
    "change", [lambda row: Event.objects.filter(pk=row.pk).update(text="Autre."), lambda row: row.delete()]
)
def test_database_holds_events_whoever_writes(change):
    make_planned()
    with pytest.raises(IntegrityError), transaction.atomic():
        change(Event.objects.get())


def test_followers_are_told_at_each_event_once():
    follower = make_user()
    idea = make_planned()
    Subscription.objects.create(user=follower, topic=idea.topic)
    first = Event.objects.get()
    event = realising.add_news(actor=make_agent(), idea=idea, text="On plante.", happened_on=today(), at=timezone.now())
    for each in (first, event, event):
        tasks.tell_event(event_id=each.pk)
    told = Notification.objects.filter(once_key__startswith="idea-event:")
    assert list(told.values_list("user_id", "kind")) == [(follower.pk, "ideas.news")] * 2
    assert not Event.objects.filter(told_at=None).exists()


def test_photos_of_what_is_gone_are_not_public():
    idea = make_answered(idea=make_studied())
    plan(idea)
    realising.add_news(
        actor=make_agent(), idea=idea, text="On plante.", happened_on=today(), photos=[PHOTO], at=timezone.now()
    )
    assert EventPhoto.objects.public().count() == 1
    Idea.objects.filter(pk=idea.pk).update(hidden_at=timezone.now())
    assert EventPhoto.objects.public().count() == 0
