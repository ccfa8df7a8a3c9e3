"""What an author does with an idea: draft, photos, publication, correction, withdrawal.

Rows are locked in one order, so that no two gestures wait for each other: person, comment, idea, campaign, then the register. Counters
are written in the transaction of what they count. Supports are in `supporting`, comments in `talking`.
"""

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

from django.db import transaction
from django.db.models import F, Q
from django.utils import translation
from django.utils.translation import gettext as _

from accounts import consents
from accounts.models import Consent, User
from city.models import District, Theme
from ideas import clocks, heat, invitations, review, rules
from ideas.models import Amendment, Campaign, HeldText, Idea, IdeaVersion, Photo, Stage, Threshold
from ideas.models.writing import MAX_PHOTOS
from ideas.rows import RESIDENT, acting, empty_changes, erase_files, less, locked, record_held, stored
from moderation import marks
from moderation import rules as moderation
from mulhouse import charter, typography
from mulhouse.db import assert_in_transaction
from mulhouse.errors import DomainError, require
from mulhouse.markup import render_markdown
from mulhouse.typography import local_day
from mulhouse.uploads import CleanFile
from notifications import links, outbox, subscriptions
from transparency import register

# What moderation calls these files.
PHOTO_KIND = "idea_photo"
RENDERED = ("need", "proposal")
# What the other gestures of the box take from here: `rows` is where it is written.
__all__ = ("RESIDENT", "acting", "empty_changes", "erase_files", "less", "locked", "record_held")


@dataclass(frozen=True)
class Words:
    """What a resident wrote in the form of an idea."""

    title: str
    need: str
    proposal: str
    signature: str
    beneficiaries: str = ""
    cost: str = ""
    theme: Theme | None = None
    place: str = ""
    place_district: District | None = None
    behalf: str = Idea.Behalf.ONESELF
    behalf_name: str = ""


WRITTEN = tuple(Words.__dataclass_fields__)
# What still changes once somebody has reacted, each change being a version that everybody can read.
VERSIONED = ("title", "need", "proposal", "beneficiaries", "cost")


# --- Drafts --------------------------------------------------------------------------------------------------------


@transaction.atomic(durable=True)
def save_draft(*, actor: User, campaign: Campaign, reference: str, words: Words) -> Idea:
    """Keep what somebody has begun, finished or not; the same reference again changes the same draft.

    Raises: RefusedError when the reference is somebody else's, or published since.
    Locks: the draft.
    """
    draft, is_new = Idea.objects.get_or_create(
        reference=reference, defaults={"campaign": campaign, "author": actor, **_columns(words)}
    )
    if is_new:
        return draft
    draft = locked(draft)
    require(rules.draft_refusal(actor, draft))
    _assign(draft, words)
    draft.save(update_fields=[*WRITTEN, *_rendered(), "saved_at"])
    return draft


def _rendered() -> list[str]:
    return [f"{name}_html" for name in RENDERED]


def _columns(words: Words) -> dict[str, Any]:
    if words.behalf == Idea.Behalf.ONESELF:
        words = replace(words, behalf_name="")
    return {
        **{name: getattr(words, name) for name in WRITTEN},
        **{f"{name}_html": render_markdown(getattr(words, name)) for name in RENDERED},
    }


def _assign(idea: Idea, words: Words) -> None:
    for name, value in _columns(words).items():
        setattr(idea, name, value)


@transaction.atomic(durable=True)
def discard_draft(*, actor: User, idea: Idea) -> None:
    """Erase a draft and its photos; repeating it is no error.

    Raises: RefusedError when it is not theirs, or is published.
    Locks: the draft.
    """
    if not Idea.objects.filter(pk=idea.pk).exists():
        return
    draft = locked(idea)
    require(rules.draft_refusal(actor, draft))
    erase_files(Photo.objects.filter(idea=draft))
    draft.delete()


# --- Photos --------------------------------------------------------------------------------------------------------


