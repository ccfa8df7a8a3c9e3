import datetime as dt
import threading

import pytest
from django.core import mail as django_mail
from django.core.mail import EmailMessage, EmailMultiAlternatives
from django.db import transaction
from django.template import TemplateDoesNotExist
from django.utils import timezone

from notifications import kinds, outbox
from notifications.models import OutboundMail
from tests.concurrency import run_in_threads
from tests.factories import make_user

MAIL = {"kind": "test", "to": "a@example.org", "subject": "Sujet", "text": "Bonjour"}


@pytest.mark.django_db(transaction=True)
def test_enqueue_refuses_outside_a_transaction():
    with pytest.raises(RuntimeError):
        outbox.enqueue(**MAIL)

    assert OutboundMail.objects.count() == 0


@pytest.mark.django_db
def test_enqueue_writes_a_row_and_asks_for_its_delivery_after_the_commit(django_capture_on_commit_callbacks):
    user = make_user()
    with django_capture_on_commit_callbacks() as callbacks, transaction.atomic():
        mail = outbox.enqueue(**MAIL, user=user, headers={"X-A": "b"})

    assert mail == OutboundMail.objects.get()
    assert (mail.kind, mail.to, mail.subject, mail.text, mail.user, mail.headers, mail.state, mail.secret) == (
        "test", "a@example.org", "Sujet", "Bonjour", user, {"X-A": "b"}, "queued", False,
    )  # fmt: skip
    assert mail.send_after <= timezone.now()
    assert len(callbacks) == 1


@pytest.mark.django_db
def test_a_mail_for_later_is_left_to_the_sweep(django_capture_on_commit_callbacks):
    later = timezone.now() + dt.timedelta(days=1)
    with django_capture_on_commit_callbacks() as callbacks, transaction.atomic():
        mail = outbox.enqueue(**MAIL, send_after=later)

    assert mail.send_after == later
    assert callbacks == []


@pytest.mark.django_db
def test_a_subject_is_one_line_that_fits():
    with transaction.atomic():
        mail = outbox.enqueue(**{**MAIL, "subject": "Un sujet\nBcc: autre@example.org " + "x" * 300})

    assert mail.subject == ("Un sujet Bcc: autre@example.org " + "x" * 300)[:200]


@pytest.mark.django_db
def test_a_key_is_used_once(django_capture_on_commit_callbacks):
    with django_capture_on_commit_callbacks() as callbacks, transaction.atomic():
        first = outbox.enqueue(**MAIL, once_key="rappel:1")
        second = outbox.enqueue(**MAIL, once_key="rappel:1")
        other = outbox.enqueue(**MAIL, once_key="rappel:2")
        without = [outbox.enqueue(**MAIL), outbox.enqueue(**MAIL)]

    assert second is None
    assert set(OutboundMail.objects.values_list("pk", flat=True)) == {first.pk, other.pk, *(row.pk for row in without)}
    assert len(callbacks) == 4


@pytest.mark.django_db(transaction=True)
def test_a_key_is_used_once_by_twenty_threads():
    def tell(number):
        with transaction.atomic():
            return outbox.enqueue(**MAIL, once_key="rappel:1")

    results = run_in_threads(20, tell)

    assert OutboundMail.objects.count() == 1
    assert [result for result in results if result is not None] == [OutboundMail.objects.get()]


@pytest.mark.django_db(transaction=True)
def test_a_key_is_free_again_when_the_act_that_used_it_fails():
    inserted, fail = threading.Event(), threading.Event()

    def tell(number):
        with transaction.atomic():
            if number == 0:
                outbox.enqueue(**MAIL, once_key="rappel:1")
                inserted.set()
                fail.wait(10)
                raise ValueError
            inserted.wait(10)
            threading.Timer(0.2, fail.set).start()
            return outbox.enqueue(**MAIL, once_key="rappel:1")

    refused, kept = run_in_threads(2, tell)

    assert isinstance(refused, ValueError)
    assert kept == OutboundMail.objects.get()


