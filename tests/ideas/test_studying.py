"""First reading, then study: who may, in which order, with which clock, and what the public may read of it."""

import datetime as dt
import json

import pytest
from django.db import IntegrityError, transaction
from django.utils import timezone

from ideas import actions, city_rules, clocks, studying, supporting, tasks
from ideas.models import Criterion, Idea, InternalNote, Reading, Stage, Study, StudyPart
from ideas.studying import Part
from mulhouse import typography, workdays
from mulhouse.errors import DomainError, RefusedError
from notifications.models import Notification, Subscription
from tests.factories import (
    make_campaign,
    make_idea,
    make_resident,
    make_service,
    make_staff,
    make_theme,
    make_user,
    today,
)
from tests.ideas.city_rows import AGENT, judgements, make_agent, make_answered, make_ready, make_studied, read
from transparency import queues as promised
from transparency.models import Promise, PromisePause, RegisterLine

pytestmark = pytest.mark.django_db
READER, STUDENT = ("ideas.view_idea", "ideas.read_idea"), ("ideas.view_idea", "ideas.study_idea")


def others(permission):
    """People who hold every right on ideas but one, and people who hold none."""
    return [make_resident(), make_staff(*(name for name in AGENT if name != permission))]


def facts(act):
    return json.loads(RegisterLine.objects.filter(act=act).latest("number").content)["faits"]


def code_of(call):
    with pytest.raises(DomainError) as caught:
        call()
    return caught.value.code


def promise(idea, kind):
    return Promise.objects.get(kind=kind, key=idea.reference)


# --- The promise of a reading ------------------------------------------------------------------------------------------


def hand_in():
    """An idea that becomes public now; without an account, so that no mail leaves."""
    idea = make_idea(published=False, author=None, theme=make_theme(), submitted_at=timezone.now())
    with transaction.atomic():
        actions.make_public(idea=idea, at=timezone.now())
    return idea


def test_publication_promises_a_reading_within_ten_worked_days():
    idea = hand_in()
    found = promise(idea, clocks.READING)
    assert (found.due_on, found.unit, found.days) == (workdays.after(today(), 10), "worked", 10)
    assert idea.title not in found.title


def test_withdrawal_drops_the_promise_and_giving_back_owes_it_again():
    author = make_resident()
    idea = make_idea(author=author)
    with transaction.atomic():
        due = clocks.begin(clocks.READING, idea=idea, at=timezone.now()).due_on
    actions.withdraw(actor=author, idea=idea, at=timezone.now())
    assert promise(idea, clocks.READING).dropped_on == today()
    with transaction.atomic():
        clocks.start_again(idea=idea)
    assert (promise(idea, clocks.READING).dropped_on, promise(idea, clocks.READING).due_on) == (None, due)


# --- First reading -----------------------------------------------------------------------------------------------------


def test_only_those_who_may_read_do():
    idea = make_idea()
    for actor in others("ideas.read_idea"):
        with pytest.raises(RefusedError):
            read(idea, agent=actor)
    assert not Reading.objects.exists()


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"withdrawn_at": timezone.now()}, "gone"),
        ({"hidden_at": timezone.now()}, "gone"),
        ({"stage": Stage.GATHERED}, "gathered"),
        ({"stage": Stage.DECLINED}, "answered"),
        ({"stage": Stage.GOING_ON}, "answered"),
    ],
)
def test_what_is_gone_or_decided_is_not_read(changes, code):
    idea = make_idea(**changes)
    assert code_of(lambda: read(idea)) == code


def test_reading_scores_keeps_the_promise_and_is_on_the_register():
    idea = hand_in()
    agent = make_staff(*READER)
    reading = read(idea, agent=agent, cost=1)
    assert (reading.number, reading.score, idea.realism) == (1, 65, 65)
    assert Criterion.objects.filter(reading=reading).count() == 6
    assert promise(idea, clocks.READING).met_on == today()
    found = facts("idea.read")
    assert (found["realisme"], found["niveaux"]["cost"], found["competence"]) == (65, 1, "city")


