"""The digests: what is new, once, grouped, at seven in the morning of Mulhouse, and nothing of what is hidden by then."""

import datetime as dt
from types import SimpleNamespace

import pytest
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext

from notifications import actions, digests, frequencies, kinds, subscriptions, tasks, telling, topics
from notifications.kinds import Frequency
from notifications.models import AddressState, Notification, OutboundMail, Preference
from tests.concurrency import run_in_threads
from tests.factories import make_user
from tests.notifications.test_telling import NEWS, PARIS, letter, tell, want

QUAYS, SQUARE = "test:les-quais", "test:la-place"
# A Wednesday, a quarter past seven.
MORNING = dt.datetime(2026, 11, 25, 7, 15, tzinfo=PARIS)
BEFORE = MORNING - dt.timedelta(hours=10)


@pytest.fixture(autouse=True)
def shown():
    """Name two topics; a test takes one away to hide it."""
    titles = {"les-quais": topics.Topic("Les quais", "/quais/"), "la-place": topics.Topic("La place", "/place/")}
    topics.declare("test", titles.get)
    yield titles
    topics._kinds.pop("test")  # noqa: SLF001 (no app ever takes a kind back)


def subscriber(frequency=Frequency.DAILY, **fields):
    person = make_user(**fields)
    want(person, frequency)
    return person


def run(digest=Frequency.DAILY, at=MORNING, size=digests.BATCH):
    return sum(digests.send(digest=digest, people=keys, at=at) for keys in digests.batches(digest, at=at, size=size))


def mails():
    return list(OutboundMail.objects.filter(kind__in=[kinds.DAILY, kinds.WEEKLY]).order_by("created_at", "to"))


@pytest.mark.django_db
def test_nothing_new_sends_nothing():
    subscriber()
    assert (run(), mails()) == (0, [])


