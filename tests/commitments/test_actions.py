"""Every change of a commitment is a dated public event, on the register and in the mail of who follows; a draft is nobody's business."""

import datetime as dt
import json

import pytest
from django.db import DatabaseError, IntegrityError, transaction
from django.utils import timezone

from commitments import actions, tasks
from commitments.hosts import Host
from commitments.models import Commitment, CommitmentNews
from mulhouse.errors import DomainError
from notifications.models import OutboundMail, Subscription
from tests.commitments.rows import AGENT, make_commitment, make_news
from tests.concurrency import run_in_threads
from tests.factories import make_resident, make_service, make_staff, make_user, today
from transparency.models import RegisterLine

pytestmark = pytest.mark.django_db
HOST = Host(title="Quais du canal", url="/concertations/quais/", topic="consultation:quais")


@pytest.fixture
def agent(db):
    return make_staff(*AGENT)


def values(**changes):
    return {
        "title": "Planter douze tilleuls",
        "description": "Douze tilleuls place de la Paix.",
        "service": make_service(),
        "due_on": today() + dt.timedelta(days=60),
        "source_title": "Réunion publique",
        "source_url": "",
        **changes,
    }


def last_line():
    line = RegisterLine.objects.order_by("-number").first()
    return line.act, line.role, line.subject, json.loads(line.content)["faits"]


def code_of(call):
    with pytest.raises(DomainError) as caught:
        call()
    return caught.value.code


def follow(topic, **fields):
    user = make_user(**fields)
    Subscription.objects.create(user=user, topic=topic)
    return user


# --- Denials ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "who",
    [make_resident, make_staff, lambda: make_staff("commitments.view_commitment")],
    ids=["resident", "staff", "reader"],
)
def test_others_write_nothing(who):
    user, row, at = who(), make_commitment(), timezone.now()
    draft = make_commitment(published_at=None)
    calls = [
        lambda: actions.create(actor=user, values=values()),
        lambda: actions.save(actor=user, commitment=row, values={"title": "Autre"}, seen=row.version, at=at),
        lambda: actions.publish(actor=user, commitment=draft, at=at),
        lambda: actions.add_news(actor=user, commitment=row, text="Fait.", state="done", happened_on=today(), at=at),
        lambda: actions.change_due_date(
            actor=user, commitment=row, due_on=today(), reason="Retard du chantier.", at=at
        ),
        lambda: actions.delete_draft(actor=user, commitment=draft),
    ]
    before = RegisterLine.objects.count()
    assert [code_of(call) for call in calls] == ["not_allowed"] * 6
    assert RegisterLine.objects.count() == before


def test_writing_is_not_publishing():
    """Who writes drafts does not speak for the city."""
    writer, row = make_staff("commitments.change_commitment"), make_commitment(published_at=None)
    assert code_of(lambda: actions.publish(actor=writer, commitment=row, at=timezone.now())) == "not_allowed"


def test_public_words_are_changed_by_who_speaks_for_the_city():
    """They are news for everybody who follows: writing drafts is not enough."""
    writer, row = make_staff("commitments.change_commitment"), make_commitment()
    call = lambda: actions.save(  # noqa: E731 (asked below)
        actor=writer, commitment=row, values={"title": "Autre"}, seen=row.version, reason="Oubli.", at=timezone.now()
    )
    assert code_of(call) == "not_allowed"
    assert (Commitment.objects.get().title, CommitmentNews.objects.count()) == (row.title, 0)


# --- Drafts and publication ------------------------------------------------------------------------------------------


def test_draft_leaves_a_line_that_names_nothing(agent):
    row = actions.create(actor=agent, values=values(), host=HOST)
    assert (row.source_title, row.source_url, row.topic) == (HOST.title, HOST.url, HOST.topic)
    assert row.first_due_on == row.due_on
    assert last_line() == ("commitment.draft", "agent", "", {})


def test_draft_changes_its_day_freely(agent):
    row = actions.create(actor=agent, values=values())
    later = today() + dt.timedelta(days=90)
    actions.save(actor=agent, commitment=row, values={"due_on": later}, seen=row.version, at=timezone.now())
    row.refresh_from_db()
    assert (row.due_on, row.first_due_on) == (later, later)
    assert CommitmentNews.objects.count() == 0


