"""Everything residents write in a consultation.

Rows are locked in one order, so that no two gestures wait for each other: reply, comment, contribution, section, consultation,
then the register. Counters are written in the transaction of what they count.
"""

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

from django.conf import settings
from django.db import transaction
from django.db.models import F, Q, QuerySet, Value
from django.db.models.functions import Greatest
from django.utils import translation
from django.utils.translation import gettext as _

from accounts import consents
from accounts.models import Consent, User
from city.models import District
from consultations import items, participation, phases, review, rules, storing
from consultations.models import (
    Attachment,
    Comment,
    CommentSupport,
    Consultation,
    Contribution,
    ContributionVersion,
    HeldText,
    ModerationMode,
    Note,
    Phase,
    Position,
    Section,
)
from moderation import marks
from moderation import rules as moderation
from mulhouse import charter, typography
from mulhouse.db import assert_in_transaction
from mulhouse.errors import DomainError, Refusal, RefusedError, require
from mulhouse.markup import render_markdown
from mulhouse.uploads import CleanFile
from notifications import links, outbox, subscriptions, telling
from transparency import register

RESIDENT = "habitant"
MAX_ATTACHMENTS = 3
COUNTERS = {
    Position.Choice.AGREE.value: "agree_count",
    Position.Choice.MIXED.value: "mixed_count",
    Position.Choice.DISAGREE.value: "disagree_count",
}
STANCE_COUNTERS = {Comment.Stance.FOR.value: "for_count", Comment.Stance.AGAINST.value: "against_count"}


@dataclass(frozen=True)
class Words:
    """What a resident wrote in the form of a contribution."""

    section: Section | None
    kind: str
    title: str
    body: str
    signature: str
    usage_when: str = ""
    usage_frequency: str = ""
    usage_role: str = ""
    place: str = ""
    place_district: District | None = None


WRITTEN = tuple(Words.__dataclass_fields__)


def _moved(counter: str, by: int) -> Greatest:
    """Add to a counter, or take from it."""
    return _less(counter, -by)


def _less(counter: str, by: int = 1) -> Greatest:
    """Take from a counter. Never below zero: a wrong count, found at night, must not keep somebody from withdrawing."""
    return Greatest(F(counter) - by, Value(0))


def _locked(contribution: Contribution) -> Contribution:
    """Read a contribution again and hold it until the end of the transaction."""
    held: QuerySet[Contribution] = Contribution.objects.select_for_update(of=("self",), no_key=True)
    return (
        held.select_related("consultation", "section", "author", "place_district")
        .prefetch_related("consultation__phases")
        .get(pk=contribution.pk)
    )


def _acting(actor: User) -> User:
    """Read who writes again, under their own lock: data set aside or an account closed a moment ago counts at once.

    Raises: RefusedError for an account that was closed meanwhile.
    Locks: the person, before what they write.
    """
    person = User.objects.select_for_update(of=("self",), no_key=True).filter(pk=actor.pk).first()
    if person is None:
        raise RefusedError(Refusal("sign_in", _("Connectez-vous pour participer.")))
    return person


# --- Drafts --------------------------------------------------------------------------------------------------------


@transaction.atomic(durable=True)
def save_draft(*, actor: User, consultation: Consultation, reference: str, words: Words) -> Contribution:
    """Keep what somebody has begun, finished or not; the same reference again changes the same draft.

    Raises: RefusedError when the reference is somebody else's, or published since.
    Locks: the draft.
    """
    draft, is_new = Contribution.objects.get_or_create(
        reference=reference,
        defaults={"consultation": consultation, "author": actor, **_columns(words)},
    )
    if is_new:
        return draft
    draft = _locked(draft)
    require(rules.draft_refusal(actor, draft))
    _assign(draft, words)
    draft.save(update_fields=[*WRITTEN, "body_html", "saved_at"])
    return draft


def _columns(words: Words) -> dict[str, Any]:
    return {**{name: getattr(words, name) for name in WRITTEN}, "body_html": render_markdown(words.body)}


def _assign(contribution: Contribution, words: Words) -> None:
    for name, value in _columns(words).items():
        setattr(contribution, name, value)


