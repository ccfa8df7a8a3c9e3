"""Reading a vote: who came, and, once everything is closed, what the ballots say. Nothing here writes."""

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass, field

from django.db.models import Count as CountRows
from django.db.models import Q
from django.utils.translation import gettext as _
from django.views.decorators.debug import sensitive_variables

from ballots import dates, rules, sealing, tally
from ballots.models import Box, BoxLine, PaperCount, RollLine, Votation
from desk.models import Channel
from mulhouse.db import assert_in_transaction
from mulhouse.errors import Refusal, RefusedError

# Fewer voters than this on a day, or by a channel, are shown with others.
FEWEST_SHOWN = 5


@dataclass(frozen=True)
class Turnout:
    """How many people voted, up to a day.

    Shape: `until` is the last day counted, None before enough people came; `by_day` holds (last day of a group of days, voters),
    each group being large enough, unless all are too few; `by_channel` is given once closed, and is empty when a channel has
    too few voters to be shown apart.
    """

    voters: int = 0
    until: dt.date | None = None
    by_day: tuple[tuple[dt.date, int], ...] = ()
    by_channel: dict[str, int] = field(default_factory=dict)


def turnout(votation: Votation, *, at: dt.datetime) -> Turnout:
    """Count the roll by whole days: a live number would say that the neighbour who just left the room has voted."""
    today = at.astimezone(dates.PARIS).date()
    rows = (
        RollLine.objects.filter(votation=votation, voted_on__lt=today)
        .values_list("voted_on", "channel")
        .annotate(number=CountRows("pk"))
        .order_by("voted_on", "channel")
    )
    return summed([(day, channel, number) for day, channel, number in rows], final=today > votation.ends_on)


def summed(rows: Sequence[tuple[dt.date, str, int]], *, final: bool) -> Turnout:
    """Put (day, channel, voters) together so that nobody is alone in a figure.

    Days wait for the next ones until enough people came; the last ones join the group before once the vote is closed, when the
    total is told to the unit.

    Shape: `rows` by day.
    """
    by_channel: dict[str, int] = {}
    days: dict[dt.date, int] = {}
    for day, channel, number in rows:
        by_channel[channel] = by_channel.get(channel, 0) + number
        days[day] = days.get(day, 0) + number
    groups: list[tuple[dt.date, int]] = []
    waiting = 0
    for day, number in days.items():
        waiting += number
        if waiting >= FEWEST_SHOWN:
            groups.append((day, waiting))
            waiting = 0
    if final and waiting:
        before = groups.pop()[1] if groups else 0
        groups.append((max(days), before + waiting))
    shown = final and min(by_channel.values(), default=0) >= FEWEST_SHOWN
    return Turnout(
        voters=sum(number for _day, number in groups),
        until=groups[-1][0] if groups else None,
        by_day=tuple(groups),
        by_channel={name: by_channel[name] for name in Channel.values if name in by_channel} if shown else {},
    )


@dataclass(frozen=True)
class Result:
    """The result of a vote: everything that was counted, and what the rules make of it.

    Shape: `voters` lines of the roll, `by_hand` of them on paper; `paper` what was found in the wooden box. A difference between
    the two is shown, never corrected.
    """

    count: tally.Count
    outcome: tally.Outcome
    voters: int
    by_hand: int
    paper: int

    @property
    def missing(self) -> int:
        """Give by how many ballots the boxes and the roll differ; positive when ballots are missing."""
        return self.voters - self.count.ballots


def by_hand(votation: Votation) -> int:
    """Count the people who were given a paper ballot."""
    return RollLine.objects.filter(votation=votation, channel__in=rules.BY_HAND).count()


def agreed(sheets: Sequence[PaperCount]) -> tally.Count | None:
    """Give the paper count on which two agents agree, None while they do not."""
    for rank, sheet in enumerate(sheets):
        if any(sheet.count() == other.count() and sheet.agent_id != other.agent_id for other in sheets[rank + 1 :]):
            return sheet.count()
    return None


@sensitive_variables()
def web_ballots(votation: Votation, *, at: dt.datetime) -> dict[tally.Ballot, int]:
    """Give the ballots of the web, each with how many times it was cast: from the lines once counted, from the box before.

    Raises: RefusedError while anybody can still vote.
    """
    if votation.cancelled_at is not None or not dates.may_count(votation.ends_on, at=at):
        raise RefusedError(Refusal("sealed", _("L’urne est scellée jusqu’à la clôture.")))
    if votation.counted_at is not None:
        rows = (
            BoxLine.objects.filter(votation=votation)
            .values_list("choices")
            .annotate(times=CountRows("pk"))
            .order_by("choices")
        )
        return {tuple(choices): times for choices, times in rows}
    box = Box.objects.filter(votation=votation).first()
    return sealing.unseal(bytes(box.sealed), reference=votation.reference) if box else {}


def result(votation: Votation, *, at: dt.datetime) -> Result | None:
    """Give the result, None as long as `rules.results_visible` says no (prefetch `options`).

    A page asked between the closing and the count computes the same numbers and writes nothing.
    """
    if not rules.results_visible(votation, at=at):
        return None
    return whole(votation, web_ballots(votation, at=at))


def whole(votation: Votation, ballots: dict[tally.Ballot, int]) -> Result:
    """Add the paper to the web and apply the rules."""
    declared = votation.rules()
    roll = RollLine.objects.filter(votation=votation)
    came = roll.aggregate(voters=CountRows("pk"), by_hand=CountRows("pk", filter=Q(channel__in=rules.BY_HAND)))
    on_paper = came["by_hand"]
    paper = (agreed(list(votation.paper_counts.order_by("pk"))) if on_paper else None) or tally.Count()
    count = tally.count(ballots, declared) + paper
    return Result(
        count=count,
        outcome=tally.decide(count, declared),
        voters=came["voters"],
        by_hand=on_paper,
        paper=paper.ballots,
    )


@dataclass(frozen=True)
class Difference:
    """A vote whose roll, box and receipts do not have the same length."""

    reference: str
    web_voters: int
    ballots: int
    receipts: int


def differences() -> list[Difference]:
    """Find the votes where the web roll, the ballots and the receipts differ, by counting alone: no ballot is looked at.

    Raises: RuntimeError outside a transaction: the three are read at one instant.
    """
    assert_in_transaction()
    found = []
    for votation in Votation.objects.standing().select_related("box").prefetch_related("options").order_by("pk"):
        voters = RollLine.objects.filter(votation=votation, channel=Channel.WEB).count()
        receipts = votation.receipts.count()
        ballots = _length(votation)
        if not voters == ballots == receipts:
            found.append(Difference(votation.reference, voters, ballots, receipts))
    return found


@sensitive_variables()
def _length(votation: Votation) -> int:
    """Count the ballots of the web without looking at what they say."""
    if votation.counted_at is not None:
        return BoxLine.objects.filter(votation=votation).count()
    return sum(sealing.unseal(bytes(votation.box.sealed), reference=votation.reference).values())
