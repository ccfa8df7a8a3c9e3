"""What agents do with a campaign of ideas: prepare it, publish it, throw a draft away (`campaign_rules` says who may).

A draft is nobody's business: its lines on the register name nothing. Publishing writes the whole of its rules there, and freezes them.
"""

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from django.db import transaction
from django.utils.text import slugify

from ideas import campaign_rules
from ideas.models import Campaign, Threshold
from ideas.models.campaigns import PROMISE_DAYS, RESERVED_SLUGS
from mulhouse.errors import DomainError, require
from mulhouse.typography import local_day
from transparency import register

# What an agent fills in; all of it is frozen at publication.
FIELDS = (
    "title",
    "slug",
    "summary",
    "kind",
    "opens_on",
    "closes_on",
    "supports_end_on",
    "support_days",
    "residency_level",
    "minimum_age",
    "verified_only",
    "least_realism",
    "budget_cents",
    "moderation",
    "review_hours",
)
SLUG_LENGTH = 70


@dataclass(frozen=True)
class ThresholdEdit:
    """A threshold as an agent wrote it."""

    supports: int
    name: str
    promise: str
    opens_study: bool = False
    # Units: days to keep what is promised.
    days: int = PROMISE_DAYS


@transaction.atomic(durable=True)
def create(*, actor: Any, values: Mapping[str, Any], thresholds: Sequence[ThresholdEdit] = ()) -> Campaign:
    """Begin a campaign, seen by nobody but the agents.

    Shape: `values` holds some of FIELDS; without an address, one is made of the title.
    Raises: RefusedError.
    """
    require(campaign_rules.write_refusal(actor))
    given = {name: values[name] for name in FIELDS if name in values}
    campaign = Campaign.objects.create(**{**given, "slug": given.get("slug") or _free_slug(given["title"])})
    _write_thresholds(campaign, thresholds)
    _record_draft(actor)
    return campaign


@transaction.atomic(durable=True)
def save(
    *, actor: Any, campaign: Campaign, values: Mapping[str, Any], thresholds: Sequence[ThresholdEdit], seen: str
) -> Campaign:
    """Change a draft and all of its thresholds.

    Shape: `seen` is the version the agent had under the eyes (`Campaign.version`).
    Raises: RefusedError, also once it is published; DomainError "stale".
    Locks: the campaign.
    """
    held = _held(campaign)
    require(campaign_rules.edit_refusal(actor, held))
    if held.version != seen:
        raise DomainError(
            "stale",
            "Quelqu’un a modifié cette campagne pendant ce temps. Gardez votre texte de côté, rechargez la page, puis reportez-le.",
        )
    changed = [name for name in FIELDS if name in values and not (name == "slug" and not values[name])]
    for name in changed:
        setattr(held, name, values[name])
    held.save(update_fields=[*changed, "updated_at"])
    _write_thresholds(held, thresholds)
    _record_draft(actor)
    return held


@transaction.atomic(durable=True)
def publish(*, actor: Any, campaign: Campaign, at: dt.datetime) -> Campaign:
    """Make a campaign public: its rules are frozen from then on, and written on the register.

    A new permanent box takes the place of the one that stands, on its first day: one is open at a time. Ideas stay where they
    were deposited, with the rules they were deposited under.

    Raises: RefusedError; DomainError "incomplete" with the first thing that is missing, "earlier" for a box that would open before
    the one it replaces.
    Locks: every permanent box when it is one, so that two publications follow each other; else the campaign.
    """
    boxes = _boxes() if campaign.kind == Campaign.Kind.PERMANENT else []
    held = _held(campaign)
    require(campaign_rules.publish_refusal(actor, held))
    thresholds = list(held.thresholds.order_by("supports"))
    if lacking := campaign_rules.problems(held, thresholds, today=local_day(at)):
        raise DomainError("incomplete", lacking[0])
    for box in boxes:
        if box.pk != held.pk and box.published_at is not None and box.replaced_on is None:
            _replace(box, held)
    held.published_at = at
    held.save(update_fields=["published_at", "updated_at"])
    rules = {name: _plain(getattr(held, name)) for name in FIELDS if name not in {"slug", "summary"}}
    steps = [
        asdict(ThresholdEdit(row.supports, row.name, row.promise, row.opens_study, row.days)) for row in thresholds
    ]
    register.record(
        "idea.campaign_published",
        role="agent",
        subject=held.slug,
        facts={"regles": rules, "seuils": steps},
        actor=actor,
    )
    return held


def _replace(box: Campaign, successor: Campaign) -> None:
    if successor.opens_on <= box.opens_on:
        raise DomainError(
            "earlier",
            f"La boîte «\u00a0{box.title}\u00a0» commence après celle-ci\u00a0: donnez un premier jour plus tardif.",
        )
    box.replaced_on = successor.opens_on
    box.save(update_fields=["replaced_on", "updated_at"])


def _plain(value: Any) -> Any:
    return value.isoformat() if isinstance(value, dt.date) else value


@transaction.atomic(durable=True)
def delete_draft(*, actor: Any, campaign: Campaign) -> None:
    """Throw a draft away.

    Raises: RefusedError, also once it is published.
    Locks: the campaign.
    """
    held = _held(campaign)
    require(campaign_rules.edit_refusal(actor, held))
    held.delete()
    _record_draft(actor)


def _held(campaign: Campaign) -> Campaign:
    return Campaign.objects.select_for_update(of=("self",), no_key=True).get(pk=campaign.pk)


def _boxes() -> list[Campaign]:
    rows = Campaign.objects.select_for_update(of=("self",), no_key=True).filter(kind=Campaign.Kind.PERMANENT)
    return list(rows.order_by("pk"))


def _write_thresholds(campaign: Campaign, thresholds: Sequence[ThresholdEdit]) -> None:
    campaign.thresholds.all().delete()
    Threshold.objects.bulk_create(Threshold(campaign=campaign, **asdict(edit)) for edit in thresholds)


def _free_slug(title: str) -> str:
    """Make an address of a title, with a number where it is taken."""
    start = slugify(title)[:SLUG_LENGTH].strip("-") or "campagne"
    taken = set(Campaign.objects.filter(slug__startswith=start).values_list("slug", flat=True))
    taken |= set(RESERVED_SLUGS)
    return next(slug for slug in (start, *(f"{start}-{n}" for n in range(2, len(taken) + 3))) if slug not in taken)


def _record_draft(actor: Any) -> None:
    register.record("idea.campaign_draft", role="agent", actor=actor)
