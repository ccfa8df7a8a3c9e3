import datetime as dt
import threading
import uuid
from email.utils import parsedate_to_datetime

import pytest
from django.conf import settings
from django.core import mail as django_mail
from django.db import transaction
from django.utils import timezone

from notifications import delivery, outbox, retention, retries, subscriptions, tasks
from notifications.delivery import Outcome
from notifications.models import OutboundMail
from tests.concurrency import run_in_threads
from tests.factories import make_user
from tests.notifications.smtp import MailServer

pytestmark = pytest.mark.django_db(transaction=True)

LATER = dt.timedelta(seconds=1)


@pytest.fixture(autouse=True)
def _server_awake():
    delivery.server.wake()
    yield
    delivery.server.wake()


@pytest.fixture
def inbox(settings):
    with MailServer() as server:
        settings.DELIVERY_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
        settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", server.port
        yield server.inbox


def enqueue(**fields):
    with transaction.atomic():
        return outbox.enqueue(**{"kind": "test", "to": "a@example.org", "subject": "Été", "text": "Bonjour", **fields})


def reload(mail):
    return OutboundMail.objects.get(pk=mail.pk)


def test_deliver_refuses_inside_a_transaction():
    mail = enqueue()

    with pytest.raises(RuntimeError), transaction.atomic():
        delivery.deliver(mail.pk, at=timezone.now())
    with pytest.raises(RuntimeError), transaction.atomic():
        delivery.sweep(at=timezone.now())


def test_a_mail_leaves_whole(inbox):
    mail = enqueue(html="<p>Bonjour</p>", headers={"List-Unsubscribe": "<https://a/>"})

    assert delivery.deliver(mail.pk, at=timezone.now()) is Outcome.SENT

    (message,) = inbox.accepted
    assert (message["To"], message["Subject"], message["From"]) == ("a@example.org", "Été", settings.DEFAULT_FROM_EMAIL)
    assert message["Message-ID"] == f"<{mail.pk}@127.0.0.1>"
    assert parsedate_to_datetime(message["Date"]) == mail.created_at.replace(microsecond=0)
    assert (message["List-Unsubscribe"], message["Auto-Submitted"]) == ("<https://a/>", "auto-generated")
    assert message["Reply-To"] == settings.CONTACT["email"]
    assert message.get_body(("plain",)).get_content().strip() == "Bonjour"
    assert message.get_body(("html",)).get_content().strip() == "<p>Bonjour</p>"
    mail = reload(mail)
    assert (mail.state, mail.claim, mail.lease_until, mail.attempts, mail.last_error) == ("sent", None, None, 1, "")
    assert mail.sent_at is not None


def test_a_mail_reaches_the_signature_as_it_stays(inbox):
    """DKIM signs what leaves; RFC 8058 asks that it covers both headers, so each stands once, whole, in seven bits."""
    person = make_user(email="a@example.org")
    headers = subscriptions.unsubscribe_headers(subscriptions.unsubscribe_url(person, "consultation:" + "quais-" * 20))
    mail = enqueue(text="Été " * 300, html="<p>Été</p>", headers=headers)
    assert delivery.deliver(mail.pk, at=timezone.now()) is Outcome.SENT
    (raw,) = inbox.raw
    assert max(raw) < 128
    top = raw.partition(b"\r\n\r\n")[0].decode().split("\r\n")
    assert [line for line in top if line.startswith("List-")] == [
        f"List-Unsubscribe: {headers['List-Unsubscribe']}",
        "List-Unsubscribe-Post: List-Unsubscribe=One-Click",
    ]
    assert [line for line in raw.split(b"\r\n") if len(line) > delivery.LONGEST_LINE] == []
    (message,) = inbox.accepted
    assert (message["Subject"], message.get_body(("plain",)).get_content().split()) == ("Été", ["Été"] * 300)


def test_a_mail_is_not_sent_twice(inbox):
    mail = enqueue()

    assert delivery.deliver(mail.pk, at=timezone.now()) is Outcome.SENT
    assert delivery.deliver(mail.pk, at=timezone.now()) is Outcome.NOT_OURS
    assert delivery.deliver(uuid.uuid4(), at=timezone.now()) is Outcome.NOT_OURS
    assert len(inbox.accepted) == 1


def test_twenty_workers_send_a_mail_once(inbox):
    mail = enqueue()

    outcomes = run_in_threads(20, lambda number: delivery.deliver(mail.pk, at=timezone.now()))

    assert sorted(outcome.value for outcome in outcomes) == ["not ours"] * 19 + ["sent"]
    assert len(inbox.accepted) == 1


