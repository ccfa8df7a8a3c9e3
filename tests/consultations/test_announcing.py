"""What is new for those it concerns: a consultation opened, the last days, a word on what they wrote. Each once."""

import datetime as dt

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from consultations import announcing, deadlines, participation, tasks
from consultations.models import Comment, Consultation, Contribution, HeldText, Phase
from consultations.phases import PARIS
from notifications import digests, frequencies, topics
from notifications.kinds import Frequency
from notifications.models import Broadcast, Notification, OutboundMail, Preference, Subscription
from tests import factories as f
from tests.concurrency import run_in_threads

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _at_ten(monkeypatch):
    set_clock(monkeypatch, noon_of(f.today()))


def set_clock(monkeypatch, at):
    monkeypatch.setattr(tasks.timezone, "now", lambda: at)


def noon_of(day):
    return dt.datetime.combine(day, dt.time(12), tzinfo=PARIS)


def follow(*subjects, **fields):
    person = f.make_resident(**fields)
    for topic in subjects:
        Subscription.objects.create(user=person, topic=topic)
    return person


def opened(**fields):
    consultation = f.make_consultation(**fields)
    Consultation.objects.filter(pk=consultation.pk).update(published_at=tasks.timezone.now() - dt.timedelta(hours=1))
    return consultation


def told(kind):
    return sorted(Notification.objects.filter(kind=kind).values_list("user", flat=True))


# --- A consultation that opens ---------------------------------------------------------------------------------------


def test_followers_of_the_theme_and_of_the_district_are_told_once():
    district, theme = f.make_district(), f.make_theme()
    consultation = opened(theme=theme, districts=[district], title="Quais du canal")
    both = follow(f"theme:{theme.slug}", f"district:{district.slug}")
    one = follow(f"district:{district.slug}")
    follow(f"theme:{f.make_theme().slug}", f"district:{f.make_district().slug}")
    for _ in range(2):
        tasks.announce_openings()
    assert told("consultations.opened") == [both.pk, one.pk]
    mail = OutboundMail.objects.get(user=both)
    assert mail.subject == "Nouvelle consultation : Quais du canal"
    assert f"vous suivez «\u00a0{theme.name}\u00a0»" in mail.text
    assert consultation.get_absolute_url() in mail.text
    assert Broadcast.objects.get().people == 2


def test_a_consultation_of_the_whole_city_concerns_every_district():
    person = follow(f"district:{f.make_district().slug}")
    opened(districts=[])
    tasks.announce_openings()
    assert told("consultations.opened") == [person.pk]


@pytest.mark.parametrize(
    "change",
    [
        {"published_at": None},
        {"published_at": timezone.now() - dt.timedelta(days=30)},
        {"archived_at": timezone.now()},
    ],
    ids=["draft", "old", "archived"],
)
def test_what_is_no_news_is_not_told(change):
    consultation = opened()
    follow(f"theme:{consultation.theme.slug}")
    Consultation.objects.filter(pk=consultation.pk).update(**change)
    tasks.announce_openings()
    assert told("consultations.opened") == []


@pytest.mark.parametrize(("ago", "number"), [(dt.timedelta(0), 1), (dt.timedelta(seconds=-1), 0)])
def test_an_opening_is_news_from_its_instant(ago, number):
    consultation = opened()
    follow(f"theme:{consultation.theme.slug}")
    Consultation.objects.update(published_at=tasks.timezone.now() - ago)
    tasks.announce_openings()
    assert len(told("consultations.opened")) == number


@pytest.mark.parametrize(("short", "number"), [(dt.timedelta(seconds=1), 1), (dt.timedelta(0), 0)])
def test_news_is_three_days_old_at_most(short, number):
    """A site that was down longer does not tell what everybody knows."""
    consultation, author = opened(), f.make_resident()
    follow(f"theme:{consultation.theme.slug}")
    comment = f.make_comment(contribution=f.make_contribution(author=author))
    instant = tasks.timezone.now() - dt.timedelta(days=3) + short
    Consultation.objects.filter(pk=consultation.pk).update(published_at=instant)
    Comment.objects.filter(pk=comment.pk).update(published_at=instant)
    tasks.announce_openings()
    tasks.tell_replies()
    assert (len(told("consultations.opened")), len(told("consultations.replies"))) == (number, number)


def test_nobody_is_told_before_eight(monkeypatch):
    consultation, _phase = ending(f.today() + dt.timedelta(days=1))
    follow(f"theme:{consultation.theme.slug}")
    follow(consultation.topic)
    day = f.today()
    set_clock(monkeypatch, dt.datetime.combine(day, dt.time(7, 59, 59), tzinfo=PARIS))
    Consultation.objects.update(published_at=tasks.timezone.now() - dt.timedelta(hours=1))
    for task in (tasks.announce_openings, tasks.remind_deadlines):
        task()
    assert Notification.objects.count() == 0
    set_clock(monkeypatch, dt.datetime.combine(day, dt.time(8), tzinfo=PARIS))
    tasks.announce_openings()
    tasks.remind_deadlines()
    assert (len(told("consultations.opened")), len(told("consultations.deadline"))) == (1, 1)


