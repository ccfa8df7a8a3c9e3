"""What agents do with a commitment: write it, publish it, give news of it, change its day (`rules` says who may).

A draft is nobody's business: its lines on the register name nothing. From its publication on, every change is a dated event
that everybody reads: on its page, on the register, and in the mail of those who follow it or what it comes from.
"""

import datetime as dt
from collections.abc import Mapping, Sequence
from functools import partial
from typing import Any

from django.db import transaction
from django.utils import timezone, translation
from django.utils.translation import gettext as _

from commitments import changes, rules
from commitments.changes import WORDS
from commitments.hosts import Host
from commitments.models import RUNNING, Commitment, CommitmentNews, State
from commitments.photos import Photo
from mulhouse import markup, queue, reasons, typography
from mulhouse.db import assert_in_transaction
from mulhouse.errors import DomainError, require
from notifications import links, telling
from transparency import register


@transaction.atomic(durable=True)
def create(*, actor: Any, values: Mapping[str, Any], host: Host | None = None) -> Commitment:
    """Begin a commitment, seen by nobody but the agents.

    Shape: `values` holds WORDS and `due_on`; with a host, where it comes from is the host's title and address.
    Raises: RefusedError.
    """
    commitment = draft(actor=actor, values=values, host=host)
    _record_draft(actor)
    return commitment


def draft(*, actor: Any, values: Mapping[str, Any], host: Host | None = None) -> Commitment:
    """Begin a commitment inside the transaction of a service, which ties it to its own object and writes the register's line.

    Raises: RefusedError; RuntimeError outside a transaction.
    """
    assert_in_transaction()
    require(rules.write_refusal(actor))
    words = {name: values[name] for name in WORDS if name in values}
    if host is not None:
        words |= {"source_title": host.title, "source_url": host.url, "topic": host.topic}
    return Commitment.objects.create(**words, due_on=values["due_on"], first_due_on=values["due_on"])


@transaction.atomic(durable=True)
def save(
    *, actor: Any, commitment: Commitment, values: Mapping[str, Any], seen: str, at: dt.datetime, reason: str = ""
) -> Commitment:
    """Change the words of a commitment: its day too while it is a draft; once public, each change is news, with its reason.

    Shape: `seen` is the version the agent had under the eyes (`Commitment.version`).
    Raises: RefusedError; DomainError "stale", "reason" when a public text changes without one.
    Locks: the commitment's row.
    """
    before = _claim(commitment, seen)
    require(rules.change_refusal(actor, before))
    is_public = before.published_at is not None
    changed = changes.found(before, values)
    if is_public and changed:
        reason = reasons.sentence(
            reason, missing="Cet engagement est public\u00a0: dites pourquoi vous changez son texte."
        )
    for each in changed:
        setattr(commitment, each.field, values[each.field])
    if not is_public and "due_on" in values:
        commitment.due_on = commitment.first_due_on = values["due_on"]
    commitment.updated_at = at
    if is_public and changed:
        commitment.news_at = at
    commitment.save(update_fields=[*WORDS, "due_on", "first_due_on", "news_at", "updated_at"])
    if not is_public:
        _record_draft(actor)
    elif changed:
        news = _tell(commitment, kind=CommitmentNews.Kind.WORDS, text=reason, changes=changes.kept(changed), at=at)
        facts = {"changements": [_fact(each) for each in changed], "motif": reason, "nouvelle": news.reference}
        register.record("commitment.changed", role="agent", subject=commitment.reference, facts=facts, actor=actor)
    return commitment


def _fact(change: changes.Change) -> dict[str, str]:
    label = str(Commitment._meta.get_field(change.field).verbose_name)  # type: ignore[union-attr]
    return {"champ": label, "avant": change.before, "apres": change.after}


