"""Counting and deciding: what the rules say, whatever the ballots and their order."""

from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ballots import tally
from ballots.tally import Check, Count, Kind, Majority, Rules, Score

SINGLE = Rules(kind=Kind.SINGLE, options=(1, 2, 3))
UP_TO = Rules(kind=Kind.UP_TO, options=(1, 2, 3, 4), most=2, winners=2)
YES_NO = Rules(kind=Kind.YES_NO, options=(1, 2))
BUDGET = Rules(kind=Kind.BUDGET, options=(1, 2, 3), amount=100, costs={1: 60, 2: 50, 3: 40})
ALL = (SINGLE, UP_TO, YES_NO, BUDGET)


def ballots_of(rules):
    """Every sort of ballot the rules allow, drawn at random."""
    if rules.kind is Kind.YES_NO:
        answers = st.tuples(*(st.sampled_from((n, -n, 0)) for n in rules.options))
        return answers.map(lambda given: tuple(n for n in given if n))
    if rules.kind is Kind.BUDGET:
        chosen = st.sets(st.sampled_from(rules.options)).map(lambda given: tuple(sorted(given)))
        return chosen.filter(lambda given: sum(rules.costs[number] for number in given) <= rules.amount)
    most = 1 if rules.kind is Kind.SINGLE else rules.most
    return st.lists(st.sampled_from(rules.options), unique=True, max_size=most).map(lambda given: tuple(sorted(given)))


def as_box(ballots):
    return {one: ballots.count(one) for one in ballots}


@pytest.mark.parametrize(
    ("rules", "choices", "code"),
    [
        (Rules(kind=Kind.SINGLE, options=(1, 2), blank_allowed=False), [], "blank"),
        (SINGLE, [4], "unknown"),
        (SINGLE, [-1], "unknown"),
        (SINGLE, [0], "unknown"),
        (SINGLE, [1, 2], "too_many"),
        (UP_TO, [1, 2, 3], "too_many"),
        (UP_TO, [1, 1], "twice"),
        (BUDGET, [1, 2], "over"),
        (BUDGET, [1, 1], "twice"),
        (BUDGET, [4], "unknown"),
        (BUDGET, [-1], "unknown"),
        (YES_NO, [1, -1], "twice"),
        (YES_NO, [3], "unknown"),
    ],
)
def test_ballot_that_the_rules_do_not_allow(rules, choices, code):
    with pytest.raises(tally.WrongBallotError) as raised:
        tally.ballot(choices, rules)
    assert raised.value.code == code


def test_ballot_has_one_writing():
    assert tally.ballot([2, 1], UP_TO) == tally.ballot([1, 2], UP_TO) == (1, 2)
    assert tally.ballot([-2, 1], YES_NO) == (1, -2)
    assert tally.ballot([], SINGLE) == ()


@pytest.mark.parametrize("rules", ALL, ids=lambda rules: rules.kind.value)
@given(data=st.data())
def test_count_loses_and_invents_no_ballot(rules, data):
    ballots = data.draw(st.lists(ballots_of(rules), max_size=40))

    found = tally.count(as_box(ballots), rules)

    assert found.ballots == len(ballots)
    assert found.blank == ballots.count(())
    assert sum(score.yes for score in found.scores.values()) == sum(n > 0 for one in ballots for n in one)
    assert sum(score.no for score in found.scores.values()) == sum(n < 0 for one in ballots for n in one)
    assert tally.problem(found, rules) == ""


@pytest.mark.parametrize("rules", ALL, ids=lambda rules: rules.kind.value)
@given(data=st.data())
def test_order_of_the_ballots_and_the_box_they_lie_in_change_nothing(rules, data):
    ballots = data.draw(st.lists(ballots_of(rules), max_size=40))
    shuffled = data.draw(st.permutations(ballots))
    cut = data.draw(st.integers(0, len(ballots)))

    whole = tally.count(as_box(ballots), rules)

    assert tally.count(as_box(shuffled), rules) == whole
    assert tally.count(as_box(ballots[:cut]), rules) + tally.count(as_box(ballots[cut:]), rules) == whole


