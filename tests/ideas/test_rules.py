"""Who may do what in the idea box, said in a sentence: each rule by table, denials first."""

import datetime as dt

import pytest
from django.contrib.auth.models import AnonymousUser
from django.utils import timezone

from accounts.models import Residency
from ideas import rules
from ideas.models import HeldText, Idea, Photo
from tests import factories as f

pytestmark = pytest.mark.django_db
DAY = dt.timedelta(days=1)


def code(refusal):
    return refusal.code if refusal else None


def visitor():
    return AnonymousUser()


def edition(**fields):
    days = {"opens_on": f.today() - 5 * DAY, "closes_on": f.today() + 5 * DAY, "supports_end_on": f.today() + 30 * DAY}
    return f.make_campaign(kind="edition", **{**days, **fields})


# --- Depositing ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        ({"published_at": None}, "not_published"),
        ({"opens_on": f.today() + DAY}, "not_open"),
        ({"opens_on": f.today()}, None),
        ({"opens_on": f.today() - 9 * DAY, "closes_on": f.today() - DAY}, "closed"),
        ({"closes_on": f.today()}, None),
    ],
)
def test_a_campaign_takes_ideas_between_its_days_included(fields, expected):
    campaign = edition(**fields) if "closes_on" in fields else f.make_campaign(**fields)
    assert code(rules.campaign_refusal(campaign, at=timezone.now())) == expected


def test_a_campaign_ends_at_midnight_in_mulhouse():
    campaign = edition(
        closes_on=dt.date(2026, 3, 28), opens_on=dt.date(2026, 3, 1), supports_end_on=dt.date(2026, 6, 1)
    )
    midnight = dt.datetime(2026, 3, 29, tzinfo=f.PARIS)
    assert code(rules.campaign_refusal(campaign, at=midnight - dt.timedelta(seconds=1))) is None
    assert code(rules.campaign_refusal(campaign, at=midnight)) == "closed"


def test_refusals_of_a_campaign_say_when():
    at = timezone.now()
    late = edition(opens_on=f.today() - 9 * DAY, closes_on=f.today() - DAY)
    assert str((f.today() - DAY).year) in rules.campaign_refusal(late, at=at).message
    assert "à partir du" in rules.campaign_refusal(f.make_campaign(opens_on=f.today() + DAY), at=at).message


@pytest.mark.parametrize(
    ("who", "fields", "expected"),
    [
        (visitor, {}, "sign_in"),
        (f.make_user, {}, "residency_missing"),
        (f.make_resident, {"residency_level": "verified"}, "residency_unverified"),
        (lambda: f.make_resident(verified=True), {"residency_level": "verified"}, None),
        (f.make_resident, {"minimum_age": 16}, "birth_year_missing"),
        (lambda: f.make_resident(birth_year=f.today().year - 10), {"minimum_age": 16}, "too_young"),
        (lambda: f.make_resident(birth_year=f.today().year - 40), {"minimum_age": 16}, None),
        (lambda: f.make_resident(blocked_until=timezone.now() + DAY), {}, "blocked"),
        (f.make_resident, {}, None),
    ],
)
def test_who_may_deposit(who, fields, expected):
    at = timezone.now()
    assert code(rules.deposit_refusal(who(), f.make_campaign(**fields), at=at)) == expected


def test_an_old_declaration_is_asked_again():
    person, campaign, at = f.make_resident(), f.make_campaign(), timezone.now()
    assert code(rules.deposit_refusal(person, campaign, at=at)) is None
    Residency.objects.filter(user=person).delete()
    assert code(rules.deposit_refusal(person, campaign, at=at)) == "residency_missing"


@pytest.mark.parametrize(
    ("who", "fields", "is_named", "expected"),
    [
        (lambda: f.make_user(public_name=""), {"minimum_age": 16}, True, ["public_name", "district", "birth_year"]),
        (lambda: f.make_user(public_name=""), {"minimum_age": 16}, False, ["district", "birth_year"]),
        (f.make_resident, {"residency_level": "verified"}, True, []),
        (f.make_resident, {}, True, []),
    ],
)
def test_what_is_asked_beside_the_act(who, fields, is_named, expected):
    campaign = f.make_campaign(**fields)
    assert rules.missing_profile(who(), campaign, is_named=is_named, at=timezone.now()) == expected


