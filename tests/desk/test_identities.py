import datetime as dt
import unicodedata

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from desk import identities

KEY = "une clé de trente-deux signes au moins"
BORN = dt.date(1980, 1, 31)

NAMES = st.text(st.characters(categories=("L", "M", "N", "P", "Z")), min_size=1, max_size=30)


def fingerprint(family="Muller", given="Marie", born=BORN, key=KEY):
    return identities.fingerprint(family, given, born, key=key)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (("Müller", "Marie"), ("MULLER", "marie")),
        (("Le Goff", "Marie"), ("le-goff", "MARIE")),
        (("LeGoff", "Marie"), ("LE GOFF", "Marie")),
        (("d’Arc", "Jeanne"), ("D'ARC", "jeanne")),
        (("N’Diaye", "Awa"), ("Ndiaye", "Awa")),
        (("Cœur", "Zoé"), ("COEUR", "Zoe")),
        (("Strauß", "Éloïse"), ("STRAUSS", "Eloise")),
        (("Yıldız", "İbrahim"), ("YILDIZ", "Ibrahim")),
        (("Lech", "Łukasz"), ("LECH", "Lukasz")),
        (("Muller", "Jean-Pierre"), ("Muller", "Jean Pierre")),
        (("Muller", "Jean, Marcel, Auguste"), ("Muller", "Jean")),
        (("  Muller ", "\u00a0Marie\t"), ("Muller", "Marie")),
    ],
)
def test_one_person_has_one_fingerprint(one, other):
    assert fingerprint(*one) == fingerprint(*other)


@pytest.mark.parametrize(
    "other",
    [
        {"family": "Mulle"},
        {"given": "Maria"},
        {"born": dt.date(1980, 1, 30)},
        {"born": dt.date(1981, 1, 31)},
        {"key": "une autre clé de trente-deux signes"},
        {"family": "Marie", "given": "Muller"},
    ],
)
def test_two_people_have_two_fingerprints(other):
    assert fingerprint(**other) != fingerprint()


@pytest.mark.parametrize("missing", [{"family": "—"}, {"given": " "}, {"family": ""}, {"key": ""}])
def test_an_identity_needs_its_parts(missing):
    with pytest.raises(ValueError, match="family name"):
        fingerprint(**missing)


def test_the_fingerprint_is_pinned():
    """Changing how names are folded makes everybody a stranger: it must be a decision."""
    assert (
        fingerprint("Müller-Weiß", "Anne-Laure, Zoé")
        == "7cfec78b3b3333594ee116ef02497586d0279ede654572cf26eaaf081de7995d"
    )


@given(NAMES, NAMES)
def test_folding_forgets_how_a_name_is_typed(family, given_names):
    assume(identities.family(family) and identities.given(given_names))
    expected = fingerprint(family, given_names)
    for typed in (str.upper, str.casefold, lambda name: unicodedata.normalize("NFD", name)):
        assert identities.words(typed(family)) == identities.words(family)
        assert fingerprint(typed(family), typed(given_names)) == expected
    assert fingerprint(f" {family}\u00a0", f"\t{given_names}") == expected


@given(NAMES)
def test_folding_twice_changes_nothing(name):
    once = identities.words(name)
    assert identities.words(" ".join(once)) == once


@given(st.text(max_size=40))
def test_a_fingerprint_holds_no_letter_of_the_name(name):
    assume(len(identities.family(name)) > 3)
    found = fingerprint(name)
    assert len(found) == 64
    assert set(found) <= set("0123456789abcdef")
    assert identities.family(name) not in found or set(identities.family(name)) <= set("0123456789abcdef")