@transaction.atomic(durable=True)
def discard_draft(*, actor: User, contribution: Contribution) -> None:
    """Erase a draft and its files; repeating it is no error.

    Raises: RefusedError when it is not theirs, or is published.
    Locks: the draft.
    """
    if not Contribution.objects.filter(pk=contribution.pk).exists():
        return
    draft = _locked(contribution)
    require(rules.draft_refusal(actor, draft))
    _erase_files(Attachment.objects.filter(contribution=draft))
    draft.delete()


def attach(
    *, actor: User, contribution: Contribution, upload: CleanFile, alt: str, is_decorative: bool, at: dt.datetime
) -> Attachment:
    """Join a cleaned file to a draft, or to a contribution nobody has reacted to.

    The file goes to the storage before the transaction, which never waits for it, and is taken back when the row is refused.

    Raises: RefusedError when the text is not theirs or can not change any more, or when moderation took this file away from them;
    DomainError("too_many") beyond three.
    Locks: the contribution.
    """
    attachment = storing.attachment(upload, alt=alt, is_decorative=is_decorative)
    try:
        with transaction.atomic(durable=True):
            held = _locked(contribution)
            require(_files_refusal(actor, held, at=at) or _unread_refusal(held))
            require(moderation.file_refusal(actor, storing.KIND, marks.of_file(upload.content)))
            attachment.contribution, attachment.position = held, _free_position(held)
            attachment.save()
            if held.published_at is not None:
                _record_edit(actor, held)
    except BaseException:
        attachment.file.delete(save=False)
        raise
    return attachment


def _free_position(contribution: Contribution) -> int:
    taken = set(contribution.attachments.values_list("position", flat=True))
    free = [position for position in range(1, MAX_ATTACHMENTS + 1) if position not in taken]
    if not free:
        raise DomainError("too_many", _("Trois fichiers au plus. Retirez-en un pour en ajouter un autre."))
    return free[0]


def _files_refusal(actor: User, contribution: Contribution, *, at: dt.datetime) -> Refusal | None:
    if contribution.published_at is None:
        return rules.draft_refusal(actor, contribution)
    if contribution.has_reaction:
        return Refusal(
            "reacted", _("Quelqu’un a déjà réagi\u00a0: les fichiers ne changent plus. Vous pouvez corriger le texte.")
        )
    return rules.edit_refusal(actor, contribution, at=at)


def _unread_refusal(contribution: Contribution) -> Refusal | None:
    """Tell whether what is added to a public contribution would go online unread, where everything is read first."""
    if contribution.published_at is None or contribution.consultation.moderation != ModerationMode.PRIOR:
        return None
    return Refusal(
        "held",
        _(
            "Ici, tout est relu avant de paraître : les fichiers et leur description ne changent plus. Vous pouvez corriger le texte."
        ),
    )


@transaction.atomic(durable=True)
def describe(*, actor: User, attachment: Attachment, alt: str, is_decorative: bool) -> None:
    """Change the words that stand for a photo.

    Raises: RefusedError when the contribution is not theirs, or is withdrawn.
    """
    contribution = attachment.contribution
    require(
        rules.draft_refusal(actor, contribution)
        if contribution.published_at is None
        else rules.withdraw_refusal(actor, contribution)
    )
    values = {"alt": alt, "is_decorative": is_decorative}
    rows = Attachment.objects.filter(pk=attachment.pk).exclude(**values)
    if rows.exists():
        require(_unread_refusal(contribution))
    changed = rows.update(**values)
    if changed and contribution.published_at is not None:
        _record_edit(actor, contribution)


@transaction.atomic(durable=True)
def detach(*, actor: User, attachment: Attachment, at: dt.datetime) -> None:
    """Take a file away from a draft, or from a contribution nobody has reacted to; repeating it is no error.

    Raises: RefusedError when the text is not theirs or can not change any more.
    Locks: the contribution.
    """
    contribution = _locked(attachment.contribution)
    require(_files_refusal(actor, contribution, at=at))
    if _erase_files(Attachment.objects.filter(pk=attachment.pk)) and contribution.published_at is not None:
        _record_edit(actor, contribution)


def _erase_files(attachments: QuerySet[Attachment]) -> int:
    """Erase rows now, and their files once that is certain."""
    found = list(attachments)
    for attachment in found:
        transaction.on_commit(partial(attachment.file.storage.delete, str(attachment.file.name)))
    return attachments.delete()[0] if found else 0


