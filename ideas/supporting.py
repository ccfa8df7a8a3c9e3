"""Supports: one for each person, taken back at will, counted where lists and thresholds read them.

Rows are locked in one order: the account, its person, the idea, its passings, then the register. The idea is held before its
supports are counted: two supports of one idea follow each other, and a threshold is passed once. The person is held before the
idea, as an agent who reunites two people does. A whole crowd waits for one idea: whatever need not be done while it is held is done
before.
"""

import datetime as dt

from django.contrib.postgres.expressions import ArraySubquery
from django.db import transaction
from django.db.models import F, OuterRef, Q, QuerySet

from accounts import rules as accounts_rules
from accounts.models import User
from desk import people
from desk.models import Channel, Person
from ideas import actions, clocks, heat, rules
from ideas.models import Idea, Stage, Support, Threshold, ThresholdPassing
from mulhouse import queue
from mulhouse.db import assert_in_transaction
from mulhouse.errors import require
from mulhouse.typography import local_day
from notifications import subscriptions
from transparency import register

# What the rules of supports and their counts read of an idea: its texts stay where they are.
COUNTED = (
    "reference",
    "campaign__slug",
    "published_at",
    "withdrawn_at",
    "hidden_at",
    "stage",
    "supports_until",
    "verified_only",
    "counted",
    "next_supports",
    "heat",
)


@transaction.atomic(durable=True)
def support(*, actor: User, idea: Idea, at: dt.datetime, follow: bool = False) -> None:
    """Count somebody's support of an idea once, however often they say it.

    The register says that somebody supported an idea of this campaign: neither who nor which.

    Raises: RefusedError.
    Locks: the account, its person, the idea.
    """
    person = actions.acting(actor)
    require(rules.support_refusal(person, idea, at=at))
    if follow:
        subscriptions.add(actor, idea.topic)
    is_verified = accounts_rules.residency_refusal(person, "verified", at=at) is None
    add(idea=idea, person=people.of_user(person), channel=Channel.WEB, is_verified=is_verified, at=at)


def add(*, idea: Idea, person: Person, channel: str, is_verified: bool, at: dt.datetime) -> bool:
    """Count the support of a person in the caller's transaction: written, counted, thresholds passed.

    Shape: False when they supported it already.
    Raises: RefusedError when the idea takes no support any more; RuntimeError outside a transaction.
    Locks: the person, the idea, then the register.
    """
    assert_in_transaction()
    on = local_day(at)
    # The row that a support points at: two people become one under its lock, then take the ideas.
    person = Person.objects.select_for_update(of=("self",), no_key=True).get(pk=person.pk)
    # Written before the idea is held: under the lock of the person nobody else writes this row, and a refusal takes it back.
    _made, is_new = Support.objects.get_or_create(
        idea=idea, person=person, defaults={"channel": channel, "is_verified": is_verified, "supported_on": on}
    )
    held = _locked(idea)
    require(rules.supporting_refusal(held, at=at))
    if not is_new:
        return False
    counter = _counter(is_verified=is_verified)
    Idea.objects.filter(pk=held.pk).update(**{counter: F(counter) + 1}, heat=heat.added(held.heat, on))
    held.counted += is_verified or not held.verified_only
    pass_thresholds(held, at=at)
    register.record("idea.supported", role=actions.RESIDENT, subject=held.campaign.slug)
    return True


def _locked(idea: Idea) -> Idea:
    """Read again what is counted of an idea, and hold it until the end of the transaction. Locks: the idea."""
    held = Idea.objects.select_for_update(of=("self",), no_key=True).select_related("campaign")
    return held.only(*COUNTED).get(pk=idea.pk)


def _counter(*, is_verified: bool) -> str:
    return "verified_count" if is_verified else "declared_count"


