"""What moderation does to changes proposed, news of authors and proposals to gather: read first, hidden, masked, given back.

Each function runs inside the transaction of a decision, with the row held. What is read first is one row from the start: it is
released, or refused, where it is.
"""

import datetime as dt
from collections.abc import Iterable, Mapping
from typing import Any

from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from ideas import amending, gathering, setting_aside, signatures
from ideas.models import Amendment, AuthorNews, Gathering
from ideas.models.amending import Said
from moderation import clauses
from moderation.kinds import MASKED, Kind, Words
from mulhouse import queue
from mulhouse.db import assert_in_transaction
from mulhouse.errors import DomainError
from mulhouse.markup import render_markdown
from mulhouse.references import read_reference

# What stands in the place of words that nobody may contest any more.
ERASED = "Texte effacé"
WORDS: dict[type[Any], tuple[str, ...]] = {
    Amendment: ("title", "need", "proposal", "reason", "answer"),
    AuthorNews: ("body",),
    Gathering: ("title", "need", "proposal"),
}


def stub(clause: str) -> str:
    """Say what stands in the place of a text that is gone: the clause, and nothing of the text."""
    if clause == setting_aside.REASON:
        return _("Texte non visible pour le moment")
    if clauses.known(clause):
        return _("Texte retiré\u00a0: article %(clause)s de la charte") % {"clause": clause}
    return _("Texte retiré")


def _typed(row: Any) -> dict[str, str]:
    return {name: getattr(row, name) for name in WORDS[type(row)]}


def _write(row: Any, values: Mapping[str, Any]) -> None:
    """Write columns by query: nobody saved the text."""
    given = dict(values)
    if "body" in given:
        given["body_html"] = render_markdown(given["body"])
    type(row).objects.filter(pk=row.pk).update(**given)
    for name, value in given.items():
        setattr(row, name, value)


def _mask(row: Any, passages: list[str]) -> None:
    masked = {}
    for name, text in _typed(row).items():
        for passage in passages:
            text = text.replace(passage, MASKED)  # noqa: PLW2901 (passage after passage)
        longest = row._meta.get_field(name).max_length
        masked[name] = text[:longest] if longest else text
    _write(row, masked)


def _erase(row: Any) -> None:
    """Erase hidden words for good; what a change left alone stays empty."""
    _write(row, {name: ERASED if text else "" for name, text in _typed(row).items()})


# --- Public, then hidden -------------------------------------------------------------------------------------------------


def _hide(row: Said, at: dt.datetime, clause: str) -> None:
    """Take a text from the public."""
    assert_in_transaction()
    _write(row, {"hidden_at": at, "hidden_reason": clause})


def _show(row: Said) -> None:
    """Give a text back to the public."""
    assert_in_transaction()
    if row.hidden_at is None:
        return
    if row.author is not None and row.author.limited_since is not None:
        # Given back, but the data of its author is set aside: it shows again with the rest of it.
        _write(row, {"hidden_reason": setting_aside.REASON})
        return
    _write(row, {"hidden_at": None, "hidden_reason": ""})


# --- Read first ----------------------------------------------------------------------------------------------------------


def _release(row: Any, at: dt.datetime) -> None:
    """Publish what waits, and tell those it is for; repeating it is no error.

    Raises: RuntimeError outside a transaction; DomainError "set_aside" while the data of its author is.
    Locks: expects the row held; a proposal to gather takes its ideas.
    """
    assert_in_transaction()
    if not row.is_waiting:
        return
    if row.author is not None and row.author.limited_since is not None:
        raise DomainError(
            "set_aside",
            "Ce texte ne peut pas paraître pour le moment\u00a0: laissez le dossier en attente, ou refusez-le.",
        )
    _write(row, {"released_at": at})
    if isinstance(row, Gathering):
        # Authors have all their days from now on.
        _write(row, {"answers_until": gathering.last_day(is_of_city=row.is_of_city, at=at)})
        gathering.settle_held(row, at=at)
        queue.after_commit("ideas.tell_gathering", gathering_id=row.pk)
    elif isinstance(row, Amendment):
        queue.after_commit("ideas.tell_amendment", amendment_id=row.pk)
    else:
        queue.after_commit("ideas.tell_author_news", news_id=row.pk)


def _refuse(row: Any, at: dt.datetime, clause: str) -> None:
    """Refuse what waits: nobody but its author and moderators reads it."""
    assert_in_transaction()
    _write(row, {"refused_at": at, "refused_clause": clause})
    if isinstance(row, Gathering) and row.is_pending:
        gathering.end(row, Gathering.End.REFUSED, at=at)


