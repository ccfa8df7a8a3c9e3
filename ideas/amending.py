"""Changes to an idea that others propose and its author takes or not, and the news that its author gives.

Rows are locked in one order: the account, the text, the idea, then the register.
"""

import datetime as dt
import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from django.db import transaction
from django.db.models import Q, QuerySet
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts import consents
from accounts import rules as accounts_rules
from accounts.models import Consent, User
from ideas import actions, review, rules
from ideas.models import Amendment, AuthorNews, Idea, IdeaVersion
from ideas.models.amending import Said
from ideas.models.campaigns import ModerationMode
from moderation import cases
from mulhouse import masked_forms, queue, typography, workdays
from mulhouse.db import assert_in_transaction
from mulhouse.errors import DomainError, Refusal, RefusedError, require
from mulhouse.markup import render_markdown
from transparency import register

# What moderation calls these texts, and those that it reads first.
AMENDMENT_KIND, NEWS_KIND = "idea_amendment", "idea_author_news"
HELD_KINDS: dict[type[Said], str] = {Amendment: "held_idea_amendment", AuthorNews: "held_author_news"}
CHANGED = ("title", "need", "proposal")
NEWS_DAYS = 7
# Of one person, on one idea, that wait for the author's answer.
MOST_WAITING = 3
GONE = "—"


@dataclass(frozen=True)
class Change:
    """What somebody proposes to change, as they typed it: the whole text as it would be."""

    title: str
    need: str
    proposal: str
    reason: str


def digest(idea: Idea | IdeaVersion) -> str:
    """Give the SHA-256 of the words that an amendment changes."""
    return hashlib.sha256("\0".join(getattr(idea, name) for name in CHANGED).encode()).hexdigest()


def written_from(amendment: Amendment) -> Idea | IdeaVersion | None:
    """Give the words that a change was written from: those of the idea, or of one of its versions; one query at most.

    Shape: None when nobody reads them any more (moderation masked some).
    """
    if amendment.version is not None:
        return amendment.version
    if amendment.digest == digest(amendment.idea):
        return amendment.idea
    versions = amendment.idea.versions.order_by("-number")
    return next((version for version in versions if digest(version) == amendment.digest), None)


# --- May they? ---------------------------------------------------------------------------------------------------------


def standing_refusal(idea: Idea) -> Refusal | None:
    """Tell whether the text of an idea may still change: as long as its author could correct it."""
    if not idea.is_visible:
        return Refusal("withdrawn", _("Cette idée n’est plus publique."))
    if idea.author is None:
        return Refusal(
            "no_author", _("L’auteur de cette idée n’a plus de compte\u00a0: personne ne peut en changer le texte.")
        )
    refusal = rules.withdraw_refusal(idea.author, idea)
    return Refusal(refusal.code, _("Le texte de cette idée ne change plus.")) if refusal else None


def propose_refusal(user: Any, idea: Idea, *, at: dt.datetime) -> Refusal | None:
    """Tell whether somebody may propose a change to an idea (with its campaign and author): anybody but its author."""
    if refusal := standing_refusal(idea):
        return refusal
    if user.is_authenticated and idea.author_id == user.pk:
        return Refusal("own", _("C’est votre idée\u00a0: vous pouvez la corriger vous-même."))
    return rules.comment_refusal(user, idea, at=at)


def answer_refusal(user: Any, amendment: Amendment, *, at: dt.datetime) -> Refusal | None:
    """Tell whether somebody may take a change or not: the author of the idea, once (select the idea, its campaign and author)."""
    if not user.is_authenticated or amendment.idea.author_id != user.pk:
        return Refusal("not_author", _("L’auteur de l’idée répond à cette proposition."))
    if not amendment.is_visible:
        return Refusal("withdrawn", _("Cette proposition n’est plus publique."))
    if amendment.state != Amendment.State.WAITING:
        return Refusal("answered", _("Vous avez déjà répondu à cette proposition."))
    return rules.edit_refusal(user, amendment.idea, at=at)


def withdraw_refusal(user: Any, said: Said) -> Refusal | None:
    """Tell whether somebody may take back what they wrote beside an idea: not a change that the author took."""
    if not user.is_authenticated or said.author_id != user.pk:
        return Refusal("not_author", _("Ce texte n’est pas le vôtre."))
    if said.withdrawn_at is not None:
        return Refusal("withdrawn", _("Ce texte est déjà retiré."))
    if isinstance(said, Amendment) and said.state == Amendment.State.ACCEPTED:
        return Refusal(
            "accepted", _("L’auteur a retenu cette modification\u00a0: elle fait partie de l’histoire de l’idée.")
        )
    return None


