"""Closing an account: what was published stays unsigned, and no table of the database knows the person any more."""

import datetime as dt
import io
import json

import pytest
from allauth.account.models import EmailAddress, EmailConfirmation
from allauth.mfa.models import Authenticator
from allauth.socialaccount.models import SocialAccount
from django.contrib.admin.models import CHANGE, LogEntry
from django.contrib.contenttypes.models import ContentType
from django.contrib.sessions.models import Session
from django.core.files.storage import default_storage
from django.db import connection, transaction
from django.test import Client
from django.utils import timezone

from accounts import actions, consents
from accounts.models import Consent, DataExport, Residency, User
from consultations.models import CommentSupport, Contribution, Position
from mulhouse import personal_data
from mulhouse.errors import RefusedError
from notifications import delivery, outbox, retention
from notifications.models import OutboundMail, Subscription
from tests.accounts.people import last_mail
from tests.factories import (
    PASSWORD,
    make_comment,
    make_consultation,
    make_contribution,
    make_resident,
    make_staff,
    make_user,
)
from transparency import register, verification
from transparency.models import LineActor, RegisterLine

pytestmark = pytest.mark.django_db(transaction=True)
ADDRESS = "camille.unique@habitants.example"
NAME = "Camille Unique-Pseudonyme"
# Not a number that another row could have by chance.
PERSON_PK = 918_273_645
URL = "/mon-espace/fermer/"


@pytest.fixture(autouse=True)
def _own_files(settings, tmp_path):
    settings.MEDIA_ROOT = tmp_path


def full_person():
    """Somebody who left something in every table that knows people."""
    user = make_resident(pk=PERSON_PK, email=ADDRESS, public_name=NAME, birth_year=1987)
    for _device in range(2):
        Client().post("/compte/connexion/", {"login": ADDRESS, "password": PASSWORD})
    address = EmailAddress.objects.get(user=user)
    EmailConfirmation.objects.create(email_address=address, key="k" * 40, sent=timezone.now())
    Authenticator.objects.create(user=user, type=Authenticator.Type.TOTP, data={"secret": ADDRESS})
    SocialAccount.objects.create(user=user, provider="franceconnect", uid="sub-1")
    actions.give_consent(user=user, purpose=Consent.Purpose.CHARTER)
    actions.request_verification(user=user, at=timezone.now(), document=b"%PDF-1 %%EOF", suffix=".pdf")
    name = default_storage.save("exports/a.zip", io.BytesIO(b"zip"))
    DataExport.objects.create(
        user=user, ready_at=timezone.now(), expires_at=timezone.now() + dt.timedelta(days=7), file=name
    )
    LogEntry.objects.create(
        user=user,
        content_type=ContentType.objects.get_for_model(User),
        object_id="1",
        object_repr=NAME,
        action_flag=CHANGE,
        change_message=ADDRESS,
    )
    Subscription.objects.create(user=user, topic="consultation:quais")
    with transaction.atomic():
        outbox.enqueue(kind="test", to=ADDRESS, subject=f"Bonjour {NAME}", text=ADDRESS, user=user)
        outbox.enqueue(kind="test", to=ADDRESS, subject="Sans lien", text="Bonjour")
    consultation = make_consultation()
    mine = make_contribution(consultation=consultation, author=user, title="Un banc au soleil")
    make_contribution(consultation=consultation, author=user, title="Brouillon", published_at=None)
    make_comment(contribution=mine, author=user)
    other = make_comment(contribution=mine)
    Position.objects.create(contribution=make_contribution(consultation=consultation), resident=user, choice="agree")
    CommentSupport.objects.create(comment=other, resident=user)
    with transaction.atomic():
        register.record("account.reopened", role="habitant", actor=user)
    return user


def columns():
    """Every column of every table that could name somebody: text, JSON, numbers, of ours and of the packages."""
    with connection.cursor() as cursor:
        cursor.execute(
            """
            SELECT table_name, column_name, data_type FROM information_schema.columns
            WHERE table_schema = current_schema() AND data_type IN
              ('text', 'character varying', 'character', 'jsonb', 'json', 'tsvector', 'inet', 'bytea',
               'bigint', 'integer', 'smallint', 'ARRAY', 'USER-DEFINED')
            ORDER BY table_name, column_name
            """
        )
        return cursor.fetchall()


def traces(*, words, number):
    """Look for the person in every column: the words anywhere in a text, the key as a whole number."""
    found = []
    with connection.cursor() as cursor:
        for table, column, kind in columns():
            if kind in {"bigint", "integer", "smallint"}:
                test, values = f'"{column}" = %s', [number]
                if kind != "bigint" and number > 32767:
                    test = f'"{column}"::bigint = %s'
            else:
                text = f"convert_from(\"{column}\", 'LATIN1')" if kind == "bytea" else f'"{column}"::text'
                test = " OR ".join([f"{text} ILIKE %s"] * len(words))
                values = [f"%{word}%" for word in words]
            cursor.execute(f'SELECT count(*) FROM "{table}" WHERE {test}', values)
            if count := cursor.fetchone()[0]:
                found.append((table, column, count))
    return found


def session_traces(user_pk):
    """Sessions are signed and packed: they are read as Django does."""
    return [row.pk for row in Session.objects.all() if row.get_decoded().get("_auth_user_id") == str(user_pk)]


