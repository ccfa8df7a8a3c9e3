"""Followers are told of each phase that begins, once, in their language, and not in the middle of the night."""

import datetime as dt
import os

import pytest
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.utils import timezone

from consultations import tasks
from consultations.models import Attachment, Phase
from notifications.models import OutboundMail, Subscription
from tests import factories as f

pytestmark = pytest.mark.django_db


@pytest.fixture
def morning(monkeypatch):
    """Ten o'clock in Mulhouse, today."""
    return set_hour(monkeypatch, 10)


def set_hour(monkeypatch, hour):
    at = dt.datetime.combine(f.today(), dt.time(hour), tzinfo=f.PARIS)
    monkeypatch.setattr(timezone, "now", lambda: at.astimezone(dt.UTC))
    return at


def follow(consultation, **fields):
    user = f.make_user(**fields)
    Subscription.objects.create(user=user, topic=consultation.topic)
    return user


def beginning(days_ago=0, **fields):
    """A consultation whose phase of contribution began some days ago."""
    consultation = f.make_consultation(phase=None, **fields)
    start = f.today() - dt.timedelta(days=days_ago)
    Phase.objects.create(
        consultation=consultation,
        position=1,
        kind="contribute",
        name="Donner son avis",
        starts_on=start,
        ends_on=start + dt.timedelta(days=30),
    )
    return consultation


def told():
    return [(mail.to, mail.subject) for mail in OutboundMail.objects.order_by("created_at", "to")]


def test_each_follower_is_told_once(morning):
    consultation = beginning(title="Quais du canal")
    people = [follow(consultation) for _ in range(3)]
    follow(f.make_consultation())
    for _ in range(2):
        tasks.announce_phases()
    subject = "Quais du canal : l’étape « Donner son avis » commence"
    assert sorted(told()) == sorted((user.email, subject) for user in people)
    assert Phase.objects.get(consultation=consultation).announced_at == morning


def test_mail_says_what_one_can_do_and_how_to_stop(morning):
    consultation = beginning()
    follow(consultation)
    tasks.announce_phases()
    mail = OutboundMail.objects.get()
    assert "Vous pouvez donner votre avis, prendre position et débattre." in mail.text
    assert consultation.get_absolute_url() in mail.text
    assert "List-Unsubscribe" in mail.headers


def test_mail_leads_to_the_page_in_the_follower_s_language(morning):
    consultation = beginning()
    follow(consultation, language="de")
    tasks.announce_phases()
    assert f"/de{consultation.get_absolute_url()}" in OutboundMail.objects.get().text


def test_announcement_that_was_cut_goes_on_where_it_stopped(morning, monkeypatch):
    """The worker dies after the first batch: the second run writes to the others only."""
    monkeypatch.setattr(tasks, "BATCH", 2)
    consultation = beginning()
    people = [follow(consultation) for _ in range(5)]
    phase = Phase.objects.select_related("consultation").get(consultation=consultation)
    tasks.actions.announce_phase(phase=phase, followers=people[:2], at=morning)
    tasks.announce_phases()
    assert sorted(to for to, _ in told()) == sorted(user.email for user in people)


def test_nobody_is_written_to_before_eight(monkeypatch):
    set_hour(monkeypatch, 7)
    follow(beginning())
    tasks.announce_phases()
    assert told() == []
    set_hour(monkeypatch, 8)
    tasks.announce_phases()
    assert len(told()) == 1


@pytest.mark.parametrize(
    ("days_ago", "fields", "mails"),
    [
        (0, {}, 1),
        (3, {}, 1),
        (4, {}, 0),
        (-1, {}, 0),
        (0, {"published_at": None}, 0),
        (0, {"archived_at": timezone.now()}, 0),
        (0, {"published_at": timezone.now()}, 0),
    ],
    ids=["today", "three days ago", "old news", "tomorrow", "draft", "archived", "published the same day"],
)
def test_only_news_is_announced(morning, days_ago, fields, mails):
    follow(beginning(days_ago, **fields))
    tasks.announce_phases()
    assert len(told()) == mails


def test_closed_accounts_are_left_alone(morning):
    follow(beginning(), is_active=False)
    tasks.announce_phases()
    assert told() == []


def test_file_that_no_row_names_goes_after_a_day(settings, tmp_path):
    settings.MEDIA_ROOT = tmp_path
    tasks.purge_files()  # nothing yet: no folder
    row = f.make_contribution(published_at=None)
    named = Attachment.objects.create(
        contribution=row, kind="photo", file=ContentFile(b"x", "a.webp"), name="a", content_type="image/webp", size=1
    )
    young, old = (default_storage.save(f"contributions/{name}.webp", ContentFile(b"x")) for name in ("young", "old"))
    two_days_ago = (timezone.now() - dt.timedelta(days=2)).timestamp()
    for name in (old, named.file.name):
        os.utime(tmp_path / name, (two_days_ago, two_days_ago))
    tasks.purge_files()
    assert sorted(default_storage.listdir("contributions")[1]) == ["a.webp", young.rsplit("/", 1)[1]]
