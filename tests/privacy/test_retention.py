"""Accounts that nobody uses, by a fake clock: warned three times, closed as their person would have, saved by a return."""

import datetime as dt
from io import StringIO
from zoneinfo import ZoneInfo

import pytest
from django.core.management import call_command
from django.test import Client
from django.utils import timezone

from accounts.models import User
from consultations.models import Contribution
from notifications.models import OutboundMail
from privacy import retention
from privacy.models import InactivityNotice, Limitation
from tests import factories as f
from transparency.models import RegisterLine

pytestmark = pytest.mark.django_db(transaction=True)
NOON = dt.datetime(2026, 11, 23, 12, tzinfo=dt.UTC)
LAST = dt.datetime(2024, 11, 23, 8, tzinfo=dt.UTC)


def sleeper(**fields):
    user = f.make_user(**fields)
    User.objects.filter(pk=user.pk).update(last_login=LAST, date_joined=LAST - dt.timedelta(days=300))
    user.refresh_from_db()
    return user


def run(days=0, *, write=True):
    return retention.run(at=NOON + dt.timedelta(days=days), write=write)


def kinds(user):
    return list(OutboundMail.objects.filter(to=user.email).order_by("created_at", "pk").values_list("kind", flat=True))


def test_three_letters_then_closed_as_the_person_would_have():
    user = sleeper()
    text = f.make_contribution(author=user, title="Un banc au soleil")
    for day, step in ((-1, None), (0, 1), (0, None), (29, None), (30, 2), (52, None), (53, 3), (59, None), (60, 4)):
        report = run(day)
        assert dict(report.steps) == ({step: 1} if step else {}), day
    assert not User.objects.filter(pk=user.pk).exists()
    assert kinds(user) == ["privacy.inactive_closed"]
    text = Contribution.objects.get(pk=text.pk)
    assert (text.author, text.title) == (None, "Un banc au soleil")
    line = RegisterLine.objects.get(act="account.expired")
    assert (line.role, line.subject) == ("système", "")
    assert RegisterLine.objects.filter(act="accounts.warned").count() == 3


def test_each_letter_leaves_once_and_says_the_day():
    user = sleeper()
    run(0)
    run(0)
    assert kinds(user) == ["privacy.inactive_first"]
    mail = OutboundMail.objects.get(to=user.email)
    assert "22\u00a0janvier 2027" in mail.text
    assert "/compte/connexion/" in mail.html


def test_a_return_cancels_and_a_new_absence_starts_again():
    user = sleeper()
    run(0)
    run(30)
    User.objects.filter(pk=user.pk).update(last_login=NOON + dt.timedelta(days=31))
    assert run(60).returned == 1
    assert InactivityNotice.objects.count() == 0
    assert User.objects.filter(pk=user.pk).exists()
    assert dict(run(31 + 730 + 1).steps) == {1: 1}


# --- The clock of Paris, on both sides of each boundary -----------------------------------------------------------------------

PARIS = ZoneInfo("Europe/Paris")


def midnight(day):
    return dt.datetime.combine(day, dt.time(), PARIS)


def steps(at):
    return dict(retention.run(at=at, write=True).steps)


def test_each_boundary_is_a_midnight_in_paris():
    """24 months, 30 days, 7 days, the day itself: nothing a second before, the step at the first second, once."""
    user = sleeper()
    first = dt.date(2026, 11, 23)
    closes_on = first + dt.timedelta(days=60)
    days = [first, *(closes_on - dt.timedelta(days=left) for left in (30, 7, 0))]
    second = dt.timedelta(seconds=1)
    for step, day in enumerate(days, start=1):
        assert steps(midnight(day) - second) == {}, step
        assert User.objects.filter(pk=user.pk).exists()
        assert steps(midnight(day)) == {step: 1}
        assert steps(midnight(day) + second) == {}, step
    assert not User.objects.filter(pk=user.pk).exists()


def test_the_last_day_is_counted_in_paris_not_in_greenwich():
    """Somebody who signed in at half past midnight in Mulhouse was there on that day, though it was the eve in Greenwich."""
    user = sleeper()
    User.objects.filter(pk=user.pk).update(last_login=dt.datetime(2024, 11, 23, 0, 30, tzinfo=PARIS))
    assert steps(midnight(dt.date(2026, 11, 23)) - dt.timedelta(seconds=1)) == {}
    assert steps(midnight(dt.date(2026, 11, 23))) == {1: 1}


