"""Those who sign an idea with its author: who may, what a stranger learns (nothing), what is kept of an address (little)."""

import datetime as dt

import pytest
from django.db import IntegrityError, transaction
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from ideas import actions, coauthors, invitations, supporting
from ideas.actions import Words
from ideas.models import CoAuthor, Idea, Support
from ideas.tasks import forget_invitations
from mulhouse.errors import DomainError
from notifications import subscriptions
from notifications.models import OutboundMail
from tests.concurrency import run_in_threads
from tests.factories import make_idea, make_resident, make_support, make_theme, make_user, sign_in
from transparency.models import RegisterLine

pytestmark = pytest.mark.django_db(transaction=True)

State = CoAuthor.State
FRIEND = "amie@example.org"


@pytest.fixture
def idea():
    return make_idea(author=make_resident(public_name="Autrice"))


@pytest.fixture
def friend():
    return make_user(email=FRIEND, public_name="Amie")


def invited(idea, email=FRIEND, **fields):
    invitation = coauthors.invite(actor=idea.author, idea=idea, email=email, at=timezone.now())
    CoAuthor.objects.filter(pk=invitation.pk).update(**fields)
    invitation.refresh_from_db()
    return invitation


def signing(idea, user, **fields):
    return CoAuthor.objects.create(
        idea=idea, user=user, state=State.ACCEPTED, invited_at=timezone.now(), answered_at=timezone.now(), **fields
    )


def refused(gesture):
    with pytest.raises(DomainError) as caught:
        gesture()
    return caught.value.code


def accepted(user, invitation, **fields):
    return coauthors.accept(actor=user, invitation=invitation, at=timezone.now(), **fields)


def mails(kind):
    return list(OutboundMail.objects.filter(kind=kind).order_by("created_at").values_list("to", flat=True))


def page(invitation):
    return reverse("ideas:invitation", args=[invitation.key])


def last_day(days):
    return timezone.now() - dt.timedelta(days=days)


# --- Inviting ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("fields", "code"),
    [
        ({"stage": "study"}, "studied"),
        ({"stage": "kept"}, "studied"),
        ({"withdrawn_at": dt.datetime(2026, 1, 1, tzinfo=dt.UTC)}, "withdrawn"),
        ({"hidden_at": dt.datetime(2026, 1, 1, tzinfo=dt.UTC)}, "withdrawn"),
    ],
)
def test_nobody_is_invited_to_what_does_not_gather_supports(idea, fields, code):
    Idea.objects.filter(pk=idea.pk).update(**fields)
    assert refused(lambda: invited(idea)) == code
    assert CoAuthor.objects.count() == 0


def test_the_author_alone_invites(idea, friend):
    for who in (friend, make_resident()):
        assert (
            refused(lambda who=who: coauthors.invite(actor=who, idea=idea, email="a@example.org", at=timezone.now()))
            == "not_author"
        )
    signing(idea, friend)
    assert (
        refused(lambda: coauthors.invite(actor=friend, idea=idea, email="a@example.org", at=timezone.now()))
        == "not_author"
    )
    type(idea.author).objects.filter(pk=idea.author.pk).update(blocked_until=timezone.now() + dt.timedelta(days=1))
    assert refused(lambda: invited(idea)) == "blocked"


def test_one_does_not_invite_oneself_nor_somebody_twice(idea):
    assert refused(lambda: invited(idea, idea.author.email.upper())) == "own"
    invited(idea)
    assert refused(lambda: invited(idea, " Amie@Example.org ")) == "invited"
    assert (CoAuthor.objects.count(), mails("ideas.coauthor_invited")) == (1, [FRIEND])


def test_five_sign_at_most_and_ten_are_asked_at_most(idea):
    for number in range(5):
        invited(idea, f"a{number}@example.org")
    assert refused(lambda: invited(idea, "b@example.org")) == "too_many"
    for number in range(5):
        CoAuthor.objects.update(state=State.DECLINED, email="")
        invited(idea, f"c{number}@example.org")
    CoAuthor.objects.update(state=State.DECLINED, email="")
    assert refused(lambda: invited(idea, "d@example.org")) == "too_many"
    assert len(mails("ideas.coauthor_invited")) == 10


def test_an_invitation_made_at_once_by_several_windows_is_one(idea):
    def ask(_number):
        try:
            invited(idea)
        except DomainError as error:
            return error.code
        return "done"

    assert sorted(run_in_threads(6, ask)) == ["done"] + ["invited"] * 5
    assert mails("ideas.coauthor_invited") == [FRIEND]


