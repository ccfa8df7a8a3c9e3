"""Gathering ideas that say the same under one, counting who supports it, separating them again.

Rows are locked in one order: the account, its person, the gathering, the ideas by their keys, the campaign, then the register.
Source: docs/algorithms/idees-regroupement.md.
"""

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _

from accounts import consents
from accounts import rules as accounts_rules
from accounts.models import Consent, User
from desk import people
from desk.models import Channel, Person
from ideas import actions, clocks, gathering_rules, heat, review, rules, supporting
from ideas.models import CarryAnswer, GatheredIdea, Gathering, Idea, LikelyPair, Stage, Support
from ideas.models.campaigns import ModerationMode
from moderation import cases
from mulhouse import charter, masked_forms, queue, workdays
from mulhouse.db import assert_in_transaction
from mulhouse.errors import Refusal, RefusedError, require
from mulhouse.markup import render_markdown
from mulhouse.typography import local_day
from notifications import subscriptions
from transparency import register

# What moderation calls the words of a gathering that it reads first.
HELD_KIND = "held_idea_gathering"
AGENT, SITE = "agent", "système"
GONE = "—"


@dataclass(frozen=True)
class Text:
    """What the idea that gathers will say."""

    title: str
    need: str
    proposal: str

    @property
    def texts(self) -> list[str]:
        """Give what everybody will read."""
        return [self.title, self.need, self.proposal]


def _held_ideas(keys: Sequence[int]) -> list[Idea]:
    """Hold ideas in the order of their keys, so that two gatherings of one idea follow each other. Locks: the ideas."""
    rows: Any = Idea.objects.select_for_update(of=("self",), no_key=True).defer("search")
    return list(rows.filter(pk__in=keys).select_related("campaign", "author").order_by("pk"))


def _held(gathering: Gathering) -> Gathering:
    """Hold a gathering. Locks: its row."""
    rows: Any = Gathering.objects.select_for_update(of=("self",), no_key=True)
    return rows.select_related("campaign", "author", "parent").defer("parent__search").get(pk=gathering.pk)  # type: ignore[no-any-return]


# --- Proposing and answering ---------------------------------------------------------------------------------------


@transaction.atomic(durable=True)
def propose(
    *, actor: User, ideas: Sequence[Idea], reference: str, text: Text, is_of_city: bool, at: dt.datetime
) -> Gathering:
    """Propose to gather ideas under one; the same reference again is the same proposal. Nothing is public yet.

    Shape: of an author, their own ideas agree at once; one that moderation reads first is told to nobody before.
    Raises: RefusedError.
    Locks: the person, the ideas, the case.
    """
    person = actions.acting(actor)
    held = _held_ideas([idea.pk for idea in ideas])
    former = Gathering.objects.filter(reference=reference).first()
    if former is not None:
        if former.author_id != actor.pk:
            raise RefusedError(Refusal("not_author", _("Cette proposition n’est pas la vôtre.")))
        return former
    require(gathering_rules.propose_refusal(person, held, is_of_city=is_of_city, at=at))
    campaign = held[0].campaign
    cause = None if is_of_city else review.cause_of(actor, campaign, text.texts, at=at)
    if not is_of_city:
        consents.give(actor, Consent.Purpose.CHARTER)
    made = Gathering.objects.create(
        reference=reference,
        author=actor,
        campaign=campaign,
        is_of_city=is_of_city,
        title=text.title,
        need=text.need,
        proposal=text.proposal,
        cause=cause or "",
        submitted_at=at,
        released_at=None if cause else at,
        answers_until=last_day(is_of_city=is_of_city, at=at),
    )
    own = {idea.pk for idea in held if not is_of_city and idea.author_id == actor.pk}
    GatheredIdea.objects.bulk_create(
        GatheredIdea(gathering=made, idea=idea, answer="yes", answered_at=at)
        if idea.pk in own
        else GatheredIdea(gathering=made, idea=idea)
        for idea in held
    )
    if cause:
        is_promised = campaign.moderation == ModerationMode.PRIOR
        cases.open_case(
            kind=HELD_KIND,
            reference=made.reference,
            cause=cause,
            at=at,
            author=actor,
            proposal=masked_forms.passages(*text.texts),
            promised_at=workdays.after_hours(at, campaign.review_hours) if is_promised else None,
        )
    settle_held(made, at=at)
    register.record(
        "idea.gathering_proposed",
        role=AGENT if is_of_city else actions.RESIDENT,
        subject=campaign.slug,
        facts={"idees": len(held)},
        actor=actor,
    )
    queue.after_commit("ideas.tell_gathering", gathering_id=made.pk)
    return made


