"""Closing an account: what was published stays unsigned, and no table of the database knows the person any more."""

import ast
import base64
import datetime as dt
import gzip
import io
import json
import pathlib
import pickle
import time
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
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.db import transaction
from django.test import Client
from django.utils import timezone

from accounts import actions, consents
from accounts.models import Consent, DataExport, Residency, User
from consultations import packaging
from consultations.models import ArchivePackage, CommentSupport, Contribution, HeldText, Position
from desk.models import Person
from ideas import gathering
from ideas.models import Amendment, AuthorNews, CoAuthor, Idea
from ideas.models import HeldText as HeldIdeaText
from moderation import actions as moderation
from moderation.models import Appeal
from mulhouse import memory, personal_data, throttle
from mulhouse.errors import RefusedError
from notifications import delivery, outbox, retention
from notifications.models import AddressState, Notification, OutboundMail, Preference, Subscription
from opendata import datasets, dumping
from opendata.models import Dump
from privacy import actions as rights
from privacy import retention as inactivity
from privacy.models import InactivityNotice, Limitation
from tests import traces
from tests.accounts.people import last_mail
from tests.ballots import votes
from tests.factories import (
    PASSWORD,
    gather,
    make_amendment,
    make_author_news,
    make_campaign,
    make_comment,
    make_consultation,
    make_contribution,
    make_gathering,
    make_idea,
    make_idea_comment,
    make_resident,
    make_staff,
    make_support,
    make_user,
    sign_in,
)
from tests.ideas.rows import make_answer, make_reaction
from tests.moderation import deciding
from tests.questionnaires import making
from transparency import actions as faults
from transparency import register, verification
from transparency.models import LineActor, Promise, RegisterLine

pytestmark = pytest.mark.django_db(transaction=True)
ADDRESS = "camille.unique@habitants.example"
# One word, that no dictionary of a search engine shortens.
NAME = "Camille Zqpseudonymxk"
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
    _in_the_idea_box(user)
    _in_moderation(user, consultation, mine)
    _in_what_is_sent(user)
    _in_the_files_of_the_city(consultation)
    _in_the_short_memory(user, mine)
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
    # A task in the queue.
    actions.request_export(user=user)


def _in_the_idea_box(user):
    """Proposed, supported, said, signed with somebody, gathered: public, then what is read by nobody any more, or not yet."""
    now, campaign = timezone.now(), make_campaign()
    mine, theirs = (make_idea(campaign=campaign, author=author) for author in (user, make_resident()))
    make_idea(campaign=campaign, author=user, title=PRIVATE[18], published=False)
    make_idea(campaign=campaign, author=user, need=PRIVATE[19], withdrawn_at=now)
    # What somebody else proposed to make of it holds its words too.
    gone = make_idea(campaign=campaign, author=user, proposal=PRIVATE[20])
    make_amendment(idea=gone)
    Idea.objects.filter(pk=gone.pk).update(hidden_at=now, hidden_reason="3.2")
    make_support(idea=theirs, user=user)
    make_idea_comment(idea=theirs, author=user)
    make_idea_comment(idea=theirs, author=user, body=PRIVATE[21], hidden_at=now, hidden_reason="3.2")
    held = {"words": {"body": PRIVATE[22]}, "cause": "held", "submitted_at": now}
    HeldIdeaText.objects.create(sort="comment", idea=theirs, author=user, **held)
    make_reaction(make_answer(mine), body=PRIVATE[23], withdrawn_at=now)
    change = make_amendment(idea=theirs, author=user, reason=PRIVATE[24])
    news = make_author_news(idea=mine, body=PRIVATE[25])
    Amendment.objects.filter(pk=change.pk).update(hidden_at=now, hidden_reason="3.2")
    AuthorNews.objects.filter(pk=news.pk).update(withdrawn_at=now)
    make_gathering(ideas=[make_idea(campaign=campaign, author=user), make_idea(campaign=campaign)], title=PRIVATE[26])
    gathering.carry(
        actor=user,
        gathering=gather(theirs, make_idea(campaign=campaign)),
        is_yes=True,
        at=now + dt.timedelta(seconds=1),
    )
    CoAuthor.objects.create(idea=make_idea(), user=user, state="accepted", invited_at=now, sent=1, answered_at=now)
    CoAuthor.objects.create(idea=make_idea(), email=ADDRESS, invited_at=now, sent=1)


