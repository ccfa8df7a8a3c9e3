"""What moderation does to ideas, to what is said around them and to their photos: hidden without being erased, masked, given back.

Each function runs inside the transaction of a decision, with the row held. Every list, count and export lets a hidden text go as if
it had been withdrawn; its address keeps a sentence that names the clause of the charter. The supports of a hidden idea stay.
"""

import datetime as dt
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from django.urls import reverse
from django.utils import timezone
from django.utils.html import escape
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from ideas import actions, clocks, setting_aside, supporting, talking
from ideas.models import Amendment, Comment, Idea, IdeaVersion, Photo, Reaction
from moderation import clauses, marks
from moderation.kinds import MASKED, Kind, Words
from mulhouse.db import assert_in_transaction
from mulhouse.markup import render_markdown
from mulhouse.references import read_reference

# What stands in the place of words that nobody may contest any more.
ERASED = "Texte effacé"
VERSION_WORDS = ("title", "need", "need_html", "proposal", "proposal_html", "beneficiaries", "cost")
IDEA_WORDS = (*VERSION_WORDS, "place", "behalf_name")
# What others propose holds the whole text as it would be.
CHANGED_WORDS = ("title", "need", "proposal")
SAID_WORDS = ("body", "body_html")


def stub(clause: str, *, is_comment: bool = False) -> str:
    """Say what stands in the place of a text that moderation took away: the clause, and nothing of the text.

    A text set aside is only not visible for now: neither moderation nor its author took it away.
    """
    if clause == setting_aside.REASON:
        return _("Commentaire non visible pour le moment") if is_comment else _("Idée non visible pour le moment")
    known = clauses.known(clause)
    if is_comment:
        words = _("Commentaire retiré\u00a0: article %(clause)s de la charte") if known else _("Commentaire retiré")
    else:
        words = _("Idée retirée\u00a0: article %(clause)s de la charte") if known else _("Idée retirée")
    return words % {"clause": clause} if known else words


def _masked(row: Any, names: Iterable[str], passages: list[str]) -> dict[str, str]:
    """Write the words of a row without some passages; a Markdown text is rendered again, an imported one is replaced in place."""
    values: dict[str, str] = {}
    for name in names:
        source = name.removesuffix("_html")
        if source == name:
            longest = row._meta.get_field(name).max_length
            text = _without(getattr(row, name), passages)
            values[name] = text[:longest] if longest else text
        elif render_markdown(getattr(row, source)) == getattr(row, name):
            values[name] = render_markdown(values[source])
        else:
            values[name] = _without(getattr(row, name), [escape(each) for each in passages])
    return values


def _without(text: str, passages: list[str]) -> str:
    for passage in passages:
        text = text.replace(passage, MASKED)
    return text


def _words(row: Any, names: Iterable[str]) -> dict[str, str]:
    return {name: getattr(row, name) for name in names}


def _is_set_aside(author: Any) -> bool:
    """Tell whether what is given back to somebody shows again with the rest of their data only."""
    return author is not None and author.limited_since is not None


def _write(row: Any, values: dict[str, Any]) -> None:
    """Write columns by query: nobody saved the text."""
    type(row).objects.filter(pk=row.pk).update(**values)
    for name, value in values.items():
        setattr(row, name, value)


def _hide(row: Any, at: dt.datetime, clause: str) -> None:
    assert_in_transaction()
    _write(row, {"hidden_at": at, "hidden_reason": clause})


def _shown(row: Any) -> bool:
    """Give a text back to the public; False when it stays hidden, or was not."""
    assert_in_transaction()
    if row.hidden_at is None:
        return False
    if _is_set_aside(row.author):
        _write(row, {"hidden_reason": setting_aside.REASON})
        return False
    _write(row, {"hidden_at": None, "hidden_reason": ""})
    return True


def _show(row: Any) -> None:
    _shown(row)


def _is_gone(row: Any) -> bool:
    return row.withdrawn_at is not None or row.hidden_at is not None


def _readers(rows: Callable[[], Any]) -> dict[str, Any]:
    """Give how things that have a reference are found, held, and read together."""

    def find(reference: str) -> Any:
        return rows().filter(reference=read_reference(reference)).first()

    def hold(reference: str) -> Any:
        held = rows().select_for_update(of=("self",), no_key=True)
        return held.filter(reference=read_reference(reference)).first()

    def many(references: Iterable[str]) -> Mapping[str, Any]:
        return {row.reference: row for row in rows().filter(reference__in=list(references))}

    return {"find": find, "hold": hold, "many": many}


# --- Ideas ---------------------------------------------------------------------------------------------------------------


