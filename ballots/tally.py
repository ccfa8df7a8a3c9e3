"""What a ballot may say, how ballots are counted, and what the rules make of the count.

A ballot is a tuple of numbers. Choosing options is giving their numbers: `(2,)`, `(1, 4)`. In a vote by yes or no, each
option answered stands once, by its number for a yes and its opposite for a no: `(1, -2)`. The empty ballot is blank. A basket is
any options whose costs fit the amount together.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from fractions import Fraction

from ballots import allocation

Ballot = tuple[int, ...]
# Below this many ballots the detail would say who voted what.
FEWEST_BALLOTS = 5
TWO_THIRDS = Fraction(2, 3)
HALF = Fraction(1, 2)


class Kind(StrEnum):
    """What is asked."""

    SINGLE = "single"
    UP_TO = "up_to"
    YES_NO = "yes_no"
    BUDGET = "budget"


class Majority(StrEnum):
    """What an option needs among the ballots that express a choice."""

    MOST = "most"
    ABSOLUTE = "absolute"
    TWO_THIRDS = "two_thirds"


class Check(StrEnum):
    """A rule applied to the count, in the order in which they are."""

    ENOUGH = "enough"
    QUORUM = "quorum"
    RANKING = "ranking"
    ALLOCATION = "allocation"
    MAJORITY = "majority"
    TIE = "tie"


class WrongBallotError(ValueError):
    """A ballot that the rules do not allow; `code` says why."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


@dataclass(frozen=True)
class Rules:
    """What was declared before the opening.

    Shape: `options` are numbers from 1; `most` is how many a ballot may choose (1 for a single choice); `winners` how many
    options are kept at most, which a vote by yes or no does not look at. With an `amount`, the options kept are those it holds
    (`allocation`), however many.
    Units: `costs` and `amount` in euro cents; 0 without a budget.
    """

    kind: Kind
    options: Sequence[int]
    most: int = 1
    winners: int = 1
    blank_allowed: bool = True
    quorum: int = 0
    majority: Majority = Majority.MOST
    amount: int = 0
    costs: Mapping[int, int] = field(default_factory=dict)

    @property
    def longest(self) -> int:
        """Count how many options the fullest ballot speaks of."""
        if self.kind is Kind.SINGLE:
            return 1
        if self.kind is Kind.UP_TO:
            return min(self.most, len(self.options))
        if self.kind is Kind.BUDGET:
            return allocation.most_projects(self.costs, self.amount)
        return len(self.options)


@dataclass(frozen=True)
class Score:
    """What an option received; `no` only in a vote by yes or no."""

    yes: int = 0
    no: int = 0

    def __add__(self, other: "Score") -> "Score":
        return Score(self.yes + other.yes, self.no + other.no)


@dataclass(frozen=True)
class Count:
    """A count: every ballot found, those that are blank, those that say nothing the rules allow, and each option's score."""

    ballots: int = 0
    blank: int = 0
    spoiled: int = 0
    scores: Mapping[int, Score] = field(default_factory=dict)

    @property
    def expressed(self) -> int:
        """Count the ballots that choose something."""
        return self.ballots - self.blank - self.spoiled

    def __add__(self, other: "Count") -> "Count":
        numbers = sorted({*self.scores, *other.scores})
        return Count(
            ballots=self.ballots + other.ballots,
            blank=self.blank + other.blank,
            spoiled=self.spoiled + other.spoiled,
            scores={n: self.scores.get(n, Score()) + other.scores.get(n, Score()) for n in numbers},
        )


@dataclass(frozen=True)
class Step:
    """One rule applied: whether it holds, what was found, what was needed, and which options it speaks of."""

    check: Check
    holds: bool
    found: int = 0
    needed: int = 0
    options: tuple[int, ...] = ()


@dataclass(frozen=True)
class Outcome:
    """What the rules say: the options kept, those that are level where only some may be kept, and the rules in order.

    Shape: `turns` are the options in the order in which a budget was given to them, empty without one.
    """

    kept: tuple[int, ...]
    level: tuple[int, ...]
    steps: tuple[Step, ...]
    turns: tuple[allocation.Turn, ...] = ()


def ballot(choices: Iterable[int], rules: Rules) -> Ballot:
    """Make a ballot of what was chosen, in the one order a ballot has.

    Raises: WrongBallotError with "blank", "unknown", "too_many", "twice" or "over".
    """
    chosen = list(choices)
    numbers = [abs(choice) for choice in chosen]
    if not chosen and not rules.blank_allowed:
        raise WrongBallotError("blank")
    if len(set(numbers)) != len(numbers):
        raise WrongBallotError("twice")
    if set(numbers) - set(rules.options) or (rules.kind is not Kind.YES_NO and any(c < 0 for c in chosen)):
        raise WrongBallotError("unknown")
    if rules.kind is Kind.BUDGET:
        if sum(rules.costs[number] for number in chosen) > rules.amount:
            raise WrongBallotError("over")
    elif rules.kind is not Kind.YES_NO and len(chosen) > (1 if rules.kind is Kind.SINGLE else rules.most):
        raise WrongBallotError("too_many")
    return tuple(sorted(chosen, key=abs))


def count(ballots: Mapping[Ballot, int], rules: Rules) -> Count:
    """Count ballots given with how many times each was found; their order never matters."""
    yes, no = dict.fromkeys(rules.options, 0), dict.fromkeys(rules.options, 0)
    for one, times in ballots.items():
        for choice in one:
            side = yes if choice > 0 else no
            side[abs(choice)] += times
    return Count(
        ballots=sum(ballots.values()),
        blank=ballots.get((), 0),
        scores={number: Score(yes[number], no[number]) for number in rules.options},
    )