def last_day(*, is_of_city: bool, at: dt.datetime) -> dt.date:
    """Give the last day on which authors answer."""
    days = gathering_rules.CITY_DAYS if is_of_city else gathering_rules.AUTHOR_DAYS
    return local_day(at) + dt.timedelta(days=days)


@transaction.atomic(durable=True)
def answer(*, actor: User, gathering: Gathering, idea: Idea, agrees: bool, at: dt.datetime) -> None:
    """Say for one's idea whether it is gathered; a no takes it out for good. The last answer opens the gathering.

    Raises: RefusedError.
    Locks: the person, the gathering, then what opening it holds.
    """
    person = actions.acting(actor)
    held = _held(gathering)
    member = held.members.select_related("idea").filter(idea=idea).first()
    said = GatheredIdea.Answer.YES if agrees else GatheredIdea.Answer.NO
    if member is not None and member.answer == said and member.idea.author_id == actor.pk:
        return
    if member is None or not member.is_live:
        raise RefusedError(Refusal("over", _("Cette proposition n’attend plus de réponse.")))
    require(gathering_rules.answer_refusal(person, held, member.idea, at=at))
    member.answer, member.answered_at, member.is_live = said, at, agrees
    member.save(update_fields=["answer", "answered_at", "is_live"])
    # Before the register, which is held to the end: opening takes the ideas.
    settle_held(held, at=at)
    register.record(
        "idea.gathering_answered",
        role=actions.RESIDENT,
        subject=held.campaign.slug,
        facts={"reponse": "oui" if agrees else "non"},
        actor=actor,
    )


@transaction.atomic(durable=True)
def cancel(*, actor: User, gathering: Gathering, at: dt.datetime) -> None:
    """Take back a proposal that is not open; repeating it is no error.

    Raises: RefusedError.
    Locks: the gathering, its case.
    """
    held = _held(gathering)
    if held.end == Gathering.End.CANCELLED and held.author_id == actor.pk:
        return
    require(gathering_rules.cancel_refusal(actor, held))
    end(held, Gathering.End.CANCELLED, at=at)
    if held.is_waiting:
        cases.close(kind=HELD_KIND, reference=held.reference, at=at)
    register.record(
        "idea.gathering_dropped",
        role=AGENT if held.is_of_city else actions.RESIDENT,
        subject=held.campaign.slug,
        facts={"fin": Gathering.End.CANCELLED.value},
        actor=actor,
    )


@transaction.atomic(durable=True)
def settle(*, gathering: Gathering, at: dt.datetime) -> None:
    """Open or drop a proposal whose answers are all there, or whose time is over; repeating it is no error.

    Locks: the gathering, then what opening it holds.
    """
    settle_held(_held(gathering), at=at)


