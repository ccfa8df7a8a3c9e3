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
from city.models import District, Theme
from ideas import actions, review, rules, talking
from ideas.models import Comment, HeldText, Idea, IdeaVersion, Stage
from moderation.kinds import MASKED, Kind, Words
from mulhouse.db import assert_in_transaction
from mulhouse.errors import DomainError, require
from mulhouse.markup import render_markdown
from mulhouse.references import read_reference
from notifications import outbox

ERASED = "Texte effacé"
TYPED = (*review.READ, "body")


# --- Words -----------------------------------------------------------------------------------------------------------


def words_of(held: HeldText) -> dict[str, str]:
    """Give what its author typed, by the names of the columns (select `idea`)."""
    if held.sort == HeldText.Sort.IDEA:
        return {name: getattr(held.idea, name) for name in review.READ}
    return {name: held.words[name] for name in TYPED if name in held.words}


def _write(held: HeldText, values: Mapping[str, str]) -> None:
    """Change what waits; a draft is changed where it is."""
    if held.sort == HeldText.Sort.IDEA:
        draft = held.idea
        for name, value in {**values, **_rendered(values)}.items():
            setattr(draft, name, value)
        draft.save(update_fields=[*values, *_rendered(values), "saved_at"])
    else:
        held.words = {**held.words, **values}
        held.save(update_fields=["words"])


def _rendered(values: Mapping[str, str]) -> dict[str, str]:
    return {f"{name}_html": render_markdown(values[name]) for name in actions.RENDERED if name in values}


# --- Its author --------------------------------------------------------------------------------------------------------


def _locked(held: HeldText) -> HeldText:
    row: HeldText = _rows().select_for_update(of=("self",), no_key=True).get(pk=held.pk)
    return row


@transaction.atomic(durable=True)
def correct_held(*, actor: User, held: HeldText, words: Mapping[str, str], at: dt.datetime) -> HeldText:
    """Change a text that waits; it keeps its place in the queue, and moderators read the new words.

    Shape: `words` gives what was typed, by the names of the columns.
    Raises: RefusedError when it is not theirs, or is decided.
    Locks: the held text, its case.
    """
    row = _locked(held)
    require(rules.held_edit_refusal(actor, row))
    _write(row, words)
    review.open_case(row, texts=list(words_of(row).values()), at=at)
    return row


@transaction.atomic(durable=True)
def take_back(*, actor: User, held: HeldText, at: dt.datetime) -> None:
    """Take back a text that waits: an idea is a draft again, a comment or a correction is erased. Repeating it is no error.

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
    if row.sort == HeldText.Sort.IDEA:
        Idea.objects.filter(pk=row.idea_id, published_at__isnull=True).update(submitted_at=None)


def erase(*, user: User) -> None:
    """Erase the held texts of an account that closes; its held ideas are drafts, and go with them.

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
# Called inside the transaction of a decision, with the held text locked; of a correction, the idea before it.


def _rows() -> Any:
    return HeldText.objects.select_related("idea__campaign", "parent", "author").defer("idea__search")


def release(held: HeldText, at: dt.datetime) -> None:
    """Publish a text that waits: it is listed, counted and told from now on. Repeating it is no error.

    What it answers may have gone meanwhile, or change no more: then nobody ever reads it, and its author learns why by mail.

    Raises: RuntimeError outside a transaction; DomainError "set_aside" while the data of its author is.
    Locks: the comment it answers, the idea, the counters, then the register.
    """
    assert_in_transaction()
    if not held.is_waiting:
        return
    if held.author is not None and held.author.limited_since is not None:
        raise DomainError(
            "set_aside",
            "Ce texte ne peut pas paraître pour le moment\u00a0: laissez le dossier en attente, ou refusez-le.",
        )
    # A comment first, then its idea: the order of every gesture.
    parent = None
    if held.parent_id is not None:
        parent = Comment.objects.select_for_update(of=("self",), no_key=True).get(pk=held.parent_id)
    idea = actions.locked(held.idea)
    if held.sort != HeldText.Sort.IDEA and _is_about_nothing(held, idea, parent):
        # Refused by nobody: no clause.
        held.refused_at = at
        HeldText.objects.filter(pk=held.pk).update(refused_at=at, refused_clause="")
        _tell(held)
        return
    held.released_at = at
    HeldText.objects.filter(pk=held.pk).update(released_at=at)
    if held.sort == HeldText.Sort.IDEA:
        actions.make_public(idea=idea, at=at)
        return
    if held.sort == HeldText.Sort.COMMENT:
        talking.write_comment(
            author=held.author, idea=idea, parent=parent, reference=held.reference, words=held.words, at=at
        )
    else:
        actions.write_correction(idea=idea, words=_columns(held, idea), actor=held.author, at=at)
    _tell(held)