def test_later_reading_replaces_and_the_former_stays():
    idea = make_idea()
    first = read(idea, level=1)
    second = read(idea, level=4)
    assert (second.number, idea.realism) == (2, 100)
    first.refresh_from_db()
    assert (first.score, first.criteria.count()) == (25, 6)


def test_reading_of_an_older_page_is_refused():
    idea = make_idea()
    read(idea)
    assert (
        code_of(
            lambda: studying.publish_reading(
                actor=make_agent(),
                idea=idea,
                power="city",
                handed_to="",
                judgements=judgements(),
                seen=0,
                at=timezone.now(),
            )
        )
        == "stale"
    )


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"power": "agglomeration", "powers": 1}, "handed_to"),
        ({"power": "other", "handed_to": "Le Département", "powers": 3}, "powers"),
    ],
)
def test_what_is_beyond_the_powers_of_the_city_says_so(changes, code):
    idea = make_idea()
    assert code_of(lambda: read(idea, **changes)) == code
    assert Reading.objects.count() == 0


def test_handed_over_idea_names_to_whom_and_scores_low():
    idea = make_idea()
    reading = read(idea, level=4, power="other", handed_to="Le Département", powers=0)
    assert (reading.handed_to, reading.score) == ("Le Département", 20)


@pytest.mark.parametrize(
    "change",
    [
        lambda row: Reading.objects.filter(pk=row.pk).update(score=99),
        lambda row: Criterion.objects.filter(reading=row).update(reason="Autre."),
        lambda row: Criterion.objects.filter(reading=row).delete(),
        lambda row: row.delete(),
    ],
)
def test_database_holds_readings_whoever_writes(change):
    reading = read(make_idea())
    with pytest.raises(IntegrityError), transaction.atomic():
        change(reading)


def test_agent_who_leaves_leaves_no_name():
    agent = make_agent()
    reading = read(make_idea(), agent=agent)
    Reading.objects.filter(pk=reading.pk).update(agent=None)
    reading.refresh_from_db()
    assert reading.agent_id is None


# --- Study -----------------------------------------------------------------------------------------------------------------


def open_study(idea, agent=None, services=None, **options):
    given = [make_service()] if services is None else services
    return studying.open_study(actor=agent or make_agent(), idea=idea, services=given, at=timezone.now(), **options)


def test_only_those_who_may_open_a_study():
    idea = make_ready()
    for actor in others("ideas.study_idea"):
        with pytest.raises(RefusedError):
            open_study(idea, actor)
    assert not Study.objects.exists()


def test_unread_idea_is_not_studied():
    assert code_of(lambda: open_study(make_idea(), reason="Une urgence.")) == "unread"


def test_study_opens_in_the_order_of_the_rule():
    first, second = make_ready(supports=200), make_ready(supports=120)
    assert code_of(lambda: open_study(second)) == "reason"
    agent, service = make_staff(*STUDENT), make_service(name="Espaces verts")
    study = open_study(first, agent, [service])
    first.refresh_from_db()
    assert first.stage == Stage.STUDY
    assert study.ground.startswith("Première de la liste le ")
    assert study.ground.endswith("200 soutiens pour 100 demandés, réalisme 75 sur 100\u00a0: 150 points.")
    assert facts("idea.study_opened") == {"pourquoi": study.ground, "services": ["Espaces verts"]}
    assert promise(first, clocks.STUDY).due_on == today() + dt.timedelta(days=60)
    # Then it is the turn of the next one.
    assert open_study(second).ground.startswith("Première de la liste le ")


def test_studying_before_its_turn_says_why_for_everybody():
    make_ready(supports=200)
    early = make_ready(supports=120)
    ground = open_study(early, reason="Les travaux de la rue\ncommencent en mai.").ground
    assert ground.startswith("Étudiée avant son tour (2e sur 2 le ")
    assert ground.endswith("Raison\u00a0: Les travaux de la rue commencent en mai.")