def _in_moderation(user, consultation, mine):
    """Reported by them, decided against them, contested, suspended, waiting to be read."""
    others = make_contribution(consultation=consultation)
    moderation.report(
        reporter=user,
        kind=deciding.kind_of(others),
        reference=others.reference,
        reason="insult",
        words=PRIVATE[11],
        url="https://example.org/",
        name="",
        email="",
        fingerprint="",
        language="fr",
        at=timezone.now(),
    )
    theirs = make_contribution(consultation=consultation, author=user, title=PRIVATE[12], body=PRIVATE[12])
    decision = deciding.hide(theirs, facts=PRIVATE[13])
    moderation.appeal(actor=user, decision=decision, words=PRIVATE[14], at=timezone.now())
    moderation.block(
        actor=deciding.make_moderator(), person=user, days=7, clause="3.2", reason=PRIVATE[15], at=timezone.now()
    )
    HeldText.objects.create(
        sort="comment",
        author=user,
        words={"body": PRIVATE[16]},
        cause="held",
        consultation=consultation,
        contribution=mine,
        submitted_at=timezone.now(),
    )


def _in_what_is_sent(user):
    """Told, chosen, an address that once refused, a fault of the site reported from it."""
    now = timezone.now()
    faults.report_fault(page="/", description="Illisible", email=ADDRESS, language="fr", at=now)
    Notification.objects.create(
        user=user, kind="test", about="x", subject_line=PRIVATE[17], url="/", created_at=now, once_key="x"
    )
    Preference.objects.create(user=user, kind="test", frequency="daily")
    AddressState.objects.create(address=ADDRESS, user=user, reported_by="essai", updated_at=now)


def _in_the_files_of_the_city(consultation):
    """What everybody downloads, made while the name signed: the open data of the night, the package of the archives."""
    dumping.make(datasets.all_of_them(), at=timezone.now())
    package = ArchivePackage.objects.create(consultation=consultation, version=1, asked_at=timezone.now())
    assert packaging.begin(package=package, at=timezone.now())
    packaging.make(package, at=timezone.now())
    package.refresh_from_db()
    for name in (str(package.file.name), *(str(dump.file.name) for dump in Dump.objects.all())):
        assert default_storage.exists(name)
    assert any(name.startswith("donnees/") for name in traces.in_files([NAME]))
    assert any(name.startswith("archives/") for name in traces.in_files([NAME]))


def _in_the_short_memory(user, mine):
    """Pages shown to visitors and to others, limits counted by person: what Redis keeps for a moment."""
    sign_in(Client(), make_resident()).get(mine.get_absolute_url())
    _until_kept(lambda: Client().get(mine.get_absolute_url()), NAME, b"page:")
    _until_kept(lambda: throttle.check(throttle.Limit.POSITION, f"user:{user.pk}"), f"user:{user.pk}", b"LIMITS:")


def _until_kept(act, word, prefix):
    """Do it until Redis holds it: a site that found Redis slow leaves it alone for some seconds, and keeps nothing meanwhile."""
    for _try in range(40):
        memory.breaker.wake()
        act()
        if any(prefix in key for key in traces.in_redis([word])):
            return
        time.sleep(0.25)
    pytest.fail(f"nothing of {prefix} in Redis")


def _set_aside_once(user):
    """Data set aside once, and given back since: the row stays with the account."""
    now = timezone.now()
    Limitation.objects.create(
        user=user, reason=PRIVATE[10], since=now, lifted_at=now, lifted_reason="Vérifié avec la personne"
    )