def settle_held(held: Gathering, *, at: dt.datetime) -> None:
    """Open or drop a proposal that waits for nobody any more. Locks: expects the gathering held; takes the ideas."""
    if not held.is_pending or held.released_at is None:
        return
    members = list(held.members.filter(is_live=True).select_related("idea"))
    # An author whose account is closed, and one who withdrew their idea, are not waited for.
    asked = [each for each in members if not each.answer and each.idea.author_id is not None and each.idea.is_visible]
    if asked and local_day(at) <= held.answers_until:
        return
    fresh = {idea.pk: idea for idea in _held_ideas([each.idea_id for each in members])}
    # Silence agrees with the city, not with another author.
    kept = [
        each
        for each in members
        if (each.answer or held.is_of_city) and gathering_rules.gatherable_refusal(fresh[each.idea_id], at=at) is None
    ]
    if len(kept) < gathering_rules.FEWEST:
        end(held, Gathering.End.LAPSED, at=at)
        register.record(
            "idea.gathering_dropped",
            role=SITE,
            subject=held.campaign.slug,
            facts={"fin": Gathering.End.LAPSED.value},
        )
        queue.after_commit("ideas.tell_gathering", gathering_id=held.pk)
        return
    _open(held, kept, [fresh[each.idea_id] for each in kept], at=at)


def end(held: Gathering, why: Gathering.End, *, at: dt.datetime, reason: str = "") -> None:
    """Put an end to a gathering: its ideas may be gathered otherwise. Locks: expects it held."""
    held.ended_at, held.end, held.end_reason = at, why, reason
    held.save(update_fields=["ended_at", "end", "end_reason"])
    held.members.filter(is_live=True).update(is_live=False)


def _open(held: Gathering, members: Sequence[GatheredIdea], ideas: Sequence[Idea], *, at: dt.datetime) -> None:
    """Publish the idea that gathers, and lead the others to it. Locks: expects all of them held; takes the campaign, the register."""
    held.members.exclude(pk__in=[each.pk for each in members]).update(is_live=False)
    oldest = sorted(ideas, key=lambda idea: (idea.published_at, idea.pk))
    authors = {idea.author_id: idea.author for idea in oldest if idea.author is not None}
    # Who the city writes to: the author who proposed, else that of the oldest idea.
    voice = authors.get(held.author_id) or next(iter(authors.values()), None)
    places = {idea.place_district_id for idea in ideas}
    theme = next((idea.theme_id for idea in oldest if idea.theme_id), None)
    parent = Idea.objects.create(
        campaign=held.campaign,
        author=voice,
        author_label=f"Réunit {len(ideas)} idées",
        gathers=len(ideas),
        title=held.title,
        need=held.need,
        need_html=render_markdown(held.need),
        proposal=held.proposal,
        proposal_html=render_markdown(held.proposal),
        theme_id=theme,
        place_district_id=places.pop() if len(places) == 1 else None,
        charter_version=charter.CURRENT.number,
        submitted_at=at if theme else None,
    )
    held.parent, held.opened_at = parent, at
    # A second copy would outlive what moderation hides and what its author takes back.
    held.title = held.need = held.proposal = ""
    held.save(update_fields=["parent", "opened_at", "title", "need", "proposal"])
    for member, idea in zip(members, ideas, strict=True):
        GatheredIdea.objects.filter(pk=member.pk).update(stage_before=idea.stage)
        Idea.objects.filter(pk=idea.pk).update(stage=Stage.GATHERED, stage_at=at)
        clocks.stop(idea=idea, at=at)
    for author in authors.values():
        subscriptions.add(author, parent.topic)
    actions.make_public(idea=parent, at=at)
    register.record(
        "idea.gathered",
        role=SITE,
        subject=parent.reference,
        facts={
            "campagne": held.campaign.slug,
            "idees": [idea.reference for idea in ideas],
            "proposition": "ville" if held.is_of_city else "auteur",
        },
    )
    queue.after_commit("ideas.tell_gathering", gathering_id=held.pk)
    queue.after_commit("ideas.ask_supporters", gathering_id=held.pk)


# --- Supporters ------------------------------------------------------------------------------------------------------


