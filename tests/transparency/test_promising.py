"""A promise as a row: made once, stopped for a public reason, started again, kept, dropped; and its service reminded."""

import datetime as dt
from contextlib import contextmanager
from importlib import import_module

import pytest
from django.db import IntegrityError, transaction
from django.utils import timezone
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from city.models import Service
from mulhouse.errors import DomainError
from notifications.models import OutboundMail
from tests import factories as f
from tests.concurrency import run_in_threads
from transparency import deadlines, promises, promising, queues, reminding, tasks
from transparency.clocks import Clock, Standing
from transparency.deadlines import Unit
from transparency.models import Promise, PromisePause, PromiseReminder, RegisterLine

pytestmark = pytest.mark.django_db
DAY = dt.date(2026, 3, 16)  # a Monday; the hour changes on the 29th
WORKED = "test.worked"


def noon(day):
    return dt.datetime.combine(day, dt.time(12), tzinfo=deadlines.PARIS)


@pytest.fixture(autouse=True)
def _kinds():
    """Two sorts of promises: ten days, and five worked days."""
    common = {"permission": "transparency.answer_accessibilityfault", "work_route": "admin:index"}
    promising.declare(
        promising.Kind(code="test", label="Essais", days=10, work_label="Essais à répondre", **common),
        promising.Kind(code=WORKED, label="Ouvrés", days=5, unit=Unit.WORKED, work_label="Ouvrés à répondre", **common),
    )
    yield
    for code in ("test", WORKED):
        promising._kinds.pop(code)  # noqa: SLF001 (no app ever takes a kind back)


def make(key="A", *, kind="test", on=DAY, **fields):
    with transaction.atomic():
        return promising.make(kind=kind, key=key, title=f"Essai {key}", at=noon(on), **fields)


def do(gesture, key="A", *, kind="test", on=DAY, **fields):
    with transaction.atomic():
        return gesture(kind=kind, key=key, at=noon(on), **fields)


def later(days):
    return DAY + dt.timedelta(days=days)


def service(**fields):
    return Service.objects.create(**{"name": "Voirie d’essai", "slug": "voirie-essai", **fields})


def shown(*, on):
    rows, _more = promises.read(promises.Asked(), after=None, size=50, at=noon(on))
    return {row.key: row.clock(today=on) for row in rows}


# --- Making, pausing, keeping ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(("kind", "due_on"), [("test", dt.date(2026, 3, 26)), (WORKED, dt.date(2026, 3, 23))])
def test_promise_is_counted_in_the_unit_of_its_kind(kind, due_on):
    row = make(kind=kind)
    assert (row.made_on, row.first_due_on, row.due_on) == (DAY, due_on, due_on)


def test_every_kind_names_a_service_of_the_city():
    declared = [kind for kind in promising.kinds() if not kind.code.startswith("test")]
    assert {kind.code for kind in declared} >= {"accessibility", "data-request", "moderation-appeal"}
    slugs = {slug for slug, _name in import_module("city.migrations.0003_names").SERVICES}
    assert [kind.code for kind in declared if kind.service not in slugs] == []


@pytest.mark.parametrize("kind", ["accessibility", "data-request", "moderation-appeal"])
def test_service_of_a_kind_owes_its_answers_and_is_reminded(monkeypatch, kind):
    portal, _new = Service.objects.update_or_create(
        slug=promising.PORTAL_SERVICE, defaults={"name": "Agence", "contact_email": "agence@mulhouse.example"}
    )
    row = make(kind=kind)
    assert row.service == portal
    with clock_at(monkeypatch, row.due_on + dt.timedelta(days=1)):
        tasks.remind_promises()
    assert list(OutboundMail.objects.values_list("to", flat=True)) == ["agence@mulhouse.example"]


def test_service_that_the_city_does_not_have_owes_nothing():
    Service.objects.filter(slug=promising.PORTAL_SERVICE).delete()
    assert make(kind="accessibility").service is None


