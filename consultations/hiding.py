"""What moderation does to contributions, comments and joined files: hidden without being erased, masked, given back exactly.

Each function runs inside the transaction of a decision, with the row held. Every list, count and export lets a hidden text go
as if it had been withdrawn; its address keeps a sentence that names the clause of the charter.
"""

import datetime as dt
from collections.abc import Iterable, Mapping
from typing import Any

from django.contrib.auth.models import AnonymousUser
from django.db import transaction
from django.urls import reverse
from django.utils.html import escape
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from consultations import actions, items, setting_aside, storing
from consultations.models import Attachment, Comment, Consultation, Contribution, ContributionVersion
from moderation import clauses, marks
from moderation.kinds import MASKED, Kind, Words
from mulhouse.db import assert_in_transaction
from mulhouse.markup import render_markdown
from mulhouse.references import read_reference

# What stands in the place of words that nobody may contest any more.
ERASED = "Texte effacé"
CONTRIBUTION_WORDS = ("title", "body", "body_html", "usage_when", "usage_frequency", "usage_role", "place")
COMMENT_WORDS = ("body", "body_html")
VERSION_WORDS = ("title", "body", "body_html")


def stub(clause: str, *, is_comment: bool = False) -> str:
    """Say what stands in the place of a text that moderation took away: the clause, and nothing of the text.

    A text set aside is only not visible for now: neither moderation nor its author took it away.
    """
    if clause == setting_aside.REASON:
        return (
            _("Commentaire non visible pour le moment") if is_comment else _("Contribution non visible pour le moment")
        )
    known = clauses.known(clause)
    if is_comment:
        words = _("Commentaire retiré\u00a0: article %(clause)s de la charte") if known else _("Commentaire retiré")
    else:
        words = _("Contribution retirée\u00a0: article %(clause)s de la charte") if known else _("Contribution retirée")
    return words % {"clause": clause} if known else words


def _masked(row: Any, names: Iterable[str], passages: list[str]) -> dict[str, str]:
    """Write the words of a row without some passages; a Markdown text is rendered again, an imported one is replaced in place."""
    values = {name: _without(getattr(row, name), passages) for name in names if name != "body_html"}
    for name, value in values.items():
        longest = row._meta.get_field(name).max_length
        values[name] = value[:longest] if longest else value
    is_ours = render_markdown(row.body) == row.body_html
    html = render_markdown(values["body"]) if is_ours else _without(row.body_html, [escape(each) for each in passages])
    return {**values, "body_html": html}


def _without(text: str, passages: list[str]) -> str:
    for passage in passages:
        text = text.replace(passage, MASKED)
    return text


# --- Contributions -------------------------------------------------------------------------------------------------------


def _contributions() -> Any:
    return Contribution.objects.select_related("consultation", "section", "author").defer("search")


def _find_contribution(reference: str) -> Contribution | None:
    return _contributions().filter(reference=read_reference(reference)).first()  # type: ignore[no-any-return]


def _hold_contribution(reference: str) -> Contribution | None:
    rows = _contributions().select_for_update(of=("self",), no_key=True)
    return rows.filter(reference=read_reference(reference)).first()  # type: ignore[no-any-return]


def _many_contributions(references: Iterable[str]) -> Mapping[str, Any]:
    return {row.reference: row for row in _contributions().filter(reference__in=list(references))}


def _contribution_words(row: Contribution) -> Words:
    lived = "\n".join(value for value in (row.usage_when, row.usage_frequency, row.usage_role, row.place) if value)
    text = f"{row.body}\n\n{lived}" if lived else row.body
    return Words(row.title, text, row.consultation.title, row.consultation.get_absolute_url())


def _is_contribution_public(row: Contribution) -> bool:
    seen = Consultation.objects.visible_to(AnonymousUser())
    return Contribution.objects.visible().filter(pk=row.pk, consultation__in=seen).exists()


def _hide_contribution(row: Contribution, at: dt.datetime, clause: str) -> None:
    """Take a contribution from the public. Locks: its item and those grouped with it, its section and consultation."""
    assert_in_transaction()
    row.hidden_at, row.hidden_reason = at, clause
    Contribution.objects.filter(pk=row.pk).update(hidden_at=at, hidden_reason=clause)
    items.went(contributions=[row.pk])
    actions.count_contribution(contribution=row, by=-1)


def _show_contribution(row: Contribution) -> None:
    """Give a contribution back to the public, unless its author withdrew it meanwhile. Locks: as hiding it."""
    assert_in_transaction()
    if row.hidden_at is None:
        return
    if row.author is not None and row.author.limited_since is not None:
        # Given back, but the data of its author is set aside: it shows again with the rest of it.
        row.hidden_reason = setting_aside.REASON
        Contribution.objects.filter(pk=row.pk).update(hidden_reason=row.hidden_reason)
        return
    row.hidden_at, row.hidden_reason = None, ""
    Contribution.objects.filter(pk=row.pk).update(hidden_at=None, hidden_reason="")
    items.went(contributions=[row.pk])
    if row.withdrawn_at is None:
        actions.count_contribution(contribution=row, by=1)