def attach(*, actor: User, idea: Idea, upload: CleanFile, alt: str, is_decorative: bool, at: dt.datetime) -> Photo:
    """Join a cleaned photo to a draft, or to an idea nobody has reacted to.

    The file goes to the storage before the transaction, which never waits for it, and is taken back when the row is refused.

    Raises: RefusedError when the text is not theirs or can not change any more, or when moderation took this file away from them;
    DomainError "not_a_photo" for a document, "too_many" beyond three.
    Locks: the idea.
    """
    if upload.kind != "photo":
        raise DomainError("not_a_photo", _("Une idée prend des photos\u00a0: JPEG, PNG ou WebP."))
    photo = stored(upload, alt=alt, is_decorative=is_decorative)
    try:
        with transaction.atomic(durable=True):
            held = locked(idea)
            require(rules.photos_refusal(actor, held, at=at))
            require(moderation.file_refusal(actor, PHOTO_KIND, marks.of_file(upload.content)))
            photo.idea, photo.position = held, _free_position(held)
            photo.save()
            if held.published_at is not None:
                _record_edit(actor, held)
    except BaseException:
        photo.file.delete(save=False)
        raise
    return photo


def _free_position(idea: Idea) -> int:
    taken = set(idea.photos.values_list("position", flat=True))
    free = [position for position in range(1, MAX_PHOTOS + 1) if position not in taken]
    if not free:
        raise DomainError("too_many", _("Trois photos au plus. Retirez-en une pour en ajouter une autre."))
    return free[0]


@transaction.atomic(durable=True)
def describe(*, actor: User, photo: Photo, alt: str, is_decorative: bool, at: dt.datetime) -> None:
    """Change the words that stand for a photo.

    Raises: RefusedError when the idea is not theirs, or does not change any more.
    """
    idea = locked(photo.idea)
    require(rules.draft_refusal(actor, idea) if idea.published_at is None else rules.edit_refusal(actor, idea, at=at))
    values = {"alt": alt, "is_decorative": is_decorative}
    rows = Photo.objects.filter(pk=photo.pk).exclude(**values)
    if rows.exists() and idea.published_at is not None:
        require(review.unread_refusal(idea))
    if rows.update(**values) and idea.published_at is not None:
        _record_edit(actor, idea)


@transaction.atomic(durable=True)
def detach(*, actor: User, photo: Photo, at: dt.datetime) -> None:
    """Take a photo away from a draft, or from an idea nobody has reacted to; repeating it is no error.

    Raises: RefusedError when the text is not theirs or can not change any more.
    Locks: the idea.
    """
    idea = locked(photo.idea)
    require(rules.photos_refusal(actor, idea, at=at))
    if erase_files(Photo.objects.filter(pk=photo.pk)) and idea.published_at is not None:
        _record_edit(actor, idea)


# --- Published ideas -----------------------------------------------------------------------------------------------


@transaction.atomic(durable=True)
def publish(*, actor: User, idea: Idea, at: dt.datetime) -> Idea:
    """Make a draft public, sign it, count it and acknowledge it by mail; repeating it is no error.

    Its author follows what becomes of it. A text that moderation reads first is handed in, and put aside: `submitted_at` says
    so, `published_at` is still None. Publishing is agreeing to the charter: its version is stored with the text and in the
    person's consents.

    Raises: RefusedError when the rule refuses (dates, residence, age, signature, missing text or description).
    Locks: the person, the draft, then its campaign.
    """
    person = acting(actor)
    draft = locked(idea)
    if draft.author_id == actor.pk and (draft.published_at or draft.submitted_at):
        return draft
    require(rules.publish_refusal(person, draft, at=at))
    draft.submitted_at = at
    draft.district = actor.district
    draft.charter_version = charter.CURRENT.number
    for name in RENDERED:
        setattr(draft, f"{name}_html", render_markdown(getattr(draft, name)))
    draft.save(update_fields=["submitted_at", "district", "charter_version", *_rendered(), "saved_at"])
    consents.give(actor, Consent.Purpose.CHARTER)
    subscriptions.add(actor, draft.topic)
    texts = review.texts_of(draft)
    if cause := review.cause_of(actor, draft.campaign, texts, at=at):
        review.hold(author=actor, sort=HeldText.Sort.IDEA, idea=draft, cause=cause, texts=texts, at=at)
        record_held(actor, draft, HeldText.Sort.IDEA, cause)
        return draft
    make_public(idea=draft, at=at)
    return draft


