"""Small counts: what is hidden cannot be found again. The checks list every table that says the same, they do not reason."""

import itertools
from collections.abc import Iterator

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mulhouse.small_cells import Crossed, Merged, crossed, merged

COUNTS = st.lists(st.integers(0, 9), min_size=1, max_size=4)
TABLES = st.tuples(st.integers(1, 3), st.integers(1, 3)).flatmap(
    lambda shape: st.lists(
        st.lists(st.integers(0, 7), min_size=shape[1], max_size=shape[1]), min_size=shape[0], max_size=shape[0]
    )
)


def _named(values: list[int]) -> dict[str, int]:
    return {f"quartier {at}": value for at, value in enumerate(values)}


def _splits(total: int, parts: int) -> Iterator[tuple[int, ...]]:
    if parts == 1:
        yield (total,)
        return
    for first in range(total + 1):
        for others in _splits(total - first, parts - 1):
            yield (first, *others)


def test_merged_example():
    counts = {"Coteaux": 3, "Dornach": 40, "Rebberg": 12, "Fonderie": 2}

    assert merged(counts) == Merged({"Dornach": 40, "Rebberg": 12}, ("Coteaux", "Fonderie"), 5)


def test_merged_takes_another_with_a_small_count_that_is_alone():
    assert merged({"Coteaux": 3, "Dornach": 40, "Rebberg": 12}) == Merged({"Rebberg": 12}, ("Coteaux", "Dornach"), 43)


@pytest.mark.parametrize("counts", [{}, {"Coteaux": 2}, {"Coteaux": 0, "Dornach": 0}, {"Coteaux": 5, "Dornach": 6}])
def test_merged_hides_nothing_where_nothing_singles_out(counts):
    assert merged(counts) == Merged(counts, (), 0)


def test_merged_refuses_a_negative_count():
    with pytest.raises(ValueError, match="negative"):
        merged({"Coteaux": -1, "Dornach": 2})


@given(COUNTS)
def test_merged_keeps_the_sum_and_shows_no_small_count(values):
    counts = _named(values)
    found = merged(counts)
    assert sum(found.shown.values()) + found.rest == sum(values)
    assert {*found.shown, *found.hidden} == set(counts)
    if found.hidden:
        assert all(count >= 5 for count in found.shown.values())
        assert found.rest >= 5 or not found.shown


@settings(max_examples=60, deadline=None)
@given(COUNTS)
def test_merged_gives_nothing_back_even_to_who_knows_the_rule(values):
    counts = _named(values)
    found = merged(counts)
    if not found.hidden:
        return
    same = [
        split
        for split in _splits(found.rest, len(found.hidden))
        if merged({**counts, **dict(zip(found.hidden, split, strict=True))}) == found
    ]
    assert all(len({split[at] for split in same}) > 1 for at in range(len(found.hidden)))


def test_merged_does_not_stop_at_a_sum_that_only_equal_counts_can_make():
    ones = {"a": 1, "b": 1, "c": 1, "d": 1, "e": 1, "f": 9}
    assert merged(ones).hidden == ("a", "b", "c", "d", "e")
    assert merged(ones, least=1).hidden == ("a", "b", "c", "d", "e", "f")
    assert merged({"a": 4, "b": 4, "c": 9}).hidden == ("a", "b", "c")


def test_crossed_example():
    found = crossed([[20, 3, 9], [14, 12, 30], [8, 25, 16]])

    assert found == Crossed(
        cells=((None, None, 9), (None, None, 30), (8, 25, 16)),
        row_totals=(32, 56, 49),
        column_totals=(42, 40, 55),
        total=137,
    )


def test_crossed_hides_a_small_total_too():
    found = crossed([[1, 2], [30, 40]])
    assert found.row_totals[0] is None
    assert found.row_totals == (None, None)


def test_crossed_shows_nothing_where_hiding_is_not_enough():
    assert crossed([[3]]) == Crossed(cells=((None,),), row_totals=(None,), column_totals=(None,), total=None)


def test_crossed_hides_nothing_of_nobody():
    assert crossed([[0, 0]]) == Crossed(cells=((0, 0),), row_totals=(0,), column_totals=(0, 0), total=0)
    assert crossed([]) == Crossed(cells=(), row_totals=(), column_totals=(), total=0)


def test_crossed_refuses_rows_of_several_lengths():
    with pytest.raises(ValueError, match="one length"):
        crossed([[1, 2], [3]])


@given(TABLES)
def test_crossed_shows_no_small_count_and_no_false_one(table):
    found = crossed(table)
    if sum(map(sum, table)) == 0:
        return
    for row, shown in zip(table, found.cells, strict=True):
        assert all(told is None or (told == count and told >= 5) for count, told in zip(row, shown, strict=True))
    for row, told in zip(table, found.row_totals, strict=True):
        assert told is None or (told == sum(row) and told >= 5)
    for column, told in zip(zip(*table, strict=True), found.column_totals, strict=True):
        assert told is None or (told == sum(column) and told >= 5)


def _agrees(found: Crossed, flat: tuple[int, ...]) -> bool:
    """Tell whether a table says all that is published."""
    width = len(found.column_totals)
    rows = [flat[at : at + width] for at in range(0, len(flat), width)]
    cells = zip(itertools.chain(*found.cells), flat, strict=True)
    in_rows = zip(found.row_totals, map(sum, rows), strict=True)
    in_columns = zip(found.column_totals, map(sum, zip(*rows, strict=True)), strict=True)
    return all(told is None or told == count for told, count in itertools.chain(cells, in_rows, in_columns))


SMALL_TABLES = st.sampled_from([(2, 2), (2, 3), (3, 2)]).flatmap(
    lambda shape: st.lists(
        st.lists(st.integers(0, 4), min_size=shape[1], max_size=shape[1]), min_size=shape[0], max_size=shape[0]
    )
)


@settings(max_examples=40, deadline=None)
@given(SMALL_TABLES)
def test_crossed_gives_no_cell_and_no_total_back(table):
    """With a threshold of 3, so that every table of the same sum can be listed."""
    total = sum(map(sum, table))
    found = crossed(table, threshold=3)
    if total == 0 or total > 13 or found.total is None:
        return
    same = [flat for flat in _splits(total, len(table) * len(table[0])) if _agrees(found, flat)]
    width = len(table[0])
    for at, told in enumerate(itertools.chain(*found.cells)):
        assert told is not None or len({flat[at] for flat in same}) > 1
    for row, told in enumerate(found.row_totals):
        assert told is not None or len({sum(flat[row * width : (row + 1) * width]) for flat in same}) > 1
    for column, told in enumerate(found.column_totals):
        assert told is not None or len({sum(flat[column::width]) for flat in same}) > 1
