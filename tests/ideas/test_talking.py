"""Comments on an idea: who may, what each counts, one level of replies, what waits for moderation, and leaving."""

import pytest
from django.contrib.auth.models import AnonymousUser
from django.db import transaction
from django.utils import timezone

from ideas import actions, talking
from ideas.models import Comment, HeldText, Stage
from moderation.models import Case
from mulhouse.errors import RefusedError
from mulhouse.references import new_reference
from tests import factories as f
from transparency.models import RegisterLine

pytestmark = pytest.mark.django_db(transaction=True)


def say(actor, idea, **fields):
    values = {"reference": new_reference(), "stance": "for", "body": "Bonne idée.", "at": timezone.now(), **fields}
    return talking.comment(actor=actor, idea=idea, **values)


def refused(function, *args, **kwargs):
    with pytest.raises(RefusedError) as caught:
        function(*args, **kwargs)
    return caught.value.code


def counts(idea):
    idea.refresh_from_db()
    return idea.comment_count, idea.for_count, idea.against_count


def acts():
    return list(RegisterLine.objects.order_by("number").values_list("act", flat=True))


def test_who_may_not_comment_is_told_why():
    idea = f.make_idea()

    assert refused(say, AnonymousUser(), idea) == "sign_in"
    assert refused(say, f.make_user(), idea) == "residency_missing"
    assert refused(say, f.make_resident(public_name=""), idea) == "public_name"
    for fields in ({"published": False}, {"withdrawn_at": timezone.now()}, {"hidden_at": timezone.now()}):
        assert refused(say, f.make_resident(), f.make_idea(**fields)) == "withdrawn"
    assert (Comment.objects.count(), acts()) == (0, [])


def test_idea_is_debated_at_every_stage():
    for stage in (Stage.SUPPORT, Stage.STUDY, Stage.DECLINED, Stage.DONE):
        assert isinstance(say(f.make_resident(), f.make_idea(stage=stage)), Comment)


def test_each_stance_is_counted():
    idea = f.make_idea()

    for stance in ("for", "for", "against", "neutral"):
        say(f.make_resident(), idea, stance=stance)

    assert counts(idea) == (4, 2, 1)
    line = RegisterLine.objects.order_by("number").first()
    assert (line.act, line.subject) == ("idea.comment_published", Comment.objects.order_by("pk").first().reference)


def test_question_and_reply_take_no_side_and_no_criterion():
    idea = f.make_idea()

    question = say(f.make_resident(), idea, is_question=True, criterion="cost")
    reply = say(idea.author, idea, parent=question, stance="against", is_question=True, criterion="cost")
    word = say(f.make_resident(), idea, criterion="cost")

    rows = Comment.objects.order_by("pk").values_list("stance", "is_question", "criterion", "parent")
    assert list(rows) == [
        ("neutral", True, "", None),
        ("neutral", False, "", question.pk),
        ("for", False, "cost", None),
    ]
    assert counts(idea) == (3, 1, 0)
    question.refresh_from_db()
    assert (question.reply_count, reply.parent_id, word.criterion) == (1, question.pk, "cost")


def test_one_does_not_reply_to_a_reply_nor_to_what_was_withdrawn_or_hidden():
    idea, actor = f.make_idea(), f.make_resident()
    reply = f.make_idea_comment(idea=idea, parent=f.make_idea_comment(idea=idea))
    gone = f.make_idea_comment(idea=idea, withdrawn_at=timezone.now())
    hidden = f.make_idea_comment(idea=idea, hidden_at=timezone.now())
    before = Comment.objects.count()

    assert [refused(say, actor, idea, parent=parent) for parent in (reply, gone, hidden)] == [
        "reply",
        "withdrawn",
        "withdrawn",
    ]
    assert Comment.objects.count() == before