def test_a_mail_does_not_leave_before_its_time(inbox):
    at = timezone.now()
    mail = enqueue(send_after=at)

    assert delivery.deliver(mail.pk, at=at - LATER) is Outcome.NOT_OURS
    assert delivery.deliver(mail.pk, at=at) is Outcome.SENT


def test_a_listed_code_is_tried_again_at_each_wait_and_given_up(inbox):
    inbox.answers = ["451 later"] * 20
    mail = enqueue()
    at = timezone.now()

    for number, wait in enumerate(retries.WAITS, start=1):
        assert delivery.deliver(mail.pk, at=at) is Outcome.LATER
        mail = reload(mail)
        assert (mail.state, mail.attempts, mail.last_error, mail.sent_at) == (
            "queued",
            number,
            "SMTPDataError 451",
            None,
        )
        assert mail.send_after == at + wait
        assert delivery.deliver(mail.pk, at=at + wait - dt.timedelta(microseconds=1)) is Outcome.NOT_OURS
        at += wait

    assert delivery.deliver(mail.pk, at=at) is Outcome.FAILED
    mail = reload(mail)
    assert (mail.state, mail.attempts, mail.claim, mail.lease_until) == ("failed", 8, None, None)
    assert inbox.accepted == []


def test_another_code_is_final(inbox):
    inbox.answers = ["554 no"]
    mail = enqueue()

    assert delivery.deliver(mail.pk, at=timezone.now()) is Outcome.FAILED
    mail = reload(mail)
    assert (mail.state, mail.last_error) == ("failed", "SMTPDataError 554")


@pytest.mark.parametrize(("answer", "outcome"), [("550 unknown", Outcome.FAILED), ("450 greylisted", Outcome.LATER)])
def test_an_address_that_is_refused_is_named_by_its_code_only(inbox, answer, outcome):
    inbox.refused["a@example.org"] = answer
    mail = enqueue()

    assert delivery.deliver(mail.pk, at=timezone.now()) is outcome
    assert reload(mail).last_error == f"SMTPRecipientsRefused {answer[:3]}"
    assert delivery.server.is_resting() is False


def test_a_message_that_can_not_be_written_is_given_up(inbox):
    mail = enqueue(headers={"X-A": "a\nb"})

    assert delivery.deliver(mail.pk, at=timezone.now()) is Outcome.FAILED
    assert reload(mail).last_error == "BadHeaderError"


def test_a_server_that_is_down_is_left_alone(settings):
    settings.DELIVERY_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
    settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", 9
    first, second = enqueue(), enqueue()
    at = timezone.now()

    assert delivery.deliver(first.pk, at=at) is Outcome.LATER
    assert delivery.deliver(second.pk, at=at) is Outcome.LATER

    assert [reload(mail).attempts for mail in (first, second)] == [1, 0]
    assert reload(first).last_error == "ConnectionRefusedError"


def test_a_sweep_without_a_server_costs_no_attempt(settings):
    settings.DELIVERY_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
    settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", 9
    mail = enqueue()

    assert delivery.sweep(at=timezone.now() + delivery.GRACE + LATER) == 0
    assert (reload(mail).state, reload(mail).attempts) == ("queued", 0)


def test_a_code_is_sent_within_the_hour_or_never(inbox):
    early, late = enqueue(secret=True), enqueue(secret=True)
    hour = delivery.SECRET_LIFE

    assert delivery.deliver(early.pk, at=early.created_at + hour - dt.timedelta(microseconds=1)) is Outcome.SENT
    assert delivery.deliver(late.pk, at=late.created_at + hour) is Outcome.FAILED
    assert len(inbox.accepted) == 1


def test_the_sweep_takes_up_what_was_lost(inbox):
    """The broker was down when the act was confirmed: nobody was told of the mail."""
    mail = enqueue()
    due_at = mail.send_after + delivery.GRACE

    assert delivery.sweep(at=due_at - dt.timedelta(microseconds=1)) == 0
    assert delivery.sweep(at=due_at) == 1
    assert delivery.sweep(at=due_at) == 0
    assert inbox.ids == [f"<{mail.pk}@127.0.0.1>"]


def test_the_sweep_takes_a_claim_back_when_its_lease_ran_out(inbox):
    mail = enqueue()
    lease_until = timezone.now()
    OutboundMail.objects.filter(pk=mail.pk).update(
        state="claimed", claim=uuid.uuid4(), lease_until=lease_until, attempts=1
    )

    assert delivery.sweep(at=lease_until) == 0
    assert delivery.sweep(at=lease_until + LATER) == 1
    assert (reload(mail).state, reload(mail).attempts) == ("sent", 2)


