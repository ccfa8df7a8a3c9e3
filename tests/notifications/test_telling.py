"""One door to tell people: what each wants, once, within the limit of the week."""

import datetime as dt

import pytest
from django.db import transaction

from notifications import actions, frequencies, kinds, outbox, subscriptions, telling, topics
from notifications.kinds import Frequency
from notifications.models import AddressState, Notification, OutboundMail, Preference
from tests.concurrency import run_in_threads
from tests.factories import make_user

PARIS = frequencies.PARIS
# A Wednesday.
AT = dt.datetime(2026, 11, 25, 10, 0, tzinfo=PARIS)
NEWS = "consultations.phase"
PUT_THROUGH = "consultations.outcomes"
TOPIC = "test:les-quais"


@pytest.fixture(autouse=True)
def _topics():
    topics.declare("test", {"les-quais": topics.Topic("Les quais", "/quais/")}.get)
    yield
    topics._kinds.pop("test")  # noqa: SLF001 (no app ever takes a kind back)


def letter(person, key="a", **fields):
    values = {
        "person": person,
        "once_key": f"{key}:{person.pk}",
        "about": TOPIC,
        "topic": TOPIC,
        "line": "Les quais\u00a0: du nouveau",
        "url": "/quais/",
        "words": words,
    }
    return telling.Letter(**{**values, **fields})


def words():
    phase = {"name": "Donner son avis"}
    return {"phase": phase, "consultation": {"title": "Les quais"}, "dates": "", "what": "", "address": "/quais/"}


def tell(*letters, kind=NEWS, at=AT):
    with transaction.atomic():
        return telling.tell(kind=kind, letters=letters, at=at)


def want(person, frequency, kind=NEWS):
    Preference.objects.update_or_create(user=person, kind=kind, defaults={"frequency": frequency})


@pytest.mark.django_db(transaction=True)
def test_it_refuses_outside_a_transaction():
    with pytest.raises(RuntimeError):
        telling.tell(kind=NEWS, letters=[], at=AT)


@pytest.mark.django_db
def test_an_undeclared_kind_is_refused():
    with pytest.raises(kinds.UnknownKindError):
        tell(letter(make_user()), kind="consultations.nothing")


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("frequency", "mails", "digest"), [("now", 1, ""), ("daily", 0, "daily"), ("weekly", 0, "weekly"), ("never", 0, "")]
)
def test_each_wish_leads_where_it_says(frequency, mails, digest):
    person = make_user()
    want(person, frequency)
    assert tell(letter(person)) == 1
    row = Notification.objects.get()
    assert (row.digest, row.subject_line, row.url, row.read_at) == (
        digest,
        "Les quais\u00a0: du nouveau",
        "/quais/",
        None,
    )
    assert OutboundMail.objects.count() == mails
    assert (row.mailed_at is not None) == bool(mails)
    if mails:
        assert row.mailed_in == OutboundMail.objects.get().pk


@pytest.mark.django_db
def test_nobody_is_told_twice_whatever_they_wish():
    people = [make_user() for _ in range(3)]
    want(people[1], "daily")
    want(people[2], "never")
    assert [tell(*(letter(person) for person in people)) for _ in range(2)] == [3, 0]
    assert (Notification.objects.count(), OutboundMail.objects.count()) == (3, 1)


@pytest.mark.django_db
def test_two_subjects_that_match_are_told_once():
    person = make_user()
    assert tell(letter(person), letter(person, topic="test:autre")) == 1


@pytest.mark.django_db
def test_what_was_mailed_before_there_were_notifications_is_not_mailed_again():
    person = make_user()
    with transaction.atomic():
        outbox.enqueue(kind="test", to=person.email, subject="a", text="a", user=person, once_key=f"a:{person.pk}")
    tell(letter(person))
    assert OutboundMail.objects.count() == 1


@pytest.mark.django_db
def test_a_closed_account_is_told_nothing():
    assert tell(letter(make_user(is_active=False))) == 0
    assert Notification.objects.count() == 0


