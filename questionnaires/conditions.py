"""Which questions are asked, from what was answered before. Nothing here knows a page, a person or the database."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum


class Test(StrEnum):
    """What the earlier answer must be."""

    ANY_OF = "any_of"
    NONE_OF = "none_of"
    AT_LEAST = "at_least"
    AT_MOST = "at_most"


# Which tests make sense on which kind of question.
CHOICE_TESTS = (Test.ANY_OF, Test.NONE_OF)
NUMBER_TESTS = (Test.AT_LEAST, Test.AT_MOST)
TESTS = {"single": CHOICE_TESTS, "multiple": CHOICE_TESTS, "scale": NUMBER_TESTS, "number": NUMBER_TESTS}


@dataclass(frozen=True)
class Condition:
    """What an earlier answer must be for a question to be asked: some options, or a number."""

    question: int
    test: Test
    options: frozenset[int] = frozenset()
    number: int | None = None


@dataclass(frozen=True)
class Asked:
    """A question as conditions see it."""

    key: int
    kind: str
    condition: Condition | None = None


@dataclass(frozen=True)
class Given:
    """An answer as conditions see it: the chosen options, or a number."""

    options: frozenset[int] = frozenset()
    number: Decimal | None = None


def holds(condition: Condition, given: Given | None) -> bool:
    """Tell whether an answer meets a condition; no answer meets none."""
    if given is None:
        return False
    if condition.test in CHOICE_TESTS:
        met = bool(given.options & condition.options)
        return met if condition.test is Test.ANY_OF else bool(given.options) and not met
    if given.number is None or condition.number is None:
        return False
    if condition.test is Test.AT_LEAST:
        return given.number >= condition.number
    return given.number <= condition.number


def shown(asked: Iterable[Asked], given: Mapping[int, Given]) -> set[int]:
    """Give the keys of the questions that are asked.

    Shape: `asked` in order. What was answered to a question that is not asked any more counts for nothing, so that hiding
    one hides those that hang on it.
    """
    found: set[int] = set()
    for question in asked:
        condition = question.condition
        if condition is None or (condition.question in found and holds(condition, given.get(condition.question))):
            found.add(question.key)
    return found


def misplaced(asked: Iterable[Asked]) -> list[int]:
    """Give the keys of the questions whose condition does not lead to an earlier question that can be tested so."""
    before: dict[int, str] = {}
    wrong = []
    for question in asked:
        condition = question.condition
        if condition is not None and condition.test not in TESTS.get(before.get(condition.question, ""), ()):
            wrong.append(question.key)
        before[question.key] = question.kind
    return wrong