@transaction.atomic(durable=True)
def publish(*, actor: Any, commitment: Commitment, at: dt.datetime) -> CommitmentNews:
    """Make a commitment public: from then on the city answers for its day.

    Raises: RefusedError; DomainError "published" when somebody was faster.
    """
    require(rules.publish_refusal(actor, commitment))
    waiting = Commitment.objects.filter(pk=commitment.pk, published_at=None)
    if not waiting.update(published_at=at, news_at=at, updated_at=at):
        raise DomainError("published", "Cet engagement vient d’être publié.")
    commitment.published_at = commitment.news_at = at
    news = _tell(commitment, kind=CommitmentNews.Kind.PUBLISHED, text="", at=at)
    facts = {
        "titre": commitment.title,
        "service": commitment.service.name,
        "echeance": commitment.due_on.isoformat(),
        "source": commitment.source_title,
    }
    register.record("commitment.published", role="agent", subject=commitment.reference, facts=facts, actor=actor)
    return news


@transaction.atomic(durable=True)
def add_news(
    *,
    actor: Any,
    commitment: Commitment,
    text: str,
    state: str,
    happened_on: dt.date,
    at: dt.datetime,
    photo: Photo | None = None,
) -> CommitmentNews:
    """Say on a day what became of a commitment, and its state from then on; its followers are told.

    Raises: RefusedError; DomainError "text" without words (giving something up takes reasons), "future" for a day to come,
    "before" when it would be over before a day on which the city said that it was not.
    Locks: the commitment's row.
    """
    require(rules.news_refusal(actor, commitment))
    if not text.strip():
        raise DomainError("text", "Dites en quelques mots ce qui s’est passé\u00a0: c’est ce que les habitants liront.")
    if happened_on > timezone.localdate(at):
        raise DomainError("future", "Cette date est à venir. Une nouvelle dit ce qui est fait.")
    held = _held(commitment)
    held.state, held.news_at, held.updated_at = state, at, at
    if state in RUNNING:
        held.closed_on = None
    elif held.closed_on is None:
        _not_before(held, happened_on)
        held.closed_on = happened_on
    held.save(update_fields=["state", "closed_on", "news_at", "updated_at"])
    news = _tell(
        held, kind=CommitmentNews.Kind.PROGRESS, text=text.strip(), happened_on=happened_on, photo=photo, at=at
    )
    facts = {"etat": str(State(state).value), "date": happened_on.isoformat(), "nouvelle": news.reference}
    if photo is not None:
        facts["photo_sha256"] = photo.sha256
    register.record("commitment.news", role="agent", subject=held.reference, facts=facts, actor=actor)
    return news


def _not_before(commitment: Commitment, day: dt.date) -> None:
    """Lateness counts to the day on which it was over: not one on which the city itself said otherwise."""
    kinds = (CommitmentNews.Kind.PROGRESS, CommitmentNews.Kind.DUE_DATE)
    said = commitment.news.filter(kind__in=kinds, state__in=RUNNING)
    last = said.order_by("-happened_on").values_list("happened_on", flat=True).first()
    if last is not None and day < last:
        raise DomainError(
            "before",
            f"Une nouvelle du {typography.day(last)} dit que l’engagement était encore en cours. Donnez ce jour ou un jour "
            "d’après.",
        )


@transaction.atomic(durable=True)
def change_due_date(
    *, actor: Any, commitment: Commitment, due_on: dt.date, reason: str, at: dt.datetime
) -> CommitmentNews:
    """Give a commitment another day, in public and with the reason; the first one stays in sight.

    Raises: RefusedError; DomainError "reason" without one, "same" when the day does not change.
    Locks: the commitment's row.
    """
    reason = reasons.sentence(reason, missing="Dites pourquoi l’échéance change\u00a0: le motif est public.")
    held = _held(commitment)
    require(rules.due_date_refusal(actor, held))
    if due_on == held.due_on:
        raise DomainError("same", "C’est déjà son échéance.")
    before, held.due_on = held.due_on, due_on
    held.news_at = held.updated_at = at
    held.save(update_fields=["due_on", "news_at", "updated_at"])
    news = _tell(held, kind=CommitmentNews.Kind.DUE_DATE, text=reason, due_before=before, due_after=due_on, at=at)
    facts = {"avant": before.isoformat(), "apres": due_on.isoformat(), "motif": reason}
    register.record("commitment.due_date_changed", role="agent", subject=held.reference, facts=facts, actor=actor)
    return news


