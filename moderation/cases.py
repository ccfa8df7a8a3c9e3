"""Putting something in the queue of moderation, inside the transaction of the act that makes it wait."""

import datetime as dt
import hashlib
import json
from typing import Any

from moderation import kinds
from moderation.models import Case
from mulhouse.db import assert_in_transaction
from transparency import deadlines, promising
from transparency.models import Promise

# How many days a case may wait; an urgent one waits a day.
DAYS = 3
URGENT_HOURS = 24
# Three reports put a case on top of the queue. They hide nothing.
URGENT_REPORTS = 3
# What a case promises in public, and how the page of promises names it: neither the text nor anybody.
REPORT, URGENT, REVIEW = "moderation-report", "moderation-urgent", "moderation-review"
TITLES = {
    REPORT: "Réponse à un signalement",
    URGENT: "Réponse à un signalement urgent",
    REVIEW: "Relecture d’un texte avant publication",
}


def due_at(received_at: dt.datetime, *, is_urgent: bool = False) -> dt.datetime:
    """Give the instant before which moderators have promised to decide.

    Units: 24 hours when urgent, else DAYS days at the same hour in Paris.
    """
    if is_urgent:
        return received_at + dt.timedelta(hours=URGENT_HOURS)
    return deadlines.due_at(received_at, DAYS)


def seen_of(case: Case, thing: Any) -> str:
    """Say in a word what a moderator has before their eyes: the case and the exact text. It changes with either; no query."""
    words = kinds.of(case.kind).words(thing) if thing is not None else kinds.Words("", "")
    read = json.dumps([words.title, words.text])
    return f"{case.revision}-{hashlib.sha256(read.encode()).hexdigest()[:16]}"


def open_case(
    *,
    kind: str,
    reference: str,
    cause: str,
    at: dt.datetime,
    author: Any = None,
    proposal: list[str] | None = None,
    is_urgent: bool = False,
    promised_at: dt.datetime | None = None,
) -> Case:
    """Put one thing in the queue, or back in it; a thing that waits already keeps its first cause and its clock.

    Shape: the case, held to the end of the caller's transaction. `proposal` is the passages to mask, as they stand in the text;
    `promised_at` is the instant that its author was told, instead of DAYS days.
    Raises: RuntimeError outside a transaction; ValueError for a cause that does not exist.
    Locks: the case, its promise.
    """
    assert_in_transaction()
    cause = Case.Cause(cause).value
    priority = Case.Priority.URGENT if is_urgent else Case.Priority.NORMAL
    due = due_at(at, is_urgent=is_urgent) if is_urgent or promised_at is None else promised_at
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
    if not is_new:
        if held.state != Case.State.WAITING:
            held.cause, held.state, held.opened_at = cause, Case.State.WAITING, at
            held.priority, held.due_at, held.proposal = priority, due, passages
            held.report_count = 0
        if proposal is not None:
            # Of a text that waits and was corrected: the passages of what it says now.
            held.proposal = passages
        held.author = author or held.author
        held.revision += 1
        held.save()
        if is_urgent:
            hasten(held, at=at)
    _promise(held, cause=cause, due=due, at=at)
    return held


def hasten(case: Case, *, at: dt.datetime) -> None:
    """Put a case that the caller holds on top of the queue; its clock only ever gets shorter, in public too."""
    if case.priority == Case.Priority.URGENT:
        return
    due = due_at(at, is_urgent=True)
    if due < case.due_at:
        case.due_at = due
        forgo(case, at=at)
    case.priority = Case.Priority.URGENT
    case.save(update_fields=["priority", "due_at"])
    _promise(case, cause=Case.Cause.REPORTS, due=due, at=at)


def close(*, kind: str, reference: str, at: dt.datetime) -> None:
    """Take from the queue what nothing is left to decide of, with its promise; the caller tells who waited. Repeating it is no error.

    Shape: of a text that nobody reported and that was never decided, nothing stays to be read.
    Raises: RuntimeError outside a transaction.
    Locks: the case, its promise.
    """
    assert_in_transaction()
    rows = Case.objects.waiting().filter(kind=kind, subject=reference)
    held = rows.select_for_update(of=("self",), no_key=True).first()
    if held is None:
        return
    forgo(held, at=at)
    if not held.reports.exists() and not held.decisions.exists():
        held.delete()
        return
    held.state, held.report_count, held.proposal = Case.State.CLOSED, 0, []
    held.revision += 1
    held.save(update_fields=["state", "report_count", "proposal", "revision"])


# --- In public -------------------------------------------------------------------------------------------------------


def _key(case: Case) -> str:
    """Name one wait of a case: it may be opened again."""
    return f"{case.reference}-{case.opened_at.astimezone(dt.UTC):%Y%m%d%H%M%S}"


def _owed(case: Case) -> list[str]:
    rows = Promise.objects.owed().filter(kind__in=TITLES, key=_key(case)).order_by("kind")
    return list(rows.values_list("kind", flat=True))


def _promise(case: Case, *, cause: str, due: dt.datetime, at: dt.datetime) -> None:
    """Promise in public what somebody was told, unless it is already; what staff opened, nobody waits for."""
    if cause == Case.Cause.STAFF or _owed(case):
        return
    reported = URGENT if case.priority == Case.Priority.URGENT else REPORT
    kind = reported if cause == Case.Cause.REPORTS else REVIEW
    promising.make(kind=kind, key=_key(case), title=TITLES[kind], at=at, due=deadlines.day_of(due))


def keep_promise(case: Case, *, at: dt.datetime) -> None:
    """Note that a case was decided: those who waited have their answer."""
    for kind in _owed(case):
        promising.keep(kind=kind, key=_key(case), at=at)


def forgo(case: Case, *, at: dt.datetime) -> None:
    """Note that nobody waits for a case any more: what it is about was taken back, or it is promised for an earlier day."""
    for kind in _owed(case):
        promising.drop(kind=kind, key=_key(case), at=at)