@pytest.mark.parametrize("rules", [SINGLE, UP_TO, YES_NO], ids=lambda rules: rules.kind.value)
@pytest.mark.parametrize("majority", list(Majority))
@given(data=st.data())
def test_what_is_kept_never_has_fewer_voices_than_what_is_not(rules, majority, data):
    ballots = data.draw(st.lists(ballots_of(rules), min_size=5, max_size=40))
    declared = Rules(kind=rules.kind, options=rules.options, most=rules.most, winners=rules.winners, majority=majority)
    found = tally.count(as_box(ballots), declared)

    outcome = tally.decide(found, declared)

    assert not set(outcome.kept) & set(outcome.level)
    if rules.kind is not Kind.YES_NO:
        voices = {number: found.scores[number].yes for number in declared.options}
        chosen = {*outcome.kept, *outcome.level}
        left = set(declared.options) - chosen
        assert all(voices[kept] > 0 for kept in chosen)
        if chosen and len(outcome.kept) < declared.winners and not outcome.level and majority is Majority.MOST:
            assert all(voices[number] == 0 for number in left)
        assert all(voices[number] >= voices[other] for number in chosen for other in left)
        assert len(outcome.kept) <= declared.winners
        assert not outcome.level or len(outcome.kept) + len(outcome.level) > declared.winners
    elif majority is Majority.MOST:
        assert set(outcome.kept) == {n for n in declared.options if found.scores[n].yes > found.scores[n].no}
    else:
        share = {Majority.ABSOLUTE: Fraction(1, 2), Majority.TWO_THIRDS: Fraction(2, 3)}[majority]
        least = share * found.expressed
        assert set(outcome.kept) == {
            number
            for number, score in found.scores.items()
            if score.yes and (score.yes > least if majority is Majority.ABSOLUTE else score.yes >= least)
        }


def count(*voices, blank=0, spoiled=0):
    return Count(
        ballots=sum(voices) + blank + spoiled,
        blank=blank,
        spoiled=spoiled,
        scores={number: Score(yes) for number, yes in enumerate(voices, start=1)},
    )


def decided(found, **rules):
    return tally.decide(found, Rules(kind=Kind.SINGLE, options=tuple(found.scores), **rules))


def test_fewer_than_five_ballots_decide_nothing_and_say_nothing():
    outcome = decided(count(3, 1))
    assert (outcome.kept, [step.check for step in outcome.steps]) == ((), [Check.ENOUGH])
    assert decided(count(3, 2)).kept == (1,)


def test_quorum_counts_every_ballot_found_on_both_sides_of_its_number():
    assert decided(count(3, 1, blank=4, spoiled=1), quorum=10).steps[-1].check is Check.QUORUM
    assert decided(count(3, 1, blank=4, spoiled=2), quorum=10).kept == (1,)


@pytest.mark.parametrize(
    ("majority", "voices", "kept"),
    [
        (Majority.MOST, (4, 3, 3), (1,)),
        (Majority.ABSOLUTE, (5, 5), ()),
        (Majority.ABSOLUTE, (5, 3, 2), ()),
        (Majority.ABSOLUTE, (6, 4), (1,)),
        (Majority.ABSOLUTE, (6, 5), (1,)),
        (Majority.TWO_THIRDS, (6, 3), (1,)),
        (Majority.TWO_THIRDS, (6, 4), ()),
        (Majority.TWO_THIRDS, (7, 3), (1,)),
    ],
)
def test_majority_is_of_the_expressed_ballots(majority, voices, kept):
    assert decided(count(*voices, blank=20), majority=majority).kept == kept


def test_tie_is_left_to_the_declared_rule():
    outcome = decided(count(4, 4, 2))
    assert (outcome.kept, outcome.level, outcome.steps[-1].check) == ((), (1, 2), Check.TIE)