def test_publication_is_the_first_news(agent, django_capture_on_commit_callbacks):
    row, at = make_commitment(published_at=None, topic=HOST.topic), timezone.now()
    news = actions.publish(actor=agent, commitment=row, at=at)
    row.refresh_from_db()
    assert (row.published_at, row.news_at, news.kind, news.state) == (at, at, "published", "planned")
    assert last_line() == (
        "commitment.published",
        "agent",
        row.reference,
        {
            "titre": row.title,
            "service": row.service.name,
            "echeance": row.due_on.isoformat(),
            "source": row.source_title,
        },
    )
    assert code_of(lambda: actions.publish(actor=agent, commitment=row, at=at)) == "published"


def test_a_draft_has_no_news(agent):
    row, at = make_commitment(published_at=None), timezone.now()
    assert (
        code_of(
            lambda: actions.add_news(
                actor=agent, commitment=row, text="Fait.", state="done", happened_on=today(), at=at
            )
        )
        == "not_published"
    )


def test_public_commitment_is_never_deleted(agent):
    row = make_commitment()
    assert code_of(lambda: actions.delete_draft(actor=agent, commitment=row)) == "published"


def test_public_words_change_with_a_reason_only(agent):
    row = make_commitment()
    call = lambda reason: actions.save(  # noqa: E731 (said twice)
        actor=agent,
        commitment=Commitment.objects.get(pk=row.pk),
        values={"title": "Planter dix tilleuls"},
        seen=row.version,
        reason=reason,
        at=timezone.now(),
    )
    assert code_of(lambda: call("")) == "reason"
    row.refresh_from_db()
    call("Deux arbres existent déjà.")
    act, _role, subject, facts = last_line()
    assert (act, subject, facts["motif"]) == ("commitment.changed", row.reference, "Deux arbres existent déjà.")
    assert facts["changements"] == [
        {"champ": "titre", "avant": "Planter douze tilleuls", "apres": "Planter dix tilleuls"}
    ]


def test_new_words_are_dated_news_told_to_followers(agent):
    old, new = make_service(), make_service()
    row, at = make_commitment(service=old, state="in_progress", topic=HOST.topic), timezone.now()
    reader = follow(row.own_topic)
    actions.save(
        actor=agent,
        commitment=row,
        values={"title": "Planter dix tilleuls", "description": row.description, "service": new},
        seen=row.version,
        reason=" Deux arbres existent déjà. ",
        at=at,
    )
    news = CommitmentNews.objects.get()
    assert (news.kind, news.state, news.happened_on, news.published_at) == ("words", "in_progress", today(), at)
    assert news.text == "Deux arbres existent déjà."
    assert news.changes == [
        {"field": "title", "before": "Planter douze tilleuls", "after": "Planter dix tilleuls"},
        {"field": "service", "before": old.name, "after": new.name},
    ]
    row.refresh_from_db()
    assert (row.news_at, row.service) == (at, new)
    assert last_line()[3]["nouvelle"] == news.reference
    for _ in range(2):
        tasks.tell_news(news_id=news.pk)
    mail = OutboundMail.objects.get(kind="commitments.news")
    assert (mail.user, mail.subject) == (reader, "Texte modifié : Planter dix tilleuls")
    for words in ("Deux arbres existent déjà.", "Planter douze tilleuls", "Planter dix tilleuls", old.name, new.name):
        assert words in mail.text
        assert words in mail.html


def test_the_same_words_are_no_news(agent):
    row = make_commitment()
    actions.save(
        actor=agent, commitment=row, values={"title": row.title}, seen=row.version, reason="Rien.", at=timezone.now()
    )
    assert (CommitmentNews.objects.count(), RegisterLine.objects.filter(act="commitment.changed").count()) == (0, 0)


@pytest.mark.parametrize("fields", [{"kind": "words"}, {"changes": [{"field": "title", "before": "a", "after": "b"}]}])
def test_database_wants_what_changed_with_new_words_only(fields):
    row = make_commitment()
    with pytest.raises(IntegrityError, match="commitment_news_changes"), transaction.atomic():
        make_news(row, **fields)