def test_those_invited_to_a_draft_are_written_to_when_it_is_public(friend):
    author = make_resident(public_name="Autrice")
    draft = make_idea(author=author, published=False, theme=make_theme())
    invitation = invited(draft, invited_at=last_day(3))
    assert (mails("ideas.coauthor_invited"), invitation.sent) == ([], 0)
    assert RegisterLine.objects.filter(act__startswith="idea.coauthor").count() == 0
    client = sign_in(Client(), friend)
    # Nobody reads a draft by its invitation.
    assert draft.title not in client.get(page(invitation)).content.decode()
    assert refused(lambda: accepted(friend, invitation)) == "withdrawn"
    actions.publish(actor=author, idea=draft, at=timezone.now())
    invitation.refresh_from_db()
    assert mails("ideas.coauthor_invited") == [FRIEND]
    assert (invitation.sent, invitation.invited_at > last_day(1)) == (1, True)


def test_the_mail_names_who_signed_with_a_name_only_and_leads_to_a_page_that_changes_nothing(idea, friend):
    invitation = invited(idea)
    text = OutboundMail.objects.get(kind="ideas.coauthor_invited").text
    assert ("Autrice" in text, page(invitation) in text) == (True, True)
    other = make_idea(author=make_resident(public_name="Discrète"), signature="district")
    invited(other)
    assert "Discrète" not in OutboundMail.objects.filter(kind="ideas.coauthor_invited").latest("created_at").text
    client = sign_in(Client(), friend)
    assert client.get(page(invitation)).status_code == 200
    assert client.get(reverse("ideas:invitation_accept", args=[invitation.key])).status_code == 405
    assert client.get(reverse("ideas:invitation_decline", args=[invitation.key])).status_code == 405
    invitation.refresh_from_db()
    assert (invitation.state, invitation.email) == (State.INVITED, FRIEND)


def test_an_invitation_is_sent_again_once(idea):
    invitation = invited(idea, invited_at=last_day(10))
    again = {"actor": idea.author, "invitation": invitation, "at": timezone.now()}
    assert refused(lambda: coauthors.resend(**{**again, "actor": make_resident()})) == "not_author"
    coauthors.resend(**again)
    assert refused(lambda: coauthors.resend(**again)) == "resent"
    invitation.refresh_from_db()
    assert (mails("ideas.coauthor_invited"), invitation.invited_at > last_day(1)) == ([FRIEND, FRIEND], True)


def test_a_cancelled_invitation_forgets_its_address_and_opens_no_more(idea, friend):
    invitation = invited(idea)
    assert refused(lambda: coauthors.cancel(actor=friend, invitation=invitation)) == "not_author"
    for _ in range(2):
        coauthors.cancel(actor=idea.author, invitation=invitation)
    invitation.refresh_from_db()
    assert (invitation.state, invitation.email) == (State.CANCELLED, "")
    assert refused(lambda: accepted(friend, invitation)) == "not_yours"


# --- Answering -------------------------------------------------------------------------------------------------------------


def test_a_stranger_learns_nothing_whatever_the_reason(idea, friend):
    """Somebody else's, unknown, expired, cancelled, refused: one page, and not a word of the idea."""
    stranger = sign_in(Client(), make_resident(public_name="Étrangère"))
    known = sign_in(Client(), friend)
    theirs = invited(idea)
    late = invited(make_idea(), invited_at=last_day(14))
    cancelled, declined = invited(make_idea()), invited(make_idea())
    CoAuthor.objects.filter(pk=cancelled.pk).update(state=State.CANCELLED, email="")
    CoAuthor.objects.filter(pk=declined.pk).update(state=State.DECLINED, email="")
    unknown = CoAuthor()
    tries = [(stranger, theirs), (stranger, unknown), (known, late), (known, cancelled), (known, declined)]
    responses = [client.get(page(row)) for client, row in tries]
    assert [response.status_code for response in responses] == [404] * 5
    main = [response.content.decode().split("<main")[1].split("</main")[0] for response in responses]
    assert len(set(main)) == 1
    assert (idea.title in main[0], FRIEND in main[0], "n’est pas pour ce compte" in main[0]) == (False, False, True)
    for client, row in tries:
        for route in ("invitation_accept", "invitation_decline"):
            expected = 302 if (route, row) == ("invitation_decline", declined) else 404 if row is unknown else 403
            assert client.post(reverse(f"ideas:{route}", args=[row.key])).status_code == expected
    assert CoAuthor.objects.accepted().count() == 0
    theirs.refresh_from_db()
    assert theirs.email == FRIEND


def test_an_address_that_is_not_confirmed_opens_nothing(idea, friend):
    invitation = invited(idea)
    friend.emailaddress_set.update(verified=False)
    assert refused(lambda: accepted(friend, invitation)) == "not_yours"


def test_a_visitor_signs_in_first(idea):
    invitation = invited(idea)
    response = Client().get(page(invitation))
    assert (response.status_code, page(invitation) in response["Location"]) == (302, True)