def test_studying_what_lacks_something_says_what():
    idea = make_idea(declared_count=40)
    read(idea, level=1)
    assert code_of(lambda: open_study(idea)) == "reason"
    assert code_of(lambda: open_study(idea, reason="x" * 200)) == "reason"
    assert open_study(idea, reason="Une urgence.").ground == (
        "Étudiée sans remplir toutes les conditions (Il manque 60 soutiens. Réalisme 25 sur 100\u00a0: il en faut 35.) "
        "Raison\u00a0: Une urgence."
    )


# --- What is owed to an idea that has its supports ---------------------------------------------------------------------


def supported(count=2):
    """An idea that reaches the threshold which opens its study, through its supporters."""
    idea = make_idea(campaign=make_campaign(thresholds=((1, "Rencontre"), (2, "Atelier"))))
    for _ in range(count):
        supporting.support(actor=make_resident(), idea=idea, at=timezone.now())
    idea.refresh_from_db()
    return idea


def eligible(idea):
    return Promise.objects.filter(kind="idea.eligible", key=idea.reference).first()


def test_nothing_is_promised_below_the_threshold_of_the_study():
    assert eligible(supported(1)) is None


def test_idea_that_has_its_supports_is_promised_a_study_or_an_answer():
    promise = eligible(supported())
    assert (promise.made_on, promise.due_on, promise.met_on) == (today(), today() + dt.timedelta(days=60), None)
    assert (promise.route, promise.days) == ("ideas:detail", 60)


def test_opening_the_study_keeps_it():
    idea = supported()
    read(idea)
    studying.open_study(actor=make_agent(), idea=idea, services=[make_service()], at=timezone.now())
    assert eligible(idea).met_on == today()


def test_idea_that_its_realism_keeps_from_a_study_is_told_why_and_owed_an_answer(client):
    idea = supported()
    read(idea, level=1)
    page = client.get(idea.get_absolute_url()).content.decode()
    words = "son réalisme est de 25 sur 100\u00a0: il en faut 35 pour être étudiée"
    assert words in page
    day = typography.day(today() + dt.timedelta(days=60))
    assert f"Étude ouverte, ou réponse donnée, au plus tard le {day}" in page
    make_answered(idea=idea, outcome="declined", remedy="Déposer autrement.", next_step="", next_on=None)
    assert eligible(idea).met_on == today()
    assert words not in client.get(idea.get_absolute_url()).content.decode()


def test_it_waits_in_the_queue_of_those_who_answer_after_the_last_day_too():
    idea = supported()
    Idea.objects.filter(pk=idea.pk).update(supports_until=today() - dt.timedelta(days=1))
    assert not supporting.expire(idea=idea, at=timezone.now())
    late = timezone.now() + dt.timedelta(days=61)
    lines = [(line.label, line.count, line.late) for line in promised.promises(make_staff(city_rules.ANSWER), late)]
    assert lines == [("Idées qui ont leurs soutiens\u00a0: étude ou réponse due", 1, 1)]


def test_withdrawn_idea_is_owed_nothing():
    idea = supported()
    actions.withdraw(actor=idea.author, idea=idea, at=timezone.now())
    assert eligible(idea).dropped_on == today()


def test_study_asks_at_least_one_service_and_opens_once():
    idea = make_ready()
    assert code_of(lambda: open_study(idea, services=[])) == "services"
    open_study(idea)
    assert code_of(lambda: open_study(idea)) == "open"
    assert Study.objects.count() == 1


def test_more_services_are_asked_once_each():
    idea = make_studied()
    for actor in others("ideas.study_idea"):
        with pytest.raises(RefusedError):
            studying.ask_parts(actor=actor, idea=idea, services=[make_service()], at=timezone.now())
    known, new = StudyPart.objects.get().service, make_service(name="Voirie")
    asked = [
        studying.ask_parts(actor=make_agent(), idea=idea, services=[known, new], at=timezone.now()) for _ in range(2)
    ]
    assert asked == [1, 0]
    assert StudyPart.objects.filter(study__idea=idea).count() == 2
    assert facts("idea.study_part_asked") == {"services": ["Voirie"]}


