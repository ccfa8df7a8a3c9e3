"""Sharing a budget: what it never does, whatever the voices and the costs."""

import itertools

from hypothesis import assume, given
from hypothesis import strategies as st

from ballots import tally
from ballots.allocation import Turn, allocate, most_projects
from ballots.tally import Check, Count, Kind, Rules, Score

AMOUNT = st.integers(1, 2_000)
PROJECTS = st.dictionaries(
    st.integers(1, 40), st.tuples(st.integers(0, 30), st.integers(1, 800)), min_size=1, max_size=40
)


def shared(projects, amount):
    voices = {number: had for number, (had, _cost) in projects.items()}
    costs = {number: cost for number, (_had, cost) in projects.items()}
    return allocate(voices, costs, amount)


def kept(turns):
    return {turn.number for turn in turns if turn.kept}


@given(projects=PROJECTS, amount=AMOUNT)
def test_what_is_kept_never_costs_more_than_the_amount(projects, amount):
    turns = shared(projects, amount)
    spent = sum(turn.cost for turn in turns if turn.kept)
    assert spent <= amount
    assert turns[-1].left_after == amount - spent
    assert {turn.number for turn in turns} == set(projects)
    assert all(turn.voices > 0 for turn in turns if turn.kept)


@given(projects=PROJECTS, amount=AMOUNT, data=st.data())
def test_order_in_which_they_are_read_changes_nothing(projects, amount, data):
    other = dict(data.draw(st.permutations(list(projects.items()))))
    assert shared(other, amount) == shared(projects, amount)


@given(projects=PROJECTS, amount=AMOUNT, data=st.data())
def test_voice_more_never_makes_a_kept_project_lose(projects, amount, data):
    winners = sorted(kept(shared(projects, amount)))
    assume(winners)
    number = data.draw(st.sampled_from(winners))
    had, cost = projects[number]
    more = {**projects, number: (had + data.draw(st.integers(1, 40)), cost)}
    assert number in kept(shared(more, amount))


@given(projects=PROJECTS, amount=AMOUNT)
def test_what_was_chosen_and_is_not_kept_does_not_fit(projects, amount):
    turns = shared(projects, amount)
    left = turns[-1].left_after
    for rank, turn in enumerate(turns):
        if turn.does_not_fit:
            assert turn.cost > turn.left >= left
            # Whatever was kept after it costs less: nothing was passed over that the remainder could pay.
            assert all(later.cost < turn.cost for later in turns[rank:] if later.kept)


@given(projects=PROJECTS, amount=AMOUNT)
def test_order_is_voices_then_cost_then_number(projects, amount):
    turns = shared(projects, amount)
    assert list(turns) == sorted(turns, key=lambda turn: (-turn.voices, turn.cost, turn.number))
    assert [turn.tied for turn in turns[1:]] == [one.voices == other.voices for one, other in itertools.pairwise(turns)]


@given(projects=PROJECTS, amount=AMOUNT, data=st.data())
def test_no_basket_holds_more_than_the_least_costly(projects, amount, data):
    costs = {number: cost for number, (_had, cost) in projects.items()}
    chosen = data.draw(st.sets(st.sampled_from(sorted(costs))))
    most = most_projects(costs, amount)
    assert sum(sorted(costs.values())[:most]) <= amount
    if sum(costs[number] for number in chosen) <= amount:
        assert len(chosen) <= most


@given(projects=PROJECTS, amount=AMOUNT, data=st.data())
def test_decision_of_a_vote_is_the_allocation(projects, amount, data):
    kind = data.draw(st.sampled_from((Kind.BUDGET, Kind.UP_TO)))
    rules = Rules(
        kind=kind,
        options=tuple(sorted(projects)),
        most=2,
        amount=amount,
        costs={number: cost for number, (_had, cost) in projects.items()},
    )
    found = Count(ballots=200, scores={number: Score(had) for number, (had, _cost) in projects.items()})
    outcome = tally.decide(found, rules)
    assert outcome.turns == shared(projects, amount)
    assert (set(outcome.kept), outcome.level) == (kept(outcome.turns), ())
    assert [step.check for step in outcome.steps] == [Check.ENOUGH, Check.RANKING, Check.ALLOCATION]
    assert (outcome.steps[-1].found, outcome.steps[-1].needed) == (
        sum(turn.cost for turn in outcome.turns if turn.kept),
        amount,
    )


def test_example_of_the_published_page():
    """docs/algorithms/budget.md, line by line."""
    voices, costs = {1: 95, 2: 210, 3: 180, 4: 95, 5: 40}, {1: 25_000, 2: 60_000, 3: 55_000, 4: 15_000, 5: 12_000}
    assert allocate(voices, costs, 100_000) == (
        Turn(2, 210, 60_000, 100_000, kept=True),
        Turn(3, 180, 55_000, 40_000, kept=False),
        Turn(4, 95, 15_000, 40_000, kept=True),
        Turn(1, 95, 25_000, 25_000, kept=True, tied=True),
        Turn(5, 40, 12_000, 0, kept=False),
    )


def test_same_voices_and_cost_go_by_number_and_nobody_s_choice_stays_out():
    turns = allocate({2: 5, 1: 5, 3: 0}, {1: 10, 2: 10, 3: 1}, 15)
    assert [(turn.number, turn.kept) for turn in turns] == [(1, True), (2, False), (3, False)]
    assert [turn.does_not_fit for turn in turns] == [False, True, False]