@pytest.mark.parametrize(
    ("fields", "code"),
    [
        ({"public_name": ""}, "public_name"),
        ({"blocked_until": dt.datetime(2100, 1, 1, tzinfo=dt.UTC)}, "blocked"),
        ({"limited_since": dt.datetime(2026, 1, 1, tzinfo=dt.UTC)}, "set_aside"),
    ],
)
def test_who_may_not_publish_does_not_sign(idea, friend, fields, code):
    invitation = invited(idea)
    type(friend).objects.filter(pk=friend.pk).update(**fields)
    assert refused(lambda: accepted(friend, invitation)) == code
    # They may always say no.
    coauthors.decline(actor=friend, invitation=invitation, at=timezone.now())
    invitation.refresh_from_db()
    assert invitation.state == State.DECLINED


def test_accepting_on_the_page_signs_forgets_the_address_and_follows(idea, friend):
    invitation = invited(idea)
    client = sign_in(Client(), friend)
    for _ in range(2):
        response = client.post(reverse("ideas:invitation_accept", args=[invitation.key]), {"follow": "1"})
        assert response["Location"] == idea.get_absolute_url()
    invitation.refresh_from_db()
    assert (invitation.state, invitation.user, invitation.email) == (State.ACCEPTED, friend, "")
    assert subscriptions.is_following(friend, idea.topic)
    assert invitations.names_of(idea) == ["Amie"]
    assert mails("ideas.coauthor_accepted") == [idea.author.email]
    assert RegisterLine.objects.filter(act="idea.coauthor_accepted").count() == 1
    assert FRIEND not in "".join(RegisterLine.objects.values_list("content", flat=True))


def test_a_coauthor_does_not_support_and_the_support_they_gave_is_taken_back(idea, friend):
    make_support(idea=idea, user=friend)
    make_support(idea=idea)
    accepted(friend, invited(idea))
    idea.refresh_from_db()
    assert (idea.declared_count, Support.objects.filter(person__user=friend).count()) == (1, 0)
    assert refused(lambda: supporting.support(actor=friend, idea=idea, at=timezone.now())) == "own"


def test_two_addresses_of_one_person_are_one_signature(idea, friend):
    friend.emailaddress_set.create(email="autre@example.org", verified=True)
    first, second = invited(idea), invited(idea, "autre@example.org")
    accepted(friend, first)
    accepted(friend, second)
    assert sorted(CoAuthor.objects.values_list("state", flat=True)) == ["accepted", "cancelled"]
    assert invitations.names_of(idea) == ["Amie"]


def test_refusing_keeps_nothing_of_who_it_was(idea, friend):
    invitation = invited(idea)
    client = sign_in(Client(), friend)
    for _ in range(2):
        assert client.post(reverse("ideas:invitation_decline", args=[invitation.key])).status_code == 302
    invitation.refresh_from_db()
    assert (invitation.state, invitation.user, invitation.email) == (State.DECLINED, None, "")
    assert RegisterLine.objects.filter(act="idea.coauthor_declined", actor__isnull=True).count() == 1
    assert (
        FRIEND
        not in sign_in(Client(), idea.author).get(reverse("ideas:coauthors", args=[idea.reference])).content.decode()
    )


def test_a_coauthor_signs_no_more_when_they_say_so(idea, friend):
    invitation = invited(idea)
    accepted(friend, invitation)
    client = sign_in(Client(), friend)
    assert "Ne plus signer cette idée" in client.get(page(invitation)).content.decode()
    client.post(reverse("ideas:invitation_decline", args=[invitation.key]))
    assert invitations.names_of(idea) == []
    # They may support it again.
    supporting.support(actor=make_resident(), idea=idea, at=timezone.now())


# --- The life of the idea ----------------------------------------------------------------------------------------------------


def test_withdrawing_an_idea_cancels_what_waits(idea, friend):
    invitation = invited(idea)
    actions.withdraw(actor=idea.author, idea=idea, at=timezone.now())
    invitation.refresh_from_db()
    assert (invitation.state, invitation.email) == (State.CANCELLED, "")
    assert refused(lambda: accepted(friend, invitation)) == "not_yours"


def test_coauthors_are_told_of_corrections_once_a_day_and_correct_nothing(idea, friend):
    signing(idea, friend)
    values = {name: getattr(idea, name) for name in ("need", "proposal", "signature", "theme")}
    for title in ("Des bancs à l’ombre", "Des bancs au soleil"):
        actions.correct(actor=idea.author, idea=idea, words=Words(title=title, **values), at=timezone.now())
    assert mails("ideas.coauthor_corrected") == [FRIEND]
    words = Words(title="Autre chose", **values)
    assert refused(lambda: actions.correct(actor=friend, idea=idea, words=words, at=timezone.now())) == "not_author"


