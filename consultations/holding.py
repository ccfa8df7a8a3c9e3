"""Texts that wait for moderation: taken back or corrected by their author, published or refused by a decision."""

import datetime as dt
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from django.conf import settings
from django.db import transaction
from django.urls import reverse
from django.utils import timezone, translation
from django.utils.translation import gettext_lazy

from accounts.models import User
from city.models import District
from consultations import actions, review, rules
from consultations.models import Comment, Contribution, ContributionVersion, HeldText, Section
from moderation.kinds import MASKED, Kind, Words
from mulhouse.db import assert_in_transaction
from mulhouse.errors import DomainError, require
from mulhouse.markup import render_markdown
from mulhouse.references import read_reference
from notifications import outbox

ERASED = "Texte effacé"
TYPED = ("title", "body", "usage_when", "usage_frequency", "usage_role", "place")


# --- Words -----------------------------------------------------------------------------------------------------------


def words_of(held: HeldText) -> dict[str, str]:
    """Give what its author typed, by the names of the columns (select `contribution`)."""
    if held.sort == HeldText.Sort.CONTRIBUTION:
        return {name: getattr(held.contribution, name) for name in TYPED}
    return {name: held.words[name] for name in TYPED if name in held.words}


def _write(held: HeldText, values: Mapping[str, str]) -> None:
    """Change what waits; a draft is changed where it is."""
    if held.sort == HeldText.Sort.CONTRIBUTION:
        draft = held.contribution
        for name, value in values.items():
            setattr(draft, name, value)
        draft.body_html = render_markdown(draft.body)
        draft.save(update_fields=[*values, "body_html", "saved_at"])
    else:
        held.words = {**held.words, **values}
        held.save(update_fields=["words"])


# --- Its author --------------------------------------------------------------------------------------------------------


def _locked(held: HeldText) -> HeldText:
    row: HeldText = _rows().select_for_update(of=("self",), no_key=True).get(pk=held.pk)
    return row


@transaction.atomic(durable=True)
def correct_held(*, actor: User, held: HeldText, words: Mapping[str, str], at: dt.datetime) -> HeldText:
    """Change a text that waits; it keeps its place in the queue, and moderators read the new words.

    Shape: `words` gives the title, if it has one, and the body.
    Raises: RefusedError when it is not theirs, is decided, or the phase is over.
    Locks: the held text, its case.
    """
    row = _locked(held)
    require(rules.held_edit_refusal(actor, row, at=at))
    _write(row, words)
    review.open_case(row, texts=list(words_of(row).values()), at=at)
    return row


@transaction.atomic(durable=True)
def take_back(*, actor: User, held: HeldText, at: dt.datetime) -> None:
    """Take back a text that waits: a contribution is a draft again, a comment or a correction is erased. Repeating it is no error.

    Raises: RefusedError when it is not theirs, or is decided.
    Locks: the held text, its case.
    """
    row = _locked(held)
    if row.withdrawn_at is not None and row.author_id == actor.pk:
        return
    require(rules.held_refusal(actor, row))
    row.withdrawn_at, row.words = at, {}
    row.save(update_fields=["withdrawn_at", "words"])
    review.close_case(row, at=at)
    if row.sort == HeldText.Sort.CONTRIBUTION:
        Contribution.objects.filter(pk=row.contribution_id, published_at__isnull=True).update(submitted_at=None)


def erase(*, user: User) -> None:
    """Erase the held texts of an account that closes; its held contributions are drafts, and go with them.

    Raises: RuntimeError outside a transaction.
    Locks: each text, its case.
    """
    assert_in_transaction()
    # Each text, then its case, as a decision does.
    for held in (
        HeldText.objects.waiting().select_for_update(of=("self",), no_key=True).filter(author=user).order_by("pk")
    ):
        review.close_case(held, at=timezone.now())
    HeldText.objects.filter(author=user).delete()


# --- Moderation ----------------------------------------------------------------------------------------------------------
# Called inside the transaction of a decision, with the held text locked; of a correction, the contribution before it.


def _rows() -> Any:
    return HeldText.objects.select_related("consultation", "contribution", "parent", "author")