def test_a_mail_that_kills_its_workers_is_given_up(inbox):
    mail = enqueue()
    lease_until = timezone.now()
    OutboundMail.objects.filter(pk=mail.pk).update(
        state="claimed", claim=uuid.uuid4(), lease_until=lease_until, attempts=8
    )

    assert delivery.sweep(at=lease_until + LATER) == 0
    assert (reload(mail).state, reload(mail).last_error) == ("failed", "abandoned by its workers")


def test_a_worker_that_wakes_after_its_lease_changes_nothing(inbox):
    """It was stopped for ten minutes while sending; meanwhile the mail was claimed again."""
    mail = enqueue()
    inbox.hold_at = 1
    sender = threading.Thread(
        target=run_in_threads, args=(1, lambda number: delivery.deliver(mail.pk, at=timezone.now()))
    )
    sender.start()
    assert inbox.holding.wait(10)
    other = uuid.uuid4()
    lease_until = timezone.now() + delivery.LEASE
    OutboundMail.objects.filter(pk=mail.pk).update(claim=other, lease_until=lease_until)
    inbox.go_on.set()
    sender.join()

    mail = reload(mail)
    assert (mail.state, mail.claim, mail.lease_until) == ("claimed", other, lease_until)


def test_the_sweep_sends_many_on_one_connection_and_goes_on_after_a_refusal(inbox):
    inbox.answers = ["250 OK", "554 no", "250 OK"]
    mails = [enqueue() for _number in range(3)]

    assert delivery.sweep(at=timezone.now() + delivery.GRACE + LATER) == 2
    assert [reload(mail).state for mail in mails] == ["sent", "failed", "sent"]


def test_the_sweep_stops_when_the_server_closes(inbox):
    inbox.answers = ["250 OK", "421 closing"]
    mails = [enqueue() for _number in range(4)]

    assert delivery.sweep(at=timezone.now() + delivery.GRACE + LATER) == 1
    assert [reload(mail).attempts for mail in mails] == [1, 1, 0, 0]
    assert reload(mails[1]).state == "queued"


def test_the_tasks_call_what_they_name(inbox):
    mail = enqueue()
    tasks.deliver(mail_id=str(mail.pk))
    late = enqueue()
    OutboundMail.objects.filter(pk=late.pk).update(send_after=timezone.now() - delivery.GRACE)
    tasks.sweep()
    tasks.purge()

    assert len(inbox.accepted) == 2


def test_in_tests_mails_are_delivered_to_django_mail_outbox():
    mail = enqueue()
    delivery.deliver(mail.pk, at=timezone.now())

    assert [message.subject for message in django_mail.outbox] == ["Été"]


@pytest.mark.parametrize(
    ("secret", "state", "age", "kept"),
    [
        (True, "sent", retention.SECRETS_KEPT, (True, True)),
        (True, "sent", retention.SECRETS_KEPT + LATER, (False, False)),
        (True, "queued", retention.SECRETS_KEPT + LATER, (False, False)),
        (False, "sent", retention.TEXTS_KEPT, (True, True)),
        (False, "sent", retention.TEXTS_KEPT + LATER, (False, True)),
        (False, "failed", retention.TEXTS_KEPT + LATER, (False, True)),
        (False, "queued", retention.TEXTS_KEPT + LATER, (True, True)),
        (False, "sent", retention.ROWS_KEPT, (False, True)),
        (False, "sent", retention.ROWS_KEPT + LATER, None),
    ],
)
def test_what_is_kept_and_for_how_long(secret, state, age, kept):
    mail = enqueue(secret=secret, html="<p>a</p>", headers={"List-Unsubscribe": "<https://a/>"})
    at = timezone.now()
    OutboundMail.objects.filter(pk=mail.pk).update(created_at=at - age, state=state)

    retention.forget(at=at)
    retention.purge(at=at)

    row = OutboundMail.objects.filter(pk=mail.pk).first()
    assert (row and (bool(row.text and row.html and row.headers), bool(row.subject))) == kept
    if kept == (False, False):
        assert row.state in {"sent", "failed"}


def test_a_purge_goes_through_several_batches(monkeypatch):
    monkeypatch.setattr(retention, "BATCH", 2)
    for _number in range(5):
        enqueue()
    OutboundMail.objects.update(created_at=timezone.now() - retention.TEXTS_KEPT - LATER, state="sent")
    retention.purge(at=timezone.now())
    assert OutboundMail.objects.exclude(text="").count() == 0

    OutboundMail.objects.update(created_at=timezone.now() - retention.ROWS_KEPT - LATER)
    retention.purge(at=timezone.now())
    assert OutboundMail.objects.count() == 0
