"""Taking a text away from the public without erasing it, with a reason, and giving it back.

Every list, count and export lets it go as if it had been withdrawn; its address keeps a neutral sentence.
"""

import datetime as dt
from typing import Any

from django.db import transaction

from consultations import actions, analysis_rules, items
from consultations.models import Comment, Contribution
from mulhouse import reasons
from mulhouse.errors import require
from transparency import register

ROLE = "modération"


@transaction.atomic(durable=True)
def hide(*, actor: Any, text: Contribution | Comment, reason: str, at: dt.datetime) -> None:
    """Hide a text. Repeating it is no error.

    The reason stays with the text: words about somebody do not go to the register, from which nothing is erased.

    Raises: RefusedError; DomainError "reason" without one.
    Locks: the text, its counters, its item and those grouped with it.
    """
    require(analysis_rules.hide_refusal(actor, text))
    why = reasons.sentence(reason, missing="Dites pourquoi, en une phrase.")
    held = _held(text)
    if held.hidden_at is not None:
        return
    _set(held, hidden_at=at, hidden_reason=why)
    _count(held, by=-1)
    if isinstance(held, Contribution):
        register.record("contribution.hidden", role=ROLE, subject=held.reference, actor=actor)
    else:
        register.record("comment.hidden", role=ROLE, subject=held.reference, actor=actor)


@transaction.atomic(durable=True)
def show(*, actor: Any, text: Contribution | Comment) -> None:
    """Give a hidden text back to the public. Repeating it is no error.

    Raises: RefusedError.
    Locks: the text, its counters, its item.
    """
    require(analysis_rules.hide_refusal(actor, text))
    held = _held(text)
    if held.hidden_at is None:
        return
    _set(held, hidden_at=None, hidden_reason="")
    _count(held, by=1)
    if isinstance(held, Contribution):
        register.record("contribution.shown", role=ROLE, subject=held.reference, actor=actor)
    else:
        register.record("comment.shown", role=ROLE, subject=held.reference, actor=actor)


def _set(text: Contribution | Comment, **values: Any) -> None:
    """Write by query: nobody saved the text."""
    rows: Any = Contribution.objects if isinstance(text, Contribution) else Comment.objects
    rows.filter(pk=text.pk).update(**values)


def _held(text: Contribution | Comment) -> Any:
    """Read a text again and hold it until the end of the transaction."""
    rows: Any = Contribution.objects if isinstance(text, Contribution) else Comment.objects
    return rows.select_for_update(of=("self",), no_key=True).get(pk=text.pk)


def _count(text: Contribution | Comment, *, by: int) -> None:
    """Follow a text in the places of opinions, then in the counters: in the order of locks."""
    if isinstance(text, Contribution):
        items.went(contributions=[text.pk])
        actions.count_contribution(contribution=text, by=by)
    else:
        if text.is_proposal:
            items.went(comments=[text.pk])
        actions.count_comment(comment=text, by=by)