# --- Published contributions ---------------------------------------------------------------------------------------


@transaction.atomic(durable=True)
def publish(*, actor: User, contribution: Contribution, at: dt.datetime, follow: bool = False) -> Contribution:
    """Make a draft public, sign it, count it and acknowledge it by mail; repeating it is no error.

    A text that moderation reads first is handed in, in time, and put aside: `submitted_at` says so, `published_at` is still None.
    Publishing is agreeing to the charter: its version is stored with the text and in the person's consents.

    Raises: RefusedError when the rule refuses (phase, residence, age, signature, missing text or description).
    Locks: the person, the draft, then its section and consultation.
    """
    person = _acting(actor)
    draft = _locked(contribution)
    if draft.author_id == actor.pk and (draft.published_at or draft.submitted_at):
        return draft
    require(rules.publish_refusal(person, draft, at=at))
    draft.submitted_at = at
    draft.district = actor.district
    draft.charter_version = charter.CURRENT.number
    draft.body_html = render_markdown(draft.body)
    draft.save(update_fields=["submitted_at", "district", "charter_version", "body_html", "saved_at"])
    consents.give(actor, Consent.Purpose.CHARTER)
    if follow:
        subscriptions.add(actor, draft.consultation.topic)
    texts = review.texts_of(draft)
    if cause := review.cause_of(actor, draft.consultation, texts, at=at):
        sort = HeldText.Sort.CONTRIBUTION
        review.hold(author=actor, sort=sort, contribution=draft, cause=cause, texts=texts, at=at)
        _record_held(actor, draft, sort, cause)
        return draft
    make_public(contribution=draft, at=at)
    return draft


def _record_held(actor: User, contribution: Contribution, sort: HeldText.Sort, cause: HeldText.Cause) -> None:
    register.record(
        "text.held",
        role=RESIDENT,
        subject=contribution.consultation.slug,
        facts={"sorte": sort.value, "cause": cause.value},
        actor=actor,
    )


def make_public(*, contribution: Contribution, at: dt.datetime) -> None:
    """Publish a contribution that was handed in: list it, count it, acknowledge it. The phase is the one of `submitted_at`.

    Raises: RuntimeError outside a transaction.
    Locks: expects the contribution held; takes its section and consultation, then the register.
    """
    assert_in_transaction()
    draft, author = contribution, contribution.author
    draft.published_at = at
    draft.save(update_fields=["published_at", "saved_at"])
    if author is not None:
        outbox.enqueue_template(
            kind="consultations.published",
            to=author.email,
            template="consultations/published",
            context={
                "contribution": draft,
                "consultation": draft.consultation,
                "address": _address(draft, author.language),
            },
            user=author,
            once_key=f"contribution:{draft.reference}:published",
            language=author.language,
        )
    items.write_contributions([draft.pk])
    _count_in_section(draft.section_id, F("contribution_count") + 1)
    Consultation.objects.filter(pk=draft.consultation_id).update(contribution_count=F("contribution_count") + 1)
    if author is not None:
        participation.note_account(draft.consultation, author, at=draft.submitted_at or at)
    register.record(
        "contribution.published",
        role=RESIDENT,
        subject=draft.reference,
        facts={"consultation": draft.consultation.slug, "sorte": draft.kind, "charte": draft.charter_version},
        actor=author,
    )


@transaction.atomic(durable=True)
def correct(*, actor: User, contribution: Contribution, words: Words, at: dt.datetime) -> Contribution:
    """Change a published text: freely before the first reaction, by a version that everybody can read after it.

    A correction that adds what moderation reads first waits: the public text stays as it is.
    After a reaction only the title and the text change. Nothing changed is no error and leaves no trace.

    Raises: RefusedError when it is not theirs, withdrawn, or the phase is over.
    Locks: the person, the contribution.
    """
    person = _acting(actor)
    held = _locked(contribution)
    require(rules.edit_refusal(person, held, at=at))
    reacted = held.has_reaction
    names = ("title", "body") if reacted else WRITTEN
    if all(getattr(held, name) == getattr(words, name) for name in names):
        return held
    after = [words.title, words.body] if reacted else review.texts_of(words)
    if cause := review.correction_cause(actor, held.consultation, review.texts_of(held), after, at=at):
        _hold_correction(actor, held, {name: getattr(words, name) for name in names}, cause, after, at)
        return held
    _drop_waiting_correction(held, at)
    write_correction(contribution=held, words={name: getattr(words, name) for name in names}, actor=actor, at=at)
    return held