def news_refusal(user: Any, idea: Idea, *, at: dt.datetime) -> Refusal | None:
    """Tell whether somebody may give news of an idea: its author, or one of those it gathers; once in NEWS_DAYS days."""
    if not user.is_authenticated or not rules.signs(user, idea):
        return Refusal("not_author", _("L’auteur de l’idée en donne des nouvelles."))
    if not idea.is_visible:
        return Refusal("withdrawn", _("Cette idée n’est plus publique."))
    if refusal := accounts_rules.publishing_refusal(user, at=at):
        return refusal
    # What was refused told nobody; what was taken back did.
    last = AuthorNews.objects.filter(idea=idea, refused_at__isnull=True).first()
    if last is not None and at < last.submitted_at + dt.timedelta(days=NEWS_DAYS):
        return Refusal(
            "weekly",
            _("Une nouvelle par semaine au plus\u00a0: vous pourrez écrire la suivante le %(instant)s.")
            % {"instant": typography.instant(last.submitted_at + dt.timedelta(days=NEWS_DAYS))},
        )
    return None


# --- Amendments --------------------------------------------------------------------------------------------------------


@transaction.atomic(durable=True)
def propose(*, actor: User, idea: Idea, reference: str, change: Change, at: dt.datetime) -> Amendment:
    """Propose a change to the text of an idea; the same reference again is the same proposal.

    Raises: RefusedError; DomainError "unchanged" when it changes nothing, "too_many" beyond MOST_WAITING that wait.
    Locks: the person, the idea, the case.
    """
    person = actions.acting(actor)
    held = actions.locked(idea)
    former: Amendment | None = _former(Amendment, reference, actor)
    if former is not None:
        return former
    require(propose_refusal(person, held, at=at))
    given = {name: getattr(change, name).strip() for name in CHANGED}
    changes = {name: text if text != getattr(held, name).strip() else "" for name, text in given.items()}
    if not any(changes.values()):
        raise DomainError(
            "unchanged", _("Vous n’avez rien changé\u00a0: modifiez le titre, le besoin ou la proposition.")
        )
    theirs = Amendment.objects.filter(idea=held, author=actor, state=Amendment.State.WAITING, withdrawn_at=None)
    if theirs.filter(refused_at=None, hidden_at=None).count() >= MOST_WAITING:
        raise DomainError("too_many", _("Trois de vos propositions attendent déjà la réponse de l’auteur."))
    texts = [*changes.values(), change.reason]
    made: Amendment = _write(
        Amendment(idea=held, reference=reference, reason=change.reason, digest=digest(held), **changes),
        actor,
        texts=texts,
        at=at,
    )
    register.record(
        "idea.amendment_proposed",
        role=actions.RESIDENT,
        subject=held.reference,
        facts={"modification": made.reference},
        actor=actor,
    )
    queue.after_commit("ideas.tell_amendment", amendment_id=made.pk)
    return made


def _former(model: type[Said], reference: str, actor: User) -> Any:
    """Give what was written under a reference already. Raises: RefusedError when somebody else did."""
    former = model.objects.filter(reference=reference).first()
    if former is not None and former.author_id != actor.pk:
        raise RefusedError(Refusal("not_author", _("Ce texte n’est pas le vôtre.")))
    return former


def _write(said: Any, actor: User, *, texts: Sequence[str], at: dt.datetime) -> Any:
    """Write a text beside an idea: public at once, or in the queue of moderation. Locks: the case."""
    consents.give(actor, Consent.Purpose.CHARTER)
    campaign = said.idea.campaign
    cause = review.cause_of(actor, campaign, texts, at=at)
    said.author, said.submitted_at, said.cause = actor, at, cause or ""
    said.released_at = None if cause else at
    said.save()
    if cause:
        is_promised = campaign.moderation == ModerationMode.PRIOR
        cases.open_case(
            kind=HELD_KINDS[type(said)],
            reference=said.reference,
            cause=cause,
            at=at,
            author=actor,
            proposal=masked_forms.passages(*texts),
            promised_at=workdays.after_hours(at, campaign.review_hours) if is_promised else None,
        )
    return said


