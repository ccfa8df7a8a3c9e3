import pytest
from django.db import transaction

from mulhouse import personal_data
from notifications import actions, outbox, subscriptions, topics
from notifications.models import OutboundMail, Subscription
from tests.concurrency import run_in_threads
from tests.factories import make_user

TOPIC = "test:les-quais"


@pytest.fixture(autouse=True)
def _topics():
    titles = {"les-quais": topics.Topic("Les quais", "/quais/")}
    topics.declare("test", titles.get)
    yield
    topics._kinds.pop("test")  # noqa: SLF001 (no app ever takes a kind back)


@pytest.mark.django_db(transaction=True)
def test_following_and_no_longer_following():
    user = make_user()

    assert subscriptions.is_following(user, TOPIC) is False
    assert (actions.follow(user=user, topic=TOPIC), actions.follow(user=user, topic=TOPIC)) == (True, False)
    assert subscriptions.is_following(user, TOPIC) is True
    assert subscriptions.is_following(user, "test:other") is False
    assert (actions.unfollow(user=user, topic=TOPIC), actions.unfollow(user=user, topic=TOPIC)) == (True, False)
    assert subscriptions.is_following(user, TOPIC) is False


@pytest.mark.django_db(transaction=True)
def test_twenty_clicks_make_one_subscription():
    user = make_user()
    results = run_in_threads(20, lambda number: actions.follow(user=user, topic=TOPIC))

    assert sorted(results) == [False] * 19 + [True]
    assert Subscription.objects.count() == 1


@pytest.mark.django_db(transaction=True)
def test_helpers_refuse_outside_a_transaction():
    user = make_user()
    for helper in (lambda: subscriptions.add(user, TOPIC), lambda: subscriptions.remove(user.pk, TOPIC)):
        with pytest.raises(RuntimeError):
            helper()


@pytest.mark.django_db
def test_followers_are_those_whose_account_is_open():
    first, second, closed, other = (make_user() for _number in range(4))
    closed.is_active = False
    closed.save()
    with transaction.atomic():
        for user in (second, first, closed):
            subscriptions.add(user, TOPIC)
        subscriptions.add(other, "test:other")

    assert list(subscriptions.followers(TOPIC)) == [first, second]


# --- The link in a mail ----------------------------------------------------------------------------------------------


def link_for(user, topic=TOPIC, **options):
    url = subscriptions.unsubscribe_url(user, topic, **options)
    return url.removeprefix("http://127.0.0.1:8000")


@pytest.fixture
def follower(db):
    user = make_user()
    with transaction.atomic():
        subscriptions.add(user, TOPIC)
    return user


@pytest.mark.django_db(transaction=True)
def test_the_link_asks_then_stops_the_mails_without_signing_in(client):
    user = make_user()
    actions.follow(user=user, topic=TOPIC)
    asked = client.get(link_for(user))

    assert subscriptions.is_following(user, TOPIC) is True
    assert "«\u00a0Les quais\u00a0»" in asked.content.decode()
    done = client.post(link_for(user))
    assert subscriptions.is_following(user, TOPIC) is False
    assert "Vous ne recevrez plus de courriel sur «\u00a0Les quais\u00a0»" in done.content.decode()
    assert client.post(link_for(user)).status_code == 200


@pytest.mark.django_db(transaction=True)
def test_a_mail_program_stops_them_in_one_click(client):
    """RFC 8058: a POST without cookie nor token, from the header of the mail."""
    user, other = make_user(), make_user()
    for person in (user, other):
        actions.follow(user=person, topic=TOPIC)
    from django.test import Client  # noqa: PLC0415 (one that checks tokens)

    program = Client(enforce_csrf_checks=True)
    response = program.post(link_for(user), {"List-Unsubscribe": "One-Click"})

    assert response.status_code == 200
    assert list(subscriptions.followers(TOPIC)) == [other]


def test_a_link_that_was_changed_is_not_found(client, follower):
    for link in (link_for(follower)[:-3] + "aa/", "/abonnements/arreter/abc/", link_for(follower).replace(":", "x")):
        lost = client.get(link)
        assert lost.status_code == 404
        assert 'href="/mon-espace/notifications/frequence/"' in lost.content.decode()
        assert client.post(link).status_code == 404
    assert subscriptions.is_following(follower, TOPIC) is True


def test_a_topic_that_exists_no_more_can_still_be_left(client, follower):
    response = client.get(link_for(follower, "gone:x"))

    assert response.status_code == 200
    assert "un sujet que vous suivez" in response.content.decode()


def test_the_link_speaks_the_language_of_the_mail(follower):
    assert link_for(follower, language="de").startswith("/de/abonnements/")


def test_what_can_be_followed_is_named():
    assert topics.describe(TOPIC) == topics.Topic("Les quais", "/quais/")
    assert (topics.describe("test:gone"), topics.describe("unknown:a")) == (None, None)


# --- What is known about a person ------------------------------------------------------------------------------------


def test_a_person_takes_away_and_erases_what_this_room_knows(follower):
    other = make_user()
    with transaction.atomic():
        subscriptions.add(other, TOPIC)
        for user, secret in ((follower, False), (follower, True), (other, False)):
            outbox.enqueue(kind="test", to=user.email, subject="Sujet", text="Texte", user=user, secret=secret)
    holdings = {holding.model: holding for holding in personal_data.holdings()}

    mails = list(holdings[OutboundMail].export(follower))
    assert [(mail["a"], mail["sujet"], mail["texte"]) for mail in mails] == [
        (follower.email, "Sujet", "Texte"),
        (follower.email, "Sujet", ""),
    ]
    assert [row["sujet_suivi"] for row in holdings[Subscription].export(follower)] == ["Les quais"]

    for model in (OutboundMail, Subscription):
        holdings[model].erase(follower)
    assert list(OutboundMail.objects.values_list("user", flat=True)) == [other.pk]
    assert list(Subscription.objects.values_list("user", flat=True)) == [other.pk]
