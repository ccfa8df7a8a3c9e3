"""Which questions are asked: by property, and by the tables of each test."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from questionnaires import conditions
from questionnaires.conditions import CHOICE_TESTS, TESTS, Asked, Condition, Given, holds, misplaced, shown

OPTIONS = st.frozensets(st.integers(1, 4), max_size=4)
ANSWERS = st.dictionaries(st.integers(0, 9), st.builds(Given, options=OPTIONS, number=st.none() | st.decimals(-5, 5)))


@st.composite
def questionnaires(draw):
    """Up to ten questions, each on none or on an earlier one that can be tested so."""
    asked = []
    for key in range(draw(st.integers(1, 10))):
        kind = draw(st.sampled_from([*TESTS, "text"]))
        earlier = [question for question in asked if question.kind in TESTS]
        condition = None
        if earlier and draw(st.booleans()):
            on = draw(st.sampled_from(earlier))
            condition = Condition(
                on.key, draw(st.sampled_from(TESTS[on.kind])), draw(OPTIONS), draw(st.integers(-5, 5))
            )
        asked.append(Asked(key, kind, condition))
    return asked


@pytest.mark.parametrize(
    ("test", "answer", "met"),
    [
        (conditions.Test.ANY_OF, {1}, True),
        (conditions.Test.ANY_OF, {3}, False),
        (conditions.Test.ANY_OF, {1, 3}, True),
        (conditions.Test.NONE_OF, {3}, True),
        (conditions.Test.NONE_OF, {1, 3}, False),
        (conditions.Test.NONE_OF, set(), False),
    ],
)
def test_choices(test, answer, met):
    condition = Condition(0, test, frozenset({1, 2}))

    assert holds(condition, Given(options=frozenset(answer))) is met
    assert holds(condition, None) is False


@pytest.mark.parametrize(
    ("test", "answer", "met"),
    [
        (conditions.Test.AT_LEAST, "3", True),
        (conditions.Test.AT_LEAST, "2.99", False),
        (conditions.Test.AT_MOST, "3", True),
        (conditions.Test.AT_MOST, "3.01", False),
    ],
)
def test_numbers(test, answer, met):
    condition = Condition(0, test, number=3)

    assert holds(condition, Given(number=Decimal(answer))) is met
    assert holds(condition, Given(options=frozenset({3}))) is False
    assert holds(Condition(0, test), Given(number=Decimal(3))) is False


@given(questionnaires(), ANSWERS)
def test_a_shown_question_hangs_on_shown_answers_only(asked, answers):
    keys = shown(asked, answers)
    by_key = {question.key: question for question in asked}

    for question in asked:
        condition = question.condition
        if condition is None:
            assert question.key in keys
        else:
            expected = condition.question in keys and holds(condition, answers.get(condition.question))
            assert (question.key in keys) is expected
    assert keys <= by_key.keys()


@given(questionnaires(), ANSWERS)
def test_answers_to_hidden_questions_change_nothing(asked, answers):
    keys = shown(asked, answers)
    kept = {key: answer for key, answer in answers.items() if key in keys}

    assert shown(asked, kept) == keys


@given(questionnaires())
def test_without_answers_only_what_is_always_asked_shows(asked):
    assert shown(asked, {}) == {question.key for question in asked if question.condition is None}


@given(questionnaires())
def test_what_looks_back_is_in_place_and_what_looks_forward_is_not(asked):
    assert misplaced(asked) == []
    backwards = asked[::-1]
    place = {question.key: at for at, question in enumerate(backwards)}
    wrong = [q.key for q in backwards if q.condition and place[q.condition.question] > place[q.key]]
    assert misplaced(backwards) == wrong


def test_a_condition_must_suit_its_question():
    scale = Asked(1, "scale")

    assert misplaced([scale, Asked(2, "text", Condition(1, CHOICE_TESTS[0]))]) == [2]
    assert misplaced([Asked(1, "text"), Asked(2, "text", Condition(1, conditions.Test.ANY_OF))]) == [2]