# --- Drafts ----------------------------------------------------------------------------------------------------------


def make_draft(author, **fields):
    return f.make_idea(published=False, author=author, **{"theme": f.make_theme(), **fields})


def test_a_draft_is_its_author_s_until_it_is_handed_in():
    author = f.make_resident()
    draft = make_draft(author)
    assert [code(rules.draft_refusal(who, draft)) for who in (visitor(), f.make_resident(), author)] == [
        "not_author",
        "not_author",
        None,
    ]
    assert code(rules.draft_refusal(author, f.make_idea(author=author))) == "published"
    assert code(rules.draft_refusal(author, make_draft(author, submitted_at=timezone.now()))) == "held"


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        ({"theme": None}, "unfinished"),
        ({"title": " "}, "unfinished"),
        ({"need": ""}, "unfinished"),
        ({"proposal": "\n"}, "unfinished"),
        ({"behalf": "association"}, "behalf"),
        ({"behalf": "council", "behalf_name": "Conseil des jeunes"}, None),
        ({}, None),
    ],
)
def test_what_a_published_idea_must_say(fields, expected):
    author = f.make_resident()
    draft = make_draft(author, **fields)
    assert code(rules.publish_refusal(author, draft, at=timezone.now())) == expected


def test_a_named_idea_needs_a_name():
    author = f.make_resident(public_name="")
    found = [make_draft(author, signature=signature) for signature in ("name", "district")]
    at = timezone.now()
    assert [code(rules.publish_refusal(author, draft, at=at)) for draft in found] == ["public_name", None]


@pytest.mark.parametrize(
    ("alt", "is_decorative", "expected"), [("", False, "undescribed"), ("", True, None), ("Une rue", False, None)]
)
def test_each_photo_is_described(alt, is_decorative, expected):
    author = f.make_resident()
    draft = make_draft(author)
    photo = Photo.objects.create(
        idea=draft, name="a.webp", alt=alt, is_decorative=is_decorative, content_type="image/webp", size=1
    )
    assert code(rules.described_refusal(photo)) == expected
    assert code(rules.publish_refusal(author, draft, at=timezone.now())) == expected


def test_publishing_is_refused_for_the_draft_then_the_campaign_then_the_text():
    author, at = f.make_resident(), timezone.now()
    closed = edition(opens_on=f.today() - 9 * DAY, closes_on=f.today() - DAY)
    draft = make_draft(author, campaign=closed, need="")
    assert code(rules.publish_refusal(f.make_resident(), draft, at=at)) == "not_author"
    assert code(rules.publish_refusal(author, draft, at=at)) == "closed"


# --- Once it is published --------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("fields", "withdrawing", "editing"),
    [
        ({"published": False}, "draft", "draft"),
        ({"withdrawn_at": timezone.now()}, "withdrawn", "withdrawn"),
        ({"hidden_at": timezone.now()}, None, "hidden"),
        ({"stage": "study"}, "studied", "studied"),
        ({"stage": "kept"}, "studied", "studied"),
        ({"stage": "gathered"}, "gathered", "gathered"),
        ({"stage": "expired"}, None, None),
        ({}, None, None),
    ],
)
def test_until_when_an_author_withdraws_and_corrects(fields, withdrawing, editing):
    author, at = f.make_resident(), timezone.now()
    idea = f.make_idea(author=author, **fields)
    for who in (visitor(), f.make_resident()):
        assert code(rules.withdraw_refusal(who, idea)) == code(rules.edit_refusal(who, idea, at=at)) == "not_author"
    assert code(rules.withdraw_refusal(author, idea)) == withdrawing
    assert code(rules.edit_refusal(author, idea, at=at)) == editing


def test_a_suspended_author_withdraws_and_does_not_write():
    author, at = f.make_resident(blocked_until=timezone.now() + DAY), timezone.now()
    idea = f.make_idea(author=author)
    assert code(rules.withdraw_refusal(author, idea)) is None
    assert code(rules.edit_refusal(author, idea, at=at)) == "blocked"