@transaction.atomic(durable=True)
def carry(*, actor: User, gathering: Gathering, is_yes: bool, at: dt.datetime) -> None:
    """Count somebody's support of an original for the idea that gathers, once, or count it no more; repeating it is no error.

    A no leaves alone the support that they gave to that idea itself.

    Raises: RefusedError.
    Locks: the account, its person, the idea that gathers, then the register.
    """
    account = actions.acting(actor)
    fresh = Gathering.objects.select_related("parent__campaign").defer("parent__search").get(pk=gathering.pk)
    require(gathering_rules.carry_refusal(account, fresh, at=at))
    assert fresh.parent is not None  # noqa: S101 (the rule said so)
    person = Person.objects.select_for_update(of=("self",), no_key=True).get(pk=people.of_user(account).pk)
    parent = actions.locked(fresh.parent)
    # Separated a moment ago: the idea that gathered is closed.
    require(rules.supporting_refusal(parent, at=at))
    row = CarryAnswer.objects.get_or_create(gathering=fresh, person=person, defaults={"is_yes": is_yes})[0]
    taken = None if is_yes else row.support_id
    row.is_yes = is_yes
    if is_yes:
        is_verified = accounts_rules.residency_refusal(account, "verified", at=at) is None
        if supporting.add(idea=parent, person=person, channel=Channel.WEB, is_verified=is_verified, at=at):
            row.support = Support.objects.get(idea=parent, person=person)
    else:
        row.support = None
    row.save(update_fields=["is_yes", "support"])
    if taken is not None and supporting.take_away(parent, Support.objects.filter(pk=taken)):
        register.record("idea.unsupported", role=actions.RESIDENT, subject=parent.campaign.slug)


def absorb(kept: Person, gone: Person) -> None:
    """Give one person's answers to another that turns out to be the same; where both answered, the first one's stays."""
    assert_in_transaction()
    known = CarryAnswer.objects.filter(person=kept).values("gathering")
    CarryAnswer.objects.filter(person=gone, gathering__in=known).delete()
    CarryAnswer.objects.filter(person=gone).update(person=kept)


# --- Separating ------------------------------------------------------------------------------------------------------


@transaction.atomic(durable=True)
def separate(*, actor: User, gathering: Gathering, reason: str, at: dt.datetime) -> None:
    """Give each idea its own place back, for a reason that everybody reads; repeating it is no error.

    Raises: RefusedError.
    Locks: the gathering, its ideas, the campaign.
    """
    held = _held(gathering)
    if held.end == Gathering.End.CITY:
        return
    _separate(held, Gathering.End.CITY, actor=actor, reason=reason, at=at)


@transaction.atomic(durable=True)
def leave(*, actor: User, gathering: Gathering, wants: bool, at: dt.datetime) -> bool:
    """Ask for the separation, or not any more; the ideas separate once each of their authors asks.

    Shape: True when that separated them.
    Raises: RefusedError.
    Locks: the person, the gathering, its ideas, the campaign.
    """
    person = actions.acting(actor)
    held = _held(gathering)
    require(gathering_rules.leave_refusal(person, held))
    live = held.members.filter(is_live=True)
    live.filter(idea__author=actor).update(leaving_at=at if wants else None)
    if live.filter(idea__author__isnull=False, leaving_at__isnull=True).exists():
        register.record(
            "idea.separation_asked",
            role=actions.RESIDENT,
            subject=held.parent.reference if held.parent else "",
            facts={"demande": "oui" if wants else "retirée"},
            actor=actor,
        )
        return False
    _separate(held, Gathering.End.AUTHORS, actor=actor, reason="", at=at)
    return True