def _ideas() -> Any:
    return Idea.objects.select_related("campaign", "author").defer("search")


def _idea_text(row: Idea) -> Words:
    parts = (row.need, row.proposal, row.beneficiaries, row.cost, row.place, row.behalf_name)
    text = "\n\n".join(part for part in parts if part)
    return Words(row.title, text, row.campaign.title, row.campaign.get_absolute_url())


def _is_idea_public(row: Idea) -> bool:
    return Idea.objects.visible().filter(pk=row.pk).exists()


def _hide_idea(row: Idea, at: dt.datetime, clause: str) -> None:
    """Take an idea from the public: the city owes no reading nor answer of what nobody reads. Locks: its campaign."""
    _hide(row, at, clause)
    clocks.stop(idea=row, at=at)
    actions.count_idea(idea=row, by=-1)


def _show_idea(row: Idea) -> None:
    """Give an idea back to the public, with the days it lost, unless its author withdrew it meanwhile. Locks: its campaign."""
    since = row.hidden_at
    if _shown(row) and row.withdrawn_at is None:
        assert since is not None  # noqa: S101 (it was hidden)
        supporting.give_days_back(row, since=since, at=timezone.now())
        clocks.start_again(idea=row)
        actions.count_idea(idea=row, by=1)


def _snapshot_idea(row: Idea) -> dict[str, Any]:
    versions = IdeaVersion.objects.filter(idea=row).order_by("pk")
    changes = Amendment.objects.filter(idea=row).order_by("pk")
    return {
        **_words(row, IDEA_WORDS),
        "versions": [{"pk": version.pk, **_words(version, VERSION_WORDS)} for version in versions],
        "changes": [{"pk": change.pk, **_words(change, CHANGED_WORDS)} for change in changes],
    }


def _restore_idea(row: Idea, snapshot: dict[str, Any]) -> None:
    _write(row, {name: snapshot[name] for name in IDEA_WORDS})
    for version in snapshot["versions"]:
        kept = {name: version[name] for name in VERSION_WORDS}
        IdeaVersion.objects.filter(idea=row, pk=version["pk"]).update(**kept)
    for change in snapshot["changes"]:
        kept = {name: change[name] for name in CHANGED_WORDS}
        Amendment.objects.filter(idea=row, pk=change["pk"]).update(**kept)


def _mask_idea(row: Idea, passages: list[str]) -> None:
    """Mask passages in an idea, in each of its earlier versions, and in what others propose to make of it."""
    _write(row, _masked(row, IDEA_WORDS, passages))
    for version in IdeaVersion.objects.filter(idea=row).order_by("pk"):
        _write(version, _masked(version, VERSION_WORDS, passages))
    for change in Amendment.objects.filter(idea=row).order_by("pk"):
        _write(change, _masked(change, CHANGED_WORDS, passages))


def _erase_idea(row: Idea) -> None:
    """Erase hidden words, their versions and their photos, for good."""
    _write(row, {**actions.EMPTIED, "title": ERASED})
    IdeaVersion.objects.filter(idea=row).delete()
    actions.empty_changes(Idea.objects.filter(pk=row.pk))
    actions.erase_files(Photo.objects.filter(idea=row))


def _idea_signer(row: Idea) -> Any:
    """Give the person whose public name is read under an idea, when it is one."""
    is_named = row.signature == Idea.Signature.NAME and not row.author_label
    return row.author if is_named else None


IDEA = Kind(
    code="idea",
    label=gettext_lazy("idée"),
    segment="idee",
    **_readers(_ideas),
    signer=_idea_signer,
    words=_idea_text,
    author=lambda row: row.author,
    url=lambda row: row.get_absolute_url(),
    is_public=_is_idea_public,
    is_gone=_is_gone,
    hide=_hide_idea,
    show=_show_idea,
    snapshot=_snapshot_idea,
    erase=_erase_idea,
    mask=_mask_idea,
    restore=_restore_idea,
)


# --- Comments ------------------------------------------------------------------------------------------------------------


def _comments() -> Any:
    return Comment.objects.select_related("idea__campaign", "author").defer("idea__search")


def _hide_comment(row: Comment, at: dt.datetime, clause: str) -> None:
    """Take a comment from the public. Locks: its parent, its idea."""
    _hide(row, at, clause)
    talking.count_comment(comment=row, by=-1)


def _show_comment(row: Comment) -> None:
    """Give a comment back to the public, unless its author withdrew it meanwhile. Locks: its parent, its idea."""
    if _shown(row) and row.withdrawn_at is None:
        talking.count_comment(comment=row, by=1)