WORDS = (ADDRESS, "camille.unique", NAME, "Unique-Pseudonyme", str(PERSON_PK))


def test_the_scan_finds_the_person_before_and_nothing_after():
    user = full_person()
    tables = {table for table, _column, _count in traces(words=WORDS, number=PERSON_PK)}
    # The scan is worth something only if it sees what is there.
    assert tables >= {
        "accounts_user",
        "accounts_residency",
        "accounts_consent",
        "accounts_dataexport",
        "account_emailaddress",
        "mfa_authenticator",
        "socialaccount_socialaccount",
        "usersessions_usersession",
        "django_admin_log",
        "notifications_outboundmail",
        "notifications_subscription",
        "transparency_lineactor",
        "consultations_contribution",
        "consultations_comment",
        "consultations_position",
        "consultations_commentsupport",
    }
    assert len(session_traces(PERSON_PK)) == 2

    actions.close_account(user=user)

    # The one thing left is the mail that says it is done; it goes with the first purge after it was sent.
    farewell = OutboundMail.objects.get(to=ADDRESS)
    assert farewell.kind == "accounts.account_closed"
    retention.purge(at=timezone.now())
    assert delivery.deliver(farewell.pk, at=timezone.now()) is delivery.Outcome.SENT
    retention.purge(at=timezone.now())
    assert traces(words=WORDS, number=PERSON_PK) == []
    assert session_traces(PERSON_PK) == []
    for folder in ("residency", "exports"):
        assert default_storage.listdir(folder)[1] == []


def test_what_was_published_stays_without_a_name():
    user = full_person()
    published = Contribution.objects.get(title="Un banc au soleil")
    actions.close_account(user=user)
    published.refresh_from_db()
    assert published.author is None
    assert published.title == "Un banc au soleil"
    assert published.comments.count() == 2
    assert Contribution.objects.filter(title="Brouillon").count() == 0


def test_the_chain_of_the_register_is_not_broken():
    actions.close_account(user=full_person())
    assert verification.verify_whole().broken_at is None
    assert LineActor.objects.count() == 0
    last = json.loads(RegisterLine.objects.order_by("-number").first().content)
    assert (last["acte"], last["par"], last["objet"], last["faits"]) == ("account.closed", "habitant", "", {})


def test_other_people_keep_everything():
    other = make_resident(email="autre@habitants.example")
    mine = make_contribution(author=other)
    actions.close_account(user=full_person())
    mine.refresh_from_db()
    assert mine.author == other
    assert Residency.objects.filter(user=other).count() == 1


def test_every_declared_table_says_what_why_and_how_long():
    for holding in personal_data.holdings():
        for words in (holding.label, holding.purpose, holding.basis, holding.period):
            assert words.strip(), holding.model


@pytest.mark.parametrize("fields", [{"is_staff": True}, {"is_superuser": True}], ids=["role", "superuser"])
def test_somebody_with_a_role_gives_it_back_first(fields):
    user = make_user(**fields)
    with pytest.raises(RefusedError) as refused:
        actions.close_account(user=user)
    assert refused.value.code == "role"
    assert User.objects.filter(pk=user.pk).exists()


# --- The page ---------------------------------------------------------------------------------------------------------


def enter(client, user):
    client.post("/compte/connexion/", {"login": user.email, "password": PASSWORD})


def test_the_page_asks_the_password_again(client):
    user = make_user()
    enter(client, user)
    assert client.get(URL)["Location"].startswith("/compte/confirmer/")
    assert client.post(URL, {"understood": "on"})["Location"].startswith("/compte/confirmer/")
    assert client.post("/compte/confirmer/", {"password": "faux", "next": URL}).status_code == 200
    assert User.objects.filter(pk=user.pk).exists()


def test_the_page_shows_what_follows_and_wants_a_yes(client):
    user = make_user()
    enter(client, user)
    client.post("/compte/confirmer/", {"password": PASSWORD, "next": URL})
    page = client.get(URL).content.decode()
    assert "Votre adresse électronique" in page
    assert client.post(URL, {}).status_code == 422
    assert User.objects.filter(pk=user.pk).exists()


def test_closing_ends_the_session_and_writes_once(client):
    user = make_user(email=ADDRESS)
    other_device = Client()
    enter(other_device, user)
    enter(client, user)
    client.post("/compte/confirmer/", {"password": PASSWORD, "next": URL})
    assert client.post(URL, {"understood": "on"})["Location"] == "/mon-espace/ferme/"
    assert "_auth_user_id" not in client.session
    assert client.get("/mon-espace/ferme/").status_code == 200
    assert other_device.get("/mon-espace/").status_code == 302
    assert last_mail(ADDRESS).kind == "accounts.account_closed"
    enter(client, user)
    assert "_auth_user_id" not in client.session


def test_staff_sees_why_not(client):
    user = make_staff(password=PASSWORD)
    client.force_login(user)
    session = client.session
    session["account_authentication_methods"] = [
        {"method": "mfa", "at": timezone.now().timestamp(), "type": "totp", "reauthenticated": True}
    ]
    session["account_authentication_methods_user"] = str(user.pk)
    session.save()
    assert "Vous avez un rôle sur ce site" in client.get(URL).content.decode()


def test_the_same_address_can_open_a_new_account():
    actions.close_account(user=make_user(email=ADDRESS))
    again = make_user(email=ADDRESS)
    assert consents.given(again, Consent.Purpose.CHARTER) == ""