def pass_thresholds(idea: Idea, *, at: dt.datetime) -> None:
    """Keep each threshold that the idea reaches, or comes half-way to, the first time that it does. Locks: expects the idea held."""
    if idea.next_supports is None or not _reaches(idea, idea.next_supports, min(ThresholdPassing.Percent.values)):
        return
    known = ThresholdPassing.objects.filter(idea=idea, threshold=OuterRef("pk")).values("percent")
    rows = Threshold.objects.filter(campaign_id=idea.campaign_id, supports__gte=idea.next_supports)
    thresholds = list(rows.annotate(known=ArraySubquery(known)).order_by("supports"))
    reached = [
        (threshold, percent)
        for threshold in thresholds
        for percent in ThresholdPassing.Percent.values
        if _reaches(idea, threshold.supports, percent)
    ]
    for threshold, percent in reached:
        if percent in threshold.known:
            continue
        ThresholdPassing.objects.create(idea=idea, threshold=threshold, percent=percent, passed_at=at)
        if percent == ThresholdPassing.Percent.WHOLE:
            clocks.begin_threshold(idea=idea, threshold=threshold, at=at)
            if threshold.opens_study:
                clocks.begin(clocks.ELIGIBLE, idea=idea, at=at)
        register.record(
            "idea.threshold_passed",
            role="système",
            subject=idea.reference,
            facts={"campagne": idea.campaign.slug, "seuil": threshold.supports, "part": percent},
        )
        queue.after_commit("ideas.tell_passings", idea_id=idea.pk)
    passed = {threshold.supports for threshold, percent in reached if percent == ThresholdPassing.Percent.WHOLE}
    if passed:
        left = [threshold.supports for threshold in thresholds if threshold.supports > max(passed)]
        idea.next_supports = min(left, default=None)
        Idea.objects.filter(pk=idea.pk).update(next_supports=idea.next_supports)


def _reaches(idea: Idea, supports: int, percent: int) -> bool:
    return bool(idea.counted * 100 >= supports * percent)


@transaction.atomic(durable=True)
def withdraw_support(*, actor: User, idea: Idea, at: dt.datetime) -> None:
    """Take a support back, as long as supports are counted; repeating it is no error. A threshold that was passed stays passed.

    Raises: RefusedError when supports are over.
    Locks: the account, the idea.
    """
    person = actions.acting(actor)
    held = _locked(idea)
    require(rules.supporting_refusal(held, at=at))
    if take_away(held, Support.objects.filter(person__user=person)):
        register.record("idea.unsupported", role=actions.RESIDENT, subject=held.campaign.slug)


def take_away(idea: Idea, theirs: QuerySet[Support]) -> bool:
    """Forget the support that is among `theirs`, and count it no more, in the caller's transaction.

    Shape: False when there is none (any more): it is read with the idea held, as whoever counts it.
    Locks: expects the idea held.
    """
    assert_in_transaction()
    found = theirs.filter(idea=idea).first()
    if found is None:
        return False
    found.delete()
    counter = _counter(is_verified=found.is_verified)
    idea.heat = heat.removed(idea.heat, found.supported_on)
    Idea.objects.filter(pk=idea.pk).update(**{counter: actions.less(counter)}, heat=idea.heat)
    return True


# --- Time ----------------------------------------------------------------------------------------------------------


@transaction.atomic(durable=True)
def expire(*, idea: Idea, at: dt.datetime) -> bool:
    """Close the supports of an idea whose last day is over: it did not reach what its campaign asks.

    Shape: False when it is not to expire (any more); repeating it is no error.
    Locks: the idea.
    """
    ended = Idea.objects.visible().filter(pk=idea.pk, stage=Stage.SUPPORT, supports_until__lt=local_day(at))
    if not ended.exclude(reached_study()).update(stage=Stage.EXPIRED, stage_at=at):
        return False
    idea.refresh_from_db(fields=["stage", "stage_at", "counted"])
    register.record("idea.expired", role="système", subject=idea.reference, facts={"soutiens": idea.counted})
    queue.after_commit("ideas.tell_expiry", idea_id=idea.pk)
    return True