def test_two_agents_never_overwrite_each_other(agent):
    row = make_commitment()
    seen = row.version
    actions.save(
        actor=agent, commitment=row, values={"title": "Premier"}, seen=seen, reason="Précision.", at=timezone.now()
    )
    second = lambda: actions.save(  # noqa: E731 (said once, asked below)
        actor=agent, commitment=row, values={"title": "Second"}, seen=seen, reason="Précision.", at=timezone.now()
    )
    assert code_of(second) == "stale"


# --- News ------------------------------------------------------------------------------------------------------------


def test_news_changes_the_state_on_its_day(agent):
    row, at, day = make_commitment(state="in_progress"), timezone.now(), today() - dt.timedelta(days=2)
    news = actions.add_news(
        actor=agent, commitment=row, text="Les **tilleuls** sont là.", state="done", happened_on=day, at=at
    )
    row.refresh_from_db()
    assert (row.state, row.closed_on, row.news_at) == ("done", day, at)
    assert news.text_html == "<p>Les <strong>tilleuls</strong> sont là.</p>\n"
    assert last_line() == (
        "commitment.news",
        "agent",
        row.reference,
        {"etat": "done", "date": day.isoformat(), "nouvelle": news.reference},
    )


@pytest.mark.parametrize(("kind", "state"), [("progress", "done"), ("due_date", "done"), ("progress", "abandoned")])
def test_nothing_is_over_before_a_day_on_which_the_city_said_it_was_not(agent, kind, state):
    """Else a day in the past, chosen by the agent, makes what is late « dans les temps »."""
    row, day = make_commitment(state="in_progress"), today() - dt.timedelta(days=5)
    dates = {"due_before": day, "due_after": today()} if kind == "due_date" else {}
    make_news(row, kind=kind, happened_on=day, **dates)
    close = {"actor": agent, "commitment": row, "text": "Fini.", "state": state, "at": timezone.now()}
    assert code_of(lambda: actions.add_news(**close, happened_on=day - dt.timedelta(days=1))) == "before"
    row.refresh_from_db()
    assert (row.state, row.closed_on) == ("in_progress", None)
    actions.add_news(**close, happened_on=day)
    row.refresh_from_db()
    assert row.closed_on == day


def test_news_of_work_that_goes_on_may_tell_an_older_day(agent):
    row = make_commitment(state="in_progress")
    make_news(row, happened_on=today())
    news = actions.add_news(
        actor=agent,
        commitment=row,
        text="Le sol était gelé.",
        state="in_progress",
        happened_on=today() - dt.timedelta(days=9),
        at=timezone.now(),
    )
    assert news.happened_on == today() - dt.timedelta(days=9)


def test_reopened_commitment_is_no_longer_closed(agent):
    row = make_commitment(state="done")
    actions.add_news(
        actor=agent, commitment=row, text="À refaire.", state="in_progress", happened_on=today(), at=timezone.now()
    )
    row.refresh_from_db()
    assert (row.state, row.closed_on) == ("in_progress", None)


@pytest.mark.parametrize(("text", "days", "code"), [("  ", 0, "text"), ("Fait.", 1, "future")])
def test_news_says_what_is_done(agent, text, days, code):
    row, day = make_commitment(), today() + dt.timedelta(days=days)
    call = lambda: actions.add_news(  # noqa: E731 (asked below)
        actor=agent, commitment=row, text=text, state="abandoned", happened_on=day, at=timezone.now()
    )
    assert code_of(call) == code


def test_database_wants_words_for_a_photo():
    row = make_commitment()
    with pytest.raises(IntegrityError, match="commitment_news_photo_alt"), transaction.atomic():
        make_news(row, photo="engagements/a.webp")


def test_new_day_is_public_dated_and_reasoned(agent):
    row, at = make_commitment(due_in=-3), timezone.now()
    before, after = row.due_on, today() + dt.timedelta(days=40)
    call = lambda reason: actions.change_due_date(  # noqa: E731 (said twice)
        actor=agent, commitment=row, due_on=after, reason=reason, at=at
    )
    assert code_of(lambda: call(" ")) == "reason"
    news = call("Le fournisseur a du retard.")
    row.refresh_from_db()
    assert (row.due_on, row.first_due_on) == (after, before)
    assert (news.kind, news.due_before, news.due_after) == ("due_date", before, after)
    assert last_line()[0::3] == (
        "commitment.due_date_changed",
        {"avant": before.isoformat(), "apres": after.isoformat(), "motif": "Le fournisseur a du retard."},
    )
    assert code_of(lambda: call("Encore.")) == "same"


