"""Each contributor is told once what became of what they wrote, in the city's words: one mail for what is published together."""

import datetime as dt
import os
import signal
import subprocess
import sys
import time

import pytest
from django.conf import settings
from django.db import connection
from django.db.models import F
from django.utils import timezone

from consultations import tasks, telling
from consultations.models import Decision, Item, ItemOutcome, Outcome, OutcomeReturn, Telling
from notifications import subscriptions
from notifications.models import OutboundMail
from tests import factories as f
from tests.concurrency import run_in_threads
from transparency.models import RegisterLine

pytestmark = pytest.mark.django_db


def make_item(source=None, *, consultation=None, **fields):
    """An opinion, from a contribution or a comment."""
    source = source or f.make_contribution(consultation=consultation)
    name = "comment" if hasattr(source, "stance") else "contribution"
    whole = consultation or (source.contribution.consultation if name == "comment" else source.consultation)
    return Item.objects.create(
        **{
            "consultation": whole,
            name: source,
            "kind": "comment" if name == "comment" else "opinion",
            "channel": "web",
            "received_at": timezone.now(),
            "title": getattr(source, "title", "") or "Un commentaire",
            "words": source.body,
            **fields,
        }
    )


def answer(item, *, at, decision=Decision.KEPT, explanation="Les tilleuls seront plantés.", **fields):
    """What the city answered to one opinion at an instant, as `outcomes.publish` writes it."""
    outcome = Outcome.objects.create(
        consultation=item.consultation,
        item=item,
        decision=decision,
        explanation=explanation,
        explanation_html=f"<p>{explanation}</p>",
        published_at=at,
        **fields,
    )
    Item.objects.filter(pk=item.pk).update(place=Item.Place.ANSWERED)
    return ItemOutcome.objects.create(item=item, outcome=outcome, given_at=at)


def an_hour_ago():
    """Published long enough ago for contributors to be told."""
    return timezone.now() - dt.timedelta(hours=1)


def mails():
    return list(OutboundMail.objects.filter(kind="consultations.outcomes").order_by("to"))


def test_one_mail_per_person_and_publication_with_all_their_opinions():
    consultation, at = f.make_consultation(title="Quais du canal"), an_hour_ago()
    ada, bob = f.make_resident(), f.make_resident()
    first = f.make_contribution(consultation=consultation, author=ada, title="Des bancs")
    second = f.make_contribution(consultation=consultation, author=ada, title="Des arbres")
    comment = f.make_comment(contribution=first, author=bob)
    answer(make_item(first), at=at)
    answer(make_item(second), at=at, decision=Decision.FORWARDED, forwarded_to="Mulhouse Alsace Agglomération")
    answer(make_item(comment), at=at, decision=Decision.NOT_KEPT, explanation="La berge est trop étroite.")
    for _ in range(2):
        tasks.tell_contributors()
    assert sorted(mail.to for mail in mails()) == sorted([ada.email, bob.email])
    own = next(mail for mail in mails() if mail.to == ada.email)
    text = own.text.replace("\u00a0", " ")
    assert own.subject == "Qu’est devenu votre avis : Quais du canal"
    assert [
        words in text for words in ("Des bancs", "Des arbres", "Retenu", "Transmis à : Mulhouse Alsace Agglomération")
    ] == [True] * 4
    assert "La berge est trop étroite." not in text
    assert first.get_absolute_url() in text
    told = Telling.objects.get()
    assert (told.given_at, told.people) == (at, 2)
    assert RegisterLine.objects.filter(act="outcome.told", subject=consultation.slug).count() == 1


def test_it_answers_them_and_says_how_to_have_it_less_often():
    item = make_item()
    answer(item, at=an_hour_ago())
    tasks.tell_contributors()
    (mail,) = mails()
    # No subject is followed for it: what stops is the kind.
    url = mail.headers["List-Unsubscribe"].strip("<>")
    link = subscriptions.read_token(url.rstrip("/").rsplit("/", 1)[1])
    assert link == subscriptions.Unsubscription(item.contribution.author_id, "kind:consultations.outcomes")
    assert "Pourquoi je reçois ceci" in mail.text
    assert item.reference in mail.text
    assert "Pour réagir" in mail.text


def test_mail_is_in_the_language_of_the_person():
    item = make_item(f.make_contribution(author=f.make_resident(language="de")))
    answer(item, at=an_hour_ago())
    tasks.tell_contributors()
    assert "/de/concertations/" in mails()[0].text


