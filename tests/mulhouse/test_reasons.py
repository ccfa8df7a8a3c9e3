"""The reason of an act: one sentence."""

import pytest

from mulhouse import reasons
from mulhouse.errors import DomainError


@pytest.mark.parametrize("text", ["", " \n\t", "\u00a0"])
def test_a_blank_reason_is_none(text):
    with pytest.raises(DomainError) as refused:
        reasons.sentence(text, missing="Dites pourquoi.")
    assert (refused.value.code, refused.value.message) == ("reason", "Dites pourquoi.")


def test_a_reason_is_one_line():
    assert reasons.sentence("  Le chantier\nprend du retard. ") == "Le chantier prend du retard."


def test_a_reason_is_never_cut():
    longest = "x" * reasons.LONGEST
    assert reasons.sentence(longest) == longest
    with pytest.raises(DomainError) as refused:
        reasons.sentence(longest + "x")
    assert refused.value.code == "reason"
    field = reasons.ReasonField()
    assert field.max_length == reasons.LONGEST