def make_public(*, idea: Idea, at: dt.datetime) -> None:
    """Publish an idea that was handed in: list it, count it, give it its days, acknowledge it.

    Raises: RuntimeError outside a transaction.
    Locks: expects the idea held; takes its campaign, then the register.
    """
    assert_in_transaction()
    author, campaign = idea.author, idea.campaign
    first = campaign.thresholds.order_by("supports").first()
    idea.published_at = idea.stage_at = at
    idea.stage, idea.heat = Stage.SUPPORT, heat.COLD
    idea.supports_until = campaign.supports_until(local_day(at))
    idea.verified_only = campaign.verified_only
    idea.next_supports = first.supports if first else None
    idea.save(
        update_fields=[
            "published_at",
            "stage",
            "stage_at",
            "heat",
            "supports_until",
            "verified_only",
            "next_supports",
            "saved_at",
        ]
    )
    Campaign.objects.filter(pk=campaign.pk).update(idea_count=F("idea_count") + 1)
    clocks.begin(clocks.READING, idea=idea, at=at)
    invitations.send_waiting(idea, at=at)
    # The authors of ideas that are gathered are told otherwise (gathering_telling).
    if author is not None and not idea.gathers:
        outbox.enqueue_template(
            kind="ideas.published",
            to=author.email,
            template="ideas/published",
            context=_published_words(idea, first, author.language),
            user=author,
            once_key=f"idea:{idea.reference}:published",
            language=author.language,
        )
    register.record(
        "idea.published",
        role=RESIDENT,
        subject=idea.reference,
        facts={"campagne": campaign.slug, "charte": idea.charter_version},
        actor=author,
    )


def _published_words(idea: Idea, first: Threshold | None, language: str) -> dict[str, Any]:
    """Give what the mail says: until when it may be supported, and what its first threshold asks and promises."""
    with translation.override(language):
        until = typography.day(idea.supports_until) if idea.supports_until else ""
    address = links.address(idea, language)
    return {"idea": idea, "campaign": idea.campaign, "until": until, "first": first, "address": address}


@transaction.atomic(durable=True)
def correct(*, actor: User, idea: Idea, words: Words, at: dt.datetime) -> Idea:
    """Change a published idea: freely before the first reaction, by a version that everybody can read after it.

    A correction that adds what moderation reads first waits: the public text stays as it is. After a reaction only the words
    of VERSIONED change. Nothing changed is no error and leaves no trace.

    Raises: RefusedError when it is not theirs, withdrawn, or under study.
    Locks: the person, the idea.
    """
    person = acting(actor)
    held = locked(idea)
    require(rules.edit_refusal(person, held, at=at))
    names = VERSIONED if held.has_reaction else WRITTEN
    columns = _columns(words)
    changed = {name: columns[name] for name in names}
    if all(getattr(held, name) == value for name, value in changed.items()):
        return held
    after = review.texts_of(replace(words, **{name: getattr(held, name) for name in WRITTEN if name not in names}))
    if cause := review.correction_cause(actor, held.campaign, review.texts_of(held), after, at=at):
        _hold_correction(actor, held, changed, cause, after, at)
        return held
    review.drop_waiting_correction(held, at=at)
    write_correction(idea=held, words=changed, actor=actor, at=at)
    return held


def _hold_correction(
    actor: User, held: Idea, words: dict[str, Any], cause: HeldText.Cause, texts: Sequence[str], at: dt.datetime
) -> None:
    stored = {
        **{name: value for name, value in words.items() if name not in {"theme", "place_district"}},
        **{f"{name}_id": getattr(words[name], "pk", None) for name in ("theme", "place_district") if name in words},
    }
    review.hold_correction(author=actor, idea=held, cause=cause, texts=texts, words=stored, at=at)
    record_held(actor, held, HeldText.Sort.CORRECTION, cause)


def write_correction(
    *, idea: Idea, words: dict[str, Any], actor: User | None, at: dt.datetime, is_versioned: bool = False
) -> None:
    """Write the corrected words of a published idea: `words` gives its columns by name.

    `is_versioned`: the words before stay readable even if nobody reacted (somebody else proposed the new ones). So do those that
    a change was written from.

    Raises: RuntimeError outside a transaction.
    Locks: expects the idea held; takes the register.
    """
    assert_in_transaction()
    changed = [*words, *_rendered(), "saved_at"]
    if is_versioned or idea.has_reaction or Amendment.objects.filter(idea=idea, withdrawn_at=None).exists():
        kept = (*VERSIONED, *_rendered())
        IdeaVersion.objects.create(
            idea=idea,
            number=idea.versions.count() + 1,
            replaced_at=at,
            **{name: getattr(idea, name) for name in kept},
        )
        idea.corrected_at = at
        changed.append("corrected_at")
    for name, value in words.items():
        setattr(idea, name, value)
    for name in RENDERED:
        setattr(idea, f"{name}_html", render_markdown(getattr(idea, name)))
    idea.save(update_fields=changed)
    invitations.tell_correction(idea, at=at)
    _record_edit(actor, idea)


