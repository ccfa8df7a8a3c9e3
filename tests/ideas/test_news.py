"""The news that the author of an idea gives: once a week at most, public, told to those who follow it."""

import datetime as dt

import pytest
from django.db import transaction
from django.urls import reverse
from django.utils import timezone

from ideas import amending, tasks
from ideas.models import AuthorNews, Idea
from moderation import kinds
from moderation.models import Case
from mulhouse.errors import RefusedError
from notifications.models import Notification, Subscription
from tests import factories as f
from transparency.models import RegisterLine

pytestmark = pytest.mark.django_db


def refused(**given):
    with pytest.raises(RefusedError) as error:
        f.make_author_news(**given)
    return error.value.code


@pytest.mark.parametrize(
    ("change", "code"), [("stranger", "not_author"), ("withdrawn", "withdrawn"), ("hidden", "withdrawn")]
)
def test_news_are_refused_with_their_reason(change, code):
    idea = f.make_idea()
    author = f.make_resident() if change == "stranger" else idea.author
    if change != "stranger":
        Idea.objects.filter(pk=idea.pk).update(**{f"{change}_at": timezone.now()})
    assert refused(idea=idea, author=author) == code
    assert AuthorNews.objects.count() == 0


def test_news_come_once_in_seven_days_to_the_second():
    idea, at = f.make_idea(), timezone.now() - dt.timedelta(days=8)
    first = f.make_author_news(idea=idea, at=at)
    week = dt.timedelta(days=7)
    assert refused(idea=idea, at=at + week - dt.timedelta(seconds=1)) == "weekly"
    # Taking it back opens no second turn: it was told.
    amending.take_back(actor=idea.author, said=first, at=at)
    assert refused(idea=idea, at=at + week - dt.timedelta(seconds=1)) == "weekly"
    second = f.make_author_news(idea=idea, at=at + week)
    assert second.is_visible
    # Another idea has its own week.
    assert f.make_author_news(idea=f.make_idea(author=idea.author), at=at + week).is_visible


def test_news_that_moderation_refused_told_nobody_and_count_for_nothing():
    idea = f.make_idea()
    made = f.make_author_news(idea=idea)
    AuthorNews.objects.filter(pk=made.pk).update(released_at=None, refused_at=timezone.now())
    assert f.make_author_news(idea=idea).is_visible


def test_author_of_an_idea_that_is_gathered_gives_news_of_the_one_that_gathers():
    made = f.gather()
    second = made.members.order_by("pk").last().idea.author
    assert f.make_author_news(idea=made.parent, author=second).is_visible
    assert refused(idea=made.parent, author=f.make_resident()) == "not_author"
    # One week for all of them.
    assert refused(idea=made.parent, author=made.author) == "weekly"


def test_followers_are_told_once_and_the_author_is_not():
    idea, follower = f.make_idea(), f.make_resident()
    for person in (follower, idea.author):
        Subscription.objects.create(user=person, topic=idea.topic)
    made = f.make_author_news(idea=idea)
    for _ in range(2):
        tasks.tell_author_news(news_id=made.pk)
    tasks.sweep_gatherings()
    assert list(Notification.objects.values_list("user", "kind", "digest", "topic")) == [
        (follower.pk, "ideas.author_news", "daily", idea.topic)
    ]
    assert RegisterLine.objects.filter(act="idea.author_news").count() == 1


def test_sweep_tells_what_a_lost_task_did_not_and_nothing_that_is_gone():
    kept, gone = f.make_author_news(), f.make_author_news()
    for news in (kept, gone):
        Subscription.objects.create(user=f.make_resident(), topic=news.idea.topic)
    amending.take_back(actor=gone.author, said=gone, at=timezone.now())
    tasks.sweep_gatherings()
    assert list(Notification.objects.values_list("about", flat=True)) == [f"idea_author_news:{kept.reference}"]