@transaction.atomic(durable=True)
def answer(*, actor: User, amendment: Amendment, accepts: bool, word: str, at: dt.datetime) -> None:
    """Take a change or not, with a word; taken, it becomes the text, and the one before stays readable. Repeating it is no error.

    Raises: RefusedError; DomainError "changed" when the text is not the one it was written from any more, "word" for a word that
    moderation would read first.
    Locks: the person, the amendment, the idea, then the register.
    """
    person = actions.acting(actor)
    rows: QuerySet[Amendment] = Amendment.objects.select_for_update(of=("self",), no_key=True)
    held = rows.get(pk=amendment.pk)
    held.idea = idea = actions.locked(amendment.idea)
    said = Amendment.State.ACCEPTED if accepts else Amendment.State.DECLINED
    if held.state == said and idea.author_id == actor.pk:
        return
    require(answer_refusal(person, held, at=at))
    if word and review.cause_of(actor, idea.campaign, [word], at=at):
        raise DomainError(
            "word", _("Ce mot devrait être relu avant de paraître. Répondez sans mot, sans lien ni donnée personnelle.")
        )
    changes = {name: text for name in CHANGED if (text := getattr(held, name))}
    if accepts and held.digest != digest(idea):
        raise DomainError(
            "changed",
            _("Le texte de l’idée a changé depuis cette proposition\u00a0: elle ne s’y applique plus telle quelle."),
        )
    held.state, held.answer, held.answered_at = said, word, at
    held.save(update_fields=["state", "answer", "answered_at"])
    if accepts:
        review.drop_waiting_correction(idea, at=at)
        actions.write_correction(idea=idea, words=changes, actor=actor, at=at, is_versioned=True)
        Amendment.objects.filter(pk=held.pk).update(version=idea.versions.order_by("-number").first())
    register.record(
        "idea.amendment_answered",
        role=actions.RESIDENT,
        subject=idea.reference,
        facts={"modification": held.reference, "reponse": "retenue" if accepts else "non retenue"},
        actor=actor,
    )
    queue.after_commit("ideas.tell_amendment", amendment_id=held.pk)


# --- News of the author --------------------------------------------------------------------------------------------------


@transaction.atomic(durable=True)
def give_news(*, actor: User, idea: Idea, reference: str, body: str, at: dt.datetime) -> AuthorNews:
    """Give news of an idea, once in NEWS_DAYS days; the same reference again is the same news.

    Raises: RefusedError.
    Locks: the person, the idea (two news at once follow each other), the case.
    """
    person = actions.acting(actor)
    held = actions.locked(idea)
    former: AuthorNews | None = _former(AuthorNews, reference, actor)
    if former is not None:
        return former
    require(news_refusal(person, held, at=at))
    fresh = AuthorNews(idea=held, reference=reference, body=body, body_html=render_markdown(body))
    made: AuthorNews = _write(fresh, actor, texts=[body], at=at)
    register.record(
        "idea.author_news",
        role=actions.RESIDENT,
        subject=held.reference,
        facts={"nouvelle": made.reference},
        actor=actor,
    )
    queue.after_commit("ideas.tell_author_news", news_id=made.pk)
    return made


@transaction.atomic(durable=True)
def take_back(*, actor: User, said: Said, at: dt.datetime) -> None:
    """Take back a change that was not taken, or news; repeating it is no error.

    Raises: RefusedError.
    Locks: the text, its case.
    """
    held: Any = type(said).objects.select_for_update(of=("self",), no_key=True).select_related("idea").get(pk=said.pk)
    if held.withdrawn_at is not None and held.author_id == actor.pk:
        return
    require(withdraw_refusal(actor, held))
    was_waiting = held.is_waiting
    held.withdrawn_at = at
    held.save(update_fields=["withdrawn_at"])
    if was_waiting:
        cases.close(kind=HELD_KINDS[type(held)], reference=held.reference, at=at)
    register.record(
        "idea.said_withdrawn",
        role=actions.RESIDENT,
        subject=held.idea.reference,
        facts={"texte": held.reference},
        actor=actor,
    )


# --- Data set aside, accounts that close ---------------------------------------------------------------------------------


def erase_said(*, user: User) -> None:
    """Unsign what somebody wrote beside ideas, and empty what was withdrawn, hidden, refused or waits.

    Raises: RuntimeError outside a transaction.
    Locks: the cases of what waits.
    """
    assert_in_transaction()
    at = timezone.now()
    unseen = Q(withdrawn_at__isnull=False) | Q(hidden_at__isnull=False) | Q(released_at__isnull=True)
    # What stands beside an idea that is gone is read by nobody either.
    unseen |= Q(idea__withdrawn_at__isnull=False) | Q(idea__hidden_at__isnull=False)
    # Their word, as the author of the idea, on a change that is gone.
    Amendment.objects.filter(unseen, idea__author=user).update(answer="")
    blanks: dict[type[Said], dict[str, str]] = {
        Amendment: {"title": "", "need": "", "proposal": GONE, "reason": GONE, "answer": ""},
        AuthorNews: {"body": GONE, "body_html": ""},
    }
    for model, blank in blanks.items():
        theirs: Any = model.objects.filter(author=user)
        for row in theirs.filter(released_at=None, refused_at=None, withdrawn_at=None).order_by("pk"):
            cases.close(kind=HELD_KINDS[model], reference=row.reference, at=at)
        theirs.filter(released_at=None, refused_at=None, withdrawn_at=None).update(withdrawn_at=at)
        theirs.filter(unseen).update(**blank)
        theirs.update(author=None)
