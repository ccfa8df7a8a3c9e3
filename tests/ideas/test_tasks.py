"""The clock of an idea: thresholds told once, the end that comes and the end that came, on both sides of each boundary."""

import datetime as dt

import pytest
from django.utils import timezone

from ideas import supporting, tasks
from ideas.models import Idea
from mulhouse.errors import RefusedError
from notifications.models import Notification, OutboundMail, Preference
from tests import factories as f
from transparency.models import RegisterLine

pytestmark = pytest.mark.django_db
DAY = dt.timedelta(days=1)


def set_clock(monkeypatch, at):
    monkeypatch.setattr(timezone, "now", lambda: at.astimezone(dt.UTC))
    return at


def ten_o_clock(day):
    return dt.datetime.combine(day, dt.time(10), tzinfo=f.PARIS)


@pytest.fixture
def morning(monkeypatch):
    """Ten o'clock in Mulhouse, today."""
    return set_clock(monkeypatch, ten_o_clock(f.today()))


def mails(kind="ideas.threshold"):
    """Give to whom and with which subject; a subject keeps no no-break space."""
    return [(mail.to, mail.subject) for mail in OutboundMail.objects.filter(kind=kind).order_by("created_at", "pk")]


def text(kind="ideas.term"):
    return OutboundMail.objects.get(kind=kind).text


def again(idea):
    return Idea.objects.get(pk=idea.pk)


def gather(idea, count):
    """Give an idea so many supports, the last one by the action: it sees the thresholds."""
    Idea.objects.filter(pk=idea.pk).update(declared_count=count - 1)
    supporting.support(actor=f.make_resident(), idea=idea, at=timezone.now())


# --- Thresholds ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("supports", "subjects"),
    [
        (24, []),
        (25, ["Votre idée est à mi-chemin du seuil « Rencontre »"]),
        (49, ["Votre idée est à mi-chemin du seuil « Rencontre »"]),
        (50, ["Votre idée atteint le seuil « Rencontre »"]),
        (100, ["Votre idée atteint le seuil « Atelier »"]),
    ],
)
def test_the_author_is_told_half_way_and_at_the_threshold(morning, supports, subjects):
    idea = f.make_idea()
    gather(idea, supports)
    for _ in range(2):
        tasks.tell_passings(idea_id=idea.pk)
    assert mails() == [(idea.author.email, subject) for subject in subjects]


def test_one_mail_for_what_is_passed_at_once_and_one_for_each_passing(monkeypatch):
    idea, start = f.make_idea(), ten_o_clock(f.today())
    for hours, supports in ((0, 25), (1, 50), (2, 100)):
        set_clock(monkeypatch, start + dt.timedelta(hours=hours))
        gather(idea, supports)
        tasks.tell_passings(idea_id=idea.pk)
    assert [subject for _to, subject in mails()] == [
        "Votre idée est à mi-chemin du seuil « Rencontre »",
        "Votre idée atteint le seuil « Rencontre »",
        "Votre idée atteint le seuil « Atelier »",
    ]


def test_the_mail_says_what_the_city_promises_and_what_comes_next(morning):
    idea = f.make_idea()
    gather(idea, 50)
    tasks.tell_passings(idea_id=idea.pk)
    wanted = (
        "réunit 50 soutiens",
        "La Ville organise\u00a0: rencontre.",
        "«\u00a0Atelier\u00a0», à 100 soutiens",
        idea.get_absolute_url(),
    )
    assert [part for part in wanted if part not in text("ideas.threshold")] == []


def test_a_threshold_passed_again_is_not_told_again(morning):
    idea = f.make_idea()
    gather(idea, 25)
    tasks.tell_passings(idea_id=idea.pk)
    gather(idea, 24)
    gather(idea, 25)
    tasks.tell_passings(idea_id=idea.pk)
    assert len(mails()) == 1


def test_what_a_lost_message_left_untold_is_told_by_the_sweep(monkeypatch):
    at = set_clock(monkeypatch, ten_o_clock(f.today()))
    idea = f.make_idea()
    gather(idea, 25)
    set_clock(monkeypatch, at + dt.timedelta(days=3))
    tasks.sweep_letters()
    assert len(mails()) == 0  # too old to be news
    set_clock(monkeypatch, at + dt.timedelta(days=3, seconds=-1))
    for _ in range(2):
        tasks.sweep_letters()
    assert len(mails()) == 1


@pytest.mark.parametrize("fields", [{"withdrawn_at": timezone.now()}, {"hidden_at": timezone.now()}, {"author": None}])
def test_nobody_is_told_of_what_is_gone(morning, fields):
    idea = f.make_idea()
    gather(idea, 25)
    Idea.objects.filter(pk=idea.pk).update(**fields)
    tasks.tell_passings(idea_id=idea.pk)
    tasks.tell_expiry(idea_id=idea.pk)
    assert (OutboundMail.objects.count(), Notification.objects.count()) == (0, 0)


def test_who_wants_no_mail_has_it_in_their_account(morning):
    idea = f.make_idea()
    Preference.objects.create(user=idea.author, kind="ideas.threshold", frequency="never")
    gather(idea, 25)
    tasks.tell_passings(idea_id=idea.pk)
    assert (mails(), Notification.objects.get().user) == ([], idea.author)


# --- The end that comes ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("left", "count"), [(8, 0), (7, 1), (1, 1), (0, 1), (-1, 0)])
def test_the_author_is_reminded_seven_days_before_the_last_one(morning, left, count):
    idea = f.make_idea(supports_until=f.today() + left * DAY, published_at=timezone.now() - 80 * DAY)
    for _ in range(2):
        tasks.sweep_letters()
    assert len(mails("ideas.term")) == count
    if count:
        assert mails("ideas.term")[0][0] == idea.author.email


