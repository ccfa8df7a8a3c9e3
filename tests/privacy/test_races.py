"""Several people at the same instant, each on a connection of its own: one answer, one visa, one destruction, nobody half erased."""

import datetime as dt
import threading

import pytest
from django.core.files.storage import default_storage
from django.db import IntegrityError, connections, transaction
from django.test import Client
from django.utils import timezone

from accounts import actions as accounts
from accounts.models import DataExport, User
from accounts.tasks import build_export
from consultations import actions as consulting
from consultations import eliminating
from consultations.models import Comment, Contribution, Note
from mulhouse import memory
from mulhouse.errors import DomainError, RefusedError
from mulhouse.references import new_reference
from notifications.models import OutboundMail
from privacy import actions, eliminations, retention, tasks
from privacy.models import Breach, DataRequest, EliminationProposal, InactivityNotice, Limitation
from tests import factories as f
from tests import traces
from tests.concurrency import run_in_threads
from tests.privacy.test_eliminations import old_consultation, with_note
from transparency.models import RegisterLine
from transparency.verification import verify_whole

pytestmark = pytest.mark.django_db(transaction=True)
AT = dt.datetime(2026, 11, 23, 12, tzinfo=dt.UTC)
HANDLE = ("privacy.view_datarequest", "privacy.handle_datarequest", "privacy.limit_person")
ROUNDS = range(3)


@pytest.fixture(autouse=True)
def _own_files(settings, tmp_path):
    settings.MEDIA_ROOT = tmp_path


def codes(answers):
    """Give the code of each refusal, and "" for what was done."""
    return sorted(
        getattr(answer, "code", type(answer).__name__) if isinstance(answer, Exception) else "" for answer in answers
    )


# --- Requests --------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("_round", ROUNDS)
def test_two_agents_answer_the_same_request(_round):
    request = actions.ask(user=f.make_resident(), kind="access", words="Tout.", at=AT)
    agents = [f.make_staff(*HANDLE) for _each in range(4)]

    answers = run_in_threads(
        4,
        lambda number: actions.answer(
            actor=agents[number],
            request=request,
            outcome=("done", "refused")[number % 2],
            text=f"Réponse de {number}.",
            at=AT,
        ),
    )

    assert codes(answers) == ["", *["answered"] * 3]
    held = DataRequest.objects.get()
    assert OutboundMail.objects.filter(kind="privacy.request_answered").count() == 1
    assert held.answer in OutboundMail.objects.get(kind="privacy.request_answered").text
    assert RegisterLine.objects.filter(act="data_request.answered").count() == 1
    assert verify_whole().reason == ""


def test_one_extends_while_another_answers():
    """Either the answer came first and nothing is put off, or the delay was put off before the answer: never after."""
    request = actions.ask(user=f.make_resident(), kind="access", words="Tout.", at=AT)
    one, other = f.make_staff(*HANDLE), f.make_staff(*HANDLE)
    calls = (
        lambda: actions.extend(actor=one, request=request, reason="Complexe.", at=AT),
        lambda: actions.answer(actor=other, request=request, outcome="done", text="Voici.", at=AT),
    )
    answers = run_in_threads(2, lambda number: calls[number]())
    held = DataRequest.objects.get()
    assert held.outcome == "done"
    assert (held.extended_at is None) is isinstance(answers[0], RefusedError)
    assert codes(answers) in (["", ""], ["", "answered"])


def test_a_code_is_given_twice_at_once():
    import re  # noqa: PLC0415

    row = actions.ask_without_account(
        kind="access", name="Odile", email="odile@ailleurs.example", words="Tout.", language="fr", at=AT
    )
    code = re.search(r"\d{6}", OutboundMail.objects.get(to="odile@ailleurs.example").text).group()
    answers = run_in_threads(4, lambda _number: actions.confirm(request=row, code=code, at=AT).due_on)
    assert answers == [dt.date(2026, 12, 23)] * 4
    assert RegisterLine.objects.filter(act="data_request.received").count() == 1
    assert OutboundMail.objects.filter(kind="privacy.request_received").count() == 1


def test_thirty_wrong_codes_at_once_are_counted_one_by_one():
    row = actions.ask_without_account(
        kind="access", name="Odile", email="odile@ailleurs.example", words="Tout.", language="fr", at=AT
    )
    run_in_threads(12, lambda _number: actions.count_try(request=row))
    row.refresh_from_db()
    assert row.tries == 12
    with pytest.raises(DomainError) as stopped:
        actions.confirm(request=row, code="000000", at=AT)
    assert stopped.value.code == "tries"