@pytest.mark.django_db
def test_one_mail_groups_by_subject_the_newest_first():
    person = subscriber()
    for minutes, about, line in ((1, QUAYS, "Ancien"), (2, SQUARE, "Place"), (3, QUAYS, "Nouveau")):
        tell(letter(person, line, about=about, topic=about, line=line), at=BEFORE + dt.timedelta(minutes=minutes))
    assert run() == 1
    (mail,) = mails()
    places = [mail.text.index(word) for word in ("Les quais", "Nouveau", "Ancien", "La place", "Place (")]
    assert places == sorted(places)
    assert mail.subject == "Votre résumé du jour : 3 nouvelles"
    assert "http://127.0.0.1:8000/quais/" in mail.text
    assert "Nouveau</a>" in mail.html
    link = mail.headers["List-Unsubscribe"].strip("<>").rstrip("/").rsplit("/", 1)[1]
    assert subscriptions.read_token(link) == subscriptions.Unsubscription(person.pk, f"kind:{kinds.DAILY}")
    assert mail.headers["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    assert set(Notification.objects.values_list("digest", "mailed_as", "mailed_in")) == {("", "daily", mail.pk)}


@pytest.mark.django_db
def test_a_line_leaves_once_from_digest_to_digest_and_beside_a_mail():
    person = subscriber()
    tell(letter(person, "one"), at=BEFORE)
    assert [run(), run(at=MORNING + dt.timedelta(minutes=10))] == [1, 0]
    tell(letter(person, "one"), at=MORNING)
    tell(letter(person, "two", line="La suite"), at=MORNING)
    assert run(at=MORNING + dt.timedelta(days=1)) == 1
    assert "du nouveau" not in mails()[1].text
    assert "La suite" in mails()[1].text
    # What left at once is not told again, whatever is chosen after.
    other = subscriber(Frequency.NOW)
    tell(letter(other, "three"), at=BEFORE)
    want(other, Frequency.DAILY)
    assert run(at=MORNING + dt.timedelta(days=2)) == 0


@pytest.mark.django_db
def test_what_is_hidden_when_it_leaves_is_left_out(shown):
    person, other = subscriber(), subscriber()
    tell(letter(person, "a", about=SQUARE, line="Sur la place"), letter(person, "b", line="Sur les quais"), at=BEFORE)
    tell(letter(other, "a", about=SQUARE, line="Sur la place"), at=BEFORE)
    del shown["la-place"]
    assert run() == 1
    assert "Sur la place" not in mails()[0].text + mails()[0].html
    assert Notification.objects.exclude(digest="").count() == 0


@pytest.mark.django_db
def test_what_was_read_over_or_settled_is_left_out():
    people = [subscriber() for _ in range(3)]
    tell(letter(people[0]), at=BEFORE)
    Notification.objects.update(read_at=BEFORE)
    tell(letter(people[1], until=MORNING), at=BEFORE)
    assert run() == 0
    tell(letter(people[2], until=MORNING + dt.timedelta(seconds=1)), at=BEFORE)
    assert run() == 1


@pytest.mark.django_db
def test_an_address_that_refuses_and_a_closed_account_get_none():
    person, closed = subscriber(), subscriber()
    tell(letter(person), letter(closed), at=BEFORE)
    AddressState.objects.create(address=person.email.upper(), bounced_at=BEFORE, reported_by="smtp", updated_at=BEFORE)
    type(closed).objects.filter(pk=closed.pk).update(is_active=False)
    assert run() == 0


@pytest.mark.django_db
@pytest.mark.parametrize(("language", "words"), [("fr", "Voici ce qui est nouveau"), ("de", "/de/mon-espace/")])
def test_it_speaks_the_language_of_the_person(language, words):
    tell(letter(subscriber(language=language)), at=BEFORE)
    run()
    assert words in mails()[0].text


@pytest.mark.django_db
def test_who_has_the_same_news_gets_the_same_words_and_a_link_of_their_own():
    people = [subscriber(), subscriber(), subscriber(language="de"), subscriber()]
    for person in people:
        tell(letter(person), at=BEFORE)
    tell(letter(people[3], "more", line="Pour une seule"), at=BEFORE)
    assert run() == 4
    said = set()
    for person, mail in zip(people, OutboundMail.objects.order_by("user"), strict=True):
        link = mail.headers["List-Unsubscribe"].strip("<>")
        token = link.rstrip("/").rsplit("/", 1)[1]
        assert subscriptions.read_token(token) == subscriptions.Unsubscription(person.pk, f"kind:{kinds.DAILY}")
        assert (mail.text.count(link), mail.html.count(link)) == (1, 1)
        assert "lien-" not in mail.text + mail.html
        said.add((mail.subject, mail.text.replace(link, ""), mail.html.replace(link, "")))
    assert len(said) == 3


@pytest.mark.django_db
def test_a_long_list_is_cut_and_says_so():
    person = subscriber()
    for number in range(digests.LINES + 3):
        tell(letter(person, str(number), line=f"Nouvelle numéro {number}."), at=BEFORE)
    run()
    text = mails()[0].text
    assert text.count("Nouvelle numéro") == digests.LINES
    assert "Et 3 autres nouvelles" in text
    assert Notification.objects.exclude(digest="").count() == 0


# --- The clock -------------------------------------------------------------------------------------------------------


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("digest", "written", "at", "leaves"),
    [
        # Told a second before seven, at seven; asked a second before seven, at seven.
        ("daily", (25, 6, 59, 59), (25, 7, 0, 0), 1),
        ("daily", (25, 7, 0, 0), (25, 7, 0, 0), 0),
        ("daily", (25, 7, 0, 0), (26, 6, 59, 59), 0),
        ("daily", (25, 7, 0, 0), (26, 7, 0, 0), 1),
        # The site was down: what waited leaves when it is back.
        ("daily", (23, 12, 0, 0), (25, 15, 0, 0), 1),
        ("weekly", (25, 12, 0, 0), (29, 23, 59, 59), 0),
        ("weekly", (25, 12, 0, 0), (30, 6, 59, 59), 0),
        ("weekly", (25, 12, 0, 0), (30, 7, 0, 0), 1),
        ("weekly", (23, 7, 0, 0), (23, 7, 0, 0), 0),
        ("weekly", (23, 6, 59, 59), (24, 9, 0, 0), 1),
    ],
)
def test_it_leaves_from_seven_in_mulhouse(digest, written, at, leaves):
    tell(letter(subscriber(digest)), at=dt.datetime(2026, 11, *written, tzinfo=PARIS))
    assert run(Frequency(digest), dt.datetime(2026, 11, *at, tzinfo=PARIS)) == leaves


@pytest.mark.parametrize(
    ("at", "expected"),
    [
        # The nights when the clocks change: seven in Mulhouse is 05:00 UTC in summer, 06:00 in winter.
        ("2026-10-24T05:00:00+00:00", "2026-10-24T05:00:00+00:00"),
        ("2026-10-25T05:59:59+00:00", "2026-10-24T05:00:00+00:00"),
        ("2026-10-25T06:00:00+00:00", "2026-10-25T06:00:00+00:00"),
        ("2027-03-28T04:59:59+00:00", "2027-03-27T06:00:00+00:00"),
        ("2027-03-28T05:00:00+00:00", "2027-03-28T05:00:00+00:00"),
    ],
)
def test_days_of_23_and_25_hours_change_nothing(at, expected):
    assert digests.cut(Frequency.DAILY, at=dt.datetime.fromisoformat(at)) == dt.datetime.fromisoformat(expected)


@pytest.mark.django_db
def test_the_limit_of_the_week_puts_a_daily_digest_off_to_monday():
    person = subscriber()
    want(person, Frequency.NOW, "commitments.news")
    want(person, Frequency.NOW)
    for number in range(frequencies.WEEKLY_LIMIT):
        tell(letter(person, str(number)), at=BEFORE)
    want(person, Frequency.DAILY)
    tell(letter(person, "late"), at=BEFORE)
    assert (run(), Notification.objects.get(once_key=f"late:{person.pk}").digest) == (0, "weekly")
    assert run(Frequency.WEEKLY, dt.datetime(2026, 11, 30, 7, 0, tzinfo=PARIS)) == 1


