"""Which texts moderation reads before they are public, and putting one aside until it has.

Three reasons: the consultation says so, a new account writes a link, or its author kept what looks like personal data.
"""

import datetime as dt
from typing import Any

from django.conf import settings

from accounts.models import User
from consultations.models import Comment, Consultation, Contribution, HeldText, ModerationMode
from moderation import cases, newcomers
from mulhouse import markup, masked_forms, workdays
from mulhouse.db import assert_in_transaction

# What moderation calls these texts (holding.KINDS).
KINDS = {
    HeldText.Sort.CONTRIBUTION: "held_contribution",
    HeldText.Sort.COMMENT: "held_comment",
    HeldText.Sort.CORRECTION: "held_correction",
}


def texts_of(words: Any) -> list[str]:
    """Give everything that the author of a contribution typed and everybody will read."""
    return [words.title, words.body, words.usage_when, words.usage_frequency, words.usage_role, words.place]


def has_published(user: User) -> bool:
    """Tell whether somebody has a contribution or a comment that everybody reads."""
    return (
        Contribution.objects.visible().filter(author=user).exists()
        or Comment.objects.public().filter(author=user).exists()
    )


def cause_of(user: User, consultation: Consultation, texts: list[str], *, at: dt.datetime) -> HeldText.Cause | None:
    """Tell why a text waits for moderation; None for one that is published at once.

    Shape: personal data first, which moderators look at apart; then the choice of the consultation; then the new account.
    """
    if masked_forms.passages(*texts):
        return HeldText.Cause.MASKING
    if consultation.moderation == ModerationMode.PRIOR:
        return HeldText.Cause.PRIOR
    return linked_cause(user, texts, at=at)


def linked_cause(user: User, texts: list[str], *, at: dt.datetime) -> HeldText.Cause | None:
    """Tell whether a text waits because a new account wrote a link."""
    if any(markup.has_link(text, ours=settings.SITE_URL) for text in texts) and newcomers.is_new(user, at=at):
        return HeldText.Cause.NEW_ACCOUNT
    return None


def correction_cause(
    user: User, consultation: Consultation, before: list[str], after: list[str], *, at: dt.datetime
) -> HeldText.Cause | None:
    """Tell why the correction of a public text waits: it adds personal data, the consultation says so, or a new account adds a link."""
    if set(masked_forms.passages(*after)) - set(masked_forms.passages(*before)):
        return HeldText.Cause.MASKING
    if consultation.moderation == ModerationMode.PRIOR:
        return HeldText.Cause.PRIOR
    if any(markup.has_link(text, ours=settings.SITE_URL) for text in before):
        return None
    return linked_cause(user, after, at=at)


def hold(  # noqa: PLR0913 (what makes a held text)
    *,
    author: User,
    sort: HeldText.Sort,
    contribution: Contribution,
    cause: HeldText.Cause,
    texts: list[str],
    at: dt.datetime,
    reference: str = "",
    parent: Comment | None = None,
    words: dict[str, Any] | None = None,
) -> HeldText:
    """Put a text aside, and open its case in the queue of moderation; the same reference again is the same text.

    Raises: RuntimeError outside a transaction.
    Locks: the case.
    """
    assert_in_transaction()
    made: dict[str, Any] = {
        "sort": sort,
        "consultation": contribution.consultation,
        "contribution": contribution,
        "parent": parent,
        "author": author,
        "words": words or {},
        "cause": cause,
        "submitted_at": at,
    }
    if not reference:
        held = HeldText.objects.create(**made)
    else:
        held, is_new_row = HeldText.objects.get_or_create(reference=reference, defaults=made)
        if not is_new_row:
            return held
    open_case(held, texts=texts, at=at)
    return held


def open_case(held: HeldText, *, texts: list[str], at: dt.datetime) -> None:
    """Put a held text in the queue, with the passages that look like personal data. Locks: the case."""
    consultation = held.consultation
    is_promised = consultation.moderation == ModerationMode.PRIOR
    cases.open_case(
        kind=KINDS[HeldText.Sort(held.sort)],
        reference=held.reference,
        cause=held.cause,
        at=at,
        author=held.author,
        proposal=masked_forms.passages(*texts),
        promised_at=workdays.after_hours(at, consultation.review_hours) if is_promised else None,
    )


def close_case(held: HeldText, *, at: dt.datetime) -> None:
    """Take a held text out of the queue: its author took it back, or replaced it."""
    cases.close(kind=KINDS[HeldText.Sort(held.sort)], reference=held.reference, at=at)
