"""Which ideas go to study next: a rule that is computed, in integers, so that anybody finds the same order.

An idea may be studied once it passed the threshold that opens the study and its first reading found it realistic enough. Among
those, the popular and realistic come first: `points`. Ties go to the one whose threshold was passed first, then to the older.
Source: docs/algorithms/idees.md.
"""

import datetime as dt
from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum


class Lack(StrEnum):
    """What keeps an idea from being studied."""

    SUPPORTS = "supports"
    READING = "reading"
    REALISM = "realism"


class Tie(StrEnum):
    """What puts an idea before another that has as many points."""

    PASSED_FIRST = "passed_first"
    OLDER = "older"


@dataclass(frozen=True)
class Candidate:
    """An idea that gathers supports, as the rule sees it: `needed` supports open its study, `least` is the realism asked for.

    `passed_at` is when it had the supports that open the study, None as long as it never did; `key` settles what nothing else does.
    """

    key: int
    counted: int
    needed: int
    realism: int | None
    least: int
    published_at: dt.datetime
    passed_at: dt.datetime | None = None

    @property
    def points(self) -> int:
        """Give its supports, in parts of a hundred of those needed, by its realism out of a hundred: 0 without a reading."""
        return points(counted=self.counted, needed=self.needed, realism=self.realism or 0)

    @property
    def missing_supports(self) -> int:
        """Count the supports that it still needs; none once the threshold was passed, whatever was withdrawn since."""
        return 0 if self.passed_at else max(0, self.needed - self.counted)


def points(*, counted: int, needed: int, realism: int) -> int:
    """Multiply popularity by realism.

    Shape: 100 for an idea that has just the supports needed and a realism of 100; rounded down.
    Raises: ValueError when no support is needed.
    """
    if needed < 1:
        raise ValueError("A threshold asks for one support at least.")
    return counted * realism // needed


def lacks(idea: Candidate) -> list[Lack]:
    """Say what keeps an idea from being studied; nothing for one that is eligible."""
    found = [] if idea.passed_at else [Lack.SUPPORTS]
    if idea.realism is None:
        return [*found, Lack.READING]
    return found if idea.realism >= idea.least else [*found, Lack.REALISM]


def order(ideas: Iterable[Candidate]) -> list[Candidate]:
    """Put the eligible ideas in the order in which they are studied.

    Shape: a total order: the same for the same ideas, however they come.
    """
    return sorted((idea for idea in ideas if not lacks(idea)), key=_place)


def _place(idea: Candidate) -> tuple[int, dt.datetime | None, dt.datetime, int]:
    return -idea.points, idea.passed_at, idea.published_at, idea.key


def tie(first: Candidate, second: Candidate) -> Tie | None:
    """Say what puts an idea before the next one when both have as many points; None when points do."""
    if first.points != second.points:
        return None
    return Tie.OLDER if first.passed_at == second.passed_at else Tie.PASSED_FIRST