def test_same_reference_is_the_same_comment_and_nobody_elses():
    idea, actor = f.make_idea(), f.make_resident()

    first = say(actor, idea, reference="ABCD2345")

    assert say(actor, idea, reference="ABCD2345").pk == first.pk
    assert refused(say, f.make_resident(), idea, reference="ABCD2345") == "not_author"
    assert counts(idea) == (1, 1, 0)


def test_comment_and_reply_withdrawn_are_counted_no_more():
    idea, at = f.make_idea(), timezone.now()
    thread = say(f.make_resident(), idea, stance="against")
    reply = say(idea.author, idea, parent=thread)

    assert refused(talking.withdraw_comment, actor=idea.author, comment=thread, at=at) == "not_author"
    talking.withdraw_comment(actor=reply.author, comment=reply, at=at)
    talking.withdraw_comment(actor=reply.author, comment=reply, at=at)
    thread.refresh_from_db()
    assert (counts(idea), thread.reply_count) == ((1, 0, 1), 0)

    talking.withdraw_comment(actor=thread.author, comment=thread, at=at)
    assert counts(idea) == (0, 0, 0)
    assert acts()[-2:] == ["idea.comment_withdrawn"] * 2


def test_hidden_comment_is_not_counted_out_twice():
    idea = f.make_idea()
    comment = say(f.make_resident(), idea)
    with transaction.atomic():
        Comment.objects.filter(pk=comment.pk).update(hidden_at=timezone.now())
        talking.count_comment(comment=comment, by=-1)

    talking.withdraw_comment(actor=comment.author, comment=comment, at=timezone.now())

    assert counts(idea) == (0, 0, 0)


def test_campaign_that_reads_first_puts_comments_aside():
    idea = f.make_idea(campaign=f.make_campaign(moderation="prior"))
    thread = f.make_idea_comment(idea=idea)

    held = say(f.make_resident(), idea, reference="ABCD2345", is_question=True)
    again = say(held.author, idea, reference="ABCD2345", is_question=True)
    reply = say(f.make_resident(), idea, parent=thread)

    assert (again.pk, reply.parent_id) == (held.pk, thread.pk)
    assert held.words == {"stance": "neutral", "body": "Bonne idée.", "is_question": True, "criterion": ""}
    assert (Comment.objects.count(), HeldText.objects.waiting().count(), Case.objects.count()) == (1, 2, 2)
    assert acts() == ["idea.text_held", "idea.text_held"]


def test_link_of_a_new_account_and_personal_data_wait_for_moderation():
    idea = f.make_idea()

    linked = say(f.make_resident(), idea, body="Voir https://exemple.fr/.")
    named = say(f.make_resident(), idea, body="Appelez le 06 12 34 56 78.")

    assert [row.cause for row in (linked, named)] == ["new_account", "masking"]
    assert counts(idea) == (0, 0, 0)


def test_markup_of_a_comment_is_cleaned():
    comment = say(f.make_resident(), f.make_idea(), body="<script>alert(1)</script> **Oui**")

    assert "<script>" not in comment.body_html
    assert "<strong>Oui</strong>" in comment.body_html


def test_closed_account_leaves_its_comments_unsigned_and_empties_those_it_had_withdrawn():
    idea, user = f.make_idea(), f.make_resident()
    kept, gone = say(user, idea), say(user, idea)
    talking.withdraw_comment(actor=user, comment=gone, at=timezone.now())

    with transaction.atomic():
        talking.erase_comments(user=user)

    assert list(Comment.objects.order_by("pk").values_list("author", "body")) == [(None, "Bonne idée."), (None, "—")]
    assert (counts(idea), kept.body_html != "") == ((1, 1, 0), True)


def test_steps_of_a_comment_need_the_transaction_of_their_caller():
    comment = f.make_idea_comment()
    for call in (
        lambda: talking.count_comment(comment=comment, by=-1),
        lambda: talking.erase_comments(user=comment.author),
        lambda: actions.erase_ideas(user=comment.author),
    ):
        with pytest.raises(RuntimeError):
            call()