@pytest.fixture
def mail_template(settings, tmp_path):
    folder = tmp_path / "emails"
    folder.mkdir()
    (folder / "essai.txt").write_text(
        '{% extends "emails/base.txt" %}\n{% block subject %}Réponse à « {{ title }} »{% endblock %}\n'
        "{% block body %}Bonjour {{ name }},\n\n\n\nl’avis est là.{% endblock %}",
        encoding="utf-8",
    )
    (folder / "essai.html").write_text(
        '{% extends "emails/base.html" %}{% block body %}<p>Bonjour {{ name }}</p>{% endblock %}', encoding="utf-8"
    )
    settings.TEMPLATES = [{**settings.TEMPLATES[0], "DIRS": [*settings.TEMPLATES[0]["DIRS"], tmp_path]}]
    return "essai"


@pytest.mark.django_db
def test_a_template_makes_subject_text_and_html(mail_template):
    with transaction.atomic():
        mail = outbox.enqueue_template(
            kind="test",
            to="a@example.org",
            template=mail_template,
            context={"title": "L’eau & l’air", "name": "<b>Ana</b>"},
        )

    assert mail.subject == "Réponse à « L’eau & l’air »"
    assert mail.text.startswith("Bonjour <b>Ana</b>,\n\nl’avis est là.\n\n--\n")
    assert "<p>Bonjour &lt;b&gt;Ana&lt;/b&gt;</p>" in mail.html
    assert '<html lang="fr">' in mail.html
    assert "Réponse à « L’eau &amp; l’air »</h1>" in mail.html
    assert "<img" not in mail.html
    assert mail.headers == {}


@pytest.mark.django_db
def test_what_nobody_declared_does_not_leave():
    with pytest.raises(kinds.UnknownKindError), transaction.atomic():
        outbox.enqueue(kind="test.unknown", to="a@example.org", subject="a", text="a")
    with pytest.raises(kinds.UnknownKindError), transaction.atomic():
        outbox.words(kind="test.unknown", context={}, language="fr")
    assert OutboundMail.objects.count() == 0


@pytest.mark.django_db
def test_what_one_may_refuse_does_not_go_straight_to_the_outbox():
    with pytest.raises(ValueError, match="may be refused"), transaction.atomic():
        outbox.enqueue(kind="consultations.phase", to="a@example.org", subject="a", text="a")


@pytest.mark.django_db
def test_a_mail_is_written_in_the_language_of_its_reader(mail_template):
    with transaction.atomic():
        mail = outbox.enqueue_template(
            kind="test", to="a@example.org", template=mail_template, context={"title": "", "name": ""}, language="de"
        )

    assert '<html lang="de">' in mail.html


@pytest.mark.django_db
def test_a_missing_template_is_an_error():
    with pytest.raises(TemplateDoesNotExist), transaction.atomic():
        outbox.enqueue_template(kind="test", to="a@example.org", template="absent", context={})


@pytest.mark.django_db
def test_a_library_fills_the_outbox_with_short_lived_rows():
    user = make_user(email="ana@example.org")
    message = EmailMultiAlternatives(
        "Votre code",
        "123456",
        to=["Ana@example.org", "b@example.org"],
        headers={"X-Portal-Kind": "accounts.sign_in_code"},
    )
    message.attach_alternative("<p>123456</p>", "text/html")

    assert message.send() == 1

    rows = OutboundMail.objects.order_by("to").values_list("to", "kind", "text", "html", "user", "secret", "headers")
    assert list(rows) == [
        ("Ana@example.org", "accounts.sign_in_code", "123456", "<p>123456</p>", user.pk, True, {}),
        ("b@example.org", "accounts.sign_in_code", "123456", "<p>123456</p>", None, True, {}),
    ]
    assert django_mail.outbox == []


@pytest.mark.django_db(transaction=True)
def test_a_library_fills_the_outbox_outside_a_transaction_too():
    EmailMessage("Votre code", "123456", to=["a@example.org"]).send()

    assert OutboundMail.objects.get().kind == "library"


@pytest.mark.django_db
def test_the_outbox_holds_no_attachment():
    message = EmailMessage("Sujet", "Texte", to=["a@example.org"])
    message.attach("liste.csv", "a;b", "text/csv")

    with pytest.raises(ValueError, match="attachment"):
        message.send()
