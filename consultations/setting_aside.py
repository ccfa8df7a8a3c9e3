"""Hiding everything a person published while their data is set aside (RGPD, art. 18), and showing it again.

It is the same hiding as that of moderation, under its own reason: whatever lets a hidden text go (pages, search, feeds, exports,
packages, counts) lets these go, without a second rule. What moderation had hidden before stays hidden after.
"""

from typing import Any

from django.db import models
from django.utils import timezone

from accounts.models import User
from consultations import actions, items
from consultations.models import Comment, Contribution
from mulhouse.db import assert_in_transaction
from privacy.quarantine import Shelf

# In the words of the stub that everybody reads: that a person used a right is for them and for those in charge.
REASON = "Non visible pour le moment"


def hide(user: User) -> None:
    """Hide the published texts of a person.

    Raises: RuntimeError outside a transaction.
    Locks: the texts, comments first, then what counts them.
    """
    assert_in_transaction()
    at = timezone.now()
    for comment in _held(Comment.objects.visible().filter(author=user)):
        Comment.objects.filter(pk=comment.pk).update(hidden_at=at, hidden_reason=REASON)
        _count_comment(comment, by=-1)
    for contribution in _held(Contribution.objects.visible().filter(author=user)):
        Contribution.objects.filter(pk=contribution.pk).update(hidden_at=at, hidden_reason=REASON)
        _count_contribution(contribution, by=-1)


def show(user: User) -> None:
    """Show again what was hidden for that reason, and was not withdrawn meanwhile.

    Raises: RuntimeError outside a transaction.
    Locks: the texts, contributions first, then what counts them.
    """
    assert_in_transaction()
    for contribution in _held(Contribution.objects.filter(author=user, hidden_reason=REASON)):
        Contribution.objects.filter(pk=contribution.pk).update(hidden_at=None, hidden_reason="")
        if contribution.withdrawn_at is None:
            _count_contribution(contribution, by=1)
    for comment in _held(Comment.objects.filter(author=user, hidden_reason=REASON)):
        Comment.objects.filter(pk=comment.pk).update(hidden_at=None, hidden_reason="")
        if comment.withdrawn_at is None:
            _count_comment(comment, by=1)


def _held(rows: models.QuerySet[Any]) -> list[Any]:
    """Hold some texts. Locks: each of them, in the order of keys."""
    return list(rows.select_for_update(of=("self",), no_key=True).order_by("pk"))


def _count_contribution(contribution: Contribution, *, by: int) -> None:
    items.went(contributions=[contribution.pk])
    actions.count_contribution(contribution=contribution, by=by)


def _count_comment(comment: Comment, *, by: int) -> None:
    if comment.is_proposal:
        items.went(comments=[comment.pk])
    actions.count_comment(comment=comment, by=by)


SHELF = Shelf(hide=hide, show=show)
