"""Who may do what, said in a sentence: each rule by table, denials first."""

import datetime as dt

import pytest
from django.contrib.auth.models import AnonymousUser
from django.utils import timezone

from accounts.models import Residency
from consultations import rules
from consultations.models import Attachment, Contribution, Phase, ResidencyLevel
from tests import factories as f

pytestmark = pytest.mark.django_db


def code(refusal):
    return refusal.code if refusal else None


def visitor():
    return AnonymousUser()


def newcomer(**fields):
    """Somebody who said nothing about themselves."""
    return f.make_user(**fields)


# --- The phase -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("phase", "expected"),
    [("inform", "not_open"), ("contribute", None), ("analyse", "closed"), ("decide", "closed"), ("follow", "closed")],
)
def test_contributing_is_for_its_phase(phase, expected):
    assert code(rules.phase_refusal(f.make_consultation(phase=phase), at=timezone.now())) == expected


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        ({"published_at": None}, "not_published"),
        ({"archived_at": timezone.now()}, "archived"),
        ({"phase": None}, "not_open"),
    ],
)
def test_contributing_is_for_published_living_dated_consultations(fields, expected):
    assert code(rules.phase_refusal(f.make_consultation(**fields), at=timezone.now())) == expected


def test_refusals_say_when():
    before, after = f.make_consultation(phase="inform"), f.make_consultation(phase="analyse")
    at = timezone.now()
    opens = before.phases.get(kind=Phase.Kind.CONTRIBUTE).starts_on
    closed = after.phases.get(kind=Phase.Kind.CONTRIBUTE).ends_on
    assert str(opens.year) in rules.phase_refusal(before, at=at).message
    assert str(closed.year) in rules.phase_refusal(after, at=at).message
    assert "un courriel vous le dira" in rules.phase_refusal(before, at=at).message


def test_the_last_second_counts_and_the_next_does_not():
    consultation = f.make_consultation()
    end = consultation.phases.get(kind=Phase.Kind.CONTRIBUTE).span.closes_at
    assert rules.phase_refusal(consultation, at=end - dt.timedelta(seconds=1)) is None
    assert code(rules.phase_refusal(consultation, at=end)) == "closed"


# --- The person ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("level", "minimum_age", "person", "expected"),
    [
        (ResidencyLevel.NONE, None, visitor, "sign_in"),
        (ResidencyLevel.DECLARED, None, visitor, "sign_in"),
        (ResidencyLevel.NONE, None, newcomer, None),
        (ResidencyLevel.DECLARED, None, newcomer, "residency_missing"),
        (ResidencyLevel.DECLARED, None, f.make_resident, None),
        (ResidencyLevel.VERIFIED, None, f.make_resident, "residency_unverified"),
        (ResidencyLevel.VERIFIED, None, lambda: f.make_resident(verified=True), None),
        (ResidencyLevel.NONE, 16, newcomer, "birth_year_missing"),
        (ResidencyLevel.NONE, 16, lambda: newcomer(birth_year=f.today().year - 15), "too_young"),
        (ResidencyLevel.NONE, 16, lambda: newcomer(birth_year=f.today().year - 16), None),
    ],
)
def test_taking_part_asks_what_the_procedure_declares(level, minimum_age, person, expected):
    consultation = f.make_consultation(residency_level=level, minimum_age=minimum_age)
    assert code(rules.contribute_refusal(person(), consultation, at=timezone.now())) == expected


def test_the_phase_is_said_before_the_person_is_asked_anything():
    consultation = f.make_consultation(phase="analyse", residency_level=ResidencyLevel.VERIFIED)
    assert code(rules.contribute_refusal(visitor(), consultation, at=timezone.now())) == "closed"


@pytest.mark.parametrize(
    ("make", "fields", "expected"),
    [
        (lambda: newcomer(public_name=""), {"minimum_age": 16}, ["public_name", "district", "birth_year"]),
        (newcomer, {}, ["district"]),
        (f.make_resident, {}, []),
        (f.make_resident, {"residency_level": ResidencyLevel.VERIFIED}, []),
        (lambda: f.make_resident(public_name=""), {}, ["public_name"]),
    ],
)
def test_what_is_missing_is_asked_in_one_go(make, fields, expected):
    consultation = f.make_consultation(**fields)
    assert rules.missing_profile(make(), consultation, is_named=True, at=timezone.now()) == expected