def _hold_correction(
    actor: User, held: Contribution, words: dict[str, Any], cause: HeldText.Cause, texts: list[str], at: dt.datetime
) -> None:
    """Put a correction aside; a newer one takes the place of the one that waits. Locks: the one that waits, the case."""
    sort = HeldText.Sort.CORRECTION
    stored = {
        **{name: value for name, value in words.items() if name not in {"section", "place_district"}},
        **{f"{name}_id": getattr(words[name], "pk", None) for name in ("section", "place_district") if name in words},
    }
    waiting: QuerySet[HeldText] = HeldText.objects.waiting().select_for_update(of=("self",), no_key=True)
    former = waiting.filter(contribution=held, sort=sort).order_by("pk").first()
    if former is None:
        review.hold(author=actor, sort=sort, contribution=held, cause=cause, texts=texts, at=at, words=stored)
    else:
        former.words, former.cause = stored, cause
        former.save(update_fields=["words", "cause"])
        review.open_case(former, texts=texts, at=at)
    _record_held(actor, held, sort, cause)


def _drop_waiting_correction(contribution: Contribution, at: dt.datetime) -> None:
    """Take back the correction that waits: a newer one is published, which its release would undo. Locks: it, its case."""
    waiting: QuerySet[HeldText] = HeldText.objects.waiting().select_for_update(of=("self",), no_key=True)
    for former in waiting.filter(contribution=contribution, sort=HeldText.Sort.CORRECTION).order_by("pk"):
        HeldText.objects.filter(pk=former.pk).update(withdrawn_at=at, words={})
        review.close_case(former, at=at)


def write_correction(*, contribution: Contribution, words: dict[str, Any], actor: User | None, at: dt.datetime) -> None:
    """Write the corrected words of a published contribution: `words` gives its columns by name.

    Raises: RuntimeError outside a transaction.
    Locks: expects the contribution held; takes its sections, then the register.
    """
    assert_in_transaction()
    held, reacted, names = contribution, contribution.has_reaction, list(words)
    changed = [*names, "body_html", "saved_at"]
    if reacted:
        ContributionVersion.objects.create(
            contribution=held,
            number=held.versions.count() + 1,
            title=held.title,
            body=held.body,
            body_html=held.body_html,
            replaced_at=at,
        )
        held.corrected_at = at
        changed.append("corrected_at")
    old_section = held.section_id
    for name in names:
        setattr(held, name, words[name])
    held.body_html = render_markdown(held.body)
    held.save(update_fields=changed)
    items.write_contributions([held.pk])
    if held.section_id != old_section:
        _move(old_section, held.section_id)
    _record_edit(actor, held)


def _move(old_section: int | None, new_section: int | None) -> None:
    """Count a contribution in its new section, in the order of the keys so that two moves never wait for each other."""
    changes = {old_section: _less("contribution_count"), new_section: F("contribution_count") + 1}
    for section in sorted(changes, key=lambda pk: pk or 0):
        _count_in_section(section, changes[section])


def _count_in_section(section: int | None, count: Any) -> None:
    if section is not None:
        Section.objects.filter(pk=section).update(contribution_count=count)


def _record_edit(actor: User | None, contribution: Contribution) -> None:
    register.record(
        "contribution.corrected",
        role=RESIDENT,
        subject=contribution.reference,
        facts={"consultation": contribution.consultation.slug, "apres_reaction": contribution.has_reaction},
        actor=actor,
    )


