"""The city answers within so many days of the end of the opinions: the clock is public, and reminders go once at each step."""

import datetime as dt

import pytest
from django.urls import reverse
from django.utils import timezone

from consultations import promises, queues, reminding, tasks
from consultations.models import Consultation, Phase, PromiseReminder, Report
from notifications.models import OutboundMail
from tests import factories as f
from tests.concurrency import run_in_threads
from transparency import clocks
from transparency import promises as registry
from transparency.clocks import Standing
from transparency.models import RegisterLine

pytestmark = pytest.mark.django_db
URL = "/promesses/"


def ended(days_ago, *, restitution_days=30, **fields):
    """A consultation whose opinions ended so many days ago."""
    row = f.make_consultation(phase=None, restitution_days=restitution_days, **fields)
    end = f.today() - dt.timedelta(days=days_ago)
    Phase.objects.create(
        consultation=row,
        position=1,
        kind="contribute",
        name="Donner son avis",
        starts_on=end - dt.timedelta(days=20),
        ends_on=end,
    )
    return row


def answered(row, *, on):
    at = dt.datetime.combine(on, dt.time(12), tzinfo=f.PARIS)
    return Report.objects.create(consultation=row, published_at=at, figures={})


def set_day(monkeypatch, day, hour=10):
    at = dt.datetime.combine(day, dt.time(hour), tzinfo=f.PARIS)
    monkeypatch.setattr(timezone, "now", lambda: at.astimezone(dt.UTC))
    return at


@pytest.fixture
def morning(monkeypatch):
    return set_day(monkeypatch, f.today())


def page_of(client, row):
    return " ".join(client.get(row.get_absolute_url()).content.decode().replace("\u00a0", " ").split())


# --- The clock, alone ------------------------------------------------------------------------------------------------

DUE = dt.date(2026, 3, 29)  # the night of the change of hour


@pytest.mark.parametrize(
    ("today", "done_on", "expected"),
    [
        (DUE - dt.timedelta(days=15), None, (Standing.COMING, 15)),
        (DUE - dt.timedelta(days=14), None, (Standing.SOON, 14)),
        (DUE, None, (Standing.SOON, 0)),
        (DUE + dt.timedelta(days=1), None, (Standing.LATE, 1)),
        (DUE + dt.timedelta(days=9), DUE, (Standing.KEPT, 0)),
        (DUE + dt.timedelta(days=9), DUE - dt.timedelta(days=2), (Standing.KEPT, 2)),
        (DUE + dt.timedelta(days=9), DUE + dt.timedelta(days=1), (Standing.KEPT_LATE, 1)),
    ],
)
def test_clock_on_both_sides_of_each_boundary(today, done_on, expected):
    read = clocks.read(due_on=DUE, done_on=done_on, given_up=False, today=today)
    assert (read.standing, read.days) == expected


@pytest.mark.parametrize(
    ("counts", "median"), [({}, None), ({4: 1}, 4), ({1: 1, 9: 1}, 1), ({1: 1, 5: 1, 9: 1}, 5), ({0: 3, 40: 2}, 0)]
)
def test_median_of_counted_days(counts, median):
    assert clocks.median_days(counts) == median


# --- On the page of the consultation ---------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("days_ago", "words"),
    [
        (-10, "Dans 40 jours"),
        (0, "Dans 30 jours"),
        (29, "Dans 1 jour"),
        (30, "Dernier jour"),
        (31, "En retard de 1 jour"),
        (36, "En retard de 6 jours"),
    ],
)
def test_page_says_the_promise_before_soon_and_late(client, days_ago, words):
    assert words in page_of(client, ended(days_ago))


def test_page_says_when_the_answer_came(client):
    kept, late = ended(40), ended(40)
    answered(kept, on=promises.due_on(kept))
    answered(late, on=promises.due_on(late) + dt.timedelta(days=2))
    assert "Promesse tenue" in page_of(client, kept)
    assert "Tenue avec 2 jours de retard" in page_of(client, late)


def test_draft_report_keeps_no_promise(client):
    row = ended(31)
    Report.objects.create(consultation=row)
    assert "En retard de 1 jour" in page_of(client, row)


def test_days_are_those_of_the_consultation(client):
    assert "Dans 14 jours" in page_of(client, ended(46, restitution_days=60))


@pytest.mark.parametrize("fields", [{"source_note": "Reprise d’une consultation nationale"}, {"published_at": None}])
def test_what_promised_nothing_has_no_clock(fields):
    row = ended(90, **fields)
    assert promises.due_on(row) is None
    assert list(promises.rows()) == []


@pytest.mark.parametrize(
    "fields", [{}, {"restitution_days": 45}, {"source_note": "Reprise d’une consultation"}, {"published_at": None}]
)
def test_day_of_a_promise_is_the_same_one_by_one_and_in_lists(fields):
    row = ended(40, **fields)
    (found,) = promises.with_days(Consultation.objects.filter(pk=row.pk))
    assert found.asked_until == promises.asked_until(row) == f.today() - dt.timedelta(days=40)
    assert found.promise_due_on == promises.due_on(row)