@pytest.mark.parametrize(
    ("left", "fields", "expected"),
    [
        (14, {}, "early"),
        (13, {}, None),
        (0, {}, None),
        (-40, {"stage": "expired"}, None),
        (5, {"renewed_at": timezone.now()}, "renewed"),
        (5, {"stage": "study"}, "stage"),
        (5, {"hidden_at": timezone.now()}, "stage"),
        (5, {"withdrawn_at": timezone.now()}, "stage"),
    ],
)
def test_an_idea_is_renewed_once_near_its_end(left, fields, expected):
    author = f.make_resident()
    idea = f.make_idea(author=author, supports_until=f.today() + left * DAY, **fields)
    at = timezone.now()
    assert code(rules.renew_refusal(f.make_resident(), idea, at=at)) == "not_author"
    assert code(rules.renew_refusal(author, idea, at=at)) == expected


def test_an_edition_has_one_last_day_for_all():
    author = f.make_resident()
    idea = f.make_idea(author=author, campaign=edition(supports_end_on=f.today() + 6 * DAY))
    assert code(rules.renew_refusal(author, idea, at=timezone.now())) == "edition"


# --- Held texts ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("fields", "taking_back"),
    [
        ({}, None),
        ({"released_at": timezone.now()}, "decided"),
        ({"refused_at": timezone.now(), "refused_clause": "3"}, "decided"),
        ({"refused_at": timezone.now()}, None),
        ({"withdrawn_at": timezone.now()}, "decided"),
    ],
)
def test_a_text_that_waits_is_taken_back_by_its_author(fields, taking_back):
    author = f.make_resident()
    held = HeldText.objects.create(
        sort="comment", idea=f.make_idea(), author=author, cause="held", submitted_at=timezone.now(), **fields
    )
    assert [code(rules.held_refusal(who, held)) for who in (visitor(), f.make_resident())] == ["not_author"] * 2
    assert code(rules.held_refusal(author, held)) == taking_back


# --- Supporting, following, commenting -------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        ({"published": False}, "withdrawn"),
        ({"withdrawn_at": timezone.now()}, "withdrawn"),
        ({"hidden_at": timezone.now()}, "withdrawn"),
        ({"stage": "gathered"}, "gathered"),
        ({"stage": "study"}, "stage"),
        ({"stage": "expired"}, "expired"),
        ({"supports_until": f.today() - DAY}, "expired"),
        ({"supports_until": f.today()}, None),
    ],
)
def test_what_takes_supports(fields, expected):
    assert code(rules.supporting_refusal(f.make_idea(**fields), at=timezone.now())) == expected


def test_who_supports():
    author, at = f.make_resident(), timezone.now()
    idea = f.make_idea(author=author)
    found = [
        code(rules.support_refusal(who, idea, at=at)) for who in (visitor(), author, f.make_user(), f.make_resident())
    ]
    assert found == ["sign_in", "own", "residency_missing", None]


def test_who_follows():
    idea, gone = f.make_idea(), f.make_idea(withdrawn_at=timezone.now())
    found = [
        code(rules.follow_refusal(*each)) for each in ((visitor(), idea), (f.make_user(), gone), (f.make_user(), idea))
    ]
    assert found == ["sign_in", "withdrawn", None]


def test_who_comments_and_replies():
    at, comment = timezone.now(), f.make_idea_comment()
    idea = comment.idea
    people = (visitor(), f.make_user(), f.make_resident(public_name=""), f.make_resident())
    expected = ["sign_in", "residency_missing", "public_name", None]
    assert [code(rules.comment_refusal(who, idea, at=at)) for who in people] == expected
    assert [code(rules.reply_refusal(who, comment, at=at)) for who in people] == expected
    reply = f.make_idea_comment(idea=idea, parent=comment)
    gone = f.make_idea_comment(idea=idea, withdrawn_at=at)
    assert [code(rules.reply_refusal(people[-1], each, at=at)) for each in (reply, gone)] == ["reply", "withdrawn"]
    Idea.objects.filter(pk=idea.pk).update(hidden_at=at)
    idea.refresh_from_db()
    assert code(rules.comment_refusal(people[-1], idea, at=at)) == "withdrawn"
    assert [code(rules.withdraw_comment_refusal(who, comment)) for who in (people[-1], comment.author)] == [
        "not_author",
        None,
    ]
    assert code(rules.withdraw_comment_refusal(gone.author, gone)) == "withdrawn"
