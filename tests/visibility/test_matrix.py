"""One visibility rule on every surface: what is hidden, private, in draft or embargoed is nowhere, for nobody but who may read it.

The city is built once for this file: a few seconds. What makes the matrix whole is read from the code: the addresses of the site
(`tests.test_routes`), those of the staff space, the tasks that run by the clock, the columns of every table.
"""

import re

import pytest
from django.apps import apps
from django.contrib import admin
from django.contrib.auth.models import Group
from django.db import connection, models
from django.db.models.functions import Cast
from django.urls import reverse

from accounts.roles import ROLES
from mulhouse import memory
from mulhouse.celery import app as celery
from notifications.models import OutboundMail
from opendata import tasks as opendata
from opendata.models import Dump
from search.models import Word
from tests import factories as f
from tests.consultations.test_staff_pages import views
from tests.test_routes import OURS
from tests.visibility import crawl, hidden

pytestmark = pytest.mark.django_db


def shown(read, secrets):
    """Give what is shown and should not be: (what, where)."""
    return sorted(
        (secret.what, address)
        for address, (_status, text) in read.items()
        for secret in secrets
        if secret.word in text and secret.word not in address
    )


# --- The city is whole -----------------------------------------------------------------------------------------------------

# Columns of words where nothing is ever hidden: what is in them is public from the first day, or says nothing of anybody.
PUBLIC_COLUMNS = {
    # The city's own words, and what it publishes the day it writes it.
    *("city.District.name", "city.Population.source", "city.Sector.name", "city.Theme.name"),
    *("city.Service.name", "city.Service.contact_email"),
    *("commitments.CommitmentNews.changes", "consultations.OutcomeReturn.reason", "consultations.Report.correction"),
    *("consultations.Outcome.subject", "consultations.Outcome.summary", "consultations.Report.figures"),
    *("consultations.Ruleset.rules", "consultations.Ruleset.reason"),
    *(f"consultations.TableNotes.{name}" for name in ("gathering", "rapporteur", "table")),
    *(f"questionnaires.Amendment.{name}" for name in ("before", "after", "reason")),
    *("questionnaires.Questionnaire.cancel_reason", "ballots.Votation.cancel_reason"),
    *("transparency.Promise.title", "transparency.PromisePause.reason", "transparency.AccessibilityFault.answer"),
    # What a page names, or names nothing: addresses, codes, numbers, digests.
    *("audience.DailyPageCount.subject", "desk.Receipt.title", "desk.Receipt.path", "desk.Assistance.said_digest"),
    *("ballots.PaperCount.scores", "opendata.Dump.code", "moderation.Case.subject"),
    "moderation.Decision.taken_away",
    "transparency.AccessibilityFault.page",
    # Written by the site from what is public: searched for below.
    *("search.Word.shown", "transparency.RegisterLine.content", "transparency.RegisterLine.subject"),
    # Beside a breach that was told too late; its other columns are hidden.
    "privacy.Breach.delay_reason",
}


def columns():
    """Give every column of words or of data of our tables."""
    for model in apps.get_models():
        if not hasattr(model, "_base_manager") or model._meta.app_label not in ROOMS:
            continue
        data = [each for each in model._meta.concrete_fields if isinstance(each, models.JSONField)]
        for column in (*hidden.words_of(model), *data):
            yield model, column


ROOMS = {config.label for config in apps.get_app_configs() if config.name in {"mulhouse", *apps.app_configs}} - {
    "admin",
    "auth",
    "contenttypes",
    "sessions",
    "account",
    "socialaccount",
    "mfa",
    "usersessions",
}


def test_every_column_of_words_is_hidden_once(city):
    """A new table, or a new column, is hidden once in `hidden.py`, or said to be public here."""
    without = set()
    for model, column in columns():
        rows = model._base_manager.annotate(held=Cast(column.name, models.TextField()))  # noqa: SLF001 (every row)
        if not rows.filter(held__regex=hidden.ANY_WORD).exists():
            without.add(f"{model._meta.label}.{column.name}")
    assert without == PUBLIC_COLUMNS


# --- What everybody reads --------------------------------------------------------------------------------------------------