@pytest.mark.django_db
@pytest.mark.parametrize(("mails_before", "leaves"), [(6, 1), (7, 0)])
def test_the_seventh_mail_of_the_week_may_be_a_digest_the_eighth_not(mails_before, leaves):
    person = subscriber(Frequency.NOW)
    for number in range(mails_before):
        tell(letter(person, str(number)), at=BEFORE)
    want(person, Frequency.DAILY)
    tell(letter(person, "late"), at=BEFORE)
    assert run() == leaves
    assert Notification.objects.get(once_key=f"late:{person.pk}").digest == ("" if leaves else "weekly")


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("frequency", "at", "kinds_of_mail"),
    [
        # A Sunday and the Monday after it, a second before seven and at seven.
        ("daily", (29, 6, 59, 59), []),
        ("daily", (29, 7, 0, 0), [kinds.DAILY]),
        ("weekly", (29, 7, 0, 0), []),
        ("weekly", (30, 6, 59, 59), []),
        ("weekly", (30, 7, 0, 0), [kinds.WEEKLY]),
        ("now", (28, 20, 0, 0), [NEWS]),
        ("never", (30, 7, 0, 0), []),
    ],
)
def test_the_task_by_the_clock(monkeypatch, frequency, at, kinds_of_mail):
    tell(letter(subscriber(frequency)), at=dt.datetime(2026, 11, 28, 20, 0, tzinfo=PARIS))
    clock = SimpleNamespace(now=lambda: dt.datetime(2026, 11, *at, tzinfo=PARIS))
    monkeypatch.setattr(tasks, "timezone", clock)
    for _ in range(2):
        tasks.send_digests()
    assert list(OutboundMail.objects.values_list("kind", flat=True)) == kinds_of_mail


@pytest.mark.django_db
def test_what_the_limit_puts_off_on_monday_morning_leaves_the_same_morning(monkeypatch):
    """The week begins at midnight: seven mails before seven o’clock, and the digest of the day is over the limit."""
    person = subscriber(Frequency.NOW)
    monday = dt.datetime(2026, 11, 30, 0, 0, tzinfo=PARIS)
    for number in range(frequencies.WEEKLY_LIMIT):
        tell(letter(person, str(number)), at=monday)
    want(person, Frequency.DAILY)
    tell(letter(person, "late"), at=monday)
    monkeypatch.setattr(tasks, "timezone", SimpleNamespace(now=lambda: monday.replace(hour=7)))
    tasks.send_digests()
    assert [mail.kind for mail in mails()] == [kinds.WEEKLY]


@pytest.mark.django_db
def test_seven_daily_digests_fit_in_a_week():
    person = subscriber()
    monday = dt.datetime(2026, 11, 23, 7, 5, tzinfo=PARIS)
    for day in range(14):
        at = monday + dt.timedelta(days=day)
        tell(letter(person, str(day)), at=at - dt.timedelta(hours=1))
        assert run(at=at) == 1


# --- Many, and at once -----------------------------------------------------------------------------------------------


@pytest.mark.django_db(transaction=True)
def test_two_sweeps_send_one_digest():
    for _ in range(6):
        tell(letter(subscriber()), at=BEFORE)
    results = run_in_threads(4, lambda _number: run(size=2))
    assert sum(results) == 6
    assert len(mails()) == 6


@pytest.mark.django_db(transaction=True)
def test_what_is_told_while_a_digest_leaves_is_in_the_next():
    person = subscriber()
    tell(letter(person, "a"), at=BEFORE)
    run_in_threads(2, lambda number: run() if number else tell(letter(person, "b"), at=MORNING))
    assert len(mails()) == 1
    assert Notification.objects.get(once_key=f"b:{person.pk}").digest == "daily"


@pytest.mark.django_db
def test_a_batch_costs_the_same_however_many_people_and_lines():
    counts = []
    for people, lines in ((1, 1), (20, 5)):
        for _ in range(people):
            person = subscriber()
            tell(*(letter(person, str(number)) for number in range(lines)), at=BEFORE)
        with CaptureQueriesContext(
            connection,
        ) as queries:
            assert run() == people
        counts.append(len(queries))
    # Who waits, then: the savepoint in and out, the people, the lines, the mails of the week, those put off, the addresses,
    # the mails, how many are new, the lines told; and that nobody else waits.
    assert counts == [counts[0]] * 2
    assert counts[0] <= 14


@pytest.mark.django_db(transaction=True)
def test_closing_an_account_leaves_no_line_and_no_mail():
    from accounts.actions import close_account  # noqa: PLC0415 (this test alone)

    person = subscriber()
    tell(letter(person, "a"), at=BEFORE)
    run()
    tell(letter(person, "b"), at=MORNING)
    actions.note_bounce(address=person.email, code="550", reported_by="smtp", at=MORNING)
    close_account(user=person)
    rows = (Notification, Preference, AddressState)
    assert [model.objects.count() for model in rows] == [0, 0, 0]
    assert list(OutboundMail.objects.values_list("kind", flat=True)) == ["accounts.account_closed"]
    with transaction.atomic():
        assert telling.tell(kind="consultations.phase", letters=[letter(person, "c")], at=MORNING) == 0
