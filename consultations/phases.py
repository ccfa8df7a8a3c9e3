"""Which phase a consultation is in, computed from dates: nothing flips a state, no task runs at midnight.

A phase is said in days, the way a notice is printed (« du 2 au 22 mars »), and holds from the first day at midnight to the
midnight after the last day, in Europe/Paris: half-open, so that two phases that touch never overlap.
"""

import datetime as dt
import itertools
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from zoneinfo import ZoneInfo

PARIS = ZoneInfo("Europe/Paris")
MAX_PHASES = 6


class Kind(StrEnum):
    """What residents and the city do in a phase."""

    INFORM = "inform"
    CONTRIBUTE = "contribute"
    ANALYSE = "analyse"
    DECIDE = "decide"
    FOLLOW = "follow"


class Status(StrEnum):
    """Where a phase stands at an instant."""

    UPCOMING = "upcoming"
    CURRENT = "current"
    PAST = "past"


@dataclass(frozen=True)
class Span:
    """A phase as dates: `ends_on` is the last day included, None when it has no announced end."""

    kind: Kind
    name: str
    starts_on: dt.date
    ends_on: dt.date | None

    @property
    def opens_at(self) -> dt.datetime:
        """The first instant of the phase."""
        return midnight(self.starts_on)

    @property
    def closes_at(self) -> dt.datetime | None:
        """The first instant after the phase."""
        return None if self.ends_on is None else midnight(self.ends_on + dt.timedelta(days=1))


def midnight(day: dt.date) -> dt.datetime:
    """Give the instant at which a day begins in Mulhouse, on the days of 23 and 25 hours too."""
    return dt.datetime.combine(day, dt.time.min, tzinfo=PARIS)


def status(span: Span, *, at: dt.datetime) -> Status:
    """Place an instant before, in or after a phase."""
    if at < span.opens_at:
        return Status.UPCOMING
    if span.closes_at is not None and at >= span.closes_at:
        return Status.PAST
    return Status.CURRENT


def has_ended(span: Span, kind: Kind, *, at: dt.datetime) -> bool:
    """Tell whether a phase is of a kind and over."""
    return span.kind is kind and status(span, at=at) is Status.PAST


def current(spans: Sequence[Span], *, at: dt.datetime) -> Span | None:
    """Give the phase that holds at an instant; None before, between and after."""
    return next((span for span in spans if status(span, at=at) is Status.CURRENT), None)


def days_left(span: Span, *, at: dt.datetime) -> int | None:
    """Count the days that remain, today included.

    Units: calendar days in Europe/Paris; 1 on the last day, 0 once over, None without an end.
    """
    if span.ends_on is None:
        return None
    return max((span.ends_on - at.astimezone(PARIS).date()).days + 1, 0)


@dataclass(frozen=True)
class Problem:
    """What is wrong with a list of phases: which phase (its place from 0; None: the whole list), which field, in words."""

    at: int | None
    field: str
    message: str


def problems(spans: Sequence[Span]) -> list[Problem]:
    """Say what is wrong with a list of phases; empty when it can be published.

    Shape: at most MAX_PHASES, in order, without overlap; only the last may have no end; one phase of contribution or more.
    `message` is a French sentence that stands alone.
    """
    found = []
    if len(spans) > MAX_PHASES:
        found.append(Problem(None, "", f"Une consultation a {MAX_PHASES} phases au plus."))
    if not any(span.kind is Kind.CONTRIBUTE for span in spans):
        found.append(Problem(None, "kind", "Il manque une phase où l’on donne son avis."))
    for at, span in enumerate(spans):
        if span.ends_on is not None and span.ends_on < span.starts_on:
            found.append(Problem(at, "ends_on", f"La phase «\u00a0{span.name}\u00a0» finit avant de commencer."))
    for at, (before, after) in enumerate(itertools.pairwise(spans)):
        if before.ends_on is None:
            words = f"La phase «\u00a0{before.name}\u00a0» doit avoir une fin\u00a0: une autre la suit."
            found.append(Problem(at, "ends_on", words))
        elif after.starts_on <= before.ends_on:
            words = f"La phase «\u00a0{after.name}\u00a0» commence avant la fin de «\u00a0{before.name}\u00a0»."
            found.append(Problem(at + 1, "starts_on", words))
    return found
