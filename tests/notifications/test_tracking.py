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

from notifications import addresses, delivery, frequencies, outbox, retries, tracking
from notifications.models import AddressState, OutboundMail
from tests.factories import make_user

SECRET = "fournisseur:0123456789abcdef"
pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def provider(settings):
    settings.ANYMAIL = {"WEBHOOK_SECRET": SECRET}
    settings.EMAIL_PROVIDER = "brevo"
    return lambda name: setattr(settings, "EMAIL_PROVIDER", name)


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


# --- Mailjet and Postmark, with the fields of their documentation --------------------------------------------------------


def mailjet(event, address, **fields):
    return {
        "event": event,
        "time": 1795600800,
        "MessageID": 13792286917004336,
        "Message_GUID": "1ab23cd4-e567-8901-2345-6789f0gh1i2j",
        "email": address,
        "mj_campaign_id": 0,
        "mj_contact_id": 0,
        "customcampaign": "",
        "CustomID": "",
        "Payload": "",
        **fields,
    }


def postmark(record, address, **fields):
    common = {"RecordType": record, "MessageID": "2706ee8a-737c-4285-b032-ccd317af53ed", "ServerID": 23, "Metadata": {}}
    sorts = {
        "Bounce": {
            "ID": 901542550,
            "Type": "HardBounce",
            "TypeCode": 1,
            "Name": "Hard bounce",
            "Description": "The server was unable to deliver your message (ex: unknown user, mailbox not found).",
            "Details": "smtp;550 5.1.1 The email account that you tried to reach does not exist.",
            "Email": address,
            "From": "ne-pas-repondre@mulhouse.example",
            "BouncedAt": "2026-11-25T10:00:00Z",
            "DumpAvailable": True,
            "Inactive": True,
            "CanActivate": True,
            "Subject": "Les quais",
            "MessageStream": "outbound",
        },
        "SpamComplaint": {
            "ID": 901542551,
            "Type": "SpamComplaint",
            "TypeCode": 512,
            "Name": "Spam complaint",
            "Description": "The subscriber explicitly marked this message as spam.",
            "Details": "Test spam complaint details",
            "Email": address,
            "From": "ne-pas-repondre@mulhouse.example",
            "BouncedAt": "2026-11-25T10:00:00Z",
            "DumpAvailable": True,
            "Inactive": True,
            "CanActivate": False,
            "Subject": "Les quais",
            "MessageStream": "outbound",
        },
        "SubscriptionChange": {
            "ChangedAt": "2026-11-25T10:00:00Z",
            "Recipient": address,
            "Origin": "Recipient",
            "SuppressSending": True,
            "SuppressionReason": "ManualSuppression",
            "MessageStream": "outbound",
        },
        "Delivery": {"Recipient": address, "DeliveredAt": "2026-11-25T10:00:00Z", "Details": "Test delivery"},
    }
    return {**common, **sorts[record], **fields}


def mailed(person, *kinds_of_mail):
    return [
        OutboundMail.objects.create(
            kind=kind, to=person.email, user=person, subject="a", text="a", send_after=timezone.now()
        )
        for kind in kinds_of_mail
    ]


MAILJET_BOUNCE = {
    "blocked": False,
    "hard_bounce": True,
    "error_related_to": "recipient",
    "error": "user unknown",
    "comment": "Host or domain name not found.",
}


@pytest.mark.parametrize("name", ["mailjet", "postmark"])
@pytest.mark.parametrize("secret", ["", "fournisseur:autre"])
def test_the_others_too_need_their_password(provider, name, secret):
    provider(name)
    payload = mailjet("bounce", "a@example.org", **MAILJET_BOUNCE) if name == "mailjet" else postmark("Bounce", "a@a.a")
    assert post(payload, secret).status_code == 400
    assert AddressState.objects.count() == 0


@pytest.mark.parametrize("grouped", [False, True], ids=["one event", "grouped events"])
def test_mailjet_says_that_an_address_does_not_exist(provider, grouped):
    provider("mailjet")
    person = make_user()
    event = mailjet("bounce", person.email, **MAILJET_BOUNCE)
    assert (
        post([event, mailjet("sent", "autre@example.org", smtp_reply="250 OK")] if grouped else event).status_code
        == 200
    )
    row = AddressState.objects.get()
    assert (row.user, row.reported_by, row.bounce_code) == (person, "mailjet", "bounced")