# Pages that a visitor, or a resident, cannot read by following links: why.
NOT_READ = {
    # A form that is sent, or a page in the middle of one.
    *("account_logout", "accounts:ask_data", "accounts:moved_away", "accounts:verification", "provider_report"),
    *("commitments:follow", "mfa_deactivate_totp", "notifications:unsubscribe"),
    *(f"notifications:{name}" for name in ("address_works", "follow", "read", "read_all")),
    *(f"consultations:{name}" for name in ("comments", "follow", "position", "support", "unsupport")),
    *(f"consultations:questionnaire_{name}" for name in ("check", "page", "resume", "start", "thanks")),
    # What is one person's own: tried at its own address, and in tests/visibility/test_denials.py.
    *("accounts:data_file", "mfa_edit_webauthn", "mfa_remove_webauthn", "privacy:request", "moderation:reported"),
    *("moderation:own_block", "moderation:own_decision", "consultations:held", "consultations:held_take_back"),
    *(f"consultations:{name}" for name in ("check", "discard", "draft", "edit", "withdraw", "withdraw_comment")),
    # A file that nobody sent to this city, or that is not given: their own tests, and the addresses of secrets.
    *("commitments:photo", "consultations:image", "consultations:social_image", "consultations:preview"),
    *("consultations:attachment", "consultations:document", "consultations:document_file"),
    *("consultations:package", "consultations:report_pdf", "consultations:map"),
    # The same of ideas: forms that are sent, what is one person's own, what only a mail or an agent leads to.
    *(f"ideas:{name}" for name in ("follow", "withdraw_support", "comments", "social_image")),
    *(f"ideas:{name}" for name in ("draft", "duplicates", "photos", "preview", "discard", "held", "held_take_back")),
    *(f"ideas:{name}" for name in ("correct", "withdraw", "renew", "withdraw_comment", "react", "withdraw_reaction")),
    *(f"ideas:{name}" for name in ("coauthors", "coauthor_resend", "coauthor_cancel")),
    *(f"ideas:{name}" for name in ("invitation", "invitation_accept", "invitation_decline")),
    *(f"ideas:{name}" for name in ("gather", "gathering", "gathering_answer", "gathering_cancel", "gathering_leave")),
    *(f"ideas:{name}" for name in ("carry", "amendment_answer", "amendment_withdraw")),
    *(f"ideas:{name}" for name in ("author_news_write", "author_news_withdraw")),
    # Nothing there: refusals of the API, the demonstration, the gallery of components.
    *("api:none", "api:unknown", "demo_enter", "demo_mail", "demo_mailbox", "gallery"),
}


def test_visitor_finds_nothing_that_is_hidden(client, city):
    read = crawl.read_as(client, city, None)
    assert shown(read, city.secrets) == []
    for what, word in city.seen.items():
        assert [address for address, (_status, text) in read.items() if word in text] != [], what
    assert [address for address, (status, _text) in read.items() if status >= 500] == []
    public = {name for name, access in OURS.items() if access == "public"}
    assert public - crawl.surfaces(read) == NOT_READ & public


def test_other_resident_finds_nothing_that_is_hidden(client, city):
    read = crawl.read_as(client, city, city.neighbour)
    assert shown(read, city.secrets) == []
    own = {name for name, access in OURS.items() if access == "resident"}
    assert own - crawl.surfaces(read) == NOT_READ & own
    assert set(OURS) >= NOT_READ


def test_own_address_of_what_is_hidden_says_nothing(client, city):
    """Where existence is private the answer is « not found »; what was public keeps a neutral sentence."""
    answers = {}
    for who in ("visitor", "resident"):
        if who == "resident":
            f.sign_in(client, f.make_resident())
        for secret in city.secrets:
            if secret.url:
                response = client.get(secret.url)
                assert secret.word not in crawl.text_of(response).replace(secret.url, ""), (who, secret.what)
                answers[secret.what, who] = response.status_code
    assert {what for (what, _who), status in answers.items() if status == 410} == WAS_PUBLIC
    assert {key for key, status in answers.items() if status not in {302, 403, 404, 410}} == OPEN_TO_ALL
    assert {what for (what, who), status in answers.items() if status == 403 and who == "resident"} == NOT_YET


