"""What the mail provider and mail servers say of addresses, posted as they post it."""

import base64
import json
import smtplib

import pytest
from django.core.mail.backends.base import BaseEmailBackend
from django.db import transaction
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from notifications import addresses, delivery, frequencies, outbox, retries
from notifications.models import AddressState, OutboundMail
from tests.factories import make_user

SECRET = "fournisseur:0123456789abcdef"
pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def provider(settings):
    settings.EMAIL_PROVIDER = "brevo"
    settings.ANYMAIL = {"WEBHOOK_SECRET": SECRET}


def post(payload, secret=SECRET):
    headers = {"HTTP_AUTHORIZATION": "Basic " + base64.b64encode(secret.encode()).decode()} if secret else {}
    # One that checks tokens: the provider has none.
    return Client(enforce_csrf_checks=True).post(
        reverse("provider_report"), json.dumps(payload), content_type="application/json", **headers
    )


def brevo(event, address, **fields):
    """What Brevo posts, with the fields of its documentation."""
    return {
        "event": event,
        "email": address,
        "id": 26224,
        "date": "2026-11-25 10:00:00",
        "ts": 1795600800,
        "message-id": "<202611251000.12345678901@smtp-relay.mailin.fr>",
        "ts_event": 1795600800,
        "subject": "Les quais",
        "sending_ip": "185.41.28.109",
        "ts_epoch": 1795600800000,
        "reason": "550 5.1.1 User unknown",
        **fields,
    }


def test_without_a_provider_nobody_answers():
    assert post(brevo("hard_bounce", "a@example.org")).status_code == 404


@pytest.mark.parametrize("secret", ["", "fournisseur:autre", ":"])
def test_without_its_password_nothing_is_noted(provider, secret):
    assert post(brevo("hard_bounce", "a@example.org"), secret).status_code == 400
    assert AddressState.objects.count() == 0


def test_an_address_that_does_not_exist_is_noted_once(provider):
    person = make_user()
    for _ in range(2):
        assert post(brevo("hard_bounce", person.email.upper())).status_code == 200
    row = AddressState.objects.get()
    assert (row.user, row.address, row.reported_by) == (person, person.email, "brevo")
    assert row.bounced_at is not None
    assert addresses.refusing([person.email, "autre@example.org"]) == {person.email}


@pytest.mark.parametrize("event", ["soft_bounce", "delivered", "opened", "click", "deferred", "blocked", "unknown"])
def test_what_passes_with_time_changes_nothing(provider, event):
    assert post(brevo(event, make_user().email)).status_code == 200
    assert AddressState.objects.count() == 0


def test_a_complaint_stops_the_kind_it_is_about(provider):
    person = make_user()
    for kind in ("consultations.phase", "commitments.news"):
        mail = OutboundMail.objects.create(
            kind=kind, to=person.email, user=person, subject="a", text="a", send_after=timezone.now()
        )
        if kind == "consultations.phase":
            complained = mail
    post(brevo("spam", person.email, **{"message-id": f"<{complained.pk}@127.0.0.1>"}))
    now = frequencies.of_person(person.pk)
    assert (now["consultations.phase"], now["commitments.news"]) == ("never", "now")
    assert AddressState.objects.get().complained_of == "consultations.phase"


def test_a_complaint_of_a_message_of_another_number_stops_the_last_kind_one_may_refuse(provider):
    person = make_user()
    for kind in ("commitments.news", "accounts.password_changed"):
        OutboundMail.objects.create(
            kind=kind, to=person.email, user=person, subject="a", text="a", send_after=timezone.now()
        )
    post(brevo("spam", person.email))
    assert frequencies.of_person(person.pk)["commitments.news"] == "never"


def test_a_complaint_from_nobody_we_know_is_noted(provider):
    assert post(brevo("spam", "inconnu@example.org")).status_code == 200
    assert AddressState.objects.get().user is None


# --- A mail server that refuses --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("code", "reason", "is_final"),
    [
        (550, b"5.1.1 User unknown", True),
        (550, b"No such user here", True),
        (551, b"5.1.6 moved", True),
        (550, b"5.7.1 Message refused by policy", False),
        (550, b"5.2.2 Mailbox full", False),
        (450, b"4.2.0 Greylisted", False),
        (554, b"Spam", False),
    ],
)
def test_only_an_address_that_does_not_exist_is_final(code, reason, is_final):
    error = smtplib.SMTPRecipientsRefused({"a@example.org": (code, reason)})
    assert retries.is_about_the_address(error) is is_final
    assert retries.is_about_the_address(OSError()) is False


class Refusing(BaseEmailBackend):
    def send_messages(self, messages):
        raise smtplib.SMTPRecipientsRefused({messages[0].to[0]: (550, b"5.1.1 User unknown")})


def test_a_refusal_at_delivery_is_noted_and_the_mail_given_up():
    person = make_user()
    with transaction.atomic():
        mail = outbox.enqueue(kind="test", to=person.email, subject="a", text="a", user=person)
    assert delivery.deliver(mail.pk, at=timezone.now(), backend=Refusing()) is delivery.Outcome.FAILED
    row = AddressState.objects.get()
    assert (row.user, row.reported_by, row.bounce_code) == (person, "smtp", "SMTPRecipientsRefused 550")