def test_moderation_hides_and_gives_back(client):
    made = f.make_author_news(body="Mot secret.")
    kind = kinds.get(amending.NEWS_KIND)
    address = kind.url(made)
    assert "Mot secret." in client.get(address).content.decode()
    with transaction.atomic():
        kind.hide(kind.find(made.reference), timezone.now(), "3.1")
    response = client.get(address)
    assert (response.status_code, "Mot secret." in response.content.decode()) == (410, False)
    assert "Mot secret." not in client.get(made.idea.get_absolute_url()).content.decode()
    with transaction.atomic():
        kind.show(kind.find(made.reference))
        kind.mask(kind.find(made.reference), ["secret"])
    made.refresh_from_db()
    assert (made.is_visible, made.body_html) == (True, "<p>Mot (donnée personnelle masquée).</p>\n")


def test_journey_of_the_author(client):
    idea = f.make_idea()
    address = reverse("ideas:author_news_write", args=[idea.reference])
    assert client.get(address).status_code == 302
    f.sign_in(client, f.make_resident())
    assert client.get(address).status_code == 403
    f.sign_in(client, idea.author)
    assert address in client.get(idea.get_absolute_url()).content.decode()
    form = client.get(address)
    assert "signées comme votre idée" in form.content.decode()
    token = form.context["token"]
    assert client.post(address, {"body": " ", "jeton": token}).status_code == 422
    response = client.post(address, {"body": "Appelez le 06 12 34 56 78.", "jeton": token})
    assert (response.status_code, list(response.context["form"].masking)) == (422, ["body"])
    for _ in range(2):
        response = client.post(address, {"body": "Nous étions **vingt**.", "jeton": token})
    made = AuthorNews.objects.get()
    assert response["Location"] == reverse("ideas:author_news", args=[idea.reference, made.reference])
    assert "<strong>vingt</strong>" in client.get(response["Location"]).content.decode()
    assert client.get(address).status_code == 403
    withdraw = reverse("ideas:author_news_withdraw", args=[idea.reference, made.reference])
    assert client.get(withdraw).status_code == 200
    assert client.post(withdraw)["Location"] == idea.get_absolute_url()
    assert "vingt" not in client.get(idea.get_absolute_url()).content.decode()


@pytest.mark.parametrize("count", [1, 3])
def test_list_costs_the_same_however_many(client, django_assert_num_queries, count):
    idea = f.make_idea()
    for number in range(count):
        f.make_author_news(idea=idea, at=timezone.now() - dt.timedelta(days=7 * (count - number)))
    with django_assert_num_queries(3):
        response = client.get(reverse("ideas:author_news_list", args=[idea.reference]))
    assert len(response.context["lines"]) == count


def test_author_who_signs_by_district_is_not_named_by_news(client):
    district = f.make_district(name="Le Port")
    author = f.make_resident(public_name="Nadia B.")
    idea = f.make_idea(author=author, signature="district", district=district)
    made, named = f.make_author_news(idea=idea), f.make_author_news()
    for address in (
        reverse("ideas:author_news_list", args=[idea.reference]),
        reverse("ideas:author_news", args=[idea.reference, made.reference]),
    ):
        page = client.get(address).content.decode()
        assert ("Nadia B." in page, "Un habitant du quartier Le Port" in page) == (False, True)
    kind = kinds.get(amending.NEWS_KIND)
    assert (kind.signer(made), kind.signer(named)) == (None, named.author)


def test_author_of_an_original_signed_by_district_is_not_named_where_it_is_gathered(client):
    campaign = f.make_campaign()
    author = f.make_resident(public_name="Nadia B.")
    hidden = f.make_idea(campaign=campaign, author=author, signature="district")
    parent = f.gather(f.make_idea(campaign=campaign), hidden).parent
    f.make_author_news(idea=parent, author=author)
    page = client.get(reverse("ideas:author_news_list", args=[parent.reference])).content.decode()
    assert ("Nadia B." in page, "Un habitant de Mulhouse" in page) == (False, True)


def test_news_that_moderation_reads_first_waits_for_it(client):
    idea = f.make_idea(campaign=f.make_campaign(moderation="prior"))
    f.sign_in(client, idea.author)
    address = reverse("ideas:author_news_write", args=[idea.reference])
    assert client.post(address, {"body": "Nous étions vingt."}).status_code == 302
    made = AuthorNews.objects.get()
    case = Case.objects.get()
    assert (made.is_waiting, case.kind, case.subject) == (True, amending.HELD_KINDS[AuthorNews], made.reference)
