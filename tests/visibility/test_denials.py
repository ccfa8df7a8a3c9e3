"""Who may do what to what: each gesture on each thing, tried by each sort of person, from the addresses of the site.

A gesture that is not theirs changes nothing: « not found » where existence is private, a refusal elsewhere. The gestures of staff,
each with the permission that opens it: tests/consultations/test_staff_pages.py, and here by role.
"""

import pytest
from django.contrib.auth.models import Group
from django.urls import reverse

from accounts.roles import ROLES
from consultations.models import Comment, Contribution, HeldText
from ideas.models import Amendment, Answer, AuthorNews, CoAuthor, Gathering, Idea
from ideas.models import Comment as IdeaComment
from ideas.models import HeldText as HeldIdeaText
from moderation.models import Block, Decision
from mulhouse import memory
from notifications.models import Notification
from privacy.models import DataRequest
from tests import factories as f
from tests.consultations.test_staff_pages import views
from tests.test_routes import OURS, ROUTES, address_of
from tests.visibility import hidden
from tests.visibility.undoing import counts, undone

pytestmark = pytest.mark.django_db

PERSONS = ("newcomer", "resident", "author", "proposer", "suspended", *ROLES, "no task")
MODERATING = {"moderator", "administrator"}


def author_of(city, what="draft of a contribution"):
    return hidden.author_of(city, what)


def become(client, city, who):
    """Sign in as a sort of person."""
    people = {
        "author": lambda: author_of(city),
        "proposer": lambda: author_of(city, "draft of an idea"),
        "suspended": lambda: author_of(city, "reason of a suspension"),
        "resident": lambda: f.make_resident(public_name="Voisine"),
        "newcomer": lambda: f.make_user(public_name="Nouveau"),
    }
    if who in people:
        person = people[who]()
    else:
        person = f.make_staff(public_name="Agent")
        person.groups.set(Group.objects.filter(name=who))
    f.sign_in(client, person)


def things(city):
    """Give, for each gesture on a thing, the thing, who may do it, what the others are answered, and what is sent.

    None for who may: everybody who is signed in, under the rules of the consultation.
    """
    author, suspended = author_of(city), author_of(city, "reason of a suspension")
    draft = Contribution.objects.filter(author=author, published_at=None, submitted_at=None).earliest("pk")
    public = Contribution.objects.visible().filter(author=author).earliest("pk")
    comment = Comment.objects.visible().filter(author=author, contribution=public).earliest("pk")
    held = HeldText.objects.waiting().filter(author=author, sort="comment").earliest("pk")
    proposer = author_of(city, "draft of an idea")
    begun = Idea.objects.filter(author=proposer, published_at=None, submitted_at=None).earliest("pk")
    idea = Idea.objects.visible().filter(author=proposer, stage="support").earliest("pk")
    waiting = HeldIdeaText.objects.waiting().filter(author=proposer, sort="comment").earliest("pk")
    decision = Decision.objects.filter(author__isnull=False, appeal=None).exclude(author=suspended).earliest("pk")
    slug = city.base.open.slug
    own, text = [slug, draft.reference], [slug, public.reference]
    said = [*text, comment.reference]
    basket = city.base.campaign_votes[1]
    asked, vote = city.base.asked[1].reference, city.base.votes[1].votation.reference
    words = {"words": "Non.", "body": "Un mot.", "stance": "for", "position": "agree"}
    own_idea, remark = [idea.reference], IdeaComment.objects.visible().filter(author=proposer, idea=idea).earliest("pk")
    answered = Answer.objects.public().filter(idea__author=proposer, reaction=None).earliest("pk").idea
    change = Amendment.objects.public().filter(author=author, idea=idea).earliest("pk")
    news = AuthorNews.objects.public().filter(author=proposer).earliest("pk")
    invited = [idea.reference, CoAuthor.objects.invited().filter(idea=idea).earliest("pk").pk]
    gatherings = Gathering.objects.filter(author=proposer)
    asked_of = gatherings.waiting().filter(released_at__isnull=False).earliest("pk")
    agrees = {"idee": asked_of.members.filter(idea__author=proposer).get().idea.reference, "reponse": "oui"}
    opened = gatherings.open().filter(parent__in=Idea.objects.visible()).earliest("pk").reference
    return {
        **{f"consultations:{name}": (own, {"author"}, 404, {}) for name in ("draft", "check", "discard")},
        **{f"consultations:{name}": (text, {"author"}, 404, {}) for name in ("edit", "withdraw")},
        "consultations:withdraw_comment": (said, {"author"}, 403, {}),
        **{f"consultations:{name}": ([held.reference], {"author"}, 404, {}) for name in ("held", "held_take_back")},
        **{
            f"ideas:{name}": ([begun.reference], {"proposer"}, 404, {})
            for name in ("draft", "duplicates", "preview", "photos", "discard")
        },
        **{f"ideas:{name}": ([idea.reference], {"proposer"}, 404, {}) for name in ("correct", "withdraw")},
        **{f"ideas:{name}": ([waiting.reference], {"proposer"}, 404, {}) for name in ("held", "held_take_back")},
        "ideas:withdraw_comment": ([*own_idea, remark.reference], {"proposer"}, 403, {}),
        "ideas:react": ([answered.reference], {"proposer"}, 404, {}),
        "ideas:withdraw_reaction": (own_idea, {"proposer"}, 404, {}),
        "ideas:coauthors": (own_idea, {"proposer"}, 404, {}),
        **{f"ideas:coauthor_{name}": (invited, {"proposer"}, 404, {}) for name in ("resend", "cancel")},
        "ideas:amendment_answer": ([*own_idea, change.reference], {"proposer"}, 403, {}),
        "ideas:amendment_withdraw": ([*own_idea, change.reference], {"author"}, 403, {}),
        "ideas:author_news_write": ([answered.reference], {"proposer"}, 403, {}),
        "ideas:author_news_withdraw": ([news.idea.reference, news.reference], {"proposer"}, 403, {}),
        "ideas:gather": (own_idea, {"proposer"}, 403, {}),
        "ideas:gathering_answer": ([asked_of.reference], {"proposer"}, 404, agrees),
        "ideas:gathering_cancel": ([asked_of.reference], {"proposer"}, 404, {}),
        "ideas:gathering_leave": ([opened], {"proposer"}, 404, {}),
        # Who supported one of the ideas.
        "ideas:carry": ([opened], {"author"}, 403, {"compte": "oui"}),
        # Near the end of its time alone: tests/ideas/test_own.py.
        "ideas:renew": ([idea.reference], None, 0, {}),
        # Somebody else's: none of these people is its author.
        "moderation:own_decision": ([decision.reference], set(), 404, words),
        "moderation:own_block": ([Block.objects.get().reference], {"suspended"}, 404, words),
        "notifications:read": ([Notification.objects.earliest("pk").pk], set(), 404, {}),
        # One's own text is not reported, and its comments are not supported by who wrote them.
        "moderation:report": (["contribution", public.reference], {*PERSONS} - {"author"}, 403, {}),
        **{f"consultations:{name}": (said, LIVING_HERE, 403, {}) for name in ("support", "unsupport")},
        # Of the others, a part of the page asks what is missing: where one lives, a name.
        **{f"consultations:{name}": (text, None, 0, words) for name in ("position", "comments")},
        **{f"consultations:{name}": ([slug], None, 0, {}) for name in ("follow", "contribute")},
        **{
            f"consultations:questionnaire_{name}": ([slug, asked], None, 0, {}) for name in ("start", "check", "resume")
        },
        "consultations:questionnaire_page": ([slug, asked, 1], None, 0, {}),
        **{f"ideas:{name}": ([idea.reference], None, 0, {}) for name in ("support", "withdraw_support", "follow")},
        **{f"ideas:{name}": (own_idea, None, 0, words) for name in ("comments", "amend")},
        "consultations:cast_vote": ([slug, vote], None, 0, {}),
        "consultations:receipt": ([slug, vote], None, 0, {}),
        **{
            f"ideas:{name}": ([basket.campaign.slug, basket.votation.reference], None, 0, {})
            for name in ("cast_vote", "receipt")
        },
        "privacy:request": ([DataRequest.objects.earliest("pk").reference], None, 0, {}),
    }


