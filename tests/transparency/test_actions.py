import datetime as dt
import json

import pytest
from django.db import transaction
from django.utils import timezone

from mulhouse import personal_data, work
from mulhouse.errors import DomainError, RefusedError
from notifications.models import OutboundMail
from tests.concurrency import run_in_threads
from tests.factories import make_staff, make_user
from transparency import actions, register, rules, tasks, verification
from transparency.models import AccessibilityFault, LineActor, PromisePause, RegisterLine

pytestmark = pytest.mark.django_db(transaction=True)

AT = dt.datetime(2026, 11, 22, 20, 15, tzinfo=dt.UTC)
MICRO = dt.timedelta(microseconds=1)
# The whole last day counts, until midnight in Paris.
LAST_DAY = dt.datetime(2026, 11, 29, 23, tzinfo=dt.UTC) - MICRO - AT
DAY = dt.timedelta(days=1)
ANSWER = "transparency.answer_accessibilityfault"


def report(**fields):
    return actions.report_fault(
        **{"page": "Accueil", "description": "Pas de focus.", "email": "", "language": "fr", "at": AT, **fields}
    )


def last_line():
    return RegisterLine.objects.order_by("number").last()


# --- Faults ----------------------------------------------------------------------------------------------------------


def test_a_fault_is_promised_an_answer_within_a_week():
    fault = report()

    assert (fault.received_at, fault.due_at) == (AT, AT + dt.timedelta(days=7))
    line = last_line()
    assert (line.act, line.role, line.subject) == ("accessibility.reported", "visiteur", fault.reference)
    assert json.loads(line.content)["faits"] == {"reponse_promise": "2026-11-29T20:15:00.000000+00:00"}
    assert OutboundMail.objects.count() == 0


def test_an_acknowledgement_leaves_in_the_language_of_the_page():
    fault = report(email="a@example.org", language="de")

    mail = OutboundMail.objects.get()
    assert (mail.to, mail.kind, mail.secret) == ("a@example.org", "transparency.fault_received", False)
    assert fault.reference in mail.subject
    assert f"/de/accessibilite/signalements/{fault.reference}/" in mail.text
    assert "a@example.org" not in last_line().content


def test_an_acknowledgement_carries_no_word_of_who_typed_the_address():
    report(email="a@example.org", page="Gagnez https://piege.example", description="https://piege.example")
    mail = OutboundMail.objects.get()
    assert [part for part in (mail.subject, mail.text, mail.html) if "Gagnez" in part or "piege" in part] == []


def test_an_answer_names_the_page_without_its_markup():
    fault = report(email="a@example.org", page="<b>Accueil</b>")
    actions.answer_fault(actor=make_staff(ANSWER), fault=fault, answer="Corrigé.", at=AT)
    mail = OutboundMail.objects.get(kind="transparency.fault_answered")
    assert ("<b>Accueil</b>" in mail.text, "&lt;b&gt;Accueil&lt;/b&gt;" in mail.html) == (True, True)


def test_a_fault_without_the_permission_is_not_answered():
    fault, user = report(), make_user()

    assert rules.answer_refusal(user, fault, at=AT).code == "not_in_charge"
    with pytest.raises(RefusedError):
        actions.answer_fault(actor=user, fault=fault, answer="Corrigé.", at=AT)
    assert last_line().act == "accessibility.reported"


@pytest.mark.parametrize(("delay", "in_time"), [(LAST_DAY, True), (LAST_DAY + MICRO, False)])
def test_an_answer_is_published_and_sent(delay, in_time):
    agent = make_staff("transparency.answer_accessibilityfault")
    fault = report(email="a@example.org")
    assert rules.answer_refusal(agent, fault, at=AT) is None

    answered = actions.answer_fault(actor=agent, fault=fault, answer="Corrigé.\n\nMerci.", at=AT + delay)

    assert (answered.answer, answered.answered_at) == ("Corrigé.\n\nMerci.", AT + delay)
    line = last_line()
    assert (line.act, line.role, line.subject, line.actor.user) == (
        "accessibility.answered",
        "agent",
        fault.reference,
        agent,
    )
    assert json.loads(line.content)["faits"] == {"dans_les_delais": in_time}
    mail = OutboundMail.objects.get(kind="transparency.fault_answered")
    assert "Corrigé.\n\nMerci." in mail.text


