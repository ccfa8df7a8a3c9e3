"""Hiding everything a person published around ideas while their data is set aside (RGPD, art. 18), and showing it again.

It is the same hiding as that of moderation, under its own reason: whatever lets a hidden text go (pages, search, feeds, exports,
counts) lets these go, without a second rule. What moderation had hidden before stays hidden after. Their supports are numbers that
name nobody: they stay counted.
"""

from typing import Any

from django.db import models
from django.utils import timezone

from accounts.models import User
from ideas import actions, clocks, supporting, talking
from ideas.models import Comment, Idea, Reaction
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
    set_aside: dict[str, Any] = {"hidden_at": timezone.now(), "hidden_reason": REASON}
    for comment in _held(Comment.objects.visible().filter(author=user)):
        Comment.objects.filter(pk=comment.pk).update(**set_aside)
        talking.count_comment(comment=comment, by=-1)
    for idea in _held(Idea.objects.visible().filter(author=user).defer("search")):
        Idea.objects.filter(pk=idea.pk).update(**set_aside)
        clocks.stop(idea=idea, at=set_aside["hidden_at"])
        actions.count_idea(idea=idea, by=-1)
    Reaction.objects.visible().filter(author=user).update(**set_aside)


def show(user: User) -> None:
    """Show again what was hidden for that reason, and was not withdrawn meanwhile.

    Raises: RuntimeError outside a transaction.
    Locks: the texts, comments first, then what counts them.
    """
    assert_in_transaction()
    shown: dict[str, Any] = {"hidden_at": None, "hidden_reason": ""}
    for comment in _held(Comment.objects.filter(author=user, hidden_reason=REASON)):
        Comment.objects.filter(pk=comment.pk).update(**shown)
        if comment.withdrawn_at is None:
            talking.count_comment(comment=comment, by=1)
    for idea in _held(Idea.objects.filter(author=user, hidden_reason=REASON).defer("search")):
        Idea.objects.filter(pk=idea.pk).update(**shown)
        if idea.withdrawn_at is None:
            supporting.give_days_back(idea, since=idea.hidden_at, at=timezone.now())
            clocks.start_again(idea=idea)
            actions.count_idea(idea=idea, by=1)
    Reaction.objects.filter(author=user, hidden_reason=REASON).update(**shown)


def _held(rows: models.QuerySet[Any]) -> list[Any]:
    """Hold some texts. Locks: each of them, in the order of keys."""
    return list(rows.select_for_update(of=("self",), no_key=True).order_by("pk"))


SHELF = Shelf(hide=hide, show=show)