@pytest.mark.django_db(transaction=True)
def test_two_workers_tell_an_opening_once():
    consultation = opened()
    people = [follow(f"theme:{consultation.theme.slug}") for _ in range(4)]
    run_in_threads(3, lambda _number: tasks.announce_openings())
    assert told("consultations.opened") == [person.pk for person in people]
    assert OutboundMail.objects.count() == 4


# --- The last days ---------------------------------------------------------------------------------------------------


def ending(day, **fields):
    consultation = f.make_consultation(**fields)
    Phase.objects.filter(consultation=consultation).delete()
    phase = Phase.objects.create(
        consultation=consultation,
        position=1,
        kind="contribute",
        name="Donner son avis",
        starts_on=day - dt.timedelta(days=20),
        ends_on=day,
    )
    return consultation, phase


@pytest.mark.parametrize(
    ("last_day", "first", "over"),
    [
        # Three days before midnight, in real hours: 72 of them on the nights when the clocks change too.
        (dt.date(2026, 11, 25), "2026-11-22T23:00:00+00:00", "2026-11-25T23:00:00+00:00"),
        (dt.date(2026, 10, 25), "2026-10-22T23:00:00+00:00", "2026-10-25T23:00:00+00:00"),
        (dt.date(2026, 10, 24), "2026-10-21T22:00:00+00:00", "2026-10-24T22:00:00+00:00"),
        (dt.date(2027, 3, 28), "2027-03-25T22:00:00+00:00", "2027-03-28T22:00:00+00:00"),
    ],
)
def test_the_end_is_near_from_72_hours_before_midnight(last_day, first, over):
    _consultation, phase = ending(last_day)
    first, over, second = dt.datetime.fromisoformat(first), dt.datetime.fromisoformat(over), dt.timedelta(seconds=1)
    found = [deadlines.is_near(phase, at=at) for at in (first - second, first, over - second, over)]
    assert found == [False, True, True, False]
    assert [bool(deadlines.due(at=at)) for at in (first - second, first, over - second, over)] == found


def test_only_followers_who_have_not_taken_part_are_reminded_once(monkeypatch):
    consultation, phase = ending(f.today() + dt.timedelta(days=2), title="Quais du canal")
    idle, other = follow(consultation.topic), follow(f.make_consultation().topic)
    active = follow(consultation.topic)
    f.make_contribution(consultation=consultation, author=active)
    participation.catch_up([consultation.pk])
    waiting = follow(consultation.topic)
    draft = f.make_contribution(consultation=consultation, author=waiting, published_at=None)
    HeldText.objects.create(
        author=waiting,
        sort="contribution",
        consultation=consultation,
        contribution=draft,
        cause="held",
        submitted_at=timezone.now(),
    )
    for _ in range(2):
        tasks.remind_deadlines()
    assert told("consultations.deadline") == [idle.pk]
    assert deadlines.settled({(waiting.pk, consultation.topic), (idle.pk, consultation.topic)}) == {
        (waiting.pk, consultation.topic)
    }
    assert other.pk not in told("consultations.deadline")
    mail = OutboundMail.objects.get()
    assert "vous pouvez participer jusqu’au" in mail.subject
    # Moved to a later day, it is another end.
    Phase.objects.filter(pk=phase.pk).update(ends_on=phase.ends_on + dt.timedelta(days=30))
    set_clock(monkeypatch, noon_of(phase.ends_on + dt.timedelta(days=29)))
    tasks.remind_deadlines()
    assert OutboundMail.objects.count() == 2


def test_who_took_part_before_the_digest_left_is_not_reminded():
    consultation, phase = ending(f.today() + dt.timedelta(days=2))
    late, idle = follow(consultation.topic), follow(consultation.topic)
    for person in (late, idle):
        Preference.objects.create(user=person, kind="consultations.deadline", frequency="daily")
    tasks.remind_deadlines()
    f.make_contribution(consultation=consultation, author=late)
    participation.catch_up([consultation.pk])
    at = noon_of(f.today() + dt.timedelta(days=1))
    sent = [
        digests.send(digest=Frequency.DAILY, people=keys, at=at) for keys in digests.batches(Frequency.DAILY, at=at)
    ]
    assert sent == [1]
    assert OutboundMail.objects.get().user == idle
    assert phase.ends_on is not None


# --- A word on what somebody wrote -----------------------------------------------------------------------------------