def test_a_name_is_not_missing_to_who_does_not_sign_with_it():
    user = f.make_resident(public_name="")
    assert rules.missing_profile(user, f.make_consultation(), is_named=False, at=timezone.now()) == []


def test_a_residency_that_is_over_is_asked_again():
    user = f.make_resident(verified=True)
    Residency.objects.update(verified_on=f.today() - dt.timedelta(days=400), expires_on=f.today())
    consultation = f.make_consultation()
    assert code(rules.contribute_refusal(user, consultation, at=timezone.now())) == "residency_expired"
    assert rules.missing_profile(user, consultation, is_named=True, at=timezone.now()) == ["district"]


# --- Drafts --------------------------------------------------------------------------------------------------------


def test_drafts_belong_to_their_author():
    draft = f.make_contribution(published_at=None)
    assert code(rules.draft_refusal(visitor(), draft)) == "not_author"
    assert code(rules.draft_refusal(f.make_resident(), draft)) == "not_author"
    assert rules.draft_refusal(draft.author, draft) is None


def test_a_draft_changes_even_when_the_phase_is_over():
    draft = f.make_contribution(consultation=f.make_consultation(phase="analyse"), published_at=None)
    assert rules.draft_refusal(draft.author, draft) is None
    assert code(rules.publish_refusal(draft.author, draft, at=timezone.now())) == "closed"


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        ({"section": None}, "unfinished"),
        ({"title": "  "}, "unfinished"),
        ({"body": " \n"}, "unfinished"),
        ({}, None),
    ],
)
def test_publishing_asks_for_a_whole_text(fields, expected):
    draft = f.make_contribution(published_at=None)
    Contribution.objects.filter(pk=draft.pk).update(**fields)
    draft = Contribution.objects.get(pk=draft.pk)
    assert code(rules.publish_refusal(draft.author, draft, at=timezone.now())) == expected


@pytest.mark.parametrize(("signature", "expected"), [("name", "public_name"), ("district", None)])
def test_signing_with_a_name_asks_for_one(signature, expected):
    draft = f.make_contribution(author=f.make_resident(public_name=""), published_at=None, signature=signature)
    assert code(rules.publish_refusal(draft.author, draft, at=timezone.now())) == expected


@pytest.mark.parametrize(
    ("kind", "alt", "is_decorative", "expected"),
    [
        ("photo", "", False, "undescribed"),
        ("photo", "Un quai", False, None),
        ("photo", "", True, None),
        ("document", "", False, None),
    ],
)
def test_a_photo_is_described_or_said_to_show_nothing(kind, alt, is_decorative, expected):
    draft = f.make_contribution(published_at=None)
    Attachment.objects.create(
        contribution=draft,
        kind=kind,
        file="x",
        name="x",
        alt=alt,
        is_decorative=is_decorative,
        content_type="x",
        size=1,
    )
    assert code(rules.publish_refusal(draft.author, draft, at=timezone.now())) == expected


# --- What is published ---------------------------------------------------------------------------------------------


def test_only_the_author_corrects_and_withdraws():
    row, at = f.make_contribution(), timezone.now()
    for person in (visitor(), f.make_resident(), f.make_staff("consultations.change_consultation")):
        assert code(rules.edit_refusal(person, row, at=at)) == "not_author"
        assert code(rules.withdraw_refusal(person, row)) == "not_author"
    assert rules.edit_refusal(row.author, row, at=at) is None
    assert rules.withdraw_refusal(row.author, row) is None


def test_after_the_phase_a_text_is_withdrawn_but_not_corrected():
    row = f.make_contribution(consultation=f.make_consultation(phase="decide"))
    refusal = rules.edit_refusal(row.author, row, at=timezone.now())
    assert refusal.code == "closed"
    assert "Vous pouvez le retirer" in refusal.message
    assert rules.withdraw_refusal(row.author, row) is None