def _erase_said(row: Any) -> None:
    _write(row, {"body": ERASED, "body_html": render_markdown(ERASED)})


COMMENT = Kind(
    code="idea_comment",
    label=gettext_lazy("commentaire d’une idée"),
    segment="commentaire-d-idee",
    **_readers(_comments),
    signer=lambda row: None if row.author_label else row.author,
    words=lambda row: Words("", row.body, row.idea.title, row.idea.get_absolute_url()),
    author=lambda row: row.author,
    url=lambda row: reverse("ideas:comment", args=[row.idea.reference, row.reference]),
    is_public=lambda row: Comment.objects.public().filter(pk=row.pk).exists(),
    is_gone=_is_gone,
    hide=_hide_comment,
    show=_show_comment,
    snapshot=lambda row: _words(row, SAID_WORDS),
    erase=_erase_said,
    mask=lambda row, passages: _write(row, _masked(row, SAID_WORDS, passages)),
    restore=_write,
)


# --- What an author says of the answer -----------------------------------------------------------------------------------


def _reactions() -> Any:
    return Reaction.objects.select_related("answer__idea__campaign", "author").defer("answer__idea__search")


def _is_reaction_public(row: Reaction) -> bool:
    return row.answer.idea.is_visible and Reaction.objects.visible().filter(pk=row.pk).exists()


REACTION = Kind(
    code="idea_reaction",
    label=gettext_lazy("réaction à la réponse de la Ville"),
    segment="reaction",
    **_readers(_reactions),
    signer=lambda row: _idea_signer(row.answer.idea) if row.author_id else None,
    words=lambda row: Words("", row.body, row.answer.idea.title, row.answer.idea.get_absolute_url()),
    author=lambda row: row.author,
    url=lambda row: f"{row.answer.idea.get_absolute_url()}#{row.answer.reference}",
    is_public=_is_reaction_public,
    is_gone=_is_gone,
    hide=_hide,
    show=_show,
    snapshot=lambda row: _words(row, SAID_WORDS),
    erase=_erase_said,
    mask=lambda row, passages: _write(row, _masked(row, SAID_WORDS, passages)),
    restore=_write,
)


# --- Photos --------------------------------------------------------------------------------------------------------------


def _photos() -> Any:
    return Photo.objects.select_related("idea__campaign", "idea__author").defer("idea__search")


def _key(reference: str) -> str:
    """Read the key of a file; the one that no file has, for what is none."""
    sign = reference.replace("-", "").lower()
    is_key = len(sign) == 32 and set(sign) <= set("0123456789abcdef")  # noqa: PLR2004 (a UUID)
    return sign if is_key else "0" * 32


def _find_photo(reference: str) -> Photo | None:
    return _photos().filter(key=_key(reference)).first()  # type: ignore[no-any-return]


def _hold_photo(reference: str) -> Photo | None:
    rows = _photos().select_for_update(of=("self",), no_key=True)
    return rows.filter(key=_key(reference)).first()  # type: ignore[no-any-return]


def _many_photos(references: Iterable[str]) -> Mapping[str, Any]:
    return {str(row.key): row for row in _photos().filter(key__in=[_key(each) for each in references])}


def _mark_photo(row: Photo) -> str:
    try:
        with row.file.open("rb") as file:
            return marks.of_file(file.read())
    except FileNotFoundError:
        return ""


def _erase_photo(row: Photo) -> None:
    actions.erase_files(Photo.objects.filter(pk=row.pk))


PHOTO = Kind(
    code=actions.PHOTO_KIND,
    label=gettext_lazy("photo d’une idée"),
    segment="photo-d-idee",
    find=_find_photo,
    hold=_hold_photo,
    many=_many_photos,
    words=lambda row: Words(row.name, row.alt, row.idea.title, row.idea.get_absolute_url()),
    author=lambda row: row.idea.author,
    url=lambda row: row.idea.get_absolute_url(),
    is_public=lambda row: row.hidden_at is None and _is_idea_public(row.idea),
    is_gone=lambda row: row.hidden_at is not None or row.idea.withdrawn_at is not None,
    hide=lambda row, at, _clause: _write(row, {"hidden_at": at}),
    show=lambda row: _write(row, {"hidden_at": None}),
    snapshot=lambda row: {"name": row.name, "alt": row.alt},
    erase=_erase_photo,
    reference=lambda row: str(row.key),
    mark=_mark_photo,
    picture=lambda row: reverse("ideas:photo", args=[row.key]),
    aftermath=gettext_lazy("Votre texte reste en ligne, sans cette photo."),
)

KINDS = (IDEA, COMMENT, REACTION, PHOTO)
