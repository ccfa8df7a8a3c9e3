"""Closing an account: what was published stays unsigned, and no table of the database knows the person any more."""

import base64
import contextlib
import datetime as dt
import gzip
import io
import json
import pathlib
import zipfile
import zlib

import pytest
import redis
from allauth.account.models import EmailAddress, EmailConfirmation
from allauth.mfa.models import Authenticator
from allauth.socialaccount.models import SocialAccount
from django.conf import settings
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
from desk.models import Person
from mulhouse import personal_data, throttle
from mulhouse.errors import RefusedError
from notifications import delivery, outbox, retention
from notifications.models import OutboundMail, Subscription
from privacy import actions as rights
from privacy.models import InactivityNotice, Limitation
from tests.accounts.people import last_mail
from tests.ballots import votes
from tests.factories import (
    PASSWORD,
    make_comment,
    make_consultation,
    make_contribution,
    make_resident,
    make_staff,
    make_user,
    sign_in,
)
from tests.questionnaires import making
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
    _in_the_other_rooms(user, consultation, mine)
    return user


def _in_the_other_rooms(user, consultation, mine):
    """What nobody else may read, each with a word of its own, in the rooms above and beside."""
    now = timezone.now()
    agent = make_staff("accounts.view_email", "privacy.handle_datarequest")
    # The desk, questionnaires, votes: the key that counts once is cut from the account, and stays.
    person = Person.objects.create(user=user)
    questionnaire = making.make_questionnaire(consultation=consultation)
    making.make_response(questionnaire, person=person, submitted_at=None, draft={"q": PRIVATE[0]})
    votes.cast(votes.make_vote(consultation=consultation), [], voter=user)
    # Written, then withdrawn, hidden or never published.
    make_contribution(consultation=consultation, author=user, title=PRIVATE[1], body=PRIVATE[1], published_at=None)
    make_contribution(consultation=consultation, author=user, title=PRIVATE[2], body=PRIVATE[2], withdrawn_at=now)
    hidden = {"hidden_at": now, "hidden_reason": "Charte, article 3"}
    make_contribution(consultation=consultation, author=user, title=PRIVATE[3], body=PRIVATE[3], **hidden)
    make_comment(contribution=mine, author=user, body=PRIVATE[4], withdrawn_at=now)
    make_comment(contribution=mine, author=user, body=PRIVATE[5], **hidden)
    # Rights: a request that waits, one that was answered, one made without the account from the same address.
    rights.ask(user=user, kind="access", words=PRIVATE[6], at=now)
    answered = rights.ask(user=user, kind="objection", words=PRIVATE[7], at=now)
    rights.answer(actor=agent, request=answered, outcome="refused", text=PRIVATE[8], at=now)
    rights.ask_without_account(kind="erasure", name=NAME, email=ADDRESS, words=PRIVATE[9], language="fr", at=now)
    rights.read_request(actor=agent, request=answered)
    actions.show_email(actor=agent, person=user, purpose=actions.Purpose.HELP)
    _set_aside_once(user)
    InactivityNotice.objects.create(
        user=user, active_on=dt.date(2024, 1, 1), step=1, closes_on=dt.date(2026, 12, 1), told_on=dt.date(2026, 10, 1)
    )
    # What is kept for a moment: pages shown to visitors and to others, limits counted by person, a task in the queue.
    for _each in range(2):
        assert NAME in Client().get(mine.get_absolute_url()).content.decode()
    sign_in(Client(), make_resident()).get(mine.get_absolute_url())
    throttle.check(throttle.Limit.POSTING, f"user:{user.pk}")
    actions.request_export(user=user)


def _set_aside_once(user):
    """Data set aside once, and given back since: the row stays with the account."""
    now = timezone.now()
    Limitation.objects.create(
        user=user, reason=PRIVATE[10], since=now, lifted_at=now, lifted_reason="Vérifié avec la personne"
    )


