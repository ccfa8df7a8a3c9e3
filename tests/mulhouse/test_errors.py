import pytest

from mulhouse.errors import DomainError, Refusal, RefusedError, require


def test_an_action_goes_on_when_nothing_refuses():
    assert require(None) is None


def test_a_refusal_carries_its_code_and_its_sentence():
    refusal = Refusal("closed", "La consultation est terminée.")
    with pytest.raises(RefusedError) as caught:
        require(refusal)

    assert (caught.value.code, caught.value.message, caught.value.refusal) == (refusal.code, refusal.message, refusal)
    assert str(caught.value) == refusal.message
    assert isinstance(caught.value, DomainError)