def release(held: HeldText, at: dt.datetime) -> None:
    """Publish a text that waits: it is listed, counted and told from now on. Repeating it is no error.

    What it answers may have gone meanwhile: then nobody ever reads it, and its author learns why by mail and on its page.

    Raises: RuntimeError outside a transaction; DomainError "set_aside" while the data of its author is.
    Locks: the contribution, the comment it answers, the counters, then the register.
    """
    assert_in_transaction()
    if not held.is_waiting:
        return
    if held.author is not None and held.author.limited_since is not None:
        raise DomainError(
            "set_aside",
            "Ce texte ne peut pas paraître pour le moment\u00a0: laissez le dossier en attente, ou refusez-le.",
        )
    contribution = Contribution.objects.select_for_update(of=("self",), no_key=True).get(pk=held.contribution_id)
    contribution.consultation = held.consultation
    if held.sort != HeldText.Sort.CONTRIBUTION and _is_about_nothing(held, contribution):
        # Refused by nobody: no clause.
        held.refused_at = at
        HeldText.objects.filter(pk=held.pk).update(refused_at=at, refused_clause="")
        _tell(held)
        return
    held.released_at = at
    HeldText.objects.filter(pk=held.pk).update(released_at=at)
    if held.sort == HeldText.Sort.CONTRIBUTION:
        contribution.author = held.author
        actions.make_public(contribution=contribution, at=at)
    elif held.sort == HeldText.Sort.COMMENT:
        actions.write_comment(
            author=held.author,
            contribution=contribution,
            parent=held.parent,
            reference=held.reference,
            words=held.words,
            submitted_at=held.submitted_at,
            at=at,
        )
        _tell(held)
    else:
        actions.write_correction(contribution=contribution, words=_columns(held), actor=held.author, at=at)
        _tell(held)


def _is_about_nothing(held: HeldText, contribution: Contribution) -> bool:
    """Tell whether nobody would read it: what it comments or corrects is withdrawn or hidden."""
    parent = held.parent
    is_answer_to_nothing = parent is not None and (parent.withdrawn_at is not None or parent.hidden_at is not None)
    return is_answer_to_nothing or not Contribution.objects.visible().filter(pk=contribution.pk).exists()


def _columns(held: HeldText) -> dict[str, Any]:
    """Give the columns of a correction; after a reaction only the title and the text change."""
    given = {name: value for name, value in held.words.items() if not name.endswith("_id")}
    if "section_id" in held.words:
        given["section"] = Section.objects.filter(pk=held.words["section_id"]).first()
        given["place_district"] = District.objects.filter(pk=held.words["place_district_id"]).first()
    return given


def _tell(held: HeldText) -> None:
    """Tell its author that it is published, or that nothing is left to publish it under."""
    author = held.author
    if author is None:
        return
    with translation.override(author.language):
        address = settings.SITE_URL + (page_url(held) if held.is_orphan else held.contribution.get_absolute_url())
        if held.sort == HeldText.Sort.COMMENT and not held.is_orphan:
            address += f"commentaires/{held.reference}/"
    outbox.enqueue_template(
        kind="consultations.released",
        to=author.email,
        template="consultations/released",
        context={
            "is_comment": held.sort == HeldText.Sort.COMMENT,
            "is_orphan": held.is_orphan,
            "contribution": held.contribution,
            "consultation": held.consultation,
            "address": address,
        },
        user=author,
        once_key=f"held:{held.reference}:released",
        language=author.language,
    )


def _hide(held: HeldText, at: dt.datetime, clause: str) -> None:
    """Refuse a text that waits: its author keeps reading it, with the clause of the charter, and nobody else."""
    assert_in_transaction()
    held.refused_at, held.refused_clause = at, clause
    HeldText.objects.filter(pk=held.pk).update(refused_at=at, refused_clause=clause)


def _show(held: HeldText) -> None:
    """Publish a text whose refusal was overturned."""
    assert_in_transaction()
    if held.refused_at is None or held.withdrawn_at is not None:
        return
    held.refused_at, held.refused_clause = None, ""
    HeldText.objects.filter(pk=held.pk).update(refused_at=None, refused_clause="")
    release(held, timezone.now())