# --- Limitation ------------------------------------------------------------------------------------------------------------


def test_two_agents_set_the_same_person_aside():
    person, agents = f.make_resident(), [f.make_staff(*HANDLE) for _each in range(3)]
    f.make_contribution(author=person)
    answers = run_in_threads(
        3, lambda number: actions.limit(actor=agents[number], person=person, reason="Contestation.", at=AT)
    )
    assert codes(answers) == ["", "limited", "limited"]
    assert Limitation.objects.count() == 1
    assert OutboundMail.objects.filter(kind="privacy.limited").count() == 1


@pytest.mark.parametrize("_round", ROUNDS)
def test_somebody_publishes_while_they_are_set_aside(_round):
    """Whoever comes first, nothing of the person is visible once the measure stands, and the counts are those of what shows."""
    person, agent, consultation = f.make_resident(), f.make_staff(*HANDLE), f.make_consultation()
    theirs = f.make_contribution(consultation=consultation)
    words = consulting.Words(
        section=consultation.sections.first(), kind="opinion", title="Un banc", body="Un banc.", signature="name"
    )
    draft = consulting.save_draft(actor=person, consultation=consultation, reference=new_reference(), words=words)
    now = timezone.now()
    calls = (
        lambda: actions.limit(actor=agent, person=person, reason="Contestation.", at=now),
        lambda: consulting.publish(actor=person, contribution=draft, at=now),
        lambda: consulting.comment(
            actor=person, contribution=theirs, reference=new_reference(), stance="for", body="Oui.", at=now
        ),
    )
    answers = run_in_threads(3, lambda number: calls[number]())
    assert set(codes(answers)) <= {"", "set_aside"}
    assert not isinstance(answers[0], Exception)
    assert Contribution.objects.visible().filter(author=person).count() == 0
    assert Comment.objects.visible().filter(author=person).count() == 0
    theirs.refresh_from_db()
    assert theirs.comment_count == 0


# --- Closing ---------------------------------------------------------------------------------------------------------------

ADDRESS, NAME = "camille.course@habitants.example", "Camille Zqcourselxk"
KEY = 918_273_646


def nothing_left():
    OutboundMail.objects.filter(to=ADDRESS, kind__in=("accounts.account_closed", "privacy.inactive_closed")).delete()
    words = (ADDRESS, NAME, str(KEY))
    assert not User.objects.filter(pk=KEY).exists()
    assert traces.in_tables(words, KEY) == []
    assert traces.in_sessions(KEY, words) == []
    assert traces.in_files(words) == []
    assert traces.in_redis(words) == []


WRITING = {
    "publish": lambda town: consulting.publish(actor=town["user"], contribution=town["draft"], at=town["now"]),
    "draft": lambda town: consulting.save_draft(
        actor=town["user"], consultation=town["consultation"], reference=new_reference(), words=town["words"]
    ),
    "comment": lambda town: consulting.comment(
        actor=town["user"],
        contribution=town["theirs"],
        reference=new_reference(),
        stance="for",
        body="Oui.",
        at=town["now"],
    ),
    "position": lambda town: consulting.take_position(
        actor=town["user"], contribution=town["theirs"], choice="agree", at=town["now"]
    ),
    "request": lambda town: actions.ask(user=town["user"], kind="access", words=NAME, at=town["now"]),
    "export": lambda town: accounts.request_export(user=town["user"]),
    "document": lambda town: accounts.request_verification(
        user=town["user"], at=town["now"], document=f"%PDF-1 {NAME} %%EOF".encode(), suffix=".pdf"
    ),
}


