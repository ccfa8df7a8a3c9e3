"""Supports given before an agent verified where their author lives: from the night after, they count as verified.

Only for ideas that still gather supports, as a new support would: what is over does not change.
"""

import datetime as dt
from collections.abc import Iterator

from django.db import transaction
from django.db.models import F, QuerySet

from accounts.models import Residency
from ideas import actions, rules, supporting
from ideas.models import Idea, Stage, Support
from mulhouse.typography import local_day
from transparency import register


def outdated(*, at: dt.datetime) -> QuerySet[Support]:
    """Give the supports counted as declared whose author's residence is verified by now."""
    verified = Residency.objects.current(on=local_day(at)).filter(verified_on__isnull=False)
    return Support.objects.filter(is_verified=False, person__user__in=verified.values("user"))


def ideas(*, at: dt.datetime) -> Iterator[Idea]:
    """Give the ideas that still gather supports and hold such ones."""
    gathering = Idea.objects.visible().filter(stage=Stage.SUPPORT, supports_until__gte=local_day(at))
    return gathering.filter(pk__in=outdated(at=at).values("idea")).defer("search").order_by("pk").iterator()


@transaction.atomic(durable=True)
def verify_supports(*, idea: Idea, at: dt.datetime) -> int:
    """Count as verified the supports of an idea whose author was verified since; a threshold may be passed.

    The register says how many in this campaign: neither of whom nor of which idea.

    Shape: how many; repeating it moves none.
    Locks: the idea, then the register.
    """
    held = actions.locked(idea)
    if rules.supporting_refusal(held, at=at) is not None:
        return 0
    moved = outdated(at=at).filter(idea=held).update(is_verified=True)
    if not moved:
        return 0
    Idea.objects.filter(pk=held.pk).update(
        verified_count=F("verified_count") + moved, declared_count=actions.less("declared_count", moved)
    )
    held.refresh_from_db(fields=["counted"])
    supporting.pass_thresholds(held, at=at)
    register.record("idea.supports_verified", role="système", subject=held.campaign.slug, facts={"soutiens": moved})
    return moved