def test_a_fault_is_answered_once_by_two_agents_at_the_same_time():
    agents = [make_staff("transparency.answer_accessibilityfault") for _number in range(2)]
    fault = report(email="a@example.org")

    results = run_in_threads(
        2, lambda number: actions.answer_fault(actor=agents[number], fault=fault, answer=f"Réponse {number}", at=AT)
    )

    (refusal,) = [result for result in results if isinstance(result, RefusedError)]
    assert refusal.code == "answered"
    assert RegisterLine.objects.filter(act="accessibility.answered").count() == 1
    assert OutboundMail.objects.filter(kind="transparency.fault_answered").count() == 1


def test_faults_wait_in_the_work_queue_and_late_ones_are_counted():
    agent, other = make_staff("transparency.answer_accessibilityfault"), make_staff()
    report()
    report(at=AT - dt.timedelta(days=1))
    assert work.waiting(other, at=AT) == []

    (item,) = [item for item in work.waiting(agent, at=AT + dt.timedelta(days=6)) if "accessibilité" in item.label]
    assert (item.count, item.late) == (2, 0)
    (item,) = [item for item in work.waiting(agent, at=AT + dt.timedelta(days=7)) if "accessibilité" in item.label]
    assert (item.count, item.late) == (2, 1)

    for fault in AccessibilityFault.objects.all():
        actions.answer_fault(actor=agent, fault=fault, answer="Corrigé.", at=AT)
    assert [item for item in work.waiting(agent, at=AT) if "accessibilité" in item.label] == []


def test_counts_tell_what_came_in_time():
    agent = make_staff("transparency.answer_accessibilityfault")
    in_time, late, waiting = report(), report(), report()
    actions.answer_fault(actor=agent, fault=in_time, answer="a", at=AT + LAST_DAY)
    actions.answer_fault(actor=agent, fault=late, answer="a", at=AT + LAST_DAY + MICRO)

    faults = AccessibilityFault.objects
    assert list(faults.answered_in_time()) == [in_time]
    assert list(faults.waiting()) == [waiting]
    assert (list(faults.late(at=AT + LAST_DAY)), list(faults.late(at=AT + LAST_DAY + MICRO))) == ([], [waiting])


# --- A clock that stands still ---------------------------------------------------------------------------------------


def test_only_those_who_answer_stop_and_start_the_clock_of_a_fault():
    fault = report()
    for user in (make_user(), make_staff("transparency.view_accessibilityfault")):
        with pytest.raises(RefusedError):
            actions.pause_fault(actor=user, fault=fault, reason="Nous attendons.", at=AT)
        with pytest.raises(RefusedError):
            actions.resume_fault(actor=user, fault=fault, at=AT)
    agent = make_staff(ANSWER)
    actions.answer_fault(actor=agent, fault=fault, answer="Corrigé.", at=AT)
    with pytest.raises(RefusedError):
        actions.pause_fault(actor=agent, fault=fault, reason="Nous attendons.", at=AT)
    assert PromisePause.objects.count() == 0


def test_clock_of_a_fault_stops_for_a_public_reason_and_its_day_moves():
    agent, fault = make_staff(ANSWER), report(email="a@example.org")
    with pytest.raises(DomainError):
        actions.pause_fault(actor=agent, fault=fault, reason=" ", at=AT + DAY)
    actions.pause_fault(actor=agent, fault=fault, reason="Dites quel lecteur d’écran.", at=AT + DAY)
    line = last_line()
    assert (line.act, line.role, line.subject, line.actor.user) == ("promise.paused", "agent", fault.reference, agent)
    assert "Dites quel lecteur d’écran." in OutboundMail.objects.get(kind="transparency.fault_paused").text
    assert list(AccessibilityFault.objects.late(at=AT + 30 * DAY)) == []

    actions.resume_fault(actor=agent, fault=fault, at=AT + 11 * DAY)
    fault.refresh_from_db()
    assert (last_line().act, fault.due_at) == ("promise.resumed", AT + 17 * DAY)
    assert list(AccessibilityFault.objects.late(at=AT + 18 * DAY)) == [fault]