def test_opinions_without_an_end_promise_nothing_yet():
    row = ended(5)
    Phase.objects.filter(consultation=row).update(ends_on=None)
    row = type(row).objects.prefetch_related("phases").get(pk=row.pk)
    assert (promises.due_on(row), list(promises.rows())) == (None, [])


def test_last_phase_of_opinions_counts(client):
    row = ended(40)
    Phase.objects.create(
        consultation=row,
        position=2,
        kind="contribute",
        name="Second tour",
        starts_on=f.today() - dt.timedelta(days=20),
        ends_on=f.today() - dt.timedelta(days=10),
    )
    assert "Dans 20 jours" in page_of(client, row)
    assert promises.rows().get().promise_due_on == f.today() + dt.timedelta(days=20)


# --- The page of all promises ----------------------------------------------------------------------------------------


def a_bit_of_everything():
    rows = {
        "coming": ended(1, title="À venir"),
        "late": ended(36, title="En retard"),
        "kept": ended(60, title="Tenue"),
        "kept_late": ended(90, title="Tenue tard"),
    }
    answered(rows["kept"], on=promises.due_on(rows["kept"]) - dt.timedelta(days=3))
    answered(rows["kept_late"], on=promises.due_on(rows["kept_late"]) + dt.timedelta(days=10))
    return rows


def titles(client, query=""):
    return [row.title for row, _tag, _sentence in client.get(URL + query).context["rows"]]


def test_every_promise_is_shown_the_latest_due_first(client):
    a_bit_of_everything()
    assert titles(client) == ["À venir", "En retard", "Tenue", "Tenue tard"]


def test_promises_are_narrowed(client):
    rows = a_bit_of_everything()
    expected = {
        "?etat=a-venir": ["À venir"],
        "?etat=en-retard": ["En retard"],
        "?etat=tenues": ["Tenue"],
        "?etat=tenues-en-retard": ["Tenue tard"],
        f"?service={rows['late'].service.slug}": ["En retard"],
        "?etat=ailleurs&service=inconnu&apres=hier": ["À venir", "En retard", "Tenue", "Tenue tard"],
    }
    assert {query: titles(client, query) for query in expected} == expected


def test_promises_are_counted_with_their_median_delay(client):
    a_bit_of_everything()
    found = registry.account(at=timezone.now()).everybody
    assert (found.waiting, found.late, found.kept, found.kept_late, found.median_delay) == (1, 1, 1, 1, 6)
    assert [(fact.label, fact.value) for fact in client.get(URL).context["figures"]] == [
        ("tenue dans les temps", "1"),
        ("tenue en retard", "1"),
        ("en retard aujourd’hui", "1"),
        ("à venir", "1"),
        ("retard médian", "6\u00a0jours"),
    ]