def problem(sheet: Count, rules: Rules) -> str:
    """Name what can not be right in a count made by hand; "" when it holds together.

    Shape: "ballots" when more are blank or spoiled than were found, "blank" when none may be, "option" when an option has more
    voices than ballots, "sum" when the options together have too many or too few, or cost more than all those baskets.
    """
    expressed = sheet.expressed
    scores = list(sheet.scores.values())
    if expressed < 0:
        return "ballots"
    if sheet.blank and not rules.blank_allowed:
        return "blank"
    if any(score.yes + score.no > expressed for score in scores):
        return "option"
    total = sum(score.yes + score.no for score in scores)
    fewest = expressed
    if total < fewest or total > rules.longest * expressed:
        return "sum"
    if rules.kind is Kind.BUDGET:
        spent = sum(score.yes * rules.costs[number] for number, score in sheet.scores.items())
        return "sum" if spent > rules.amount * expressed else ""
    return ""


def decide(found: Count, rules: Rules) -> Outcome:
    """Apply the declared rules one after the other; the first that does not hold ends it.

    Shape: options in the order of the count, best first; `level` only where a tie leaves the choice open.
    """
    steps = [
        Step(
            Check.ENOUGH,
            holds=found.ballots >= FEWEST_BALLOTS,
            found=min(found.ballots, FEWEST_BALLOTS),
            needed=FEWEST_BALLOTS,
        )
    ]
    if not steps[-1].holds:
        return Outcome((), (), tuple(steps))
    if rules.quorum:
        steps.append(Step(Check.QUORUM, holds=found.ballots >= rules.quorum, found=found.ballots, needed=rules.quorum))
        if not steps[-1].holds:
            return Outcome((), (), tuple(steps))
    if rules.kind is Kind.YES_NO:
        return _by_yes_or_no(found, rules, steps)
    if rules.amount:
        return _by_budget(found, rules, steps)
    return _by_choice(found, rules, steps)


def _needed(majority: Majority, out_of: int) -> int:
    """Give the least number of voices that makes the majority: more than half, or two thirds at least."""
    if majority is Majority.ABSOLUTE:
        return int(out_of * HALF) + 1
    if majority is Majority.TWO_THIRDS:
        return -int(-out_of * TWO_THIRDS // 1)
    return 1


def _by_choice(found: Count, rules: Rules, steps: list[Step]) -> Outcome:
    scores = {number: found.scores.get(number, Score()).yes for number in rules.options}
    ranking = sorted(rules.options, key=lambda number: (-scores[number], number))
    first = tuple(ranking[: rules.winners])
    # Those who have as many voices as the last one kept: with more of them than places, nobody is before the other.
    last = scores[first[-1]] if first else 0
    sure = tuple(number for number in ranking if scores[number] > last)
    level = tuple(number for number in ranking if scores[number] == last and last > 0)
    steps.append(Step(Check.RANKING, holds=bool(first and scores[ranking[0]]), options=tuple(ranking)))
    needed = _needed(rules.majority, found.expressed)
    if rules.majority is not Majority.MOST:
        sure = tuple(number for number in sure if scores[number] >= needed)
        level = tuple(number for number in level if scores[number] >= needed)
        best = scores[ranking[0]] if ranking else 0
        steps.append(
            Step(Check.MAJORITY, holds=bool(sure or level), found=best, needed=needed, options=(*sure, *level))
        )
    if len(sure) + len(level) <= rules.winners:
        return Outcome((*sure, *level), (), tuple(steps))
    steps.append(Step(Check.TIE, holds=False, found=last, options=level))
    return Outcome(sure, level, tuple(steps))


def _by_budget(found: Count, rules: Rules, steps: list[Step]) -> Outcome:
    """Give the budget to the options in the order of their voices; no tie is left open.

    Units: the step says what is spent of how much, in euro cents.
    """
    voices = {number: found.scores.get(number, Score()).yes for number in rules.options}
    turns = allocation.allocate(voices, rules.costs, rules.amount)
    kept = tuple(turn.number for turn in turns if turn.kept)
    steps.append(Step(Check.RANKING, holds=bool(kept), options=tuple(turn.number for turn in turns)))
    spent = sum(turn.cost for turn in turns if turn.kept)
    steps.append(Step(Check.ALLOCATION, holds=bool(kept), found=spent, needed=rules.amount, options=kept))
    return Outcome(kept, (), tuple(steps), turns)


def _by_yes_or_no(found: Count, rules: Rules, steps: list[Step]) -> Outcome:
    """Keep each option that has its majority: more yes than no, or its share of the ballots that express a choice.

    Shape: a step for each option, with the yes found and those needed; only « more yes than no » can be a tie.
    """
    kept, level = [], []
    for number in rules.options:
        score = found.scores.get(number, Score())
        by_most = rules.majority is Majority.MOST
        needed = score.no + 1 if by_most else _needed(rules.majority, found.expressed)
        holds = score.yes >= needed
        steps.append(Step(Check.MAJORITY, holds=holds, found=score.yes, needed=needed, options=(number,)))
        if holds:
            kept.append(number)
        elif by_most and score.yes == score.no > 0:
            level.append(number)
    if level:
        steps.append(Step(Check.TIE, holds=False, options=tuple(level)))
    return Outcome(tuple(kept), tuple(level), tuple(steps))