def _unrefuse(row: Any) -> None:
    """Publish what was refused, the refusal being overturned; ideas are not held for a proposal to gather that was refused."""
    assert_in_transaction()
    if row.refused_at is None or row.withdrawn_at is not None or isinstance(row, Gathering):
        return
    _write(row, {"refused_at": None, "refused_clause": ""})
    _release(row, timezone.now())


def _mask_and_release(row: Any, passages: list[str]) -> None:
    _mask(row, passages)
    _release(row, timezone.now())


# --- Kinds ---------------------------------------------------------------------------------------------------------------


def _rows(model: type[Any]) -> Any:
    if model is Gathering:
        return Gathering.objects.select_related("campaign", "author", "parent").defer("parent__search")
    return model.objects.select_related("idea__campaign", "idea__author", "author").defer("idea__search")


def _readers(model: type[Any]) -> dict[str, Any]:
    """Give how rows are found, held, and read together."""

    def find(reference: str) -> Any:
        return _rows(model).filter(reference=read_reference(reference)).first()

    def hold(reference: str) -> Any:
        held = _rows(model).select_for_update(of=("self",), no_key=True)
        return held.filter(reference=read_reference(reference)).first()

    def many(references: Iterable[str]) -> Mapping[str, Any]:
        return {row.reference: row for row in _rows(model).filter(reference__in=list(references))}

    return {"find": find, "hold": hold, "many": many}


def _words(row: Any) -> Words:
    text = "\n\n".join(value for name, value in _typed(row).items() if name != "title" and value)
    about = row.campaign if isinstance(row, Gathering) else row.idea
    return Words(getattr(row, "title", ""), text, about.title, about.get_absolute_url())


def address(row: Any) -> str:
    """Give the page of a text: what waits is there too, for its author and moderators."""
    if isinstance(row, Gathering):
        return row.get_absolute_url()
    if isinstance(row, Amendment):
        return reverse("ideas:amendment", args=[row.idea.reference, row.reference])
    return reverse("ideas:author_news", args=[row.idea.reference, row.reference])


def _signer(row: Said) -> Any:
    """Give the person whose public name is read under a text, when it is one."""
    if not isinstance(row, AuthorNews):
        return row.author
    rows = AuthorNews.objects.filter(pk=row.pk).annotate(own_district=signatures.unnamed())
    return row.author if rows.values_list("own_district", flat=True).get() is None else None


def _said(model: type[Said], code: str, label: Any, segment: str) -> Kind:
    return Kind(
        code=code,
        label=label,
        segment=segment,
        **_readers(model),
        signer=_signer,
        words=_words,
        author=lambda row: row.author,
        url=address,
        is_public=lambda row: row.is_visible and row.idea.is_visible,
        is_gone=lambda row: not row.is_visible,
        hide=_hide,
        show=_show,
        snapshot=_typed,
        erase=_erase,
        mask=_mask,
        restore=_write,
    )


def _first(model: type[Any], code: str, label: Any, segment: str) -> Kind:
    return Kind(
        code=code,
        label=label,
        segment=segment,
        **_readers(model),
        words=_words,
        author=lambda row: row.author,
        url=address,
        is_public=lambda _row: False,
        is_gone=lambda row: not row.is_waiting,
        hide=_refuse,
        show=_unrefuse,
        snapshot=_typed,
        erase=_erase,
        mask=_mask_and_release,
        restore=_write,
        is_named=False,
        release=_release,
    )


KINDS = (
    _said(Amendment, amending.AMENDMENT_KIND, gettext_lazy("modification proposée"), "modification"),
    _said(AuthorNews, amending.NEWS_KIND, gettext_lazy("nouvelle de l’auteur"), "nouvelle"),
    _first(Amendment, amending.HELD_KINDS[Amendment], gettext_lazy("modification à relire"), "modification-a-relire"),
    _first(AuthorNews, amending.HELD_KINDS[AuthorNews], gettext_lazy("nouvelle à relire"), "nouvelle-a-relire"),
    _first(Gathering, gathering.HELD_KIND, gettext_lazy("regroupement à relire"), "regroupement-a-relire"),
)


# --- Data set aside ------------------------------------------------------------------------------------------------------


def set_aside(user: Any) -> None:
    """Hide what somebody wrote beside ideas while their data is set aside.

    Raises: RuntimeError outside a transaction.
    """
    assert_in_transaction()
    hidden: dict[str, Any] = {"hidden_at": timezone.now(), "hidden_reason": setting_aside.REASON}
    for model in (Amendment, AuthorNews):
        model.objects.visible().filter(author=user).update(**hidden)


def show_again(user: Any) -> None:
    """Show again what was hidden for that reason.

    Raises: RuntimeError outside a transaction.
    """
    assert_in_transaction()
    for model in (Amendment, AuthorNews):
        model.objects.filter(author=user, hidden_reason=setting_aside.REASON).update(hidden_at=None, hidden_reason="")