def test_promises_are_read_from_row_to_row(client):
    for number in range(65):
        ended(number // 2, title=f"Consultation {number}")
    seen, url = [], URL
    while url:
        context = client.get(url).context
        seen += [row.key for row, _tag, _sentence in context["rows"]]
        url = context["pages"].next_url
    assert (len(seen), len(set(seen))) == (65, 65)


@pytest.mark.parametrize("count", [1, 12])
def test_page_of_promises_costs_the_same(client, count, django_assert_num_queries):
    for _ in range(count):
        ended(36)
    with django_assert_num_queries(5):
        client.get(URL)


def test_page_changes_with_the_day(client, monkeypatch):
    """Nothing is written at midnight: the day alone makes it late."""
    row = ended(30)
    assert titles(client, "?etat=en-retard") == []
    set_day(monkeypatch, f.today() + dt.timedelta(days=1), hour=1)
    assert titles(client, "?etat=en-retard") == [row.title]


# --- Reminders -------------------------------------------------------------------------------------------------------


def reminded():
    return sorted(PromiseReminder.objects.values_list("days", flat=True))


def told():
    return sorted(OutboundMail.objects.filter(kind="consultations.promise").values_list("to", flat=True))


def with_people():
    """A service with an address, and two people who publish; somebody who reads is not told."""
    f.make_staff("consultations.publish_consultation", email="agent@example.org")
    f.make_staff("consultations.view_consultation", email="lecteur@example.org")
    return f.make_service(contact_email="service@example.org")


@pytest.mark.parametrize(
    ("days_ago", "steps"),
    [
        (6, []),
        (7, [7]),
        (19, [7]),
        (20, [7, 20]),
        (29, [7, 20]),
        (30, [7, 20, 30]),
        (31, [7, 20, 30, 31]),
        (75, [7, 20, 30, 31]),
    ],
)
def test_steps_on_both_sides_of_each_boundary(morning, days_ago, steps):
    ended(days_ago, service=with_people())
    for _ in range(2):
        tasks.remind_promises()
    assert reminded() == steps
    # What was missed while the site was down is one mail, not three.
    assert told() == (["agent@example.org", "service@example.org"] if steps else [])


def test_each_step_is_told_once_as_days_go_by(monkeypatch):
    row, end = ended(0, service=with_people()), f.today()
    counts = []
    for day in range(45):
        set_day(monkeypatch, end + dt.timedelta(days=day))
        tasks.remind_promises()
        counts.append(len(told()))
    assert [day for day in range(1, 45) if counts[day] != counts[day - 1]] == [7, 20, 30, 31]
    assert counts[-1] == 8
    assert RegisterLine.objects.filter(act="consultation.answer_reminded", subject=row.slug).count() == 4


@pytest.mark.parametrize(
    ("promised", "late_steps", "soon_steps"),
    [
        (1, [2, 7, 20, 30], []),
        (6, [7, 20, 30], []),
        (10, [11, 20, 30], [7]),
        (30, [31], [7, 20, 30]),
        (60, [61], [7, 20, 30]),
    ],
)
def test_reminders_follow_the_clock_of_the_promise(monkeypatch, promised, late_steps, soon_steps):
    """The first day of lateness is always told, and no mail says late before nor « il reste » after."""
    ended(0, service=with_people(), restitution_days=promised)
    end, said = f.today(), {}
    for day in range(1, 75):
        set_day(monkeypatch, end + dt.timedelta(days=day))
        before = set(OutboundMail.objects.values_list("pk", flat=True))
        tasks.remind_promises()
        for mail in OutboundMail.objects.exclude(pk__in=before).filter(to="service@example.org"):
            said[day] = mail.subject.startswith("Réponse en retard")
    assert said == {**dict.fromkeys(late_steps, True), **dict.fromkeys(soon_steps, False)}


def test_promise_that_became_shorter_is_told_late_at_once(morning):
    row = ended(22, service=with_people(), restitution_days=60)
    to_service = OutboundMail.objects.filter(to="service@example.org")
    tasks.remind_promises()
    (before,) = to_service
    type(row).objects.filter(pk=row.pk).update(restitution_days=10)
    for _ in range(2):
        tasks.remind_promises()
    assert reminded() == [7, 11, 20]
    (after,) = to_service.exclude(pk=before.pk)
    assert [mail.subject.startswith("Réponse en retard") for mail in (before, after)] == [False, True]


def test_nobody_is_written_to_at_night(monkeypatch):
    ended(8, service=with_people())
    set_day(monkeypatch, f.today(), hour=7)
    tasks.remind_promises()
    assert told() == []


def test_kept_promise_is_not_reminded(morning):
    row = ended(8, service=with_people())
    answered(row, on=f.today())
    tasks.remind_promises()
    assert (reminded(), told()) == ([], [])


def test_longer_opinions_start_the_clock_again(morning):
    row = ended(8, service=with_people())
    tasks.remind_promises()
    Phase.objects.filter(consultation=row).update(ends_on=f.today() - dt.timedelta(days=7))
    tasks.remind_promises()
    assert reminded() == [7, 7]


def test_mail_says_the_day_and_what_is_left(morning):
    row = ended(20, service=with_people(), title="Quais du canal")
    tasks.remind_promises()
    mail = OutboundMail.objects.get(to="service@example.org")
    text = mail.text.replace("\u00a0", " ")
    assert mail.subject.startswith("Réponse promise le")
    assert "Il reste 10 jours." in text
    assert reverse("admin:consultations_consultation_publication", args=[row.pk]) in text


def test_late_mail_says_that_the_delay_is_public(morning):
    ended(32, service=with_people())
    tasks.remind_promises()
    mail = OutboundMail.objects.get(to="service@example.org")
    assert mail.subject.startswith("Réponse en retard")
    assert "depuis 2 jours" in mail.text


@pytest.mark.django_db(transaction=True)
def test_two_workers_remind_once():
    ended(8, service=with_people())
    at = timezone.now()
    (row,) = reminding.due(at=at)
    results = run_in_threads(4, lambda _number: reminding.remind(consultation=row, at=at))
    assert sorted(results) == [False, False, False, True]
    assert told() == ["agent@example.org", "service@example.org"]


# --- The queue of agents ---------------------------------------------------------------------------------------------


def test_queue_names_what_is_late_and_what_comes(django_assert_num_queries):
    ended(22)
    ended(23)
    ended(30)
    ended(31)
    answered(ended(50), on=f.today())
    everything = f.make_user(is_staff=True, is_superuser=True)
    with django_assert_num_queries(1):
        items = queues.answers(everything, timezone.now())
    assert [(item.label, item.count, item.late) for item in items] == [
        ("Réponse promise, en retard", 1, 1),
        ("Réponses promises dans la semaine", 2, 0),
    ]