@pytest.mark.parametrize("gesture", WRITING)
def test_an_account_closes_while_something_is_being_written(gesture):
    """It was written first, and went with the rest; or the account went first, and it was never written. Nothing in between."""
    user = f.make_resident(pk=KEY, email=ADDRESS, public_name=NAME)
    consultation = f.make_consultation()
    words = consulting.Words(
        section=consultation.sections.first(), kind="opinion", title="Un banc", body="Un banc.", signature="name"
    )
    town = {
        "user": user,
        "now": timezone.now(),
        "consultation": consultation,
        "theirs": f.make_contribution(consultation=consultation),
        "words": words,
        "draft": consulting.save_draft(actor=user, consultation=consultation, reference=new_reference(), words=words),
    }
    calls = (lambda: accounts.close_account(user=user), lambda: WRITING[gesture](town))
    answers = run_in_threads(2, lambda number: calls[number]())
    assert answers[0] is None
    assert not isinstance(answers[1], Exception) or isinstance(
        answers[1], RefusedError | IntegrityError | User.DoesNotExist | Contribution.DoesNotExist
    ), answers[1]
    nothing_left()
    assert verify_whole().reason == ""
    # What was published meanwhile stays, and signs nothing.
    assert set(Contribution.objects.visible().filter(title="Un banc").values_list("author", flat=True)) <= {None}


def test_two_devices_close_the_same_account():
    user = f.make_resident(pk=KEY, email=ADDRESS, public_name=NAME)
    answers = run_in_threads(2, lambda _number: accounts.close_account(user=user))
    assert sorted(type(answer).__name__ for answer in answers) == ["DoesNotExist", "NoneType"]
    assert OutboundMail.objects.filter(kind="accounts.account_closed").count() == 1
    assert RegisterLine.objects.filter(act="account.closed").count() == 1
    nothing_left()


def test_an_account_closes_while_its_copy_is_being_made():
    user = f.make_resident(pk=KEY, email=ADDRESS, public_name=NAME)
    export = DataExport.objects.create(user=user)
    calls = (lambda: accounts.close_account(user=user), lambda: build_export(export_id=export.pk))
    run_in_threads(2, lambda number: calls[number]())
    OutboundMail.objects.filter(kind="accounts.data_ready").delete()
    nothing_left()
    assert list(traces.stored("exports")) == []


# --- Unused accounts -------------------------------------------------------------------------------------------------------


def due_today(user):
    """An account whose day has come: warned three times, not a day left."""
    long_ago = AT - dt.timedelta(days=900)
    User.objects.filter(pk=user.pk).update(last_login=long_ago, date_joined=long_ago)
    user.refresh_from_db()
    InactivityNotice.objects.create(
        user=user,
        active_on=retention.last_active_on(user),
        step=3,
        told_on=dt.date(2026, 11, 1),
        closes_on=dt.date(2026, 11, 23),
    )


@pytest.mark.parametrize("_round", ROUNDS)
def test_somebody_signs_in_at_the_instant_of_the_closing(_round):
    """They came first, and keep everything; or the clock came first, and nothing of them is left, not even the attempt."""
    memory.client().flushdb()
    user = f.make_resident(pk=KEY, email=ADDRESS, public_name=NAME)
    due_today(user)
    calls = (
        lambda: retention.run(at=timezone.now(), write=True),
        lambda: (
            Client(raise_request_exception=False)
            .post("/compte/connexion/", {"login": ADDRESS, "password": f.PASSWORD})
            .status_code
        ),
    )
    report, status = run_in_threads(2, lambda number: calls[number]())
    if User.objects.filter(pk=KEY).exists():
        assert (status, dict(report.steps), report.returned) == (302, {}, 1) or dict(report.steps) == {}
        assert User.objects.get(pk=KEY).public_name == NAME
    else:
        assert dict(report.steps) == {4: 1}
        assert status != 302 or traces.in_sessions(KEY) == []
        memory.forget("*")
        nothing_left()


def test_two_clocks_warn_and_close_once():
    user = f.make_resident(pk=KEY, email=ADDRESS, public_name=NAME)
    due_today(user)
    other = f.make_resident(email="autre@habitants.example")
    long_ago = AT - dt.timedelta(days=900)
    User.objects.filter(pk=other.pk).update(last_login=long_ago, date_joined=long_ago)
    reports = run_in_threads(3, lambda _number: retention.run(at=AT, write=True))
    assert sum(report.steps[4] for report in reports) == 1
    assert sum(report.steps[1] for report in reports) == 1
    assert OutboundMail.objects.filter(kind="privacy.inactive_first").count() == 1
    assert RegisterLine.objects.filter(act="account.expired").count() == 1


# --- Archives --------------------------------------------------------------------------------------------------------------


def archivist():
    return f.make_staff("privacy.approve_elimination", "privacy.execute_elimination")