def _record_edit(actor: User | None, idea: Idea) -> None:
    register.record(
        "idea.corrected",
        role=RESIDENT,
        subject=idea.reference,
        facts={"campagne": idea.campaign.slug, "apres_reaction": idea.has_reaction},
        actor=actor,
    )


@transaction.atomic(durable=True)
def withdraw(*, actor: User, idea: Idea, at: dt.datetime) -> None:
    """Take an idea back: its address keeps a neutral sentence, every list and count lets it go. Repeating it is no error.

    Raises: RefusedError when it is not theirs, is only a draft, or is under study.
    Locks: the idea, its campaign.
    """
    held = locked(idea)
    if held.withdrawn_at is not None and held.author_id == actor.pk:
        return
    require(rules.withdraw_refusal(actor, held))
    take_back(idea=held, at=at)
    register.record(
        "idea.withdrawn",
        role=RESIDENT,
        subject=held.reference,
        facts={"campagne": held.campaign.slug},
        actor=actor,
    )


def take_back(*, idea: Idea, at: dt.datetime) -> None:
    """Withdraw an idea, count it no more, owe nothing of it, and cancel the invitations to sign it.

    Raises: RuntimeError outside a transaction.
    Locks: expects the idea held; takes its campaign.
    """
    assert_in_transaction()
    idea.withdrawn_at = at
    idea.save(update_fields=["withdrawn_at", "saved_at"])
    clocks.stop(idea=idea, at=at)
    invitations.cancel_all(idea)
    if idea.hidden_at is None:
        count_idea(idea=idea, by=-1)


def count_idea(*, idea: Idea, by: int) -> None:
    """Count an idea in its campaign, or count it no more.

    Raises: RuntimeError outside a transaction.
    Locks: the campaign.
    """
    assert_in_transaction()
    Campaign.objects.filter(pk=idea.campaign_id).update(idea_count=less("idea_count", -by))


# --- Following -----------------------------------------------------------------------------------------------------


@transaction.atomic(durable=True)
def follow(*, actor: User, idea: Idea) -> None:
    """Be told what becomes of an idea; repeating it is no error. Raises: RefusedError."""
    require(rules.follow_refusal(actor, idea))
    subscriptions.add(actor, idea.topic)


@transaction.atomic(durable=True)
def unfollow(*, actor: User, idea: Idea) -> None:
    """Stop being told; repeating it is no error."""
    subscriptions.remove(actor.pk, idea.topic)


# --- Closing an account ----------------------------------------------------------------------------------------------
# Called by the closing of an account, in its transaction: nothing here writes on the register, the closing does.


# What stands in place of a text that is no more: three columns may not be empty.
EMPTIED: dict[str, Any] = {
    **dict.fromkeys(("title", "need", "proposal"), "—"),
    **dict.fromkeys(("need_html", "proposal_html", "beneficiaries", "cost", "place", "behalf_name"), ""),
    "behalf": Idea.Behalf.ONESELF,
    "district": None,
    "place_district": None,
}


def erase_ideas(*, user: User) -> None:
    """Erase somebody's drafts with their photos, empty what was withdrawn or hidden, and unsign what they published.

    Raises: RuntimeError outside a transaction.
    """
    assert_in_transaction()
    theirs = Idea.objects.filter(author=user)
    # Hidden texts too: nobody is left to appeal.
    gone = theirs.filter(Q(withdrawn_at__isnull=False) | Q(hidden_at__isnull=False))
    erase_files(Photo.objects.filter(idea__in=theirs.filter(published_at__isnull=True)))
    erase_files(Photo.objects.filter(idea__in=gone))
    IdeaVersion.objects.filter(idea__in=gone).delete()
    empty_changes(gone)
    theirs.filter(published_at__isnull=True).delete()
    gone.update(**EMPTIED)
    # A name they gave at the desk goes with them.
    theirs.update(author=None, author_label="")