def test_day_of_what_is_over_stays(agent):
    row = make_commitment(state="abandoned")
    call = lambda: actions.change_due_date(  # noqa: E731 (asked below)
        actor=agent, commitment=row, due_on=today(), reason="Oubli.", at=timezone.now()
    )
    assert code_of(call) == "over"


# --- Mails -----------------------------------------------------------------------------------------------------------


def test_followers_of_both_are_told_once(agent):
    row = make_commitment(topic=HOST.topic)
    both = follow(row.own_topic)
    Subscription.objects.create(user=both, topic=HOST.topic)
    others = [follow(HOST.topic), follow(row.own_topic, language="de")]
    follow("consultation:autre")
    follow(row.own_topic, is_active=False)
    news = actions.add_news(
        actor=agent, commitment=row, text="C’est planté.", state="done", happened_on=today(), at=timezone.now()
    )
    for _ in range(2):
        tasks.tell_news(news_id=news.pk)
    mails = OutboundMail.objects.filter(kind="commitments.news")
    assert sorted(mail.to for mail in mails) == sorted(user.email for user in (both, *others))
    assert CommitmentNews.objects.get(pk=news.pk).told_at is not None
    assert f"/de/engagements/{row.reference}/" in mails.get(user=others[1]).text


def test_mail_says_what_happened_and_how_to_stop(agent):
    row = make_commitment(title="Planter douze tilleuls")
    user = follow(row.own_topic)
    news = actions.change_due_date(
        actor=agent, commitment=row, due_on=today() + dt.timedelta(days=90), reason="Gel tardif.", at=timezone.now()
    )
    tasks.tell_news(news_id=news.pk)
    mail = OutboundMail.objects.get(user=user)
    assert mail.subject == "Nouvelle échéance : Planter douze tilleuls"
    assert "Gel tardif." in mail.text
    assert "List-Unsubscribe" in mail.headers


def test_sweep_tells_what_a_lost_task_did_not():
    row = make_commitment()
    user = follow(row.own_topic)
    now = timezone.now()
    make_news(row, told_at=None, published_at=now - tasks.PATIENCE - dt.timedelta(seconds=1))
    make_news(row, told_at=None, published_at=now)
    tasks.sweep_news()
    assert [mail.user for mail in OutboundMail.objects.filter(kind="commitments.news")] == [user]
    assert CommitmentNews.objects.filter(told_at=None).count() == 1


@pytest.mark.django_db(transaction=True)
def test_two_workers_tell_each_follower_once():
    row = make_commitment()
    for _ in range(5):
        follow(row.own_topic)
    news = make_news(row, told_at=None)
    results = run_in_threads(4, lambda _number: tasks.tell_news(news_id=news.pk))
    assert results == [None] * 4
    assert OutboundMail.objects.filter(kind="commitments.news").count() == 5


@pytest.mark.django_db
@pytest.mark.parametrize(
    "change", [{"text": "Autre chose."}, {"happened_on": dt.date(2020, 1, 1)}, {"state": "done"}, {"told_at": None}]
)
def test_news_are_never_rewritten(change):
    news = make_news(make_commitment())
    with pytest.raises(DatabaseError), transaction.atomic():
        CommitmentNews.objects.filter(pk=news.pk).update(**change)
    with pytest.raises(DatabaseError), transaction.atomic():
        CommitmentNews.objects.filter(pk=news.pk).delete()


@pytest.mark.django_db
def test_that_news_were_told_is_kept_once():
    news = make_news(make_commitment(), told_at=None)
    assert actions.finish_telling(news=news, at=timezone.now()) is True
    assert actions.finish_telling(news=news, at=timezone.now()) is False
    with pytest.raises(DatabaseError), transaction.atomic():
        CommitmentNews.objects.filter(pk=news.pk).update(told_at=timezone.now())
