import re

import pytest

from transparency import algorithms


@pytest.mark.parametrize("name", ["registre", "suites", "vote-secret"])
def test_no_two_tables_of_a_page_have_one_name(name):
    """Whoever goes from region to region by ear must know which is which."""
    html = algorithms.page(name)[1]
    names = re.findall(r'role="region" aria-label="([^"]+)"', html)
    assert len(names) == html.count("<table>") > 0
    assert len(set(names)) == len(names)


def test_tables_are_named_by_what_they_stand_under():
    html = algorithms.page("vote-secret")[1]
    assert re.findall(r'role="region" aria-label="([^"]+)"', html) == [
        "Tableau\u00a0: Quatre endroits séparés",
        "Tableau\u00a0: Ce qui est gardé, et combien de temps",
    ]