def test_answer_during_a_pause_is_in_time_on_every_page():
    agent, fault = make_staff(ANSWER), report()
    actions.pause_fault(actor=agent, fault=fault, reason="Dites quel lecteur d’écran.", at=AT + DAY)
    actions.answer_fault(actor=agent, fault=fault, answer="Corrigé.", at=AT + 20 * DAY)
    assert json.loads(last_line().content)["faits"] == {"dans_les_delais": True}
    assert list(AccessibilityFault.objects.answered_in_time()) == [fault]


# --- Who stood behind a line -----------------------------------------------------------------------------------------


def write(actor):
    with transaction.atomic():
        return register.record("register.actor_seen", role="administration", actor=actor)


def test_nobody_sees_who_acted_without_the_permission():
    user = make_user()
    line = write(user)

    with pytest.raises(RefusedError):
        actions.reveal_actor(actor=user, line=line, at=AT)
    assert register.head() == 1


def test_seeing_who_acted_is_written_on_the_register():
    somebody, looker = make_user(), make_staff("transparency.view_lineactor")
    line = write(somebody)

    assert actions.reveal_actor(actor=looker, line=line, at=AT) == somebody
    seen = last_line()
    assert (seen.act, json.loads(seen.content)["faits"], seen.actor.user) == (
        "register.actor_seen",
        {"ligne": 1},
        looker,
    )


def test_who_acted_is_not_known_for_ever():
    looker = make_staff("transparency.view_lineactor")
    line = write(None)

    assert actions.reveal_actor(actor=looker, line=line, at=AT) is None


def test_erasing_a_person_does_not_break_the_chain():
    somebody = make_user()
    write(somebody)
    write(somebody)
    somebody.delete()

    assert LineActor.objects.count() == 0
    verdict = verification.verify_whole()
    assert (verdict.lines, verdict.broken_at) == (2, None)


@pytest.mark.parametrize(("age", "left"), [(actions.ACTORS_KEPT, 1), (actions.ACTORS_KEPT + MICRO, 0)])
def test_who_acted_is_forgotten_after_a_year(age, left):
    line = write(make_user())
    actions.purge(at=line.at + age)

    assert LineActor.objects.count() == left
    # What was forgotten leaves its own line: how many, never who.
    assert register.head() == 2 - left


@pytest.mark.parametrize(
    ("age", "kept"),
    [
        (actions.FAULT_ADDRESSES_KEPT, (True, True)),
        (actions.FAULT_ADDRESSES_KEPT + MICRO, (False, True)),
        (actions.FAULT_TEXTS_KEPT, (False, True)),
        (actions.FAULT_TEXTS_KEPT + MICRO, (False, False)),
    ],
)
def test_what_was_described_is_forgotten_after_the_answer(age, kept):
    agent = make_staff("transparency.answer_accessibilityfault")
    fault, waiting = report(email="a@example.org"), report(email="b@example.org")
    actions.answer_fault(actor=agent, fault=fault, answer="Corrigé.", at=AT)

    actions.purge(at=AT + age)

    fault.refresh_from_db()
    waiting.refresh_from_db()
    assert (bool(fault.email), bool(fault.description)) == kept
    assert fault.answer == "Corrigé."
    assert (waiting.email, waiting.description) == ("b@example.org", "Pas de focus.")


def test_the_tasks_call_what_they_name():
    tasks.verify_register()
    tasks.purge()

    assert last_line().act == "register.verified"


# --- What is known about a person ------------------------------------------------------------------------------------


def test_a_person_takes_away_and_erases_what_this_room_knows():
    user = make_user(email="ana@example.org")
    line = write(user)
    fault = report(email="Ana@example.org")
    other = report(email="b@example.org")
    holdings = {holding.model: holding for holding in personal_data.holdings()}

    assert list(holdings[LineActor].export(user)) == [
        {"ligne": 1, "le": line.at.isoformat(), "acte": register.label("register.actor_seen"), "objet": ""}
    ]
    (exported,) = holdings[AccessibilityFault].export(user)
    assert (exported["reference"], exported["description"]) == (fault.reference, "Pas de focus.")

    holdings[LineActor].erase(user)
    holdings[AccessibilityFault].erase(user)
    fault.refresh_from_db()
    other.refresh_from_db()
    assert (LineActor.objects.count(), fault.email, other.email) == (0, "", "b@example.org")


def test_lines_of_the_last_year_are_kept_whole():
    write(make_user())
    actions.purge(at=timezone.now())

    assert LineActor.objects.count() == 1