# Words that stand nowhere else; what nobody may read any more once the account is closed.
PRIVATE = tuple(f"secretissime{number}z" for number in range(27))


# Tied to the person through another row, filled by agents only, or never filled.
THROUGH_ANOTHER = {
    "account_emailconfirmation",
    "ballots_rollline",
    "consultations_participation",
    "ideas_carryanswer",
    "ideas_support",
    "questionnaires_response",
}
OF_AGENTS = {
    *("ballots_papercount", "consultations_note", "desk_assistance", "privacy_eliminationproposal"),
    *("ideas_internalnote", "ideas_reading", "ideas_studypart"),
}
NOT_FILLED = {*THROUGH_ANOTHER, *OF_AGENTS, "socialaccount_socialtoken"}
WORDS = (ADDRESS, "camille.unique", NAME, "Zqpseudonymxk", str(PERSON_PK))


def test_the_scan_sees_whatever_redis_holds():
    """The instrument itself, whatever the site keeps there today: each sort of value, each wrapping, each database."""
    word = "instrumentxk"
    body = base64.b64encode(json.dumps([[], {"name": word}, {}]).encode()).decode()
    message = json.dumps({"body": body, "headers": {}}).encode()
    packed = b'{"etag": "x"}\n' + gzip.compress(word.encode())
    values = {"plain": word.encode(), "page": packed, "deflated": zlib.compress(word.encode())}
    values["cached"] = pickle.dumps({"who": word})
    with redis.Redis.from_url(settings.REDIS_CACHE_URL, single_connection_client=True) as client:
        for key, value in values.items():
            client.set(key, value)
        client.set(f"LIMITS:{word}", 1)
        client.hset("hash", word, 1)
        client.hset("unacked", "tag", json.dumps([{"body": body}, "", "celery"]))
        client.sadd("set", word)
        client.zadd("zset", {word: 1})
        # Another database of the same server: that of the queues.
        client.execute_command("SELECT", 0)
        client.lpush("celery", message)
        found = traces.in_redis([word])
        wanted = [*values, f"LIMITS:{word}", "hash", "unacked", "set", "zset", "celery"]
        client.flushall()
    assert found == sorted(key.encode() for key in wanted)


def test_the_scan_opens_archives_in_archives():
    inner, outer = io.BytesIO(), io.BytesIO()
    with zipfile.ZipFile(inner, "w", zipfile.ZIP_DEFLATED) as bundle:
        bundle.writestr("a.txt", "instrumentxk")
    with zipfile.ZipFile(outer, "w", zipfile.ZIP_DEFLATED) as bundle:
        bundle.writestr("b.zip", inner.getvalue())
    name = default_storage.save("x/y/c.zip", ContentFile(outer.getvalue()))
    assert traces.in_files(["instrumentxk"]) == [name]


def test_the_scan_finds_the_person_before_and_nothing_after():
    user = full_person()
    tables = {table for table, _column in traces.in_tables(WORDS, PERSON_PK)}
    # The scan is worth something only if it sees what is there: every table that is declared, the person in it.
    declared = {holding.model._meta.db_table for holding in personal_data.holdings()}
    assert declared - tables == NOT_FILLED, sorted(declared - tables)
    assert tables >= {"usersessions_usersession", "transparency_lineactor"}
    assert len(traces.in_sessions(PERSON_PK)) == 2
    for word in PRIVATE:
        assert traces.in_tables((word,), PERSON_PK), word
    assert traces.in_redis(WORDS)

    actions.close_account(user=user)

    _leave_nothing()


