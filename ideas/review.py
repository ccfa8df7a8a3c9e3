"""Which texts around an idea moderation reads before they are public, and putting one aside until it has.

Three reasons: the campaign says so, a new account writes a link, or its author kept what looks like personal data.
"""

import datetime as dt
from collections.abc import Sequence
from typing import Any

from django.conf import settings
from django.db.models import QuerySet
from django.utils.translation import gettext as _

from accounts.models import User
from ideas.models import Campaign, Comment, HeldText, Idea
from ideas.models.campaigns import ModerationMode
from moderation import cases, newcomers
from mulhouse import markup, masked_forms, workdays
from mulhouse.db import assert_in_transaction
from mulhouse.errors import Refusal

# What moderation calls these texts (holding.KINDS).
KINDS = {
    HeldText.Sort.IDEA: "held_idea",
    HeldText.Sort.COMMENT: "held_idea_comment",
    HeldText.Sort.CORRECTION: "held_idea_correction",
}
READ = ("title", "need", "proposal", "beneficiaries", "cost", "place", "behalf_name")


def texts_of(words: Any) -> list[str]:
    """Give everything that the author of an idea typed and everybody will read."""
    return [getattr(words, name) for name in READ]


def has_published(user: User) -> bool:
    """Tell whether somebody has an idea, or a comment on one, that everybody reads."""
    return Idea.objects.visible().filter(author=user).exists() or Comment.objects.public().filter(author=user).exists()


def cause_of(user: User, campaign: Campaign, texts: Sequence[str], *, at: dt.datetime) -> HeldText.Cause | None:
    """Tell why a text waits for moderation; None for one that is published at once.

    Shape: personal data first, which moderators look at apart; then the choice of the campaign; then the new account.
    """
    if masked_forms.passages(*texts):
        return HeldText.Cause.MASKING
    if campaign.moderation == ModerationMode.PRIOR:
        return HeldText.Cause.PRIOR
    return _linked_cause(user, texts, at=at)


def _linked_cause(user: User, texts: Sequence[str], *, at: dt.datetime) -> HeldText.Cause | None:
    is_linked = any(markup.has_link(text, ours=settings.SITE_URL) for text in texts)
    return HeldText.Cause.NEW_ACCOUNT if is_linked and newcomers.is_new(user, at=at) else None


def correction_cause(
    user: User, campaign: Campaign, before: Sequence[str], after: Sequence[str], *, at: dt.datetime
) -> HeldText.Cause | None:
    """Tell why the correction of a public text waits: it adds personal data, the campaign says so, or a new account adds a link."""
    if set(masked_forms.passages(*after)) - set(masked_forms.passages(*before)):
        return HeldText.Cause.MASKING
    if campaign.moderation == ModerationMode.PRIOR:
        return HeldText.Cause.PRIOR
    if any(markup.has_link(text, ours=settings.SITE_URL) for text in before):
        return None
    return _linked_cause(user, after, at=at)


def unread_refusal(idea: Idea) -> Refusal | None:
    """Tell whether what is added to a public idea would go online unread, where everything is read first."""
    if idea.campaign.moderation != ModerationMode.PRIOR:
        return None
    return Refusal(
        "held",
        _("Ici, tout est relu avant de paraître\u00a0: les photos et leur description ne changent plus."),
    )


def hold(  # noqa: PLR0913 (what makes a held text)
    *,
    author: User,
    sort: HeldText.Sort,
    idea: Idea,
    cause: HeldText.Cause,
    texts: Sequence[str],
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
        "idea": idea,
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


def hold_correction(
    *, author: User, idea: Idea, cause: HeldText.Cause, texts: Sequence[str], words: dict[str, Any], at: dt.datetime
) -> None:
    """Put a correction aside; a newer one takes the place of the one that waits.

    Raises: RuntimeError outside a transaction.
    Locks: the one that waits, the case.
    """
    assert_in_transaction()
    former = _waiting_corrections(idea).first()
    if former is None:
        hold(author=author, sort=HeldText.Sort.CORRECTION, idea=idea, cause=cause, texts=texts, at=at, words=words)
        return
    former.words, former.cause = words, cause
    former.save(update_fields=["words", "cause"])
    open_case(former, texts=texts, at=at)


def drop_waiting_correction(idea: Idea, *, at: dt.datetime) -> None:
    """Take back the correction that waits: a newer one is published, which its release would undo. Locks: it, its case."""
    for former in _waiting_corrections(idea):
        HeldText.objects.filter(pk=former.pk).update(withdrawn_at=at, words={})
        close_case(former, at=at)


def _waiting_corrections(idea: Idea) -> QuerySet[HeldText]:
    waiting = HeldText.objects.waiting().select_for_update(of=("self",), no_key=True)
    return waiting.filter(idea=idea, sort=HeldText.Sort.CORRECTION).order_by("pk")


def open_case(held: HeldText, *, texts: Sequence[str], at: dt.datetime) -> None:
    """Put a held text in the queue, with the passages that look like personal data. Locks: the case."""
    campaign = held.idea.campaign
    is_promised = campaign.moderation == ModerationMode.PRIOR
    cases.open_case(
        kind=KINDS[HeldText.Sort(held.sort)],
        reference=held.reference,
        cause=held.cause,
        at=at,
        author=held.author,
        proposal=masked_forms.passages(*texts),
        promised_at=workdays.after_hours(at, campaign.review_hours) if is_promised else None,
    )


def close_case(held: HeldText, *, at: dt.datetime) -> None:
    """Take a held text out of the queue: its author took it back, or replaced it."""
    cases.close(kind=KINDS[HeldText.Sort(held.sort)], reference=held.reference, at=at)