def test_the_reminder_offers_the_renewal(morning):
    idea = f.make_idea(supports_until=f.today() + 7 * DAY, published_at=timezone.now() - 80 * DAY, declared_count=12)
    tasks.sweep_letters()
    wanted = ("Elle réunit 12 soutiens.", "Il en faut 100", "une seule fois", f"/idees/{idea.reference}/prolonger/")
    assert [part for part in wanted if part not in text()] == []


def test_the_reminder_of_an_edition_offers_no_renewal(morning):
    days = {"opens_on": f.today() - 90 * DAY, "closes_on": f.today(), "supports_end_on": f.today() + 7 * DAY}
    campaign = f.make_campaign(kind="edition", **days)
    idea = f.make_idea(campaign=campaign, published_at=timezone.now() - 80 * DAY)
    tasks.sweep_letters()
    assert ("prolonger" in text(), idea.get_absolute_url() in text()) == (False, True)


def test_no_reminder_where_none_makes_sense(morning):
    soon = {"supports_until": f.today() + 5 * DAY}
    f.make_idea(**soon, published_at=timezone.now() - DAY)  # published within the notice
    f.make_idea(**soon, published_at=timezone.now() - 80 * DAY, stage="study")
    f.make_idea(**soon, published_at=timezone.now() - 80 * DAY, withdrawn_at=timezone.now())
    enough = f.make_idea(**soon, published_at=timezone.now() - 80 * DAY)
    gather(enough, 100)
    OutboundMail.objects.all().delete()
    tasks.sweep_letters()
    assert mails("ideas.term") == []


@pytest.mark.parametrize(("hour", "count"), [(7, 0), (8, 1)])
def test_nobody_is_reminded_in_the_night(monkeypatch, hour, count):
    set_clock(monkeypatch, dt.datetime.combine(f.today(), dt.time(hour), tzinfo=f.PARIS))
    f.make_idea(supports_until=f.today() + 3 * DAY, published_at=timezone.now() - 80 * DAY)
    tasks.sweep_letters()
    assert len(mails("ideas.term")) == count


# --- The end ---------------------------------------------------------------------------------------------------------


def test_an_idea_expires_at_midnight_after_its_last_day(monkeypatch):
    last = dt.date(2026, 3, 28)  # the night that has 23 hours
    idea = f.make_idea(supports_until=last)
    midnight = dt.datetime(2026, 3, 29, tzinfo=f.PARIS)
    set_clock(monkeypatch, midnight - dt.timedelta(seconds=1))
    tasks.expire()
    assert again(idea).stage == "support"
    set_clock(monkeypatch, midnight)
    for _ in range(2):
        tasks.expire()
    assert (again(idea).stage, again(idea).stage_at) == ("expired", midnight)
    assert list(RegisterLine.objects.values_list("act", "subject")) == [("idea.expired", idea.reference)]


def test_what_reached_the_study_does_not_expire(morning):
    idea = f.make_idea()
    gather(idea, 100)
    hidden = f.make_idea(hidden_at=timezone.now())
    Idea.objects.update(supports_until=f.today() - DAY)
    tasks.expire()
    assert [again(each).stage for each in (idea, hidden)] == ["support", "support"]


def expired(**fields):
    idea = f.make_idea(supports_until=f.today() - DAY, published_at=timezone.now() - 91 * DAY, **fields)
    supporting.expire(idea=idea, at=timezone.now())
    return idea


def test_the_author_is_told_why_it_expired_and_how_to_renew_it(morning):
    idea = expired(declared_count=12)
    for _ in range(2):
        tasks.tell_expiry(idea_id=idea.pk)
    tasks.sweep_letters()
    assert mails("ideas.term") == [(idea.author.email, "Le délai de votre idée est passé")]
    wanted = ("Elle a réuni 12 soutiens.", "Il en faut 100", "une seule fois", f"/idees/{idea.reference}/prolonger/")
    assert [part for part in wanted if part not in text()] == []


def test_the_second_end_offers_nothing_more(morning):
    idea = expired(renewed_at=timezone.now() - 90 * DAY)
    tasks.tell_expiry(idea_id=idea.pk)
    assert ("prolonger/" in text(), "son délai ne change plus" in text()) == (False, True)


def test_an_end_in_the_night_is_told_in_the_morning(monkeypatch):
    midnight = set_clock(monkeypatch, dt.datetime.combine(f.today(), dt.time(0, 3), tzinfo=f.PARIS))
    idea = expired()
    tasks.tell_expiry(idea_id=idea.pk)
    tasks.sweep_letters()
    assert mails("ideas.term") == []
    set_clock(monkeypatch, midnight + dt.timedelta(hours=8))
    tasks.sweep_letters()
    assert len(mails("ideas.term")) == 1


def test_renewed_it_may_end_again_and_is_told_again(monkeypatch):
    at = set_clock(monkeypatch, ten_o_clock(f.today()))
    idea = expired()
    tasks.tell_expiry(idea_id=idea.pk)
    supporting.renew(actor=idea.author, idea=idea, at=at)
    assert (again(idea).stage, again(idea).supports_until) == ("support", f.today() + 90 * DAY)
    set_clock(monkeypatch, at + 91 * DAY)
    tasks.expire()
    tasks.sweep_letters()
    assert len(mails("ideas.term")) == 2
    with pytest.raises(RefusedError):
        supporting.renew(actor=idea.author, idea=again(idea), at=timezone.now())