@transaction.atomic(durable=True)
def withdraw(*, actor: User, contribution: Contribution, at: dt.datetime) -> None:
    """Take a contribution back: its address keeps a neutral sentence, every list and count lets it go.

    Repeating it is no error.

    Raises: RefusedError when it is not theirs, or is only a draft.
    Locks: the contribution, the analysis of its consultation and the opinions it is grouped with, its section and consultation.
    """
    held = _locked(contribution)
    if held.withdrawn_at is not None and held.author_id == actor.pk:
        return
    require(rules.withdraw_refusal(actor, held))
    take_back(contribution=held, at=at)
    register.record(
        "contribution.withdrawn",
        role=RESIDENT,
        subject=held.reference,
        facts={"consultation": held.consultation.slug},
        actor=actor,
    )


def take_back(*, contribution: Contribution, at: dt.datetime) -> None:
    """Take a contribution out of every list and count, in the caller's transaction.

    Raises: RuntimeError outside a transaction.
    Locks: expects the contribution held; takes its section and consultation.
    """
    assert_in_transaction()
    held = contribution
    held.withdrawn_at = at
    held.save(update_fields=["withdrawn_at", "saved_at"])
    items.went(contributions=[held.pk])
    if held.hidden_at is None:
        count_contribution(contribution=held, by=-1)


def count_contribution(*, contribution: Contribution, by: int) -> None:
    """Count a contribution and its debate in its section and consultation, or count them no more.

    Raises: RuntimeError outside a transaction.
    Locks: the section, then the consultation.
    """
    assert_in_transaction()
    _count_in_section(contribution.section_id, _moved("contribution_count", by))
    Consultation.objects.filter(pk=contribution.consultation_id).update(
        contribution_count=_moved("contribution_count", by),
        comment_count=_moved("comment_count", by * contribution.comment_count),
    )


# --- Positions -----------------------------------------------------------------------------------------------------


@transaction.atomic(durable=True)
def take_position(*, actor: User, contribution: Contribution, choice: str, at: dt.datetime) -> None:
    """Store what somebody thinks of a contribution, in place of what they thought before.

    The register says that somebody took a position in this consultation: neither who, nor on what, nor which.

    Raises: RefusedError; ValueError for a choice that does not exist.
    Locks: the person's own position, then the contribution.
    """
    counter = COUNTERS.get(choice)
    if counter is None:
        raise ValueError(choice)
    require(rules.position_refusal(actor, contribution, at=at))
    position, is_new = Position.objects.get_or_create(
        contribution=contribution, resident=actor, defaults={"choice": choice}
    )
    if not is_new:
        position = Position.objects.select_for_update(of=("self",), no_key=True).get(pk=position.pk)
        if position.choice == choice:
            return
    changes: dict[str, Any] = {counter: F(counter) + 1}
    if not is_new:
        changes[COUNTERS[position.choice]] = _less(COUNTERS[position.choice])
        position.choice = choice
        position.save(update_fields=["choice"])
    _count(contribution, **changes)
    participation.note_account(contribution.consultation, actor, at=at)
    register.record("position.taken", role=RESIDENT, subject=contribution.consultation.slug)


@transaction.atomic(durable=True)
def withdraw_position(*, actor: User, contribution: Contribution, at: dt.datetime) -> None:
    """Forget what somebody thinks of a contribution; repeating it is no error.

    Raises: RefusedError when the phase is over.
    Locks: the person's own position, then the contribution.
    """
    require(rules.position_refusal(actor, contribution, at=at))
    position = (
        Position.objects.select_for_update(of=("self",))
        .filter(contribution=contribution, resident=actor)
        .order_by("pk")
        .first()
    )
    if position is None:
        return
    counter = COUNTERS[position.choice]
    position.delete()
    _count(contribution, **{counter: _less(counter)})
    register.record("position.withdrawn", role=RESIDENT, subject=contribution.consultation.slug)


def _count(contribution: Contribution, **changes: Any) -> None:
    """Write counters of a contribution that is still there. Raises: RefusedError when it was withdrawn meanwhile."""
    if not Contribution.objects.visible().filter(pk=contribution.pk).update(**changes):
        raise RefusedError(Refusal("withdrawn", _("Cette contribution vient d’être retirée par son auteur.")))


# --- Debate --------------------------------------------------------------------------------------------------------