@pytest.mark.parametrize(
    "event",
    [
        mailjet("bounce", "a@example.org", **{**MAILJET_BOUNCE, "hard_bounce": False, "error": "quota exceeded"}),
        mailjet(
            "bounce", "a@example.org", blocked=False, hard_bounce=False, error_related_to="domain", error="greylisted"
        ),
        mailjet("blocked", "a@example.org", error_related_to="mailjet", error="preblocked"),
        mailjet("sent", "a@example.org", smtp_reply="sent (250 2.0.0 OK)"),
        mailjet("open", "a@example.org", ip="127.0.0.1", geo="FR", agent="Mozilla/5.0"),
        mailjet("click", "a@example.org", url="https://mulhouse.example/"),
    ],
    ids=["full", "greylisted", "blocked", "sent", "open", "click"],
)
def test_what_mailjet_says_of_a_moment_changes_nothing(provider, event):
    provider("mailjet")
    assert post(event).status_code == 200
    assert AddressState.objects.count() == 0


def test_mailjet_names_the_mail_that_was_complained_of(provider):
    provider("mailjet")
    person = make_user()
    complained, _later = mailed(person, "consultations.phase", "commitments.news")
    assert tracking.headers(complained) == {"X-MJ-CustomID": str(complained.pk)}
    assert post(mailjet("spam", person.email, source="JMRPP", CustomID=str(complained.pk))).status_code == 200
    now = frequencies.of_person(person.pk)
    assert (now["consultations.phase"], now["commitments.news"]) == ("never", "now")
    assert AddressState.objects.get().complained_of == "consultations.phase"


@pytest.mark.parametrize(
    ("record", "fields"),
    [
        ("Bounce", {}),
        ("Bounce", {"Type": "BadEmailAddress", "TypeCode": 100000}),
        ("SubscriptionChange", {"SuppressionReason": "HardBounce"}),
    ],
)
def test_postmark_says_that_an_address_does_not_exist(provider, record, fields):
    provider("postmark")
    person = make_user()
    assert post(postmark(record, person.email, **fields)).status_code == 200
    row = AddressState.objects.get()
    assert (row.user, row.reported_by, row.bounced_at is not None) == (person, "postmark", True)


@pytest.mark.parametrize(
    ("record", "fields"),
    [
        ("Bounce", {"Type": "SoftBounce", "TypeCode": 4096}),
        ("Bounce", {"Type": "Transient", "TypeCode": 2}),
        ("Bounce", {"Type": "DnsError", "TypeCode": 256}),
        ("Bounce", {"Type": "Blocked", "TypeCode": 100006}),
        ("Bounce", {"Type": "AutoResponder", "TypeCode": 32}),
        ("SubscriptionChange", {"SuppressSending": False, "SuppressionReason": "HardBounce"}),
        ("Delivery", {}),
    ],
)
def test_what_postmark_says_of_a_moment_changes_nothing(provider, record, fields):
    provider("postmark")
    assert post(postmark(record, make_user().email, **fields)).status_code == 200
    assert AddressState.objects.count() == 0


def test_postmark_names_the_mail_that_was_complained_of(provider):
    provider("postmark")
    person = make_user()
    complained, _later = mailed(person, "consultations.phase", "commitments.news")
    assert tracking.headers(complained) == {"X-PM-Metadata-mail": str(complained.pk)}
    assert post(postmark("SpamComplaint", person.email, Metadata={"mail": str(complained.pk)})).status_code == 200
    now = frequencies.of_person(person.pk)
    assert (now["consultations.phase"], now["commitments.news"]) == ("never", "now")


@pytest.mark.parametrize(
    ("name", "event"),
    [("mailjet", mailjet("unsub", "", mj_list_id=0, ip="127.0.0.1")), ("postmark", postmark("SubscriptionChange", ""))],
    ids=["mailjet", "postmark"],
)
def test_who_unsubscribes_at_the_provider_gets_that_kind_no_more(provider, name, event):
    provider(name)
    person = make_user()
    (mail,) = mailed(person, "consultations.phase")
    where = {"CustomID": str(mail.pk)} if name == "mailjet" else {"Metadata": {"mail": str(mail.pk)}}
    address = {"email": person.email} if name == "mailjet" else {"Recipient": person.email}
    assert post({**event, **where, **address}).status_code == 200
    assert frequencies.of_person(person.pk)["consultations.phase"] == "never"
    assert AddressState.objects.count() == 0


@pytest.mark.parametrize("number", ["", "n’importe quoi", "00000000-0000-0000-0000-000000000000"])
def test_a_number_that_is_not_ours_names_nothing(provider, number):
    provider("mailjet")
    person, other = make_user(), make_user()
    (of_other,) = mailed(other, "consultations.phase")
    assert post(mailjet("spam", person.email, CustomID=number or str(of_other.pk))).status_code == 200
    assert AddressState.objects.get().complained_of == ""
    assert frequencies.of_person(other.pk)["consultations.phase"] == "now"


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