def _separate(held: Gathering, why: Gathering.End, *, actor: User, reason: str, at: dt.datetime) -> None:
    """Close the idea that gathered, with what was counted for it; the others stand where they stood. Locks: the ideas, the campaign."""
    members = {each.idea_id: each for each in held.members.filter(is_live=True)}
    ideas = {idea.pk: idea for idea in _held_ideas([*members, *([held.parent_id] if held.parent_id else [])])}
    held.parent = ideas.pop(held.parent_id) if held.parent_id else None
    require(
        gathering_rules.separate_refusal(actor, held)
        if why == Gathering.End.CITY
        else gathering_rules.standing_refusal(held)
    )
    parent: Any = held.parent
    _uncount_carried(held, parent)
    parent.withdrawn_at = at
    parent.save(update_fields=["withdrawn_at", "saved_at"])
    clocks.stop(idea=parent, at=at)
    for key, idea in ideas.items():
        _stand_again(idea, Stage(members[key].stage_before), since=held.opened_at or at, at=at)
    end(held, why, at=at, reason=reason)
    if parent.hidden_at is None:
        actions.count_idea(idea=parent, by=-1)
    register.record(
        "idea.separated",
        role=AGENT if why == Gathering.End.CITY else actions.RESIDENT,
        subject=parent.reference,
        facts={
            "campagne": held.campaign.slug,
            "idees": [idea.reference for idea in ideas.values()],
            "par": "ville" if why == Gathering.End.CITY else "auteurs",
            **({"motif": reason} if reason else {}),
        },
        actor=actor,
    )
    queue.after_commit("ideas.tell_gathering", gathering_id=held.pk)


def _uncount_carried(held: Gathering, parent: Idea) -> None:
    """Forget the answers of supporters, and what they counted. Locks: expects the idea that gathers held."""
    carried = Support.objects.filter(pk__in=list(held.answers.values_list("support_id", flat=True)))
    verified = carried.filter(is_verified=True).count()
    declared = carried.filter(is_verified=False).count()
    held.answers.all().delete()
    carried.delete()
    left = Support.objects.filter(idea=parent).values_list("supported_on", flat=True)
    Idea.objects.filter(pk=parent.pk).update(
        verified_count=actions.less("verified_count", verified),
        declared_count=actions.less("declared_count", declared),
        heat=heat.of(left),
    )


def _stand_again(idea: Idea, stage: Stage, *, since: dt.datetime, at: dt.datetime) -> None:
    """Put an idea back where it stood; the days it had left are not lost, unless its campaign has one last day for all."""
    values: dict[str, Any] = {"stage": stage, "stage_at": at}
    Idea.objects.filter(pk=idea.pk).update(**values)
    idea.stage = stage
    supporting.give_days_back(idea, since=since, at=at)
    if idea.is_visible:
        clocks.start_again(idea=idea)


# --- Pairs that agents look at ---------------------------------------------------------------------------------------


@transaction.atomic(durable=True)
def dismiss_pair(*, actor: User, pair: LikelyPair, at: dt.datetime) -> None:
    """Say that two ideas do not say the same: they are not proposed again. Repeating it is no error.

    Raises: RefusedError.
    """
    if not actor.has_perm(gathering_rules.STUDY):
        raise RefusedError(Refusal("not_allowed", "Votre rôle ne permet pas de regrouper des idées."))
    if LikelyPair.objects.filter(pk=pair.pk, dismissed_at__isnull=True).update(dismissed_at=at):
        register.record(
            "idea.pair_dismissed",
            role=AGENT,
            subject=pair.first.reference,
            facts={"autre": pair.second.reference},
            actor=actor,
        )


# --- Closing an account ----------------------------------------------------------------------------------------------


def erase_answers(*, user: User) -> None:
    """Forget what somebody answered as a supporter.

    Raises: RuntimeError outside a transaction.
    """
    assert_in_transaction()
    CarryAnswer.objects.filter(person__user=user).delete()


def erase_proposals(*, user: User, at: dt.datetime) -> None:
    """Drop and empty the proposals of somebody that are not open, and unsign the others, whose words are a public idea.

    Raises: RuntimeError outside a transaction.
    Locks: the gatherings, in the order of their keys, and their cases.
    """
    assert_in_transaction()
    theirs = Gathering.objects.filter(author=user)
    for row in theirs.waiting().filter(is_of_city=False).order_by("pk"):
        held = _held(row)
        if held.is_pending:
            if held.is_waiting:
                cases.close(kind=HELD_KIND, reference=held.reference, at=at)
            end(held, Gathering.End.CANCELLED, at=at)
    theirs.filter(opened_at__isnull=True, is_of_city=False).update(title=GONE, need=GONE, proposal=GONE)
    theirs.update(author=None)
