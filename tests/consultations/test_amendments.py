"""The rules of the game: frozen at publication, changed in public with a reason, and everybody concerned told once."""

import datetime as dt

import pytest
from django.db import DatabaseError, connection, transaction
from django.utils import timezone

from accounts import actions as accounts_actions
from consultations import amendments, editing, game, participation, rules, tasks
from consultations.models import Comment, Contribution, Ruleset
from desk import people
from mulhouse.errors import DomainError
from notifications.models import OutboundMail, Subscription
from tests import factories as f
from tests.consultations.test_editing import draft, fresh
from tests.factories import make_staff
from transparency.models import RegisterLine

pytestmark = pytest.mark.django_db
PERMISSIONS = ("consultations.change_consultation", "consultations.publish_consultation")


@pytest.fixture
def agent():
    return make_staff(*PERMISSIONS)


@pytest.fixture
def public(agent):
    row = draft()
    editing.publish(actor=agent, consultation=fresh(row), at=timezone.now())
    return fresh(row)


@pytest.fixture
def morning(monkeypatch):
    at = dt.datetime.combine(f.today(), dt.time(10), tzinfo=f.PARIS).astimezone(dt.UTC)
    monkeypatch.setattr(timezone, "now", lambda: at)


def change(agent, row, reason="Le conseil municipal a été avancé.", **values):
    editing.save_presentation(
        actor=agent,
        consultation=fresh(row),
        values=values,
        districts=list(row.districts.all()),
        seen=editing.version(fresh(row)),
        reason=reason,
    )


def test_publication_freezes_the_rules_and_seals_them_on_the_register(public):
    frozen = Ruleset.objects.get(consultation=public)
    assert (frozen.version, frozen.rules, frozen.reason) == (1, game.rules_of(public), "")
    assert frozen.digest == amendments.digest(game.rules_of(public))
    line = RegisterLine.objects.get(act="consultation.published")
    assert frozen.digest in line.content


def test_draft_has_no_frozen_rules(agent):
    row = draft()
    change(agent, row, decider="Le maire")
    assert not Ruleset.objects.exists()


def test_change_of_a_rule_is_a_new_version_with_its_reason(agent, public):
    change(agent, public, decider="La commission permanente")
    after, before = Ruleset.objects.order_by("-version")
    assert (after.version, after.reason) == (2, "Le conseil municipal a été avancé.")
    assert [(each.before, each.after) for each in game.differences(before.rules, after.rules)] == [
        ([public.decider], ["La commission permanente"])
    ]


def test_change_of_a_rule_without_reason_is_refused_and_writes_nothing(agent, public):
    with pytest.raises(DomainError) as refused:
        change(agent, public, reason=" ", city_commitment="Rien du tout.")
    assert (refused.value.code, Ruleset.objects.count()) == ("reason", 1)


def test_change_of_another_thing_is_no_amendment(agent, public):
    change(agent, public, reason="", place_name="Place de la Paix")
    assert Ruleset.objects.count() == 1


@pytest.mark.parametrize(
    "sql",
    [
        "UPDATE consultations_ruleset SET reason = 'autre'",
        "UPDATE consultations_ruleset SET rules = '{}'",
        "UPDATE consultations_ruleset SET in_force_at = now()",
    ],
)
def test_frozen_version_does_not_change(public, sql):
    with pytest.raises(DatabaseError, match="frozen"), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(sql)


def test_amendment_without_reason_is_refused_by_the_database(public):
    with pytest.raises(DatabaseError, match="ruleset_amendment_reasoned"), transaction.atomic():
        Ruleset.objects.create(
            consultation=public, version=2, rules={}, digest="0" * 64, reason="", in_force_at=timezone.now()
        )


def test_everybody_concerned_is_told_once(agent, public, morning):
    writer = f.make_contribution(consultation=public).author
    commenter = f.make_comment(contribution=f.make_contribution(consultation=public, author=writer)).author
    follower = f.make_user()
    Subscription.objects.create(user=follower, topic=public.topic)
    f.make_comment()
    change(agent, public, decider="La commission permanente")
    for _ in range(2):
        tasks.announce_amendments()
    mails = OutboundMail.objects.filter(kind="consultations.amendment")
    assert sorted(mails.values_list("to", flat=True)) == sorted(p.email for p in (writer, commenter, follower))
    text = mails.first().text
    assert all(words in text for words in ("Le conseil municipal a été avancé.", "La commission permanente"))
    assert Ruleset.objects.filter(told_at__isnull=True).count() == 1


def test_those_who_voted_answered_or_supported_are_concerned_once(public):
    """The ledger knows them all, even who came by the desk and opened an account since; who closed theirs is left alone."""
    supporter, voter, gone, both = (f.make_resident() for _ in range(4))
    follower = f.make_user()
    f.make_resident()
    at = timezone.now()
    with transaction.atomic():
        for user in (supporter, gone, both):
            participation.note_account(public, user, at=at)
        participation.note(public, people.of_user(voter), channel="desk", at=at)
        participation.note_account(f.make_consultation(), f.make_resident(), at=at)
    Comment.objects.filter(pk=f.make_comment(contribution=f.make_contribution(consultation=public)).pk).update(
        author=both
    )
    for user in (both, follower):
        Subscription.objects.create(user=user, topic=public.topic)
    author = Contribution.objects.get(consultation=public).author
    accounts_actions.close_account(user=gone)
    expected = sorted((supporter, voter, both, follower, author), key=lambda user: user.pk)
    assert list(amendments.concerned(public)) == expected


def test_nobody_is_written_to_at_night(agent, public, monkeypatch):
    change(agent, public, decider="La commission permanente")
    at = dt.datetime.combine(f.today(), dt.time(7, 59), tzinfo=f.PARIS).astimezone(dt.UTC)
    monkeypatch.setattr(timezone, "now", lambda: at)
    tasks.announce_amendments()
    assert Ruleset.objects.get(version=2).told_at is None


def test_page_shows_the_rules_then_the_amendment(client, agent, public):
    address = f"{public.get_absolute_url()}regles/"
    before = client.get(address).content.decode()
    change(agent, public, decider="La commission permanente")
    after = client.get(address).content.decode()
    assert ("Rien n’a changé." in before, "La commission permanente" in before) == (True, False)
    assert ("Rien n’a changé." in after, "Le conseil municipal a été avancé." in after) == (False, True)
    assert Ruleset.objects.get(version=2).digest in after


def test_page_of_a_draft_is_for_agents(client, agent):
    row = draft()
    assert client.get(f"{row.get_absolute_url()}regles/").status_code == 404


def test_page_of_rules_frozen_elsewhere_says_so(client):
    row = f.make_consultation()
    html = client.get(f"{row.get_absolute_url()}regles/").content.decode()
    assert "tenue ailleurs" in html


@pytest.mark.parametrize(
    ("field", "rule"),
    [
        ("takes_contributions", lambda user, mine, other, at: rules.contribute_refusal(user, mine.consultation, at=at)),
        ("takes_positions", lambda user, mine, other, at: rules.position_refusal(user, other, at=at)),
        ("takes_comments", lambda user, mine, other, at: rules.comment_refusal(user, other, at=at)),
    ],
)
def test_act_that_is_closed_is_refused_in_words(field, rule):
    user, row = f.make_resident(), f.make_consultation()
    mine = f.make_contribution(consultation=row, author=user)
    other = f.make_contribution(consultation=row)
    assert rule(user, mine, other, timezone.now()) is None
    setattr(row, field, False)
    assert rule(user, mine, other, timezone.now()).code == "act_closed"
