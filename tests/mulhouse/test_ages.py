import datetime as dt

import pytest

from mulhouse import ages
from mulhouse.ages import AgeBand

TODAY = dt.date(2026, 6, 1)


@pytest.mark.parametrize(
    ("age", "band"),
    [
        (0, AgeBand.UNDER_18),
        (17, AgeBand.UNDER_18),
        (18, AgeBand.FROM_18),
        (24, AgeBand.FROM_18),
        (25, AgeBand.FROM_25),
        (39, AgeBand.FROM_25),
        (40, AgeBand.FROM_40),
        (59, AgeBand.FROM_40),
        (60, AgeBand.FROM_60),
        (74, AgeBand.FROM_60),
        (75, AgeBand.FROM_75),
        (120, AgeBand.FROM_75),
    ],
)
def test_each_age_has_its_band(age, band):
    assert ages.of_age(age) is band
    assert ages.of_birth_year(TODAY.year - age, on=TODAY) == band.value


def test_there_is_no_age_below_zero():
    with pytest.raises(ValueError, match="-1"):
        ages.of_age(-1)


@pytest.mark.parametrize("birth_year", [None, 2027])
def test_an_unknown_year_has_no_band(birth_year):
    assert ages.of_birth_year(birth_year, on=TODAY) == ""
