"""Putting something in the queue of moderation, inside the transaction of the act that makes it wait."""

import datetime as dt
import hashlib
import json
from typing import Any

from moderation import kinds
from moderation.models import Case
from mulhouse.db import assert_in_transaction
from transparency import deadlines

# How many days a case may wait; an urgent one waits a day.
DAYS = 3
URGENT_HOURS = 24
# Three reports put a case on top of the queue. They hide nothing.
URGENT_REPORTS = 3


def due_at(received_at: dt.datetime, *, is_urgent: bool = False) -> dt.datetime:
    """Give the instant before which moderators have promised to decide.

    Units: 24 hours when urgent, else DAYS days at the same hour in Paris.
    """
    if is_urgent:
        return received_at + dt.timedelta(hours=URGENT_HOURS)
    return deadlines.due_at(received_at, DAYS)


def seen_of(case: Case, thing: Any) -> str:
    """Say in a word what a moderator has before their eyes: the case and the exact text. It changes with either."""
    words = json.dumps(kinds.of(case.kind).snapshot(thing) if thing is not None else {}, sort_keys=True, default=str)
    return f"{case.revision}-{hashlib.sha256(words.encode()).hexdigest()[:16]}"


def open_case(
    *,
    kind: str,
    reference: str,
    cause: str,
    at: dt.datetime,
    author: Any = None,
    proposal: list[str] | None = None,
    is_urgent: bool = False,
) -> Case:
    """Put one thing in the queue, or back in it; a thing that waits already keeps its first cause and its clock.

    Shape: the case, held to the end of the caller's transaction. `proposal` is the passages to mask, as they stand in the text.
    Raises: RuntimeError outside a transaction; ValueError for a cause that does not exist.
    Locks: the case.
    """
    assert_in_transaction()
    cause = Case.Cause(cause).value
    priority = Case.Priority.URGENT if is_urgent else Case.Priority.NORMAL
    due = due_at(at, is_urgent=is_urgent)
    passages = list(proposal or ())
    made, is_new = Case.objects.get_or_create(
        kind=kind,
        subject=reference,
        defaults={
            "cause": cause,
            "priority": priority,
            "opened_at": at,
            "due_at": due,
            "author": author,
            "proposal": passages,
        },
    )
    held = Case.objects.select_for_update(of=("self",), no_key=True).get(pk=made.pk)
    if is_new:
        return held
    if held.state != Case.State.WAITING:
        held.cause, held.state, held.opened_at = cause, Case.State.WAITING, at
        held.priority, held.due_at, held.proposal = priority, due, passages
        held.report_count = 0
    if proposal is not None:
        # Of a text that waits and was corrected: the passages of what it says now.
        held.proposal = passages
    if is_urgent and held.priority != Case.Priority.URGENT:
        held.priority, held.due_at = Case.Priority.URGENT, min(held.due_at, due)
    held.author = author or held.author
    held.revision += 1
    held.save()
    return held


def close(*, kind: str, reference: str) -> None:
    """Take out of the queue what its author took back: nobody is to read it any more, and nothing was decided of it.

    Shape: a case that was reported, or decided once, stays.
    Raises: RuntimeError outside a transaction.
    """
    assert_in_transaction()
    Case.objects.waiting().filter(kind=kind, subject=reference, reports__isnull=True, decisions__isnull=True).delete()


def is_waiting(*, kind: str, reference: str) -> bool:
    """Tell whether one thing waits in the queue."""
    return Case.objects.waiting().filter(kind=kind, subject=reference).exists()