def test_tie_for_the_last_place_keeps_those_before_it():
    outcome = decided(count(6, 3, 3, 1), winners=2)
    assert (outcome.kept, outcome.level) == ((1,), (2, 3))
    assert decided(count(6, 3, 2, 1), winners=2).kept == (1, 2)


def test_nobody_is_kept_where_everybody_voted_blank():
    outcome = decided(count(0, 0, blank=9))
    assert (outcome.kept, outcome.level) == ((), ())


def test_yes_and_no_level_is_a_tie_of_that_option_alone():
    found = Count(ballots=10, scores={1: Score(5, 5), 2: Score(6, 4)})
    outcome = tally.decide(found, YES_NO)
    assert (outcome.kept, outcome.level) == ((2,), (1,))


@pytest.mark.parametrize(
    ("majority", "score", "needed", "kept"),
    [
        # Twelve ballots: ten express a choice, one of them says nothing of this option.
        (Majority.MOST, Score(4, 5), 6, ()),
        (Majority.MOST, Score(5, 5), 6, ()),
        (Majority.MOST, Score(5, 4), 5, (1,)),
        (Majority.ABSOLUTE, Score(5, 4), 6, ()),
        (Majority.ABSOLUTE, Score(5, 5), 6, ()),
        (Majority.ABSOLUTE, Score(6, 4), 6, (1,)),
        # Two thirds of the yes and no of the option would be 6 of 9, or 4 of 4: the rule says of the expressed ballots.
        (Majority.TWO_THIRDS, Score(6, 3), 7, ()),
        (Majority.TWO_THIRDS, Score(4, 0), 7, ()),
        (Majority.TWO_THIRDS, Score(7, 3), 7, (1,)),
    ],
)
def test_yes_and_no_apply_the_declared_majority_to_the_expressed_ballots(majority, score, needed, kept):
    found = Count(ballots=12, blank=1, spoiled=1, scores={1: score})
    outcome = tally.decide(found, Rules(Kind.YES_NO, options=(1,), majority=majority))
    step = next(step for step in outcome.steps if step.check is Check.MAJORITY)
    assert (outcome.kept, step.found, step.needed, step.options) == (kept, score.yes, needed, (1,))
    assert bool(outcome.level) == (majority is Majority.MOST and score.yes == score.no)


def test_each_option_of_a_yes_or_no_has_its_own_step():
    found = Count(ballots=10, scores={1: Score(7, 3), 2: Score(6, 1)})
    outcome = tally.decide(found, Rules(Kind.YES_NO, options=(1, 2), majority=Majority.TWO_THIRDS))
    steps = [(step.options, step.holds, step.found, step.needed) for step in outcome.steps[1:]]
    assert steps == [((1,), True, 7, 7), ((2,), False, 6, 7)]


@pytest.mark.parametrize(
    ("sheet", "rules", "problem"),
    [
        (Count(ballots=5, blank=3, spoiled=3, scores={1: Score()}), SINGLE, "ballots"),
        (Count(ballots=5, blank=1, scores={1: Score(4)}), Rules(Kind.SINGLE, (1, 2), blank_allowed=False), "blank"),
        (Count(ballots=5, scores={1: Score(6)}), SINGLE, "option"),
        (Count(ballots=5, scores={1: Score(2), 2: Score(2)}), SINGLE, "sum"),
        (Count(ballots=5, scores={1: Score(5), 2: Score(5), 3: Score(1)}), UP_TO, "sum"),
        (Count(ballots=5, blank=1, scores={1: Score(3), 2: Score(1)}), SINGLE, ""),
        (Count(ballots=5, scores={1: Score(5), 2: Score(5)}), UP_TO, ""),
        (Count(ballots=5, scores={1: Score(2, 3), 2: Score(0, 5)}), YES_NO, ""),
    ],
)
def test_sheet_of_an_agent_holds_together(sheet, rules, problem):
    assert tally.problem(sheet, rules) == problem