def _is_about_nothing(held: HeldText, idea: Idea, parent: Comment | None) -> bool:
    """Tell whether nobody would read it: what it comments or corrects is gone, or a study keeps its words as they are."""
    if parent is not None and (parent.withdrawn_at is not None or parent.hidden_at is not None):
        return True
    is_kept = held.sort == HeldText.Sort.CORRECTION and idea.stage not in {Stage.SUPPORT, Stage.EXPIRED}
    return is_kept or not idea.is_visible


def _columns(held: HeldText, idea: Idea) -> dict[str, Any]:
    """Give the columns of a correction; once somebody reacted, those that still change."""
    given: dict[str, Any] = {name: value for name, value in held.words.items() if not name.endswith("_id")}
    if "theme_id" in held.words:
        given["theme"] = Theme.objects.filter(pk=held.words["theme_id"]).first()
        given["place_district"] = District.objects.filter(pk=held.words["place_district_id"]).first()
    return {name: given[name] for name in actions.VERSIONED} if idea.has_reaction else given


def _tell(held: HeldText) -> None:
    """Tell its author that it is published, or that nothing is left to publish it under."""
    author = held.author
    if author is None:
        return
    with translation.override(author.language):
        address = settings.SITE_URL + (page_url(held) if held.is_orphan else held.idea.get_absolute_url())
        if held.sort == HeldText.Sort.COMMENT and not held.is_orphan:
            address += f"commentaires/{held.reference}/"
    outbox.enqueue_template(
        kind="ideas.released",
        to=author.email,
        template="ideas/released",
        context={
            "is_comment": held.sort == HeldText.Sort.COMMENT,
            "is_orphan": held.is_orphan,
            "idea": held.idea,
            "address": address,
        },
        user=author,
        once_key=f"held_idea:{held.reference}:released",
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
    _write(held, {name: _without(held, name, text, passages) for name, text in words_of(held).items()})
    release(held, timezone.now())


def _without(held: HeldText, name: str, text: str, passages: list[str]) -> str:
    for passage in passages:
        text = text.replace(passage, MASKED)
    if held.sort == HeldText.Sort.COMMENT:
        return text
    field: Any = Idea._meta.get_field(name)
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
        public = actions.locked(held.idea)
        values = {name: text for name, text in snapshot.items() if getattr(public, name) == masked.get(name)}
        Idea.objects.filter(pk=public.pk).update(**values, **_rendered(values))


def _erase(held: HeldText) -> None:
    """Erase refused words, once nobody may contest their refusal any more."""
    blank = {name: ERASED if name in {"title", "need", "proposal", "body"} else "" for name in words_of(held)}
    if held.sort == HeldText.Sort.IDEA and held.idea.behalf != Idea.Behalf.ONESELF:
        blank["behalf_name"] = ERASED
    _write(held, blank)
    if held.sort == HeldText.Sort.IDEA:
        IdeaVersion.objects.filter(idea=held.idea_id).delete()
        actions.erase_files(held.idea.photos.all())


def _words(held: HeldText) -> Words:
    typed = words_of(held)
    text = "\n\n".join(value for name, value in typed.items() if name != "title" and value)
    about = held.idea.campaign if held.sort == HeldText.Sort.IDEA else held.idea
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
            # The idea first, then the text that waits: the order of its author, who corrects again at the same instant.
            about = Idea.objects.select_for_update(no_key=True).filter(pk__in=rows.order_by().values("idea"))
            about.order_by("pk").values_list("pk", flat=True).first()
        return rows.select_for_update(of=("self",), no_key=True).first()

    return find


def _many(references: Iterable[str]) -> Mapping[str, Any]:
    return {held.reference: held for held in _readable().filter(reference__in=list(references))}


def page_url(held: HeldText) -> str:
    """Give the page that its author and moderators read."""
    return reverse("ideas:held", args=[held.reference])


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
    _kind(HeldText.Sort.IDEA, gettext_lazy("idée à relire"), "idee-a-relire"),
    _kind(HeldText.Sort.COMMENT, gettext_lazy("commentaire d’une idée, à relire"), "commentaire-d-idee-a-relire"),
    _kind(HeldText.Sort.CORRECTION, gettext_lazy("correction d’une idée, à relire"), "correction-d-idee-a-relire"),
)
