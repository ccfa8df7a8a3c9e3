"""Supports: one for each person, taken back at will, counted where lists and thresholds read them.

Rows are locked in one order: the person, the idea, its passings, then the register. The idea is held before its supports are
counted: two supports of one idea follow each other, and a threshold is passed once.
"""

import datetime as dt
from typing import Any

from django.db import transaction
from django.db.models import F, Q
from django.utils.translation import gettext as _

from accounts import rules as accounts_rules
from accounts.models import User
from desk import people
from desk.models import Channel, Person
from ideas import actions, heat, rules
from ideas.models import Idea, Stage, Support, Threshold, ThresholdPassing
from mulhouse import queue
from mulhouse.db import assert_in_transaction
from mulhouse.errors import Refusal, RefusedError, require
from mulhouse.typography import local_day
from notifications import subscriptions
from transparency import register


@transaction.atomic(durable=True)
def support(*, actor: User, idea: Idea, at: dt.datetime, follow: bool = False) -> None:
    """Count somebody's support of an idea once, however often they say it.

    The register says that somebody supported an idea of this campaign: neither who nor which.

    Raises: RefusedError.
    Locks: the person, the idea.
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
    Locks: the idea, then the register.
    """
    assert_in_transaction()
    on = local_day(at)
    held = actions.locked(idea)
    require(rules.supporting_refusal(held, at=at))
    _made, is_new = Support.objects.get_or_create(
        idea=held, person=person, defaults={"channel": channel, "is_verified": is_verified, "supported_on": on}
    )
    if not is_new:
        return False
    counter = _counter(is_verified=is_verified)
    Idea.objects.filter(pk=held.pk).update(**{counter: F(counter) + 1}, heat=heat.added(held.heat, on))
    held.refresh_from_db(fields=["counted"])
    _pass_thresholds(held, at=at)
    register.record("idea.supported", role=actions.RESIDENT, subject=held.campaign.slug)
    return True


def _counter(*, is_verified: bool) -> str:
    return "verified_count" if is_verified else "declared_count"


def _pass_thresholds(idea: Idea, *, at: dt.datetime) -> None:
    """Keep each threshold that the idea reaches, or comes half-way to, the first time that it does. Locks: expects the idea held."""
    if idea.next_supports is None:
        return
    thresholds = list(Threshold.objects.filter(campaign_id=idea.campaign_id).order_by("supports"))
    reached = [
        (threshold, percent)
        for threshold in thresholds
        for percent in ThresholdPassing.Percent.values
        if idea.counted * 100 >= threshold.supports * percent and threshold.supports >= idea.next_supports
    ]
    for threshold, percent in reached:
        _passing, is_new = ThresholdPassing.objects.get_or_create(
            idea=idea, threshold=threshold, percent=percent, defaults={"passed_at": at}
        )
        if is_new:
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


@transaction.atomic(durable=True)
def withdraw_support(*, actor: User, idea: Idea, at: dt.datetime) -> None:
    """Take a support back, as long as supports are counted; repeating it is no error. A threshold that was passed stays passed.

    Raises: RefusedError when supports are over.
    Locks: the person, the idea.
    """
    person = actions.acting(actor)
    if not person.is_authenticated:
        raise RefusedError(Refusal("sign_in", _("Connectez-vous pour participer.")))
    held = actions.locked(idea)
    require(rules.supporting_refusal(held, at=at))
    found = Support.objects.filter(idea=held, person__user=person).first()
    if found is None:
        return
    take_away(held, found)
    register.record("idea.unsupported", role=actions.RESIDENT, subject=held.campaign.slug)


def take_away(idea: Idea, found: Support) -> None:
    """Forget a support and count it no more, in the caller's transaction. Locks: expects the idea held."""
    assert_in_transaction()
    counter = _counter(is_verified=found.is_verified)
    found.delete()
    cooled = heat.removed(idea.heat, found.supported_on)
    Idea.objects.filter(pk=idea.pk).update(**{counter: actions.less(counter)}, heat=cooled)


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


# --- One person, one support -----------------------------------------------------------------------------------------


def absorb(kept: Person, gone: Person) -> None:
    """Give one person's supports to another that turns out to be the same: what both supported counts once.

    Locks: the ideas that both supported, in the order of their keys, inside the caller's transaction (`desk.merging`).
    """
    assert_in_transaction()
    known = {row.idea_id: row for row in Support.objects.filter(person=kept)}
    for row in Support.objects.filter(person=gone).order_by("idea_id"):
        same = known.get(row.idea_id)
        if same is None:
            row.person = kept
            row.save(update_fields=["person"])
            continue
        # The one that an agent verified stays.
        leaving = row if same.is_verified or not row.is_verified else same
        take_away(actions.locked(row.idea), leaving)
        if leaving is same:
            row.person = kept
            row.save(update_fields=["person"])


def erase_supports(*, user: User, at: dt.datetime) -> None:
    """Withdraw somebody's supports of what still gathers some, and unlink the others, whose count stays.

    Raises: RuntimeError outside a transaction.
    Locks: the ideas concerned, in the order of their keys.
    """
    assert_in_transaction()
    theirs = Support.objects.filter(person__user=user)
    opened: dict[str, Any] = {"idea__stage": Stage.SUPPORT, "idea__supports_until__gte": local_day(at)}
    for row in theirs.filter(**opened).select_related("idea").order_by("idea_id"):
        take_away(actions.locked(row.idea), row)
    theirs.update(person=None)