def test_promise_is_made_once():
    make()
    again = make(on=later(5))
    assert (Promise.objects.count(), again.made_on) == (1, DAY)


def test_two_gestures_at_once_promise_once(transactional_db):
    run_in_threads(2, lambda _number: make())
    assert Promise.objects.filter(kind="test").count() == 1


def test_nothing_is_promised_outside_a_transaction(transactional_db):
    with pytest.raises(RuntimeError):
        promising.make(kind="test", key="A", title="Essai", at=noon(DAY))


@pytest.mark.parametrize("gesture", [promising.resume, promising.keep])
def test_what_was_not_promised_is_refused(gesture):
    with pytest.raises(DomainError, match="pas de délai"):
        do(gesture, "INCONNU")


def test_pause_stops_the_clock_and_resuming_moves_the_day():
    make()
    do(promising.pause, on=later(4), reason="Nous attendons une pièce.")
    assert shown(on=later(40))["A"] == Clock(Standing.PAUSED, 36)

    row = do(promising.resume, on=later(11))
    assert (row.due_on, row.first_due_on, row.paused_on) == (later(17), later(10), None)
    pause = PromisePause.objects.get()
    assert (pause.reason, pause.paused_on, pause.resumed_on) == ("Nous attendons une pièce.", later(4), later(11))
    assert shown(on=later(17))["A"] == Clock(Standing.SOON, 0)
    assert shown(on=later(18))["A"] == Clock(Standing.LATE, 1)


def test_clock_that_runs_is_not_started_again():
    make()
    with pytest.raises(DomainError, match="court déjà"):
        do(promising.resume)


def test_pause_of_worked_days_moves_by_worked_days():
    make(kind=WORKED)  # due on Monday 23
    do(promising.pause, kind=WORKED, on=dt.date(2026, 3, 19), reason="Nous attendons une pièce.")  # Thursday
    row = do(promising.resume, kind=WORKED, on=dt.date(2026, 3, 24))  # Tuesday: three worked days stood still
    assert row.due_on == dt.date(2026, 3, 26)


@pytest.mark.parametrize(
    ("on", "reason", "code"),
    [(later(11), "Nous attendons une pièce.", "late"), (later(4), "", "reason")],
)
def test_pause_is_no_excuse_and_needs_its_reason(on, reason, code):
    make()
    with pytest.raises(DomainError) as refusal:
        do(promising.pause, on=on, reason=reason)
    assert (refusal.value.code, PromisePause.objects.count()) == (code, 0)


def test_last_day_may_still_be_paused_and_never_twice():
    make()
    do(promising.pause, on=later(10), reason="Nous attendons une pièce.")
    with pytest.raises(DomainError, match="déjà arrêté"):
        do(promising.pause, on=later(10), reason="Encore.")


def test_delay_that_the_law_prolongs_keeps_its_first_day():
    make(due=later(30))
    with transaction.atomic():
        row = promising.extend(kind="test", key="A", due_on=later(90))
        with pytest.raises(DomainError, match="plus tôt"):
            promising.extend(kind="test", key="A", due_on=later(60))
    assert (row.first_due_on, row.due_on, shown(on=later(40))["A"]) == (
        later(30),
        later(90),
        Clock(Standing.COMING, 50),
    )


@pytest.mark.parametrize(
    ("days", "clock"), [(10, Clock(Standing.KEPT, 0)), (11, Clock(Standing.KEPT_LATE, 1)), (3, Clock(Standing.KEPT, 7))]
)
def test_answer_is_kept_up_to_the_last_day(days, clock):
    make()
    do(promising.keep, on=later(days))
    do(promising.keep, on=later(days + 30))
    assert shown(on=later(99)) == {"A": clock}


def test_answer_during_a_pause_counts_what_stood_still():
    make()
    do(promising.pause, on=later(8), reason="Nous attendons une pièce.")
    row = do(promising.keep, on=later(20))
    assert (row.due_on, row.met_on, shown(on=later(20))["A"]) == (later(22), later(20), Clock(Standing.KEPT, 2))
    assert PromisePause.objects.filter(resumed_on__isnull=True).count() == 0