def _snapshot_contribution(row: Contribution) -> dict[str, Any]:
    versions = ContributionVersion.objects.filter(contribution=row).order_by("pk")
    return {
        **{name: getattr(row, name) for name in CONTRIBUTION_WORDS},
        "versions": [
            {"pk": version.pk, **{name: getattr(version, name) for name in VERSION_WORDS}} for version in versions
        ],
    }


def _restore_contribution(row: Contribution, snapshot: dict[str, Any]) -> None:
    values = {name: snapshot[name] for name in CONTRIBUTION_WORDS}
    _write_contribution(row, values)
    for version in snapshot["versions"]:
        kept = {name: version[name] for name in VERSION_WORDS}
        ContributionVersion.objects.filter(contribution=row, pk=version["pk"]).update(**kept)


def _write_contribution(row: Contribution, values: dict[str, str]) -> None:
    """Write words by query: nobody saved the text; its opinion, if agents read it already, follows."""
    Contribution.objects.filter(pk=row.pk).update(**values)
    for name, value in values.items():
        setattr(row, name, value)
    if row.published_at is not None:
        items.write_contributions([row.pk])


def _mask_contribution(row: Contribution, passages: list[str]) -> None:
    """Mask passages in a contribution and in each of its earlier versions."""
    _write_contribution(row, _masked(row, CONTRIBUTION_WORDS, passages))
    for version in ContributionVersion.objects.filter(contribution=row).order_by("pk"):
        ContributionVersion.objects.filter(pk=version.pk).update(**_masked(version, VERSION_WORDS, passages))


def _erase_contribution(row: Contribution) -> None:
    """Erase hidden words, their versions and their files, for good."""
    blank = dict.fromkeys(CONTRIBUTION_WORDS, "")
    _write_contribution(row, {**blank, "title": ERASED, "body": ERASED, "body_html": render_markdown(ERASED)})
    ContributionVersion.objects.filter(contribution=row).delete()
    for attachment in Attachment.objects.filter(contribution=row).order_by("pk"):
        _erase_attachment(attachment)


def _contribution_signer(row: Contribution) -> Any:
    """Give the person whose public name is read under a contribution, when it is one."""
    is_named = row.signature == Contribution.Signature.NAME and not row.author_label
    return row.author if is_named else None


CONTRIBUTION = Kind(
    code="contribution",
    label=gettext_lazy("contribution"),
    segment="contribution",
    signer=_contribution_signer,
    find=_find_contribution,
    hold=_hold_contribution,
    many=_many_contributions,
    words=_contribution_words,
    author=lambda row: row.author,
    url=lambda row: row.get_absolute_url(),
    is_public=_is_contribution_public,
    is_gone=lambda row: row.withdrawn_at is not None or row.hidden_at is not None,
    hide=_hide_contribution,
    show=_show_contribution,
    snapshot=_snapshot_contribution,
    erase=_erase_contribution,
    mask=_mask_contribution,
    restore=_restore_contribution,
)


# --- Comments ------------------------------------------------------------------------------------------------------------


def _comments() -> Any:
    return Comment.objects.select_related("contribution__consultation", "author").defer("contribution__search")


def _find_comment(reference: str) -> Comment | None:
    return _comments().filter(reference=read_reference(reference)).first()  # type: ignore[no-any-return]


def _hold_comment(reference: str) -> Comment | None:
    rows = _comments().select_for_update(of=("self",), no_key=True)
    return rows.filter(reference=read_reference(reference)).first()  # type: ignore[no-any-return]


def _many_comments(references: Iterable[str]) -> Mapping[str, Any]:
    return {row.reference: row for row in _comments().filter(reference__in=list(references))}


def _hide_comment(row: Comment, at: dt.datetime, clause: str) -> None:
    """Take a comment from the public. Locks: its item, its parent, its contribution and consultation."""
    assert_in_transaction()
    row.hidden_at, row.hidden_reason = at, clause
    Comment.objects.filter(pk=row.pk).update(hidden_at=at, hidden_reason=clause)
    _comment_went(row)
    actions.count_comment(comment=row, by=-1)


def _show_comment(row: Comment) -> None:
    """Give a comment back to the public, unless its author withdrew it meanwhile. Locks: as hiding it."""
    assert_in_transaction()
    if row.hidden_at is None:
        return
    if row.author is not None and row.author.limited_since is not None:
        # Given back, but the data of its author is set aside: it shows again with the rest of it.
        row.hidden_reason = setting_aside.REASON
        Comment.objects.filter(pk=row.pk).update(hidden_reason=row.hidden_reason)
        return
    row.hidden_at, row.hidden_reason = None, ""
    Comment.objects.filter(pk=row.pk).update(hidden_at=None, hidden_reason="")
    _comment_went(row)
    if row.withdrawn_at is None:
        actions.count_comment(comment=row, by=1)