@pytest.mark.django_db
def test_the_mail_says_why_and_stops_for_the_subject_and_for_the_kind():
    person = make_user()
    tell(letter(person))
    mail = OutboundMail.objects.get()
    text = mail.text.replace("\u00a0", " ")
    assert "parce que vous suivez « Les quais » (sorte : Étapes d’une consultation)" in text
    header = mail.headers["List-Unsubscribe"].strip("<>")
    assert mail.headers["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    found = [
        subscriptions.read_token(word.rstrip("/").rsplit("/", 1)[1]) for word in text.split() if "/arreter/" in word
    ]
    assert found == [
        subscriptions.Unsubscription(person.pk, TOPIC),
        subscriptions.Unsubscription(person.pk, f"kind:{NEWS}"),
    ]
    assert header in mail.text
    assert header in mail.html
    assert "/mon-espace/notifications/frequence/" in text


@pytest.mark.django_db
def test_a_service_message_always_leaves_and_has_nothing_to_stop():
    person = make_user()
    AddressState.objects.create(address=person.email, bounced_at=AT, reported_by="smtp", updated_at=AT)
    details = {"consultation": {"title": "a"}, "amendment": {"reason": "a"}, "changes": [], "address": ""}
    for key in range(9):
        tell(letter(person, str(key), words=lambda: details), kind="consultations.amendment")
    mails = list(OutboundMail.objects.all())
    assert len(mails) == 9
    assert {tuple(mail.headers) for mail in mails} == {()}
    assert frequencies.mails_of_the_week([person.pk], at=AT) == {}


# --- The limit of the week -------------------------------------------------------------------------------------------


@pytest.mark.django_db
def test_the_eighth_mail_of_the_week_waits_for_monday():
    person, other = make_user(), make_user()
    for number in range(frequencies.WEEKLY_LIMIT):
        tell(letter(person, str(number)))
    tell(letter(person, "over"), letter(other, "over"))
    assert OutboundMail.objects.filter(user=person).count() == frequencies.WEEKLY_LIMIT
    assert Notification.objects.get(once_key=f"over:{person.pk}").digest == Frequency.WEEKLY
    assert OutboundMail.objects.filter(user=other).count() == 1


@pytest.mark.django_db
def test_what_answers_them_passes_the_limit_and_counts_in_it():
    person = make_user()
    answer = {
        "consultation": {"title": "a"}, "count": 1, "lines": [], "more": 0, "address": "", "list_address": "",
    }  # fmt: skip
    for number in range(frequencies.WEEKLY_LIMIT + 1):
        tell(letter(person, str(number), words=lambda: answer), kind=PUT_THROUGH)
    assert OutboundMail.objects.count() == frequencies.WEEKLY_LIMIT + 1
    tell(letter(person, "over"))
    assert Notification.objects.get(once_key=f"over:{person.pk}").digest == Frequency.WEEKLY


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("first", "second", "is_same"),
    [
        # The Sunday evening and the Monday of Mulhouse, a second apart; then the weekend when the clocks go back, and forward.
        ((2026, 11, 29, 23, 59, 59), (2026, 11, 30, 0, 0, 0), False),
        ((2026, 11, 23, 0, 0, 0), (2026, 11, 29, 23, 59, 59), True),
        ((2026, 10, 25, 23, 59, 59), (2026, 10, 26, 0, 0, 0), False),
        ((2027, 3, 28, 23, 59, 59), (2027, 3, 29, 0, 0, 0), False),
    ],
)
def test_a_week_is_from_monday_to_sunday_in_mulhouse(first, second, is_same):
    person = make_user()
    before, after = (dt.datetime(*moment, tzinfo=PARIS) for moment in (first, second))
    for number in range(frequencies.WEEKLY_LIMIT):
        tell(letter(person, str(number)), at=before)
    tell(letter(person, "next"), at=after)
    assert (Notification.objects.get(once_key=f"next:{person.pk}").digest == Frequency.WEEKLY) is is_same