def visa(proposal, actor):
    return eliminations.approve(
        actor=actor,
        proposal=proposal,
        function="Directeur des Archives d’Alsace",
        signed_on=timezone.localdate(),
        reference="2026-114",
        slip=b"%PDF-1.4 vise",
        file_name="b.pdf",
        at=timezone.now(),
    )


def propose(actor=None):
    return eliminations.propose(
        actor=actor or f.make_staff("privacy.propose_elimination"),
        category=eliminating.CATEGORIES[0],
        at=timezone.now(),
    )


def test_a_list_is_proposed_twice_at_once():
    with_note(old_consultation())
    people = [f.make_staff("privacy.propose_elimination") for _each in range(3)]
    answers = run_in_threads(3, lambda number: propose(people[number]))
    assert codes(answers) == ["", "standing", "standing"]
    assert EliminationProposal.objects.count() == 1
    assert RegisterLine.objects.filter(act="elimination.proposed").count() == 1


def test_a_visa_and_a_refusal_at_once_are_one_answer():
    with_note(old_consultation())
    proposal, people = propose(), [archivist() for _each in range(4)]
    calls = [
        lambda: visa(proposal, people[0]),
        lambda: visa(proposal, people[1]),
        lambda: eliminations.refuse(actor=people[2], proposal=proposal, reason="Intérêt."),
        lambda: eliminations.refuse(actor=people[3], proposal=proposal, reason="Intérêt."),
    ]
    answers = run_in_threads(4, lambda number: calls[number]())
    assert codes(answers) == ["", *["settled"] * 3]
    proposal.refresh_from_db()
    assert proposal.state in {"approved", "refused"}
    kept = 1 if proposal.state == "approved" else 0
    assert len(default_storage.listdir("eliminations")[1]) == kept
    assert RegisterLine.objects.filter(act__in=("elimination.approved", "elimination.refused")).count() == 1


def test_it_is_executed_twice_at_once_and_by_two_workers():
    with_note(old_consultation())
    with_note(old_consultation())
    proposal = propose()
    visa(proposal, archivist())
    people = [archivist() for _each in range(3)]
    answers = run_in_threads(
        3, lambda number: eliminations.execute(actor=people[number], proposal=proposal, at=timezone.now())
    )
    assert codes(answers) == ["", "begun", "begun"]
    assert RegisterLine.objects.filter(act="elimination.begun").count() == 1
    assert run_in_threads(3, lambda _number: tasks.eliminate(proposal_id=proposal.pk)) == [None] * 3
    proposal.refresh_from_db()
    assert (proposal.state, Note.objects.count()) == ("executed", 0)
    assert RegisterLine.objects.filter(act="elimination.executed").count() == 1
    assert proposal.lines.filter(destroyed_at__isnull=True).count() == 0


# --- Breaches --------------------------------------------------------------------------------------------------------------


def test_a_breach_is_notified_twice_at_once():
    keepers = [f.make_staff("privacy.view_breach", "privacy.record_breach") for _each in range(3)]
    row = actions.record_breach(
        actor=keepers[0],
        nature="Poste volé.",
        data_kinds="adresses",
        people_count=None,
        discovered_at=AT - dt.timedelta(hours=1),
        at=AT,
    )
    answers = run_in_threads(
        3,
        lambda number: actions.notify_breach(actor=keepers[number], breach=row, notified_at=AT, delay_reason="", at=AT),
    )
    assert codes(answers) == ["", "notified", "notified"]
    assert Breach.objects.get().notified_at == AT
    assert RegisterLine.objects.filter(act="breach.notified").count() == 1


def test_a_held_person_makes_the_writer_wait():
    """The order of the locks: who publishes waits for who sets aside, and then reads what was decided."""
    person, theirs = f.make_resident(), f.make_contribution()
    begun, found = threading.Event(), []

    def publish():
        try:
            begun.set()
            consulting.comment(
                actor=person,
                contribution=theirs,
                reference=new_reference(),
                stance="for",
                body="Oui.",
                at=timezone.now(),
            )
        except DomainError as error:
            found.append(error.code)
        finally:
            connections.close_all()

    with transaction.atomic():
        User.objects.select_for_update(of=("self",), no_key=True).get(pk=person.pk)
        thread = threading.Thread(target=publish)
        thread.start()
        begun.wait(10)
        User.objects.filter(pk=person.pk).update(limited_since=timezone.now())
    thread.join(20)
    assert found == ["set_aside"]