def _comment_went(row: Comment) -> None:
    if row.is_proposal:
        items.went(comments=[row.pk])


def _write_comment(row: Comment, values: dict[str, str]) -> None:
    Comment.objects.filter(pk=row.pk).update(**values)
    for name, value in values.items():
        setattr(row, name, value)
    if row.is_proposal:
        items.write_comments([row.pk])


def _is_comment_public(row: Comment) -> bool:
    around = _is_contribution_public(row.contribution)
    return around and Comment.objects.visible().filter(pk=row.pk).exists()


COMMENT = Kind(
    code="comment",
    label=gettext_lazy("commentaire"),
    segment="commentaire",
    signer=lambda row: None if row.author_label else row.author,
    find=_find_comment,
    hold=_hold_comment,
    many=_many_comments,
    words=lambda row: Words("", row.body, row.contribution.title, row.contribution.get_absolute_url()),
    author=lambda row: row.author,
    url=lambda row: f"{row.contribution.get_absolute_url()}commentaires/{row.reference}/",
    is_public=_is_comment_public,
    is_gone=lambda row: row.withdrawn_at is not None or row.hidden_at is not None,
    hide=_hide_comment,
    show=_show_comment,
    snapshot=lambda row: {name: getattr(row, name) for name in COMMENT_WORDS},
    erase=lambda row: _write_comment(row, {"body": ERASED, "body_html": render_markdown(ERASED)}),
    mask=lambda row, passages: _write_comment(row, _masked(row, COMMENT_WORDS, passages)),
    restore=_write_comment,
)


# --- Files ---------------------------------------------------------------------------------------------------------------


def _attachments() -> Any:
    return Attachment.objects.select_related("contribution__consultation", "contribution__author").defer(
        "contribution__search"
    )


def _key(reference: str) -> str:
    """Read the key of a file; the one that no file has, for what is none."""
    sign = reference.replace("-", "").lower()
    is_key = len(sign) == 32 and set(sign) <= set("0123456789abcdef")  # noqa: PLR2004 (a UUID)
    return sign if is_key else "0" * 32


def _find_attachment(reference: str) -> Attachment | None:
    return _attachments().filter(key=_key(reference)).first()  # type: ignore[no-any-return]


def _hold_attachment(reference: str) -> Attachment | None:
    rows = _attachments().select_for_update(of=("self",), no_key=True)
    return rows.filter(key=_key(reference)).first()  # type: ignore[no-any-return]


def _many_attachments(references: Iterable[str]) -> Mapping[str, Any]:
    return {str(row.key): row for row in _attachments().filter(key__in=[_key(each) for each in references])}


def _is_attachment_public(row: Attachment) -> bool:
    return row.hidden_at is None and _is_contribution_public(row.contribution)


def _hide_attachment(row: Attachment, at: dt.datetime, clause: str) -> None:
    Attachment.objects.filter(pk=row.pk).update(hidden_at=at)


def _mark_attachment(row: Attachment) -> str:
    try:
        with row.file.open("rb") as file:
            return marks.of_file(file.read())
    except FileNotFoundError:
        return ""


def _show_attachment(row: Attachment) -> None:
    Attachment.objects.filter(pk=row.pk).update(hidden_at=None)


def _erase_attachment(row: Attachment) -> None:
    """Erase the row now, and its file once that is certain."""
    name, storage = str(row.file.name), row.file.storage
    transaction.on_commit(lambda: storage.delete(name))
    Attachment.objects.filter(pk=row.pk).delete()


def _file_address(row: Attachment) -> str:
    return reverse("consultations:attachment", args=[row.key])


ATTACHMENT = Kind(
    code=storing.KIND,
    label=gettext_lazy("image ou document joint"),
    segment="fichier",
    find=_find_attachment,
    hold=_hold_attachment,
    many=_many_attachments,
    words=lambda row: Words(row.name, row.alt, row.contribution.title, row.contribution.get_absolute_url()),
    author=lambda row: row.contribution.author,
    url=lambda row: row.contribution.get_absolute_url(),
    is_public=_is_attachment_public,
    is_gone=lambda row: row.hidden_at is not None or row.contribution.withdrawn_at is not None,
    hide=_hide_attachment,
    show=_show_attachment,
    snapshot=lambda row: {"name": row.name, "alt": row.alt},
    erase=_erase_attachment,
    reference=lambda row: str(row.key),
    mark=_mark_attachment,
    picture=lambda row: _file_address(row) if row.kind == Attachment.Kind.PHOTO else "",
    document=lambda row: "" if row.kind == Attachment.Kind.PHOTO else _file_address(row),
    aftermath=gettext_lazy("Votre texte reste en ligne, sans ce fichier."),
)

KINDS = (CONTRIBUTION, COMMENT, ATTACHMENT)