def _mask(held: HeldText, passages: list[str]) -> None:
    """Mask passages of a text that waits, and publish it."""
    values = {name: _without(held, name, text, passages) for name, text in words_of(held).items()}
    _write(held, values)
    release(held, timezone.now())


def _without(held: HeldText, name: str, text: str, passages: list[str]) -> str:
    for passage in passages:
        text = text.replace(passage, MASKED)
    if held.sort == HeldText.Sort.COMMENT:
        return text
    field: Any = Contribution._meta.get_field(name)
    longest = field.max_length
    return text[:longest] if longest else text


def _restore(held: HeldText, snapshot: dict[str, Any]) -> None:
    """Give back the words that a decision masked, where they are now; what its author changed since stays."""
    masked = words_of(held)
    _write(held, snapshot)
    if held.released_at is None:
        return
    if held.sort == HeldText.Sort.COMMENT:
        body = snapshot["body"]
        rows = Comment.objects.filter(reference=held.reference, body=masked["body"])
        rows.update(body=body, body_html=render_markdown(body))
    elif held.sort == HeldText.Sort.CORRECTION:
        public = Contribution.objects.select_for_update(no_key=True).get(pk=held.contribution_id)
        values = {name: text for name, text in snapshot.items() if getattr(public, name) == masked.get(name)}
        if "body" in values:
            values["body_html"] = render_markdown(values["body"])
        Contribution.objects.filter(pk=public.pk).update(**values)


def _erase(held: HeldText) -> None:
    """Erase refused words, once nobody may contest their refusal any more."""
    _write(held, dict.fromkeys(words_of(held), ERASED))
    if held.sort == HeldText.Sort.CONTRIBUTION:
        ContributionVersion.objects.filter(contribution=held.contribution_id).delete()


def _words(held: HeldText) -> Words:
    typed = words_of(held)
    text = "\n\n".join(value for name, value in typed.items() if name != "title" and value)
    about = held.consultation if held.sort == HeldText.Sort.CONTRIBUTION else held.contribution
    return Words(typed.get("title", ""), text, about.title, about.get_absolute_url())


def _readable() -> Any:
    """What its author took back is read by nobody: it is a draft again."""
    return _rows().filter(withdrawn_at__isnull=True)


def _finder(sort: HeldText.Sort, *, is_locked: bool) -> Callable[[str], Any]:
    def find(reference: str) -> Any:
        rows = _readable().filter(sort=sort, reference=read_reference(reference))
        if not is_locked:
            return rows.first()
        if sort == HeldText.Sort.CORRECTION:
            # The contribution first, then the text that waits: the order of its author, who corrects again at the same instant.
            about = Contribution.objects.select_for_update(no_key=True).filter(
                pk__in=rows.order_by().values("contribution")
            )
            about.order_by("pk").values_list("pk", flat=True).first()
        return rows.select_for_update(of=("self",), no_key=True).first()

    return find


def _many(references: Iterable[str]) -> Mapping[str, Any]:
    return {held.reference: held for held in _readable().filter(reference__in=list(references))}


def page_url(held: HeldText) -> str:
    """Give the page that its author and moderators read."""
    return reverse("consultations:held", args=[held.reference])


def _kind(sort: HeldText.Sort, label: Any, segment: str) -> Kind:
    return Kind(
        code=review.KINDS[sort],
        label=label,
        segment=segment,
        find=_finder(sort, is_locked=False),
        hold=_finder(sort, is_locked=True),
        many=_many,
        words=_words,
        author=lambda held: held.author,
        url=page_url,
        is_public=lambda _held: False,
        is_gone=lambda held: not held.is_waiting,
        hide=_hide,
        show=_show,
        snapshot=words_of,
        erase=_erase,
        mask=_mask,
        restore=_restore,
        is_named=False,
        release=release,
    )


KINDS = (
    _kind(HeldText.Sort.CONTRIBUTION, gettext_lazy("contribution à relire"), "contribution-a-relire"),
    _kind(HeldText.Sort.COMMENT, gettext_lazy("commentaire à relire"), "commentaire-a-relire"),
    _kind(HeldText.Sort.CORRECTION, gettext_lazy("correction à relire"), "correction-a-relire"),
)