@pytest.mark.parametrize(
    "spoil",
    [
        lambda item: type(item.contribution.author).objects.update(is_active=False),
        lambda item: item.contribution.author.delete(),
        lambda item: Item.objects.update(place="hidden"),
        lambda item: Item.objects.update(place="withdrawn"),
        lambda item: ItemOutcome.objects.update(ended_at=F("given_at")),
    ],
    ids=["closed", "erased", "hidden", "withdrawn", "replaced"],
)
def test_nothing_is_told_of_what_no_longer_stands(spoil):
    item = make_item()
    answer(item, at=an_hour_ago())
    spoil(item)
    tasks.tell_contributors()
    assert mails() == []
    assert Telling.objects.get().people == 0


def test_an_answer_that_ends_without_another_is_told():
    item = make_item(f.make_contribution(title="Des bancs"))
    given = answer(item, at=timezone.now() - dt.timedelta(days=2))
    tasks.tell_contributors()
    ItemOutcome.objects.filter(pk=given.pk).update(ended_at=an_hour_ago())
    for _ in range(2):
        tasks.tell_contributors()
    first, second = OutboundMail.objects.order_by("created_at")
    assert [("ne vaut plus" in mail.text, "Retenu" in mail.text) for mail in (first, second)] == [
        (False, True),
        (True, True),
    ]
    assert "ne vaut plus" in second.html
    assert Telling.objects.count() == 2


def test_an_answer_that_another_replaces_is_not_told_as_lost():
    item = make_item()
    given = answer(item, at=timezone.now() - dt.timedelta(days=2))
    tasks.tell_contributors()
    at = an_hour_ago()
    ItemOutcome.objects.filter(pk=given.pk).update(ended_at=at)
    answer(item, at=at, decision=Decision.NOT_KEPT, explanation="Trop cher.")
    tasks.tell_contributors()
    last = OutboundMail.objects.order_by("created_at").last()
    assert ("Trop cher." in last.text, "ne vaut plus" in last.text) == (True, False)


def test_a_new_publication_is_a_new_mail_with_what_is_new_alone():
    consultation, author = f.make_consultation(), f.make_resident()
    old, new = (
        make_item(f.make_contribution(consultation=consultation, author=author, title=title))
        for title in ("Bancs", "Arbres")
    )
    answer(old, at=timezone.now() - dt.timedelta(days=2))
    tasks.tell_contributors()
    answer(new, at=an_hour_ago())
    tasks.tell_contributors()
    assert ["Bancs" in mail.text for mail in OutboundMail.objects.order_by("created_at")] == [True, False]


NOON = dt.datetime(2026, 11, 20, 12, tzinfo=dt.UTC)


@pytest.mark.parametrize(
    ("minutes", "due"),
    [
        ([10], True),
        ([9], False),
        ([30, 9], False),
        ([119, 9], False),
        ([120, 60, 1], True),
    ],
)
def test_nobody_is_told_before_agents_have_stopped(minutes, due):
    instants = [NOON - dt.timedelta(minutes=each) for each in minutes]
    assert telling.is_due(instants, at=NOON) is due


def test_what_is_published_theme_after_theme_is_one_mail():
    """Twelve opinions, answered in twelve publications a few minutes apart."""
    consultation, author = f.make_consultation(), f.make_resident()
    for minutes in range(12):
        row = f.make_contribution(consultation=consultation, author=author, title=f"Idée numéro {minutes}.")
        answer(make_item(row), at=an_hour_ago() - dt.timedelta(minutes=minutes))
    tasks.tell_contributors()
    tasks.tell_contributors()
    (mail,) = mails()
    assert [f"Idée numéro {number}." in mail.text for number in range(12)] == [True] * 12
    assert Telling.objects.values("begun_at").distinct().count() == 1
    assert RegisterLine.objects.filter(act="outcome.told").count() == 1


def test_a_sending_that_has_begun_is_not_mixed_with_what_comes_later():
    consultation, author = f.make_consultation(), f.make_resident()
    first = make_item(f.make_contribution(consultation=consultation, author=author, title="Bancs"))
    answer(first, at=an_hour_ago())
    telling.begin(consultation=consultation, at=timezone.now())
    second = make_item(f.make_contribution(consultation=consultation, author=author, title="Arbres"))
    answer(second, at=an_hour_ago())
    tasks.tell_contributors()
    assert sorted(("Bancs" in mail.text, "Arbres" in mail.text) for mail in mails()) == [(False, True), (True, False)]


