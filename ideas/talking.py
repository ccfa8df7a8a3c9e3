"""What residents write around an idea: comments, questions to its author, replies. Locks: see `actions`."""

import datetime as dt
from typing import Any

from django.db import transaction
from django.db.models import F, Q
from django.utils.translation import gettext as _

from accounts import consents
from accounts.models import Consent, User
from ideas import actions, review, rules
from ideas.models import Comment, HeldText, Idea
from mulhouse.db import assert_in_transaction
from mulhouse.errors import Refusal, RefusedError, require
from mulhouse.markup import render_markdown
from transparency import register

STANCE_COUNTERS = {Comment.Stance.FOR.value: "for_count", Comment.Stance.AGAINST.value: "against_count"}


@transaction.atomic(durable=True)
def comment(  # noqa: PLR0913 (what is said, of what, and in answer to whom)
    *,
    actor: User,
    idea: Idea,
    reference: str,
    stance: str,
    body: str,
    at: dt.datetime,
    parent: Comment | None = None,
    is_question: bool = False,
    criterion: str = "",
) -> Comment | HeldText:
    """Say something of an idea, or reply to a comment; the same reference again is the same comment.

    Publishing is agreeing to the charter, as the form says: its version joins the person's consents.

    Shape: a reply and a question are always neutral. A HeldText when moderation reads it first.
    Raises: RefusedError when the rule refuses, or when what is answered was withdrawn meanwhile.
    Locks: the person, the parent, the idea.
    """
    person = actions.acting(actor)
    require(rules.reply_refusal(person, parent, at=at) if parent else rules.comment_refusal(person, idea, at=at))
    words = {
        "stance": Comment.Stance.NEUTRAL.value if parent or is_question else stance,
        "body": body,
        "is_question": is_question and parent is None,
        "criterion": "" if parent or is_question else criterion,
    }
    former = HeldText.objects.filter(reference=reference).first() or Comment.objects.filter(reference=reference).first()
    if former is not None and former.author_id != actor.pk:
        raise RefusedError(Refusal("not_author", _("Ce commentaire n’est pas le vôtre.")))
    if former is not None:
        return former
    consents.give(actor, Consent.Purpose.CHARTER)
    if cause := review.cause_of(actor, idea.campaign, [body], at=at):
        sort = HeldText.Sort.COMMENT
        held = review.hold(
            author=actor,
            sort=sort,
            idea=idea,
            cause=cause,
            texts=[body],
            at=at,
            reference=reference,
            parent=parent,
            words=words,
        )
        actions.record_held(actor, idea, sort, cause)
        return held
    return write_comment(author=actor, idea=idea, parent=parent, reference=reference, words=words, at=at)


def write_comment(
    *,
    author: User | None,
    idea: Idea,
    parent: Comment | None,
    reference: str,
    words: dict[str, Any],
    at: dt.datetime,
) -> Comment:
    """Publish a comment: write it, count it. The same reference again is the same comment.

    Shape: `words` gives stance, body, is_question and criterion.
    Raises: RuntimeError outside a transaction; RefusedError when what is answered was withdrawn meanwhile, or the reference
    is somebody else's.
    Locks: the parent, the idea, then the register.
    """
    assert_in_transaction()
    written, is_new = Comment.objects.get_or_create(
        reference=reference,
        defaults={
            "idea": idea,
            "parent": parent,
            "author": author,
            "body_html": render_markdown(words["body"]),
            "published_at": at,
            **words,
        },
    )
    if not is_new:
        if author is None or written.author_id != author.pk:
            raise RefusedError(Refusal("not_author", _("Ce commentaire n’est pas le vôtre.")))
        return written
    if parent is not None and not Comment.objects.visible().filter(pk=parent.pk).update(
        reply_count=F("reply_count") + 1
    ):
        raise RefusedError(Refusal("withdrawn", _("Ce commentaire vient d’être retiré par son auteur.")))
    if not Idea.objects.visible().filter(pk=idea.pk).update(**_changes(written, by=1)):
        raise RefusedError(Refusal("withdrawn", _("Cette idée vient d’être retirée par son auteur.")))
    register.record(
        "idea.comment_published",
        role=actions.RESIDENT,
        subject=written.reference,
        facts={"idee": idea.reference},
        actor=author,
    )
    return written


@transaction.atomic(durable=True)
def withdraw_comment(*, actor: User, comment: Comment, at: dt.datetime) -> None:
    """Take a comment back: a neutral sentence stands where it had replies; repeating it is no error.

    Raises: RefusedError when it is not theirs.
    Locks: the comment, its parent, the idea.
    """
    rows = Comment.objects.select_for_update(of=("self",), no_key=True).select_related("idea").defer("idea__search")
    held = rows.get(pk=comment.pk)
    if held.withdrawn_at is not None and held.author_id == actor.pk:
        return
    require(rules.withdraw_comment_refusal(actor, held))
    held.withdrawn_at = at
    held.save(update_fields=["withdrawn_at"])
    if held.hidden_at is None:
        count_comment(comment=held, by=-1)
    register.record(
        "idea.comment_withdrawn",
        role=actions.RESIDENT,
        subject=held.reference,
        facts={"idee": held.idea.reference},
        actor=actor,
    )


def count_comment(*, comment: Comment, by: int) -> None:
    """Count a comment, or count it no more.

    Raises: RuntimeError outside a transaction.
    Locks: its parent, the idea.
    """
    assert_in_transaction()
    if comment.parent_id is not None:
        Comment.objects.filter(pk=comment.parent_id).update(reply_count=actions.less("reply_count", -by))
    Idea.objects.filter(pk=comment.idea_id).update(**_changes(comment, by=by))


def _changes(comment: Comment, *, by: int) -> dict[str, Any]:
    counters = ["comment_count", *filter(None, [STANCE_COUNTERS.get(comment.stance)])]
    return {counter: actions.less(counter, -by) for counter in counters}


def erase_comments(*, user: User) -> None:
    """Unsign somebody's comments, and empty those they had withdrawn or that were hidden.

    Raises: RuntimeError outside a transaction.
    """
    assert_in_transaction()
    theirs = Comment.objects.filter(author=user)
    gone = theirs.filter(Q(withdrawn_at__isnull=False) | Q(hidden_at__isnull=False))
    gone.update(body="—", body_html="")
    theirs.update(author=None)
