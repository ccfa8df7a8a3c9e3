"""Each contributor is told once of each publication what became of what they wrote, in the city's words, and reads it on their page."""

import datetime as dt
import os
import signal
import subprocess
import sys
import time

import pytest
from django.conf import settings
from django.db import connection
from django.utils import timezone

from consultations import tasks, telling
from consultations.models import Decision, Item, ItemOutcome, Outcome, Telling
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


def mails():
    return list(OutboundMail.objects.filter(kind="consultations.outcomes").order_by("to"))


def test_one_mail_per_person_and_publication_with_all_their_opinions():
    consultation, at = f.make_consultation(title="Quais du canal"), timezone.now()
    ada, bob = f.make_resident(), f.make_resident()
    first = f.make_contribution(consultation=consultation, author=ada, title="Des bancs")
    second = f.make_contribution(consultation=consultation, author=ada, title="Des arbres")
    comment = f.make_comment(contribution=first, author=bob)
    answer(make_item(first), at=at)
    answer(make_item(second), at=at, decision=Decision.FORWARDED, forwarded_to="Mulhouse Alsace Agglomération")
    answer(make_item(comment), at=at, decision=Decision.NOT_KEPT, explanation="La berge est trop étroite.")
    for _ in range(2):
        tasks.tell_contributors(consultation_id=consultation.pk)
    assert sorted(mail.to for mail in mails()) == sorted([ada.email, bob.email])
    own = next(mail for mail in mails() if mail.to == ada.email)
    text = own.text.replace("\u00a0", " ")
    assert own.subject == "Qu’est devenu votre avis : Quais du canal"
    assert [
        words in text for words in ("Des bancs", "Des arbres", "Retenu", "Transmis : Mulhouse Alsace Agglomération")
    ] == [True] * 4
    assert "La berge est trop étroite." not in text
    assert first.get_absolute_url() in text
    told = Telling.objects.get()
    assert (told.given_at, told.people) == (at, 2)
    assert RegisterLine.objects.filter(act="outcome.told", subject=consultation.slug).count() == 1


def test_it_answers_them_so_nothing_unsubscribes():
    item = make_item()
    answer(item, at=timezone.now())
    tasks.tell_contributors(consultation_id=item.consultation_id)
    (mail,) = mails()
    assert "List-Unsubscribe" not in mail.headers
    assert item.reference in mail.text
    assert "Pour réagir" in mail.text


def test_mail_is_in_the_language_of_the_person():
    item = make_item(f.make_contribution(author=f.make_resident(language="de")))
    answer(item, at=timezone.now())
    tasks.tell_contributors(consultation_id=item.consultation_id)
    assert "/de/concertations/" in mails()[0].text


@pytest.mark.parametrize(
    "spoil",
    [
        lambda item: type(item.contribution.author).objects.update(is_active=False),
        lambda item: item.contribution.author.delete(),
        lambda item: Item.objects.update(place="hidden"),
        lambda item: Item.objects.update(place="withdrawn"),
        lambda item: ItemOutcome.objects.update(ended_at=timezone.now()),
    ],
    ids=["closed", "erased", "hidden", "withdrawn", "replaced"],
)
def test_nothing_is_told_of_what_no_longer_stands(spoil):
    item = make_item()
    answer(item, at=timezone.now() - dt.timedelta(minutes=1))
    spoil(item)
    tasks.tell_contributors(consultation_id=item.consultation_id)
    assert mails() == []
    assert Telling.objects.get().people == 0


def test_a_new_publication_is_a_new_mail_with_what_is_new_alone():
    consultation, author = f.make_consultation(), f.make_resident()
    old, new = (
        make_item(f.make_contribution(consultation=consultation, author=author, title=title))
        for title in ("Bancs", "Arbres")
    )
    answer(old, at=timezone.now() - dt.timedelta(days=2))
    tasks.tell_contributors(consultation_id=consultation.pk)
    answer(new, at=timezone.now())
    tasks.tell_contributors(consultation_id=consultation.pk)
    assert ["Bancs" in mail.text for mail in OutboundMail.objects.order_by("created_at")] == [True, False]


def test_sweep_tells_what_a_lost_task_did_not():
    item = make_item()
    answer(item, at=timezone.now())
    tasks.sweep_tellings()
    tasks.sweep_tellings()
    assert len(mails()) == 1


def test_many_opinions_are_told_in_one_mail_that_stays_readable():
    consultation, author, at = f.make_consultation(), f.make_resident(), timezone.now()
    for number in range(telling.TOLD_AT_ONCE + 3):
        row = f.make_contribution(consultation=consultation, author=author, title=f"Idée {number}")
        answer(make_item(row), at=at)
    tasks.tell_contributors(consultation_id=consultation.pk)
    (mail,) = mails()
    assert mail.text.count("Retenu") == telling.TOLD_AT_ONCE
    assert "Et 3 autres avis" in mail.text


@pytest.mark.parametrize("count", [1, 12])
def test_a_batch_costs_the_same_reads(count, django_assert_max_num_queries):
    consultation, at = f.make_consultation(), timezone.now()
    for _ in range(count):
        answer(make_item(consultation=consultation), at=at)
    people = telling.people(consultation, at, after=0, size=200)
    # One read for the batch, then two writes for each mail.
    with django_assert_max_num_queries(5 + 4 * count):
        telling.tell(consultation=consultation, given_at=at, people=people)
    assert len(mails()) == count


@pytest.mark.django_db(transaction=True)
def test_two_workers_tell_each_person_once():
    consultation, at = f.make_consultation(), timezone.now()
    for _ in range(6):
        answer(make_item(consultation=consultation), at=at)
    results = run_in_threads(4, lambda _number: tasks.tell_contributors(consultation_id=consultation.pk))
    assert results == [None] * 4
    assert (len(mails()), Telling.objects.count()) == (6, 1)
    assert RegisterLine.objects.filter(act="outcome.told").count() == 1


WORK = """
import sys
import django
django.setup()
from consultations import tasks
tasks.BATCH = 5
tasks.tell_contributors(consultation_id=int(sys.argv[1]))
"""


def start(consultation):
    """The task in a process of its own, on the database of this run."""
    database = connection.settings_dict
    environment = {
        **os.environ,
        "DJANGO_SETTINGS_MODULE": "mulhouse.settings",
        "PORTAL_ENV": "demo",
        "PORTAL_STATE": str(settings.STATE_DIR),
        "DATABASE_URL": f"postgres://{database['USER']}@/{database['NAME']}?host={database['HOST']}",
    }
    command = [sys.executable, "-c", WORK, str(consultation.pk)]
    return subprocess.Popen(command, env=environment, cwd=settings.BASE_DIR, stderr=subprocess.PIPE)


@pytest.mark.django_db(transaction=True)
def test_a_worker_killed_in_the_middle_goes_on_where_it_stopped():
    consultation, at = f.make_consultation(), timezone.now()
    authors = [f.make_resident(password=None) for _ in range(60)]
    for author in authors:
        answer(make_item(f.make_contribution(consultation=consultation, author=author)), at=at)
    process = start(consultation)
    deadline = time.monotonic() + 120
    while not mails() and time.monotonic() < deadline:
        time.sleep(0.005)
    process.send_signal(signal.SIGKILL)
    process.communicate(timeout=10)
    sent_before = len(mails())
    assert 0 < sent_before < 60
    assert Telling.objects.count() == 0

    process = start(consultation)
    _out, errors = process.communicate(timeout=120)
    assert process.returncode == 0, errors.decode()[-2000:]
    assert sorted(mail.to for mail in mails()) == sorted(author.email for author in authors)
    assert Telling.objects.get().people == 60