# Words that stand nowhere else; what nobody may read any more once the account is closed.
PRIVATE = tuple(f"secretissime{number}z" for number in range(11))


def redis_texts():
    """Everything in Redis, in every database: keys and values, packed or not (pages are compressed, tasks are base64)."""
    client = redis.Redis.from_url(settings.REDIS_CACHE_URL, single_connection_client=True)
    for name in client.info("keyspace"):
        client.execute_command("SELECT", name.removeprefix("db"))
        for key in list(client.scan_iter("*")):
            for value in [key, *_values(client, key)]:
                yield key, value
                yield from ((key, text) for text in _unpacked(value))
    client.close()


def _values(client, key):
    kind = client.type(key)
    if kind == b"string":
        return [client.get(key)]
    if kind == b"list":
        return client.lrange(key, 0, -1)
    if kind == b"set":
        return list(client.smembers(key))
    if kind == b"zset":
        return client.zrange(key, 0, -1)
    return [part for pair in client.hgetall(key).items() for part in pair]


def _unpacked(value):
    """Open what a value may be wrapped in."""
    with contextlib.suppress(Exception):
        yield gzip.decompress(value[value.index(b"\x1f\x8b") :])
    with contextlib.suppress(Exception):
        yield zlib.decompress(value)
    with contextlib.suppress(Exception):
        yield base64.b64decode(json.loads(value)["body"])


def redis_traces(words):
    """Tell which keys hold one of these words."""
    wanted = [word.lower().encode() for word in words]
    return sorted({key for key, text in redis_texts() for word in wanted if word in text.lower()})


def file_traces(words):
    """Tell which stored files bear one of these words, in their name or inside, archives opened."""
    found, wanted = [], [word.lower().encode() for word in words]
    for path in pathlib.Path(settings.MEDIA_ROOT).rglob("*"):
        if path.is_file():
            texts = [str(path).encode(), path.read_bytes()]
            if zipfile.is_zipfile(path):
                with zipfile.ZipFile(path) as bundle:
                    texts += [bundle.read(name) for name in bundle.namelist()]
            found += [path.name for word in wanted if any(word in text.lower() for text in texts)]
    return found


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
                text = f"encode(\"{column}\", 'escape')" if kind == "bytea" else f'"{column}"::text'
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
        "desk_person",
        "privacy_accesslog",
        "privacy_datarequest",
        "privacy_inactivitynotice",
        "privacy_limitation",
    }
    assert len(session_traces(PERSON_PK)) == 2
    for word in PRIVATE:
        assert traces(words=(word,), number=PERSON_PK), word
    assert redis_traces(WORDS)

    actions.close_account(user=user)

    # The one thing left is the mail that says it is done; it goes with the first purge after it was sent.
    farewell = OutboundMail.objects.get(to=ADDRESS)
    assert farewell.kind == "accounts.account_closed"
    retention.purge(at=timezone.now())
    assert delivery.deliver(farewell.pk, at=timezone.now()) is delivery.Outcome.SENT
    retention.purge(at=timezone.now())
    assert traces(words=(*WORDS, *PRIVATE), number=PERSON_PK) == []
    assert session_traces(PERSON_PK) == []
    assert redis_traces((*WORDS, *PRIVATE)) == []
    assert file_traces((*WORDS, *PRIVATE)) == []
    for folder in ("residency", "exports"):
        assert default_storage.listdir(folder)[1] == []


def test_what_was_published_stays_without_a_name():
    user = full_person()
    published = Contribution.objects.get(title="Un banc au soleil")
    actions.close_account(user=user)
    published.refresh_from_db()
    assert published.author is None
    assert published.title == "Un banc au soleil"
    assert published.comments.visible().count() == 2
    assert Contribution.objects.filter(title="Brouillon").count() == 0


def test_the_chain_of_the_register_is_not_broken():
    actions.close_account(user=full_person())
    assert verification.verify_whole().broken_at is None
    assert LineActor.objects.filter(user_id=PERSON_PK).count() == 0
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