def test_dropped_promise_leaves_the_page_and_a_kept_one_stays():
    make("A")
    make("B")
    do(promising.keep, "B")
    do(promising.pause, "A", on=later(2), reason="Nous attendons une pièce.")
    assert (do(promising.drop, "A"), do(promising.drop, "A"), do(promising.drop, "B")) == (True, False, False)
    assert set(shown(on=later(2))) == {"B"}


@pytest.mark.parametrize(
    "wrong",
    [
        {"due_on": DAY - dt.timedelta(days=1)},
        {"met_on": DAY, "dropped_on": DAY},
        {"met_on": DAY, "paused_on": DAY},
    ],
)
def test_database_refuses_what_makes_no_sense(wrong):
    row = make()
    with pytest.raises(IntegrityError), transaction.atomic():
        Promise.objects.filter(pk=row.pk).update(**wrong)


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(stops=st.lists(st.tuples(st.integers(0, 6), st.integers(0, 30)), max_size=4), unit=st.sampled_from(Unit))
def test_day_is_the_first_one_moved_by_the_pauses(stops, unit):
    """Whatever the pauses, the clock ran as long as was promised, no more and no less."""
    kind = WORKED if unit is Unit.WORKED else "test"
    row, on = make(f"{kind}{stops}", kind=kind), DAY
    for run, still in stops:
        on = min(on + dt.timedelta(days=run), row.due_on)
        do(promising.pause, row.key, kind=kind, on=on, reason="Nous attendons une pièce.")
        on += dt.timedelta(days=still)
        row = do(promising.resume, row.key, kind=kind, on=on)
    expected = row.first_due_on
    for pause in row.pauses.order_by("pk"):
        expected = deadlines.pushed(expected, paused_on=pause.paused_on, resumed_on=pause.resumed_on, unit=unit)
    assert row.due_on == expected
    assert row.due_on >= row.first_due_on


# --- The public page -------------------------------------------------------------------------------------------------


def test_page_says_why_a_clock_stands_still_and_leads_nowhere_private(client, monkeypatch):
    make(service=service())
    do(promising.pause, on=later(2), reason="Nous attendons une pièce.")
    monkeypatch.setattr(timezone, "now", lambda: noon(later(3)))
    page = client.get("/promesses/?etat=en-pause").content.decode()
    assert "Délai arrêté depuis le" in page
    assert "Nous attendons une pièce." in page
    assert '<h3 class="titre-liste">Essai A</h3>' in page
    assert client.get("/promesses/?etat=a-venir").context["rows"] == []


def test_page_counts_service_by_service(client, monkeypatch):
    roads = service()
    for key, days in (("A", 4), ("B", 6), ("C", 13)):
        make(key, service=roads)
        do(promising.keep, key, on=later(days))
    make("D", service=roads)
    make("E")
    monkeypatch.setattr(timezone, "now", lambda: noon(later(11)))
    context = client.get("/promesses/").context
    (line,) = context["services"]
    assert (line.name, line.in_time, line.kept_late, line.late, line.waiting) == ("Voirie d’essai", "2", "1", "1", "0")
    assert line.median_days == "6\u00a0jours"
    assert [(fact.label, fact.value) for fact in context["figures"]] == [
        ("tenues dans les temps", "2"),
        ("tenue en retard", "1"),
        ("en retard aujourd’hui", "2"),
        ("à venir", "0"),
        ("retard médian", "1\u00a0jour"),
    ]
    rows = client.get("/promesses/?service=voirie-essai").context["rows"]
    assert [row.key for row, _tag, _words in rows] == ["A", "B", "C", "D"]