# Everybody knows that it runs; its results come after.
NOT_YET = {"free text of a running questionnaire"}
WAS_PUBLIC = {
    "withdrawn idea",
    "hidden idea",
    "hidden idea that gathers others",
    "hidden idea that others are gathered with",
    *(f"{state} {what}" for state in ("withdrawn", "hidden") for what in ("change of an idea", "news of an author")),
    "withdrawn contribution",
    "hidden contribution",
    "contribution hidden since the package was made",
}
# Pages of a reference that say where it stands, and one's own pages, which show nothing of the others.
OPEN_TO_ALL = {
    *(("words of a report, and who made it", who) for who in ("visitor", "resident")),
    *(("description of an accessibility fault", who) for who in ("visitor", "resident")),
    *(("request of somebody without an account", who) for who in ("visitor", "resident")),
    ("request about data, and its answer", "resident"),
    ("who looked at the data of somebody, and why", "resident"),
    ("why a residence was not verified", "resident"),
}


# A beginning of every word: a search that completes words, or a list that looks for a piece of one, finds them all.
BEGINNING = "zq"
DOORS = ("/recherche/", "/recherche/suggestions/", "/concertations/", "/idees/", "/engagements/", "/registre/")


@pytest.mark.parametrize("who", ["visitor", "resident"])
def test_no_search_finds_what_is_hidden(client, city, who):
    """Not in a title, an excerpt nor a suggestion: by a beginning of the words, nor by each whole word in turn."""
    if who == "resident":
        f.sign_in(client, f.make_resident())
    open_one = reverse("consultations:contributions", args=[city.base.open.slug])
    for door in (*DOORS, open_one):
        memory.client().flushdb()
        page = client.get(door, {"q": f"{BEGINNING}0"}).content.decode()
        assert [secret.what for secret in city.secrets if secret.word in page] == [], door
    words = [secret.word for secret in city.secrets]
    for first in range(0, len(words), 14):
        memory.client().flushdb()
        page = client.get("/recherche/", {"q": " or ".join(words[first : first + 14])}).content.decode()
        assert 'class="trouve"' not in page


def test_no_mistake_of_typing_leads_to_a_hidden_word(client, city):
    """The words that the search learns are those of what is public."""
    learnt = set(Word.objects.order_by("folded").values_list("folded", flat=True))
    assert {secret.what for secret in city.secrets if secret.word in learnt} == set()
    assert len(learnt) > 20
    page = client.get("/recherche/", {"q": f"{city.secrets[0].word}s"}).content.decode()
    assert city.secrets[0].word not in page.replace(f"{city.secrets[0].word}s", "")


def test_search_finds_what_is_public(client, city):
    for word in city.seen.values():
        assert f"<mark>{word}</mark>" in client.get(f"/recherche/?q={word}").content.decode()


def test_who_may_reads_their_own(client, city):
    unread = []
    for secret in city.secrets:
        for reader in secret.readers:
            f.sign_in(client, reader)
            if secret.word not in crawl.text_of(client.get(secret.url, follow=True)):
                unread.append(secret.what)
    assert unread == []


def test_one_person_reads_nothing_of_the_others(client, city):
    """Those who have secrets of their own, and those who wrote under something that was taken away since."""
    for person in dict.fromkeys(reader for secret in city.secrets for reader in secret.readers):
        f.sign_in(client, person)
        read = crawl.crawl(client, only=OWN_PAGES)
        others = [secret for secret in city.secrets if person not in secret.readers]
        assert shown(read, others) == [], person


OWN_PAGES = re.compile(
    r"^/(mon-espace|concertations/mes-contributions|idees/mes-idees|recherche/mon-espace|signaler/recu)"
)


# --- What leaves the site ----------------------------------------------------------------------------------------------------


def test_no_file_of_the_night_holds_what_is_hidden(city):
    """Those made before a text was taken away are not given any more, then made again."""
    opendata.sweep()
    dumps = list(Dump.objects.order_by("code", "form"))
    assert len(dumps) > 20
    for dump in dumps:
        with dump.file.open() as file:
            text = file.read().decode("utf-8-sig")
        assert [secret.what for secret in city.secrets if secret.word in text] == [], (dump.code, dump.form)