@pytest.mark.django_db(transaction=True)
def test_threads_that_tell_one_person_do_not_pass_the_limit():
    person = make_user()
    run_in_threads(12, lambda number: tell(letter(person, str(number))))
    assert OutboundMail.objects.count() == frequencies.WEEKLY_LIMIT
    assert Notification.objects.filter(digest=Frequency.WEEKLY).count() == 5


@pytest.mark.django_db(transaction=True)
def test_threads_that_tell_one_thing_tell_it_once():
    people = [make_user() for _ in range(5)]
    results = run_in_threads(4, lambda _number: tell(*(letter(person) for person in people)))
    assert sum(results) == 5
    assert (Notification.objects.count(), OutboundMail.objects.count()) == (5, 5)


@pytest.mark.django_db
@pytest.mark.parametrize("count", [1, 30])
def test_a_batch_costs_the_same(count, django_assert_num_queries):
    letters = [letter(make_user()) for _ in range(count)]
    # The people held, the addresses, the wishes, the mails of the week, what is known, the rows and which are new, the mails
    # and which are new.
    with transaction.atomic(), django_assert_num_queries(9):
        assert telling.tell(kind=NEWS, letters=letters, at=AT) == count


# --- Choosing ---------------------------------------------------------------------------------------------------------


@pytest.mark.django_db(transaction=True)
def test_what_waits_follows_a_new_wish():
    person = make_user()
    want(person, "daily")
    tell(letter(person))
    for wish, digest in (("weekly", "weekly"), ("now", "daily"), ("never", "")):
        actions.choose(user=person, wanted={NEWS: Frequency(wish)})
        assert Notification.objects.get().digest == digest


@pytest.mark.django_db(transaction=True)
def test_a_service_message_can_not_be_refused():
    from mulhouse.errors import DomainError  # noqa: PLC0415 (this test alone)

    person = make_user()
    for code in ("accounts.sign_in_code", kinds.DAILY, "nothing"):
        with pytest.raises(DomainError):
            actions.choose(user=person, wanted={code: Frequency.NEVER})
    assert Preference.objects.count() == 0


@pytest.mark.django_db(transaction=True)
def test_the_link_of_a_kind_stops_that_kind_alone():
    person = make_user()
    want(person, "daily")
    tell(letter(person))
    assert actions.unsubscribe(link=subscriptions.Unsubscription(person.pk, f"kind:{NEWS}")) is True
    assert actions.unsubscribe(link=subscriptions.Unsubscription(person.pk, f"kind:{NEWS}")) is False
    assert frequencies.of_person(person.pk)[NEWS] is Frequency.NEVER
    assert frequencies.of_person(person.pk)["commitments.news"] is Frequency.NOW
    assert Notification.objects.get().digest == ""


@pytest.mark.django_db(transaction=True)
def test_the_link_of_a_digest_stops_what_leaves_in_it():
    person = make_user()
    want(person, "daily")
    tell(letter(person))
    actions.unsubscribe(link=subscriptions.Unsubscription(person.pk, f"kind:{kinds.DAILY}"))
    now = frequencies.of_person(person.pk)
    assert (now[NEWS], now["consultations.replies"], now["commitments.news"]) == ("never", "never", "now")
    assert Notification.objects.get().digest == ""


@pytest.mark.django_db(transaction=True)
def test_the_link_of_a_subject_stops_what_waits_too():
    person = make_user()
    want(person, "daily")
    actions.follow(user=person, topic=TOPIC)
    tell(letter(person))
    assert actions.unsubscribe(link=subscriptions.Unsubscription(person.pk, TOPIC)) is True
    assert Notification.objects.get().digest == ""


@pytest.mark.django_db(transaction=True)
def test_the_link_of_somebody_who_is_gone_stops_nothing():
    assert actions.unsubscribe(link=subscriptions.Unsubscription(987654, f"kind:{NEWS}")) is False