def recent(**fields):
    comment = f.make_comment(**fields)
    Comment.objects.filter(pk=comment.pk).update(published_at=tasks.timezone.now() - dt.timedelta(hours=1))
    return comment


def test_who_wrote_is_told_of_a_comment_and_of_a_reply():
    author, first, second = (f.make_resident() for _ in range(3))
    contribution = f.make_contribution(author=author, title="Des bancs")
    comment = recent(contribution=contribution, author=first, body="Un mot à ne pas envoyer")
    recent(parent=comment, author=second)
    recent(contribution=contribution, author=author)
    for _ in range(2):
        tasks.tell_replies()
    rows = Notification.objects.filter(kind="consultations.replies").order_by("user")
    assert [(row.user_id, row.digest) for row in rows] == [(author.pk, "daily"), (first.pk, "daily")]
    assert rows[0].subject_line == "Un commentaire sur votre contribution «\u00a0Des bancs\u00a0»"
    assert rows[1].subject_line == "Une réponse à votre commentaire sur «\u00a0Des bancs\u00a0»"
    assert comment.reference in rows[0].url
    # Neither the name nor the words of who answered: they may go, with their account or their text.
    assert all(first.public_name not in row.subject_line for row in rows)


@pytest.mark.parametrize(
    "hide",
    [
        lambda comment: Comment.objects.filter(pk=comment.pk).update(hidden_at=timezone.now()),
        lambda comment: Comment.objects.filter(pk=comment.pk).update(withdrawn_at=timezone.now()),
        lambda comment: Contribution.objects.filter(pk=comment.contribution_id).update(hidden_at=timezone.now()),
        lambda comment: Consultation.objects.update(published_at=None),
    ],
    ids=["hidden", "withdrawn", "contribution", "draft"],
)
def test_a_comment_that_is_not_public_is_not_told_nor_shown(hide):
    comment = recent()
    topic = f"comment:{comment.reference}"
    assert set(topics.named([topic])) == {topic}
    hide(comment)
    tasks.tell_replies()
    assert Notification.objects.count() == 0
    assert topics.named([topic, f"contribution:{comment.contribution.reference}"]).keys() <= {
        f"contribution:{comment.contribution.reference}"
    }
    assert topic not in topics.named([topic])


def test_names_are_read_at_once(django_assert_num_queries):
    consultations = [f.make_consultation() for _ in range(4)]
    found = [row.topic for row in consultations] + [f"theme:{row.theme.slug}" for row in consultations]
    with django_assert_num_queries(2):
        assert len(topics.named(found)) == len(set(found))
    assert topics.named(["autre:a", "consultation:", "sans"]) == {}


def test_the_districts_of_a_follower_come_after_the_theme():
    district, theme = f.make_district(), f.make_theme()
    consultation = opened(theme=theme, districts=[district])
    follow(f"theme:{theme.slug}", f"district:{district.slug}")
    (person,) = announcing.interested(consultation)
    assert person.matched == [f"theme:{theme.slug}", f"district:{district.slug}"]


# --- A journey -------------------------------------------------------------------------------------------------------


@pytest.mark.django_db(transaction=True)
def test_from_following_to_a_digest_to_one_click(client):
    """Follow a theme, choose the digest, get it, stop from the header of the mail: without cookie, and nothing by opening it."""
    consultation = opened(title="Quais du canal")
    person, topic = f.make_resident(), f"theme:{consultation.theme.slug}"
    f.sign_in(client, person)
    client.post(reverse("notifications:follow"), {"sujet": topic})
    choices = {code.replace(".", "-"): value for code, value in frequencies.of_person(person.pk).items()}
    client.post(reverse("notifications:preferences"), {**choices, "consultations-opened": "daily"})
    tasks.announce_openings()
    assert OutboundMail.objects.count() == 0
    at = noon_of(f.today() + dt.timedelta(days=1))
    for keys in digests.batches(Frequency.DAILY, at=at):
        digests.send(digest=Frequency.DAILY, people=keys, at=at)
    mail = OutboundMail.objects.get()
    assert consultation.get_absolute_url() in mail.text
    link = mail.headers["List-Unsubscribe"].strip("<>").removeprefix("http://127.0.0.1:8000")
    program = Client(enforce_csrf_checks=True)
    assert program.get(link).status_code == 200
    assert frequencies.of_person(person.pk)["consultations.opened"] == "daily"
    assert program.post(link, {"List-Unsubscribe": "One-Click"}).status_code == 200
    assert frequencies.of_person(person.pk)["consultations.opened"] == "never"
    Broadcast.objects.all().delete()
    Notification.objects.all().delete()
    tasks.announce_openings()
    assert (Notification.objects.count(), OutboundMail.objects.count()) == (1, 1)