def _leave_nothing():
    """Nothing of the person, anywhere, once what runs every few minutes has run."""
    # What everybody downloads is not given under the old name for one minute.
    for dump in Dump.objects.all():
        assert not dumping.is_true(dump) or NAME not in default_storage.open(str(dump.file.name)).read().decode()
    assert not any(packaging.is_true(package) for package in ArchivePackage.objects.ready())
    _night()
    # The one thing left is the mail that says it is done; it goes with the first purge after it was sent.
    farewell = OutboundMail.objects.get(to=ADDRESS)
    assert farewell.kind in {"accounts.account_closed", "privacy.inactive_closed"}
    retention.forget(at=timezone.now())
    assert delivery.deliver(farewell.pk, at=timezone.now()) is delivery.Outcome.SENT
    retention.forget(at=timezone.now())
    everything = (*WORDS, *PRIVATE)
    left = traces.in_tables(everything, PERSON_PK)
    assert left == [], str(left)
    assert traces.in_sessions(PERSON_PK, everything) == []
    assert traces.in_redis(everything) == []
    assert traces.in_files(everything) == []
    for folder in ("residency", "exports"):
        assert default_storage.listdir(folder)[1] == []


def _night():
    """What the clock runs: the files of the open data, the packages of the archives."""
    dumping.make(dumping.stale(), at=timezone.now())
    packaging.sweep(at=timezone.now())
    for package in ArchivePackage.objects.filter(state=ArchivePackage.State.WAITING):
        assert packaging.begin(package=package, at=timezone.now())
        packaging.make(package, at=timezone.now())


def test_an_account_that_the_clock_closes_leaves_nothing_either():
    """The same erasure, begun by nobody: no request waits for it, no session is open."""
    user = full_person()
    long_ago = timezone.now() - dt.timedelta(days=900)
    User.objects.filter(pk=user.pk).update(last_login=long_ago, date_joined=long_ago)
    LineActor.objects.filter(user=user).delete()
    active_on = inactivity.last_active_on(User.objects.get(pk=user.pk))
    InactivityNotice.objects.filter(user=user).update(
        active_on=active_on, step=3, told_on=dt.date(2020, 1, 1), closes_on=dt.date(2020, 3, 1)
    )
    report = inactivity.run(at=timezone.now(), write=True)
    assert dict(report.steps) == {4: 1}
    _leave_nothing()


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


def test_a_promise_to_who_left_is_not_late_for_ever():
    """What they asked, and what they contested, has nobody to be answered to: neither a row nor a public promise waits for it."""
    user = full_person()
    owed = Promise.objects.owed().filter(kind__in=(rights.REQUEST_PROMISE, moderation.APPEAL_PROMISE))
    assert sorted(owed.values_list("kind", flat=True)) == ["data-request", "moderation-appeal"]
    actions.close_account(user=user)
    assert owed.count() == 0
    assert Appeal.objects.filter(outcome="").count() == 0


def test_only_their_own_limits_are_forgotten():
    """Another number that begins like theirs keeps its count; the pages count under one form of key."""
    user = make_resident(pk=PERSON_PK)
    for key in (PERSON_PK, PERSON_PK * 10):
        _until_kept(lambda key=key: throttle.check(throttle.Limit.POSITION, f"user:{key}"), f"user:{key}/", b"LIMITS:")
    actions.close_account(user=user)
    assert traces.in_redis([f"user:{PERSON_PK}/"]) == []
    assert traces.in_redis([f"user:{PERSON_PK}0/"])


def test_every_limit_of_a_person_is_counted_under_the_same_form_of_key():
    """What is counted under a bare number would stay after them: read in the code."""
    loose = []
    for path in pathlib.Path(settings.BASE_DIR).glob("*/**/*.py"):
        if path.relative_to(settings.BASE_DIR).parts[0] in {"tests", ".venv", "var", "benchmarks"}:
            continue
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.Call) and ast.unparse(node.func) in {"throttle.check", "throttle.spend"}:
                key = ast.unparse(node.args[1])
                if ".pk" in key and not key.startswith(("f'user:", 'f"user:')):
                    loose.append((str(path), key))
    assert loose == []


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