def test_names_are_those_of_open_accounts_in_the_order_of_their_answers(idea, django_assert_num_queries):
    early, late, aside = (make_user(public_name=name) for name in ("Zoé", "Ali", "Cachée"))
    signing(idea, early)
    signing(idea, late)
    signing(idea, aside)
    type(aside).objects.filter(pk=aside.pk).update(limited_since=timezone.now())
    assert invitations.names_of(idea) == ["Zoé", "Ali"]
    rows = Idea.objects.annotate(coauthor_names=invitations.named())
    with django_assert_num_queries(1):
        assert [invitations.names_of(row) for row in rows] == [["Zoé", "Ali"]]


# --- What is kept --------------------------------------------------------------------------------------------------------------


def test_the_night_erases_the_addresses_of_who_did_not_answer_and_says_how_many(idea):
    sent = invited(idea, "a@example.org", invited_at=last_day(14))
    waiting = invited(idea, "b@example.org", invited_at=last_day(13))
    draft = make_idea(author=idea.author, published=False)
    invited(draft, "c@example.org", invited_at=last_day(15))
    for _ in range(2):
        forget_invitations()
    kept = list(CoAuthor.objects.order_by("pk").values_list("pk", "state", "email"))
    assert kept == [(sent.pk, "expired", ""), (waiting.pk, "invited", "b@example.org")]
    line = RegisterLine.objects.get(act="data.purged")
    assert '"adresses_invitees":2' in line.content.replace(" ", "")


def test_closing_an_account_takes_the_name_off_and_forgets_the_invitations(idea, friend):
    signing(make_idea(), friend)
    invited(idea)
    with transaction.atomic():
        coauthors.erase(user=friend)
    assert CoAuthor.objects.count() == 0
    invitation = invited(idea)
    with transaction.atomic():
        coauthors.erase(user=idea.author)
    invitation.refresh_from_db()
    assert (invitation.state, invitation.email) == (State.CANCELLED, "")


@pytest.mark.parametrize(
    "fields",
    [
        {"email": ""},
        {"state": "accepted"},
        {"state": "declined", "email": FRIEND},
        {"state": "expired", "email": FRIEND},
        {"email": FRIEND, "sent": 3},
    ],
)
def test_the_database_refuses_to_keep_more_than_it_must(idea, fields):
    with pytest.raises(IntegrityError):
        CoAuthor.objects.create(idea=idea, invited_at=timezone.now(), **fields)


# --- The author's page ---------------------------------------------------------------------------------------------------------


def test_the_page_of_the_author_is_theirs_alone(idea, friend):
    url = reverse("ideas:coauthors", args=[idea.reference])
    row = invited(idea)
    gestures = [reverse(f"ideas:coauthor_{name}", args=[idea.reference, row.pk]) for name in ("resend", "cancel")]
    client = sign_in(Client(), friend)
    assert client.get(url).status_code == 404
    assert [client.post(each).status_code for each in (url, *gestures)] == [404] * 3
    own = sign_in(Client(), idea.author)
    elsewhere = invited(make_idea())
    assert own.post(reverse("ideas:coauthor_cancel", args=[idea.reference, elsewhere.pk])).status_code == 404
    assert CoAuthor.objects.invited().count() == 2


def test_the_author_invites_sends_again_and_cancels_on_the_page(idea):
    url, client = reverse("ideas:coauthors", args=[idea.reference]), sign_in(Client(), idea.author)
    response = client.post(url, {"email": "pas une adresse"})
    assert (response.status_code, 'value="pas une adresse"' in response.content.decode()) == (422, True)
    assert client.post(url, {"email": FRIEND})["Location"] == url
    again = client.post(url, {"email": FRIEND})
    assert (again.status_code, "déjà invitée" in again.content.decode()) == (422, True)
    row = CoAuthor.objects.get()
    for name in ("resend", "resend", "cancel"):
        client.post(reverse(f"ideas:coauthor_{name}", args=[idea.reference, row.pk]))
    assert mails("ideas.coauthor_invited") == [FRIEND, FRIEND]
    row.refresh_from_db()
    assert row.state == State.CANCELLED
    Idea.objects.filter(pk=idea.pk).update(stage="study")
    assert client.post(url, {"email": "b@example.org"}).status_code == 403


@pytest.mark.parametrize("rows", [1, 3])
def test_the_pages_cost_the_same_however_many_sign(idea, friend, rows, django_assert_num_queries):
    for number in range(rows):
        signing(idea, make_user(public_name=f"Signataire {number}"))
    invitation = invited(idea)
    author, guest = sign_in(Client(), idea.author), sign_in(Client(), friend)
    url = reverse("ideas:coauthors", args=[idea.reference])
    author.get(url)
    guest.get(url)
    with django_assert_num_queries(4):
        author.get(url)
    with django_assert_num_queries(5):
        guest.get(page(invitation))