@transaction.atomic(durable=True)
def comment(
    *,
    actor: User,
    contribution: Contribution,
    reference: str,
    stance: str,
    body: str,
    at: dt.datetime,
    parent: Comment | None = None,
    is_proposal: bool = False,
) -> Comment | HeldText:
    """Add a word to the debate, or a reply to a comment; the same reference again is the same comment.

    Publishing is agreeing to the charter, as the form says: its version joins the person's consents.

    Shape: a reply is always neutral, the stance belongs to the comment that opens the thread. A HeldText when moderation reads
    it first.
    Raises: RefusedError when the rule refuses, or when what is answered was withdrawn meanwhile.
    Locks: the person, the parent, the contribution, the consultation.
    """
    person = _acting(actor)
    require(
        rules.reply_refusal(person, parent, at=at) if parent else rules.comment_refusal(person, contribution, at=at)
    )
    words = {"stance": Comment.Stance.NEUTRAL.value if parent else stance, "body": body, "is_proposal": is_proposal}
    former = HeldText.objects.filter(reference=reference).first() or Comment.objects.filter(reference=reference).first()
    if former is not None and former.author_id != actor.pk:
        raise RefusedError(Refusal("not_author", _("Ce commentaire n’est pas le vôtre.")))
    if former is not None:
        return former
    if cause := review.cause_of(actor, contribution.consultation, [body], at=at):
        held = review.hold(
            author=actor,
            sort=HeldText.Sort.COMMENT,
            contribution=contribution,
            cause=cause,
            texts=[body],
            at=at,
            reference=reference,
            parent=parent,
            words=words,
        )
        consents.give(actor, Consent.Purpose.CHARTER)
        _record_held(actor, contribution, HeldText.Sort.COMMENT, cause)
        return held
    consents.give(actor, Consent.Purpose.CHARTER)
    return write_comment(
        author=actor, contribution=contribution, parent=parent, reference=reference, words=words, submitted_at=at, at=at
    )