def test_page_is_read_from_row_to_row_across_kinds(client):
    for number in range(40):
        make(f"{number:02}", kind=WORKED if number % 3 else "test", on=later(number // 8))
    seen, url = [], "/promesses/"
    while url:
        context = client.get(url).context
        seen += [row.key for row, _tag, _words in context["rows"]]
        url = context["pages"].next_url
    assert (len(seen), len(set(seen))) == (40, 40)
    only = client.get("/promesses/?sorte=test").context["rows"]
    assert {row.kind for row, _tag, _words in only} == {"test"}


@pytest.mark.parametrize(
    "place",
    [
        "2026-01-01:consultation:%00",
        "2026-01-01:accessibility:%00",
        "2026-01-01:%00:a",
        "2026-01-01:test:%ED%A0%80",
        "2026-01-01:test:" + "a" * 500,
        "0001-01-01:consultation:a",
        "9999-12-31::",
        "hier",
    ],
)
def test_place_that_nobody_gave_breaks_nothing(client, place):
    make()
    assert client.get(f"/promesses/?apres={place}").status_code == 200


@pytest.mark.parametrize("count", [1, 30])
def test_page_costs_the_same(client, count, django_assert_num_queries):
    roads = service()
    for number in range(count):
        make(str(number), service=roads, on=f.today())
        with transaction.atomic():
            promising.pause(kind="test", key=str(number), reason="Nous attendons.", at=timezone.now())
    with django_assert_num_queries(6):
        client.get("/promesses/")


# --- Reminders and the queue -----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("days", "steps"), [(4, []), (5, [50]), (7, [50]), (8, [50, 80]), (10, [50, 80]), (11, [50, 80, 100])]
)
def test_steps_of_a_delay(days, steps):
    assert reminding.reached(made_on=DAY, due_on=later(10), today=later(days)) == steps


@contextmanager
def clock_at(monkeypatch, day):
    with monkeypatch.context() as patched:
        patched.setattr(timezone, "now", lambda: noon(day))
        yield


def test_service_is_reminded_once_at_each_step(monkeypatch):
    make(service=service(contact_email="voirie@mulhouse.example"))
    make("B")  # of no service: nobody to write to
    for days in (4, 5, 5, 6, 9, 9, 11, 30):
        with clock_at(monkeypatch, later(days)):
            tasks.remind_promises()
    subjects = list(OutboundMail.objects.order_by("created_at").values_list("to", "subject"))
    assert [to for to, _subject in subjects] == ["voirie@mulhouse.example"] * 3
    assert [subject.partition(" :")[0] for _to, subject in subjects][2] == "Réponse en retard"
    assert sorted(PromiseReminder.objects.values_list("percent", flat=True)) == [50, 80, 100]
    assert RegisterLine.objects.filter(act="promise.reminded").count() == 3


def test_clock_that_stands_still_or_is_kept_reminds_nobody(monkeypatch):
    roads = service(contact_email="voirie@mulhouse.example")
    make("A", service=roads)
    make("B", service=roads)
    do(promising.pause, "A", on=later(2), reason="Nous attendons une pièce.")
    do(promising.keep, "B", on=later(2))
    with clock_at(monkeypatch, later(40)):
        tasks.remind_promises()
    assert OutboundMail.objects.count() == 0


def test_two_workers_remind_once(transactional_db):
    row = make(service=service(contact_email="voirie@mulhouse.example"))
    found = run_in_threads(2, lambda _number: reminding.remind(promise=row, at=noon(later(6))))
    assert sorted(found) == [False, True]
    assert OutboundMail.objects.count() == 1


def test_queue_counts_what_is_owed_by_service_for_those_who_answer(django_assert_num_queries):
    roads = service()
    make("A", service=roads)
    make("B", service=roads, on=later(5))
    make("C", kind=WORKED)
    do(promising.keep, "C", kind=WORKED)
    agent = f.make_staff("transparency.answer_accessibilityfault")
    agent.has_perm("transparency.answer_accessibilityfault")
    with django_assert_num_queries(1):
        (item,) = queues.promises(agent, noon(later(12)))
    assert (item.label, item.count, item.late) == ("Essais à répondre", 2, 1)
    assert [(share.service, share.count, share.late) for share in item.shares] == [("Voirie d’essai", 2, 1)]
    assert queues.promises(f.make_staff(), noon(later(12))) == []