def test_after_a_29th_of_february_24_months_are_a_day_more_never_a_day_less():
    user = sleeper()
    User.objects.filter(pk=user.pk).update(last_login=dt.datetime(2024, 2, 29, 9, tzinfo=PARIS))
    assert steps(midnight(dt.date(2026, 3, 1)) - dt.timedelta(seconds=1)) == {}
    assert steps(midnight(dt.date(2026, 3, 1))) == {1: 1}


@pytest.mark.parametrize("told", [1, 2, 3])
def test_a_sign_in_by_the_page_after_any_letter_starts_everything_again(told, client):
    """The real gesture: the page, the password. The next letter is the first one, 24 months later."""
    user = sleeper()
    day = dt.date(2026, 11, 23)
    for left in (60, 30, 7)[:told]:
        steps(midnight(day + dt.timedelta(days=60 - left)))
    assert InactivityNotice.objects.get().step == told
    assert client.post("/compte/connexion/", {"login": user.email, "password": f.PASSWORD}).status_code == 302
    # The page wrote the real instant; the clock of this test is another.
    assert User.objects.get(pk=user.pk).last_login > LAST
    User.objects.filter(pk=user.pk).update(last_login=midnight(day) + dt.timedelta(days=59, hours=23))
    report = retention.run(at=midnight(day) + dt.timedelta(days=60), write=True)
    assert (dict(report.steps), report.returned, InactivityNotice.objects.count()) == ({}, 1, 0)
    assert steps(midnight(dt.date(2029, 1, 20))) == {}
    assert steps(midnight(dt.date(2029, 1, 21))) == {1: 1}
    assert kinds(user).count("privacy.inactive_first") == 2


def test_what_is_anonymised_stays_published_and_counted():
    user = sleeper()
    text = f.make_contribution(author=user, title="Un banc au soleil")
    comment = f.make_comment(contribution=f.make_contribution(), author=user)
    draft = f.make_contribution(author=user, published_at=None)
    for day in (0, 30, 53, 60):
        run(day)
    text.refresh_from_db()
    comment.refresh_from_db()
    assert (text.author, comment.author) == (None, None)
    assert not Contribution.objects.filter(pk=draft.pk).exists()
    page = Client().get(text.get_absolute_url()).content.decode()
    assert "Un banc au soleil" in page
    assert user.public_name not in page


def test_a_verified_residency_is_a_sign_of_life():
    user = sleeper()
    f.make_resident()
    from accounts.models import Residency  # noqa: PLC0415

    Residency.objects.create(
        user=user,
        district=f.make_district(),
        verified_on=dt.date(2026, 1, 5),
        expires_on=dt.date(2027, 1, 5),
        method="desk",
    )
    assert dict(run(0).steps) == {}


@pytest.mark.parametrize("fields", [{"is_staff": True}, {"is_superuser": True}])
def test_staff_are_never_closed_but_told_of(fields):
    user = sleeper(**fields)
    report = run(3650)
    assert (dict(report.steps), report.staff) == ({}, 1)
    assert User.objects.filter(pk=user.pk).exists()


def test_data_set_aside_is_not_closed_by_the_clock():
    user = sleeper()
    Limitation.objects.create(user=user, reason="Contestation", since=timezone.now())
    assert dict(run(3650).steps) == {}


def test_a_late_command_gives_the_days_back():
    user = sleeper()
    run(0)
    assert dict(run(200).steps) == {2: 1}
    assert InactivityNotice.objects.get(user=user).closes_on == dt.date(2026, 11, 23) + dt.timedelta(days=230)


def test_dry_run_writes_nothing():
    user = sleeper()
    assert dict(run(0, write=False).steps) == {1: 1}
    assert (kinds(user), InactivityNotice.objects.count(), RegisterLine.objects.count()) == ([], 0, 0)


def test_command_is_dry_by_default_and_names_nobody():
    user = f.make_user(public_name="Nom Secret")
    User.objects.filter(pk=user.pk).update(
        last_login=timezone.now() - dt.timedelta(days=800), date_joined=timezone.now() - dt.timedelta(days=900)
    )
    out = StringIO()
    call_command("close_unused_accounts", stdout=out)
    assert "premier avertissement (24 mois) : 1" in out.getvalue()
    assert "rien n’a été écrit" in out.getvalue()
    assert kinds(user) == []
    out = StringIO()
    call_command("close_unused_accounts", "--executer", stdout=out)
    assert kinds(user) == ["privacy.inactive_first"]
    assert "Nom Secret" not in out.getvalue()
    assert user.email not in out.getvalue()