def write_comment(
    *,
    author: User | None,
    contribution: Contribution,
    parent: Comment | None,
    reference: str,
    words: dict[str, Any],
    submitted_at: dt.datetime,
    at: dt.datetime,
) -> Comment:
    """Publish a comment: write it, count it. The same reference again is the same comment.

    Shape: `words` gives stance, body and is_proposal.
    Raises: RuntimeError outside a transaction; RefusedError when what is answered was withdrawn meanwhile, or the reference
    is somebody else's.
    Locks: the parent, the contribution, the consultation, then the register.
    """
    assert_in_transaction()
    stance, is_proposal = words["stance"], words["is_proposal"]
    written, is_new = Comment.objects.get_or_create(
        reference=reference,
        defaults={
            "contribution": contribution,
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
    changes = {"comment_count": F("comment_count") + 1}
    if stance in STANCE_COUNTERS:
        changes[STANCE_COUNTERS[stance]] = F(STANCE_COUNTERS[stance]) + 1
    _count(contribution, **changes)
    if is_proposal:
        items.write_comments([written.pk])
    Consultation.objects.filter(pk=contribution.consultation_id).update(comment_count=F("comment_count") + 1)
    if author is not None:
        participation.note_account(contribution.consultation, author, at=submitted_at)
    register.record(
        "comment.published",
        role=RESIDENT,
        subject=written.reference,
        facts={"consultation": contribution.consultation.slug, "contribution": contribution.reference},
        actor=author,
    )
    return written


@transaction.atomic(durable=True)
def withdraw_comment(*, actor: User, comment: Comment, at: dt.datetime) -> None:
    """Take a comment back: a neutral sentence stands where it had replies; repeating it is no error.

    Raises: RefusedError when it is not theirs.
    Locks: the comment, its parent, the contribution, the consultation.
    """
    held = Comment.objects.select_for_update(of=("self",), no_key=True).get(pk=comment.pk)
    if held.withdrawn_at is not None and held.author_id == actor.pk:
        return
    require(rules.withdraw_comment_refusal(actor, held))
    held.withdrawn_at = at
    held.save(update_fields=["withdrawn_at"])
    contribution = Contribution.objects.select_related("consultation").get(pk=held.contribution_id)
    if held.is_proposal:
        items.went(comments=[held.pk])
    if held.hidden_at is None:
        count_comment(comment=held, by=-1)
    register.record(
        "comment.withdrawn",
        role=RESIDENT,
        subject=held.reference,
        facts={"consultation": contribution.consultation.slug, "contribution": contribution.reference},
        actor=actor,
    )


def count_comment(*, comment: Comment, by: int) -> None:
    """Count a comment, or count it no more; for the consultation only while its contribution is counted there.

    Raises: RuntimeError outside a transaction.
    Locks: its parent, the contribution, the consultation.
    """
    assert_in_transaction()
    if comment.parent_id is not None:
        Comment.objects.filter(pk=comment.parent_id).update(reply_count=_moved("reply_count", by))
    changes: dict[str, Any] = {"comment_count": _moved("comment_count", by)}
    if comment.stance in STANCE_COUNTERS:
        changes[STANCE_COUNTERS[comment.stance]] = _moved(STANCE_COUNTERS[comment.stance], by)
    contributions = Contribution.objects.filter(pk=comment.contribution_id)
    if contributions.visible().update(**changes):
        consultation = contributions.values("consultation")
        Consultation.objects.filter(pk__in=consultation).update(comment_count=_moved("comment_count", by))
    else:
        contributions.update(**changes)


@transaction.atomic(durable=True)
def support_comment(*, actor: User, comment: Comment, at: dt.datetime) -> None:
    """Count somebody's support of a comment once, however often they say it.

    The register says that somebody supported a comment of this consultation: neither who nor which.

    Raises: RefusedError.
    Locks: the comment.
    """
    require(rules.support_refusal(actor, comment, at=at))
    _support, is_new = CommentSupport.objects.get_or_create(comment=comment, resident=actor)
    if not is_new:
        return
    if not Comment.objects.visible().filter(pk=comment.pk).update(support_count=F("support_count") + 1):
        raise RefusedError(Refusal("withdrawn", _("Ce commentaire vient d’être retiré par son auteur.")))
    participation.note_account(comment.contribution.consultation, actor, at=at)
    register.record("comment.supported", role=RESIDENT, subject=comment.contribution.consultation.slug)


@transaction.atomic(durable=True)
def unsupport_comment(*, actor: User, comment: Comment, at: dt.datetime) -> None:
    """Take a support back; repeating it is no error.

    Raises: RefusedError when the phase is over.
    Locks: the comment.
    """
    require(rules.support_refusal(actor, comment, at=at))
    if not CommentSupport.objects.filter(comment=comment, resident=actor).delete()[0]:
        return
    Comment.objects.filter(pk=comment.pk).update(support_count=_less("support_count"))
    register.record("comment.unsupported", role=RESIDENT, subject=comment.contribution.consultation.slug)


# --- Followers -----------------------------------------------------------------------------------------------------


@transaction.atomic(durable=True)
def announce_phase(*, phase: Phase, followers: Sequence[User], at: dt.datetime) -> int:
    """Tell some followers that a phase has begun; nobody is told twice, however often this runs.

    Shape: how many were told.
    """
    consultation = phase.consultation
    words = {language: _phase_words(phase, language) for language in sorted({each.language for each in followers})}
    letters = [
        telling.Letter(
            person=follower,
            once_key=f"phase:{phase.pk}:{follower.pk}",
            about=consultation.topic,
            topic=consultation.topic,
            line=words[follower.language]["line"],
            url=links.path(consultation, follower.language),
            words=partial(dict, words[follower.language]),
        )
        for follower in followers
    ]
    return telling.tell(kind="consultations.phase", letters=letters, at=at)


def _phase_words(phase: Phase, language: str) -> dict[str, Any]:
    """Say in the language of a follower what a phase is for."""
    with translation.override(language):
        sentences = {
            phases.Kind.INFORM: _("Vous pouvez lire le projet et ses documents, avant de donner votre avis."),
            phases.Kind.CONTRIBUTE: _("Vous pouvez donner votre avis, prendre position et débattre."),
            phases.Kind.ANALYSE: _("La Ville lit toutes les contributions. Vous pouvez les lire aussi."),
            phases.Kind.DECIDE: _("La décision se prépare. Elle sera publiée, avec ses raisons."),
            phases.Kind.FOLLOW: _("La décision est prise. Vous pouvez suivre sa réalisation."),
        }
        return {
            "phase": phase,
            "consultation": phase.consultation,
            "dates": typography.date_range(phase.starts_on, phase.ends_on),
            "what": sentences[phases.Kind(phase.kind)],
            "line": _("%(title)s\u00a0: l’étape «\u00a0%(phase)s\u00a0» commence")
            % {"title": phase.consultation.title, "phase": phase.name},
            "address": _address(phase.consultation, language),
        }


def _address(thing: Consultation | Contribution, language: str) -> str:
    """Give the whole address of a page, for a mail."""
    with translation.override(language):
        return settings.SITE_URL + thing.get_absolute_url()


@transaction.atomic(durable=True)
def finish_announcing(*, phase: Phase, at: dt.datetime) -> bool:
    """Keep that every follower of a phase was written to.

    Shape: False when another worker said so first.
    """
    return Phase.objects.filter(pk=phase.pk, announced_at__isnull=True).update(announced_at=at) == 1


# --- Closing an account ----------------------------------------------------------------------------------------------
# Called by the closing of an account, in its transaction: nothing here writes on the register, the closing does.


def erase_contributions(*, user: User) -> None:
    """Erase somebody's drafts with their files, empty what was withdrawn or hidden, and unsign what they published.

    Raises: RuntimeError outside a transaction.
    """
    assert_in_transaction()
    theirs = Contribution.objects.filter(author=user)
    # Hidden texts too: nobody is left to appeal.
    gone = theirs.filter(Q(withdrawn_at__isnull=False) | Q(hidden_at__isnull=False))
    _erase_files(Attachment.objects.filter(contribution__in=theirs.filter(published_at__isnull=True)))
    _erase_files(Attachment.objects.filter(contribution__in=gone))
    ContributionVersion.objects.filter(contribution__in=gone).delete()
    theirs.filter(published_at__isnull=True).delete()
    emptied = dict.fromkeys(("usage_when", "usage_frequency", "usage_role", "place"), "")
    gone.update(title="—", body="—", body_html="", district=None, place_district=None, **emptied)
    # What agents read of them holds a copy of the words.
    items.write_contributions(list(gone.filter(item__isnull=False).values_list("pk", flat=True)))
    theirs.update(author=None)


def erase_comments(*, user: User) -> None:
    """Unsign somebody's comments, and empty those they had withdrawn or that were hidden.

    Raises: RuntimeError outside a transaction.
    """
    assert_in_transaction()
    theirs = Comment.objects.filter(author=user)
    gone = theirs.filter(Q(withdrawn_at__isnull=False) | Q(hidden_at__isnull=False))
    gone.update(body="—", body_html="")
    items.write_comments(list(gone.filter(item__isnull=False).values_list("pk", flat=True)))
    theirs.update(author=None)


def erase_notes(*, user: User) -> None:
    """Unsign the notes that an agent wrote about opinions.

    Raises: RuntimeError outside a transaction.
    """
    assert_in_transaction()
    Note.objects.filter(author=user).update(author=None)


def erase_positions(*, user: User, at: dt.datetime) -> None:
    """Withdraw somebody's positions where the phase is open, and unlink those of finished phases, whose count stays.

    Raises: RuntimeError outside a transaction.
    Locks: the contributions concerned, in the order of their keys.
    """
    assert_in_transaction()
    theirs = Position.objects.filter(resident=user)
    opened = theirs.filter(contribution__consultation__in=Consultation.objects.open(at=at))
    for position in list(opened.order_by("contribution_id")):
        counter = COUNTERS[position.choice]
        Contribution.objects.filter(pk=position.contribution_id).update(**{counter: _less(counter)})
        position.delete()
    theirs.update(resident=None)


def erase_supports(*, user: User, at: dt.datetime) -> None:
    """Withdraw somebody's supports of comments where the phase is open, and unlink the others, whose count stays.

    Raises: RuntimeError outside a transaction.
    Locks: the comments concerned, in the order of their keys.
    """
    assert_in_transaction()
    theirs = CommentSupport.objects.filter(resident=user)
    opened = theirs.filter(comment__contribution__consultation__in=Consultation.objects.open(at=at))
    for support in list(opened.order_by("comment_id")):
        Comment.objects.filter(pk=support.comment_id).update(support_count=_less("support_count"))
        support.delete()
    theirs.update(resident=None)