def to_expire(*, at: dt.datetime, most: int) -> list[Idea]:
    """List the ideas whose last day is over and that did not reach what their campaign asks, the oldest first."""
    over = Idea.objects.visible().filter(stage=Stage.SUPPORT, supports_until__lt=local_day(at))
    rows = over.exclude(reached_study()).defer("search", "title_words")
    return list(rows.order_by("supports_until", "pk")[:most])


def reached_study() -> Q:
    """Say in the database's terms that an idea passed the threshold that opens its study."""
    return Q(pk__in=ThresholdPassing.objects.filter(threshold__opens_study=True, percent=100).values("idea"))


@transaction.atomic(durable=True)
def renew(*, actor: User, idea: Idea, at: dt.datetime) -> None:
    """Give an idea its days a second time, once: supports are kept.

    Raises: RefusedError.
    Locks: the person, the idea.
    """
    person = actions.acting(actor)
    held = actions.locked(idea)
    require(rules.renew_refusal(person, held, at=at))
    held.supports_until = renewed_until(held, at=at)
    held.renewed_at = at
    changed = ["supports_until", "renewed_at"]
    if held.stage == Stage.EXPIRED:
        held.stage, held.stage_at = Stage.SUPPORT, at
        changed += ["stage", "stage_at"]
    held.save(update_fields=[*changed, "saved_at"])
    register.record(
        "idea.renewed",
        role=actions.RESIDENT,
        subject=held.reference,
        facts={"jusqu_au": held.supports_until.isoformat()},
        actor=actor,
    )


def renewed_until(idea: Idea, *, at: dt.datetime) -> dt.date:
    """Give the last day of supports if an idea were renewed at that instant (select `campaign`)."""
    today = local_day(at)
    return max(today, idea.supports_until or today) + dt.timedelta(days=idea.campaign.support_days)


def give_days_back(idea: Idea, *, since: dt.datetime, at: dt.datetime) -> None:
    """Add to the last day of an idea those during which nobody could support it, unless its campaign has one last day for all.

    What was closed before stays so. Locks: expects the idea held (select `campaign`).
    """
    last = idea.supports_until
    if idea.stage != Stage.SUPPORT or last is None or idea.campaign.supports_end_on is not None:
        return
    if local_day(since) <= last:
        idea.supports_until = last + (local_day(at) - local_day(since))
        Idea.objects.filter(pk=idea.pk).update(supports_until=idea.supports_until)


# --- One person, one support -----------------------------------------------------------------------------------------


def absorb(kept: Person, gone: Person) -> None:
    """Give one person's supports to another that turns out to be the same: what both supported counts once.

    Locks: the ideas that the second supported, in the order of their keys, inside the caller's transaction (`desk.merging`).
    """
    assert_in_transaction()
    theirs = Support.objects.filter(person=gone)
    for idea in Idea.objects.filter(supports__person=gone).order_by("pk"):
        held = _locked(idea)
        row = theirs.filter(idea=held).first()
        if row is None:
            continue
        same = Support.objects.filter(idea=held, person=kept)
        if same.filter(is_verified=True).exists() or (same.exists() and not row.is_verified):
            # The one that an agent verified stays.
            take_away(held, theirs)
            continue
        take_away(held, same)
        theirs.filter(pk=row.pk).update(person=kept)


def erase_supports(*, user: User, at: dt.datetime) -> None:
    """Withdraw somebody's supports of what still gathers some, and unlink the others, whose count stays.

    Raises: RuntimeError outside a transaction.
    Locks: the ideas concerned, in the order of their keys.
    """
    assert_in_transaction()
    theirs = Support.objects.filter(person__user=user)
    opened = Idea.objects.filter(stage=Stage.SUPPORT, supports_until__gte=local_day(at))
    for idea in opened.filter(supports__person__user=user).order_by("pk"):
        take_away(_locked(idea), theirs)
    theirs.update(person=None)
