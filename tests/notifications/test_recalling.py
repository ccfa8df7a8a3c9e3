"""What is hidden while its mail waits in the outbox does not leave."""

import datetime as dt

import pytest
from django.core import mail as django_mail
from django.db import transaction
from django.utils import timezone

from notifications import delivery, digests, kinds, outbox, recalling, telling, topics
from notifications.delivery import Outcome
from notifications.kinds import Frequency
from notifications.models import Notification, OutboundMail
from tests.factories import make_user
from tests.notifications.test_telling import letter, tell, want

pytestmark = pytest.mark.django_db(transaction=True)
QUAYS, SQUARE = "test:les-quais", "test:la-place"


@pytest.fixture(autouse=True)
def shown():
    """Name two topics; a test takes one away to hide it."""
    titles = {"les-quais": topics.Topic("Les quais", "/quais/"), "la-place": topics.Topic("La place", "/place/")}
    topics.declare("test", titles.get)
    delivery.server.wake()
    yield titles
    topics._kinds.pop("test")  # noqa: SLF001 (no app ever takes a kind back)


def deliver(mail):
    return delivery.deliver(mail.pk, at=timezone.now())


def a_digest(person, *, at):
    for people in digests.batches(Frequency.DAILY, at=at):
        digests.send(digest=Frequency.DAILY, people=people, at=at)
    return OutboundMail.objects.get(user=person)


def test_what_is_hidden_is_told_to_nobody(shown):
    person = make_user()
    del shown["la-place"]
    assert tell(letter(person, about=SQUARE, topic=SQUARE)) == 0
    assert (Notification.objects.count(), OutboundMail.objects.count()) == (0, 0)


def test_a_mail_whose_subject_was_hidden_since_does_not_leave(shown):
    person, other = make_user(), make_user()
    tell(letter(person, about=SQUARE, topic=SQUARE), letter(other), at=timezone.now())
    del shown["la-place"]
    outcomes = {mail.user_id: deliver(mail) for mail in OutboundMail.objects.all()}
    assert outcomes == {person.pk: Outcome.TAKEN_BACK, other.pk: Outcome.SENT}
    assert [message.to for message in django_mail.outbox] == [[other.email]]
    assert OutboundMail.objects.get().user == other
    row = Notification.objects.get(user=person)
    assert (row.mailed_at, row.mailed_in, row.mailed_as, row.digest) == (None, None, "", "")


def test_a_digest_leaves_again_without_the_line_that_was_hidden_since(shown):
    person, at = make_user(), timezone.now() + dt.timedelta(days=2)
    want(person, Frequency.DAILY)
    letters = letter(person, "a", about=SQUARE, line="Sur la place"), letter(person, "b", line="Sur les quais")
    tell(*letters, at=timezone.now())
    first = a_digest(person, at=at)
    del shown["la-place"]
    assert delivery.deliver(first.pk, at=at) is Outcome.TAKEN_BACK
    assert set(Notification.objects.values_list("digest", flat=True)) == {"daily"}
    second = a_digest(person, at=at)
    assert ("Sur la place" in second.text, "Sur les quais" in second.text) == (False, True)
    assert delivery.deliver(second.pk, at=at) is Outcome.SENT
    assert set(Notification.objects.values_list("subject_line", "digest", "mailed_in")) == {
        ("Sur la place", "", None),
        ("Sur les quais", "", second.pk),
    }
    assert len(django_mail.outbox) == 1


def test_what_concerns_the_person_always_leaves(shown):
    person = make_user()
    details = {"consultation": {"title": "a"}, "amendment": {"reason": "a"}, "changes": [], "address": ""}
    with transaction.atomic():
        telling.tell(kind="consultations.amendment", letters=[letter(person, words=lambda: details)], at=timezone.now())
        outbox.enqueue(kind="test", to=person.email, subject="a", text="a", user=person)
    shown.clear()
    assert [deliver(mail) for mail in OutboundMail.objects.order_by("kind")] == [Outcome.SENT, Outcome.SENT]


def test_who_lost_the_claim_takes_nothing_back(shown):
    person = make_user()
    tell(letter(person), at=timezone.now())
    mail = OutboundMail.objects.get()
    assert recalling.take_back(mail=mail, claim=mail.pk) is False
    assert OutboundMail.objects.count() == 1
    assert Notification.objects.get().mailed_in == mail.pk
    assert kinds.find(mail.kind).is_service is False
