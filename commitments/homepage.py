"""What commitments show on the home page: how many were kept."""

from collections.abc import Sequence
from datetime import date, datetime

from django.db.models import Count, F, Q
from django.utils import timezone
from django.utils.translation import ngettext

from commitments.models import RUNNING, Commitment, State
from mulhouse import typography
from mulhouse.home import HomeSource, KeyFigure
from transparency.figures import kept as kept_figures


def tally(today: date) -> Sequence[int]:
    """Count the public commitments: done, done in time, running, late, abandoned, done this year; one query."""
    done, running = Q(state=State.DONE), Q(state__in=RUNNING)
    found = Commitment.objects.published().aggregate(
        done=Count("pk", filter=done),
        in_time=Count("pk", filter=done & Q(closed_on__lte=F("due_on"))),
        running=Count("pk", filter=running),
        late=Count("pk", filter=running & Q(due_on__lt=today)),
        abandoned=Count("pk", filter=Q(state=State.ABANDONED)),
        this_year=Count("pk", filter=done & Q(closed_on__gte=today.replace(month=1, day=1))),
    )
    return [found[name] for name in ("done", "in_time", "running", "late", "abandoned", "this_year")]


def counts(at: datetime) -> list[int]:
    """Give those counts, made once for everybody until the register grows."""
    return kept_figures("commitments", lambda: tally(timezone.localdate(at)))


def _done_this_year(at: datetime) -> list[int]:
    return list(tally(timezone.localdate(at))[-1:])


def _figures(counted: Sequence[int]) -> list[KeyFigure]:
    (done,) = counted
    return (
        [KeyFigure(value=typography.number(done), label=ngettext("engagement réalisé", "engagements réalisés", done))]
        if done
        else []
    )


SOURCE = HomeSource(counts=_done_this_year, figures=_figures)