@pytest.mark.parametrize(
    ("fields", "expected"), [({"published_at": None}, "draft"), ({"withdrawn_at": timezone.now()}, "withdrawn")]
)
def test_drafts_and_withdrawn_texts_have_nothing_to_withdraw(fields, expected):
    row = f.make_contribution(**fields)
    assert code(rules.withdraw_refusal(row.author, row)) == expected
    assert code(rules.edit_refusal(row.author, row, at=timezone.now())) == expected


# --- Positions and debate ------------------------------------------------------------------------------------------


def debate(user, row):
    found = rules.debate_refusals(user, row, at=timezone.now())
    return [code(found.position), code(found.comment), code(found.support)]


@pytest.mark.parametrize(
    ("person", "expected"),
    [
        (visitor, ["sign_in"] * 3),
        (newcomer, ["residency_missing"] * 3),
        (lambda: f.make_resident(public_name=""), [None, "public_name", None]),
        (f.make_resident, [None, None, None]),
    ],
)
def test_debate_asks_who_one_is(person, expected):
    assert debate(person(), f.make_contribution()) == expected


def test_nobody_takes_position_on_their_own_text():
    """One's own position would count as the first reaction, and close one's own correction."""
    row = f.make_contribution()
    assert debate(row.author, row) == ["own", None, None]


@pytest.mark.parametrize("fields", [{"published_at": None}, {"withdrawn_at": timezone.now()}])
def test_what_is_not_public_is_not_debated(fields):
    assert debate(f.make_resident(), f.make_contribution(**fields)) == ["withdrawn"] * 3


def test_debate_ends_with_the_phase():
    row = f.make_contribution(consultation=f.make_consultation(phase="analyse"))
    assert debate(f.make_resident(), row) == ["closed"] * 3


def test_debate_looks_at_the_person_once(django_assert_num_queries):
    user, row = f.make_resident(), f.make_contribution()
    row = Contribution.objects.select_related("consultation").prefetch_related("consultation__phases").get(pk=row.pk)
    with django_assert_num_queries(1):
        debate(user, row)


def test_one_replies_to_what_stands_and_opens_a_thread():
    user, at = f.make_resident(), timezone.now()
    thread = f.make_comment()
    reply = f.make_comment(parent=thread)
    gone = f.make_comment(contribution=thread.contribution, withdrawn_at=at)
    assert [code(rules.reply_refusal(user, comment, at=at)) for comment in (thread, reply, gone)] == [
        None,
        "reply",
        "withdrawn",
    ]


def test_one_supports_what_others_wrote():
    comment, at = f.make_comment(), timezone.now()
    gone = f.make_comment(withdrawn_at=at)
    assert code(rules.support_refusal(visitor(), comment, at=at)) == "sign_in"
    assert code(rules.support_refusal(comment.author, comment, at=at)) == "own"
    assert code(rules.support_refusal(f.make_resident(), gone, at=at)) == "withdrawn"
    assert rules.support_refusal(f.make_resident(), comment, at=at) is None


def test_only_the_author_withdraws_a_comment_whatever_the_phase():
    row = f.make_contribution(consultation=f.make_consultation(phase="follow"))
    comment = f.make_comment(contribution=row)
    assert code(rules.withdraw_comment_refusal(visitor(), comment)) == "not_author"
    assert code(rules.withdraw_comment_refusal(row.author, comment)) == "not_author"
    assert rules.withdraw_comment_refusal(comment.author, comment) is None
    comment.withdrawn_at = timezone.now()
    assert code(rules.withdraw_comment_refusal(comment.author, comment)) == "withdrawn"


# --- Following -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("person", "fields", "expected"),
    [
        (visitor, {}, "sign_in"),
        (newcomer, {"published_at": None}, "not_published"),
        (newcomer, {"archived_at": timezone.now()}, "archived"),
        (newcomer, {"phase": "follow"}, None),
        (newcomer, {}, None),
    ],
)
def test_following_is_for_everybody_with_an_account(person, fields, expected):
    assert code(rules.follow_refusal(person(), f.make_consultation(**fields))) == expected