@transaction.atomic(durable=True)
def delete_draft(*, actor: Any, commitment: Commitment) -> None:
    """Throw a draft away.

    Raises: RefusedError.
    """
    require(rules.delete_refusal(actor, commitment))
    commitment.delete()
    _record_draft(actor)


@transaction.atomic(durable=True)
def tell_followers(*, news: CommitmentNews, followers: Sequence[Any], at: dt.datetime) -> int:
    """Tell some followers what is new; nobody is told twice, however often this runs.

    Shape: how many were told.
    """
    commitment = news.commitment
    words = {language: _words(news, language) for language in sorted({each.language for each in followers})}
    letters = [
        telling.Letter(
            person=follower,
            once_key=f"commitment-news:{news.pk}:{follower.pk}",
            about=commitment.own_topic,
            topic=commitment.own_topic if follower.follows_it else commitment.topic,
            line=words[follower.language]["line"],
            url=links.path(commitment, follower.language),
            words=partial(dict, words[follower.language]),
        )
        for follower in followers
    ]
    return telling.tell(kind="commitments.news", letters=letters, at=at)


@transaction.atomic(durable=True)
def finish_telling(*, news: CommitmentNews, at: dt.datetime) -> bool:
    """Keep that every follower was written to.

    Shape: False when another worker said so first.
    """
    return bool(CommitmentNews.objects.filter(pk=news.pk, told_at=None).update(told_at=at))


# --- Pieces ------------------------------------------------------------------------------------------------------


def _claim(commitment: Commitment, seen: str) -> Commitment:
    """Take the version the agent saw, and give the row as it was."""
    held = _held(commitment)
    if held.version != seen:
        raise DomainError(
            "stale",
            "Quelqu’un a modifié cet engagement pendant ce temps. Gardez votre texte de côté, rechargez la page, puis reportez-le.",
        )
    return held


def _held(commitment: Commitment) -> Commitment:
    rows = Commitment.objects.select_related("service", "theme", "district")
    return rows.select_for_update(of=("self",), no_key=True).defer("search").get(pk=commitment.pk)


def _tell(commitment: Commitment, *, kind: str, text: str, at: dt.datetime, **parts: Any) -> CommitmentNews:
    photo: Photo | None = parts.pop("photo", None)
    if photo is not None:
        parts |= {
            "photo": photo.name,
            "photo_alt": photo.alt,
            "photo_width": photo.width,
            "photo_height": photo.height,
        }
    parts.setdefault("happened_on", timezone.localdate(at))
    news = CommitmentNews.objects.create(
        commitment=commitment,
        kind=kind,
        state=commitment.state,
        text=text,
        text_html=markup.render_markdown(text),
        published_at=at,
        **parts,
    )
    queue.after_commit("commitments.tell_news", news_id=news.pk)
    return news


def _words(news: CommitmentNews, language: str) -> dict[str, Any]:
    """Say in the language of a follower when it happened, and the days that changed."""
    commitment = news.commitment
    with translation.override(language):
        return {
            "news": news,
            "commitment": commitment,
            "line": _line(news),
            "changes": changes.told(news),
            "address": links.address(commitment, language),
            "state": str(news.get_state_display()),
            "due": typography.day(commitment.due_on),
            "day": typography.day(news.happened_on),
            "before": typography.day(news.due_before) if news.due_before else "",
            "after": typography.day(news.due_after) if news.due_after else "",
        }


def _line(news: CommitmentNews) -> str:
    """Say in one line what is new, for an account and for digests."""
    sentences = {
        CommitmentNews.Kind.PUBLISHED: _("La Ville s’engage\u00a0: %(title)s"),
        CommitmentNews.Kind.DUE_DATE: _("Nouvelle échéance\u00a0: %(title)s"),
        CommitmentNews.Kind.WORDS: _("Texte modifié\u00a0: %(title)s"),
    }
    sentence = sentences.get(CommitmentNews.Kind(news.kind), _("Des nouvelles\u00a0: %(title)s"))
    return sentence % {"title": news.commitment.title}


def _record_draft(actor: Any) -> None:
    register.record("commitment.draft", role="agent", actor=actor)