LIVING_HERE = {"resident", "proposer", "suspended"}
# Moderators read what waits, and who gathers ideas for the city what is proposed to their authors: they may not change it.
READING = {
    **{f"{room}:{name}": MODERATING for room in ("consultations", "ideas") for name in ("held", "held_take_back")},
    **{f"ideas:gathering_{name}": hidden.GATHERERS | MODERATING for name in ("answer", "cancel", "leave")},
}
# What is named by a key that only a mail or a session holds, or by one's own keys of sign-in: tests/accounts, tests/notifications.
BY_A_KEY = {
    "accounts:data_file",
    "commitments:follow",
    "ideas:invitation_accept",
    "ideas:invitation_decline",
    "mfa_edit_webauthn",
    "mfa_remove_webauthn",
    "notifications:unsubscribe",
}


def test_every_gesture_on_a_thing_is_tried(client, city):
    """A new form on a thing is added to the table, or said to be elsewhere."""
    become(client, city, "resident")
    taking = {name for name, access in OURS.items() if access in {"public", "resident"} and ROUTES[name][1]}
    posted = {name for name in taking if answers(client, address_of(name)) != 405}
    assert posted == {*things(city), *BY_A_KEY}


def answers(client, address, sent=None):
    """Send a form and take it back; give the answer."""
    memory.client().flushdb()  # nobody asks all of this in a minute
    with undone():
        return client.post(address, sent or {}).status_code


def test_visitor_is_led_to_sign_in_before_any_gesture_of_residents(client, city):
    before, opened = counts(), []
    for name, (args, *_rest, sent) in things(city).items():
        if OURS[name] == "resident":
            response = client.post(reverse(name, args=args), sent)
            if response.status_code != 302 or not response["Location"].startswith(reverse("account_login")):
                opened.append(name)
    assert opened == []
    assert counts() == before


@pytest.mark.parametrize("who", PERSONS)
def test_a_gesture_that_is_not_theirs_changes_nothing(client, city, who):
    become(client, city, who)
    before, wrong = counts(), {}
    for name, (args, allowed, refused, sent) in things(city).items():
        if allowed is None:
            continue
        memory.client().flushdb()
        with undone():
            status = client.post(reverse(name, args=args), sent).status_code
            changed = {table for table, number in counts().items() if number != before[table]}
        if who in allowed:
            is_right = status not in {403, 404}
        else:
            expected = 403 if who in READING.get(name, ()) else refused
            is_right = status == expected and not changed
        if not is_right:
            wrong[name] = (status, sorted(changed))
    assert wrong == {}


@pytest.mark.parametrize("who", [*ROLES, "no task"])
def test_each_page_and_gesture_of_staff_is_for_the_roles_that_hold_its_permission(client, city, who):
    become(client, city, who)
    known, held = views(), ROLES[who].permissions if who in ROLES else frozenset()
    before, wrong = counts(), {}
    for name, addresses in city.base.addresses().items():
        view = known.get(f"consultations_consultation_{name}") or known.get(name)
        access = getattr(view, "access", None)
        if access is None or access in held:
            continue
        for address in addresses[:1]:
            if (status := answers(client, address)) != 403:
                wrong[name] = status
    assert wrong == {}
    assert counts() == before