def test_why_an_opinion_left_the_answer_of_its_own_is_told():
    consultation = f.make_consultation()
    item, at = make_item(consultation=consultation), an_hour_ago()
    given = answer(item, at=at - dt.timedelta(days=3))
    tasks.tell_contributors()
    OutboundMail.objects.all().delete()
    OutcomeReturn.objects.create(outcome=given.outcome, item=item, reason="Le terrain a été vendu.", returned_at=at)
    ItemOutcome.objects.filter(pk=given.pk).update(ended_at=at)
    answer(item, at=at, explanation="Des bancs partout.")
    tasks.tell_contributors()
    (mail,) = mails()
    for words in ("ne vaut plus\u00a0: Le terrain a été vendu.", "Des bancs partout."):
        assert words in mail.text
        assert words in mail.html


def test_many_opinions_are_told_in_one_mail_that_stays_readable():
    consultation, author, at = f.make_consultation(), f.make_resident(), an_hour_ago()
    for number in range(telling.TOLD_AT_ONCE + 3):
        row = f.make_contribution(consultation=consultation, author=author, title=f"Idée {number}")
        answer(make_item(row), at=at)
    tasks.tell_contributors()
    (mail,) = mails()
    assert mail.text.count("Retenu") == telling.TOLD_AT_ONCE
    assert "Et 3 autres avis" in mail.text


@pytest.mark.parametrize("count", [1, 12])
def test_a_batch_costs_the_same(count, django_assert_num_queries):
    consultation, at = f.make_consultation(), an_hour_ago()
    for _ in range(count):
        answer(make_item(consultation=consultation), at=at)
    telling.begin(consultation=consultation, at=timezone.now())
    (sending,) = telling.under_way()
    (people,) = telling.batches(sending, size=200)
    # The transaction; the opinions of these people, their answers, those that hold no more, the words of both, why some were
    # left, which opinions stand; the people held, the consultation that is public, their wishes, the addresses, what is known,
    # the rows and which are new, the mails and which are new.
    with django_assert_num_queries(17):
        assert telling.tell(sending=sending, people=people, at=timezone.now()) == count
    assert telling.tell(sending=sending, people=people, at=timezone.now()) == 0
    assert len(mails()) == count


@pytest.mark.django_db(transaction=True)
def test_two_workers_tell_each_person_once():
    consultation, at = f.make_consultation(), an_hour_ago()
    for _ in range(6):
        answer(make_item(consultation=consultation), at=at)
    results = run_in_threads(4, lambda _number: tasks.tell_contributors())
    assert results == [None] * 4
    assert (len(mails()), Telling.objects.count()) == (6, 1)
    assert RegisterLine.objects.filter(act="outcome.told").count() == 1


WORK = """
import django
django.setup()
from consultations import tasks
tasks.BATCH = 5
tasks.tell_contributors()
"""


def start():
    """The task in a process of its own, on the database of this run."""
    database = connection.settings_dict
    environment = {
        **os.environ,
        "DJANGO_SETTINGS_MODULE": "mulhouse.settings",
        "PORTAL_ENV": "demo",
        "PORTAL_STATE": str(settings.STATE_DIR),
        "DATABASE_URL": f"postgres://{database['USER']}@/{database['NAME']}?host={database['HOST']}",
    }
    command = [sys.executable, "-c", WORK]
    return subprocess.Popen(command, env=environment, cwd=settings.BASE_DIR, stderr=subprocess.PIPE)


@pytest.mark.django_db(transaction=True)
def test_a_worker_killed_in_the_middle_goes_on_where_it_stopped():
    consultation, at = f.make_consultation(), an_hour_ago()
    authors = [f.make_resident(password=None) for _ in range(60)]
    for author in authors:
        answer(make_item(f.make_contribution(consultation=consultation, author=author)), at=at)
    process = start()
    deadline = time.monotonic() + 120
    while not mails() and time.monotonic() < deadline:
        time.sleep(0.005)
    process.send_signal(signal.SIGKILL)
    process.communicate(timeout=10)
    sent_before = len(mails())
    assert 0 < sent_before < 60
    assert Telling.objects.get().finished_at is None

    process = start()
    _out, errors = process.communicate(timeout=120)
    assert process.returncode == 0, errors.decode()[-2000:]
    assert sorted(mail.to for mail in mails()) == sorted(author.email for author in authors)
    assert Telling.objects.get().people == 60