def give(part, actor=None, **said):
    given = Part(**{"feasibility": "yes", "cost_cents": 900_000, "delay_months": 6, **said})
    return studying.give_part(actor=actor or make_agent(), part=part, said=given, at=timezone.now())


def test_part_is_given_by_those_who_may_and_changes_while_the_study_runs():
    idea = make_studied()
    part = StudyPart.objects.get()
    for actor in others("ideas.study_idea"):
        with pytest.raises(RefusedError):
            give(part, actor)
    assert code_of(lambda: give(part, feasibility="if")) == "condition"
    give(part, feasibility="if", condition="Déplacer l’arrêt de bus.")
    give(part, feasibility="no", constraint="Une conduite d’eau.")
    part.refresh_from_db()
    assert (part.feasibility, part.condition, part.constraint) == ("no", "", "Une conduite d’eau.")
    assert part.given_at is not None
    make_answered(idea=idea)
    assert code_of(lambda: give(part)) == "not_studied"


def test_synthesis_and_notes_leave_no_word_on_the_register():
    idea = make_studied()
    for actor in others("ideas.study_idea"):
        with pytest.raises(RefusedError):
            studying.write_synthesis(actor=actor, idea=idea, text="Tout va bien.", seen="")
    studying.write_synthesis(actor=make_agent(), idea=idea, text="Deux services disent oui.", seen="")
    assert code_of(lambda: studying.write_synthesis(actor=make_agent(), idea=idea, text="Autre.", seen="")) == "stale"
    for actor in (make_resident(), make_staff("ideas.view_idea")):
        with pytest.raises(RefusedError):
            studying.note(actor=actor, idea=idea, text="Bonjour", at=timezone.now())
    assert code_of(lambda: studying.note(actor=make_agent(), idea=idea, text="  ", at=timezone.now())) == "text"
    studying.note(actor=make_agent(), idea=idea, text="Appeler le riverain.", at=timezone.now())
    assert InternalNote.objects.get().text == "Appeler le riverain."
    lines = RegisterLine.objects.filter(act="idea.study_worked")
    assert [json.loads(line.content)["faits"] for line in lines] == [{}, {}]


def test_clock_stops_for_a_public_reason_and_moves_by_as_much():
    idea = make_studied()
    for actor in others("ideas.study_idea"):
        with pytest.raises(RefusedError):
            studying.pause(actor=actor, idea=idea, reason="Nous attendons.", at=timezone.now())
    now = timezone.now()
    assert code_of(lambda: studying.pause(actor=make_agent(), idea=idea, reason=" ", at=now)) == "reason"
    studying.pause(actor=make_agent(), idea=idea, reason="Nous attendons l’architecte.", at=now)
    assert facts("idea.study_paused") == {"motif": "Nous attendons l’architecte."}
    assert PromisePause.objects.get().reason == "Nous attendons l’architecte."
    for actor in others("ideas.study_idea"):
        with pytest.raises(RefusedError):
            studying.resume(actor=actor, idea=idea, at=now)
    studying.resume(actor=make_agent(), idea=idea, at=now + dt.timedelta(days=7))
    assert promise(idea, clocks.STUDY).due_on == today() + dt.timedelta(days=67)
    assert facts("idea.study_resumed") == {"echeance": (today() + dt.timedelta(days=67)).isoformat()}


def test_followers_are_told_of_a_study_once():
    idea = make_ready()
    follower = make_user()
    Subscription.objects.create(user=follower, topic=idea.topic)
    make_user()
    study = open_study(idea)
    tasks.tell_study(study_id=study.pk)
    tasks.tell_study(study_id=study.pk)
    Study.objects.update(opened_at=timezone.now() - dt.timedelta(hours=1))
    tasks.sweep_city_news()
    told = Notification.objects.filter(kind="ideas.news")
    assert [(row.user_id, row.subject_line) for row in told] == [(follower.pk, f"À l’étude\u00a0: {idea.title}")]
    Idea.objects.filter(pk=idea.pk).update(hidden_at=timezone.now())
    tasks.tell_study(study_id=study.pk)
    assert told.count() == 1
