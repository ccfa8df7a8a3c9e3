"""How dark each tile of the schematic map is, where it stands, and how a long name is cut in it."""

import pytest

from city import cartogram


def test_steps_of_the_colour():
    few = cartogram.scale([0, 1, 3])
    assert [few.step(count) for count in (0, 1, 2, 3)] == [0, 1, 2, 3]
    assert few.bounds() == [(1, 1), (2, 2), (3, 3)]
    many = cartogram.scale([0, 12, 3, 1])
    assert [many.step(count) for count in (0, 1, 3, 4, 12)] == [0, 1, 1, 2, 4]
    assert many.bounds() == [(1, 3), (4, 6), (7, 9), (10, 12)]
    assert cartogram.scale([]).bounds() == []


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("Drouot", ["Drouot"]),
        ("Cité-Briand", ["Cité-Briand"]),
        ("Centre historique", ["Centre", "historique"]),
        ("Vauban-Neppert-Sellier-Waldner", ["Vauban-", "Neppert-", "Sellier-", "Waldner"]),
    ],
)
def test_names_are_cut_where_they_may_be(name, expected):
    assert cartogram.lines(name) == expected


def test_tiles_stand_side_by_side_with_their_count_last():
    first, second = (cartogram.tile("Cité-Briand", "12", column=column, row=2) for column in (1, 2))
    assert (first.x, first.y, second.x) == (0, 106, 106)
    assert [line.words for line in second.lines] == ["Cité-Briand", "12"]
    assert cartogram.size([first, second]) == (206, 206)
    assert cartogram.size([]) == (100, 100)