# They run outside any transaction: one talks to the mail server, the other takes back the room of old rolls. Neither writes a mail.
APART = {"notifications.sweep", "ballots.count_closed", "ballots.clear_rolls"}


def test_no_mail_tells_what_is_hidden_to_others(city):
    """Whatever runs by the clock runs once: reminders, answers, digests; each mail holds what its person may read."""
    celery.loader.import_default_modules()
    for task in sorted({entry["task"] for entry in celery.conf.beat_schedule.values()} - APART):
        celery.tasks[task]()
    told = {
        (secret.what, mail.kind)
        for mail in OutboundMail.objects.select_related("user").order_by("created_at")
        for secret in city.secrets
        if secret.word in f"{mail.subject}{mail.text}{mail.html}" and mail.user not in secret.readers
    }
    assert told == {("text of a mail", "test"), ("subject of a mail, and why it failed", "test")}
    assert OutboundMail.objects.filter(kind__startswith="notifications.").count() > 0


def test_the_register_names_nothing_that_is_hidden(city):
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT content, subject FROM transparency_registerline WHERE content || subject ~ %s", ["zq\\d{3}"]
        )
        found = cursor.fetchall()
    assert [line for line in found if any(secret.word in str(line) for secret in city.secrets)] == []


# --- The staff space ---------------------------------------------------------------------------------------------------------


def with_role(code):
    user = f.make_staff()
    user.groups.set(Group.objects.filter(name=code))
    return user


def searches(role):
    """Give the lists of the staff space that a role opens, asked for every word at once, and what completes a field."""
    for model, table in admin.site._registry.items():  # noqa: SLF001 (Django gives no other list)
        app, name = model._meta.app_label, model._meta.model_name
        if f"{app}.view_{name}" not in ROLES[role].permissions:
            continue
        yield f"{reverse(f'admin:{app}_{name}_changelist')}?q={BEGINNING}"
        for column in model._meta.concrete_fields:
            if column.is_relation and getattr(admin.site._registry.get(column.related_model), "search_fields", ()):  # noqa: SLF001
                asked = f"app_label={app}&model_name={name}&field_name={column.name}"
                yield f"{reverse('admin:autocomplete')}?term={BEGINNING}&{asked}"
        assert table.model is model


def pages_open_to(city, role):
    """Give the addresses of the staff space but those that another permission opens, which test_staff_pages.py closes."""
    known = views()
    for name, addresses in city.base.addresses().items():
        view = known.get(f"consultations_consultation_{name}") or known.get(name)
        access = getattr(view, "access", None)
        if access is None or access in ROLES[role].permissions:
            yield from addresses[:1]


@pytest.mark.parametrize("role", ROLES)
def test_staff_read_what_their_task_asks_and_nothing_else(client, city, role):
    """Each page of the staff space, each list searched: a role reads its secrets, not those of another service's task."""
    user = with_role(role)
    f.sign_in(client, user)
    read = {}
    for number, address in enumerate([*pages_open_to(city, role), *searches(role)]):
        if number % 20 == 0:
            memory.client().flushdb()
        response = client.get(address)
        read[address] = (response.status_code, crawl.text_of(response))
    assert [address for address, (status, _text) in read.items() if status >= 500] == []
    kept = [secret for secret in city.secrets if role not in secret.staff]
    assert shown(read, kept) == []


@pytest.mark.parametrize("role", ROLES)
def test_staff_find_nothing_more_on_the_public_site(client, city, role):
    """A role opens the staff space: on the public pages it reads drafts of consultations, if it may, and nothing else."""
    f.sign_in(client, with_role(role))
    allowed = [secret.what for secret in city.secrets if role in secret.staff]
    read = crawl.crawl(client, only=STAFF_PAGES)
    assert [line for line in shown(read, city.secrets) if line[0] not in allowed] == []


STAFF_PAGES = re.compile(r"^/(mon-espace/?$|recherche|(concertations|idees)/[^/]*/?$)")
