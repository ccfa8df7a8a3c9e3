"""The sealed box: it says nothing, and gives back what was put in."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ballots import codes, sealing

BALLOTS = st.lists(st.sampled_from([(), (1,), (2,), (1, 3), (1, -2)]), max_size=30)


@given(ballots=BALLOTS, data=st.data())
def test_order_of_arrival_exists_nowhere(ballots, data):
    def box(order):
        contents = {}
        for one in order:
            contents[one] = contents.get(one, 0) + 1
        return sealing.written(contents)

    assert box(ballots) == box(data.draw(st.permutations(ballots)))


@given(ballots=BALLOTS)
def test_box_gives_back_what_was_put_in(ballots):
    sealed = sealing.seal({}, reference="ABCDEFGH")
    for one in ballots:
        sealed = sealing.with_one_more(sealed, one, reference="ABCDEFGH")
    assert sealing.unseal(sealed, reference="ABCDEFGH") == {one: ballots.count(one) for one in ballots}


def test_two_boxes_that_hold_the_same_do_not_look_alike():
    sealed = [sealing.seal({(1,): 3}, reference="ABCDEFGH") for _ in range(50)]
    assert len(set(sealed)) == 50
    assert len({len(one) for one in sealed} | {len(sealing.seal({}, reference="ABCDEFGH"))}) == 1


def test_length_changes_by_doubling_only():
    lengths = [len(sealing.written({(n,): 10**6 for n in range(1, size)})) for size in range(1, 400)]
    assert set(lengths) <= {1024 * 2**power for power in range(6)}


def test_box_of_another_vote_or_another_key_does_not_open(settings):
    sealed = sealing.seal({(1,): 3}, reference="ABCDEFGH")
    with pytest.raises(sealing.BrokenSealError):
        sealing.unseal(sealed, reference="HGFEDCBA")
    with pytest.raises(sealing.BrokenSealError):
        sealing.unseal(sealed[:-1] + bytes([sealed[-1] ^ 1]), reference="ABCDEFGH")
    settings.BALLOT_KEY = "une autre clé"
    with pytest.raises(sealing.BrokenSealError):
        sealing.unseal(sealed, reference="ABCDEFGH")


@pytest.mark.parametrize("text", ["7K2M9QXT04BD", "7k2m-9qxt-04bd", " 7K2M 9QXT O4BD ", "7k2m9qxto4bd"])
def test_code_is_read_however_it_is_typed(text):
    assert codes.typed(text) == "7K2M9QXT04BD"


@pytest.mark.parametrize("text", ["", "7K2M", "7K2M9QXT04BD0", "7K2M-9QXT-04B!", "ÉÉÉÉÉÉÉÉÉÉÉÉ"])
def test_what_is_not_a_code_is_none(text):
    assert codes.typed(text) == ""


def test_codes_are_drawn_in_the_alphabet_and_kept_as_a_keyed_fingerprint(settings):
    drawn = {codes.new_code() for _ in range(200)}
    assert len(drawn) == 200
    assert {codes.typed(codes.grouped(code)) for code in drawn} == drawn
    code = drawn.pop()
    kept = codes.fingerprint(code, reference="ABCDEFGH")
    assert kept != codes.fingerprint(code, reference="HGFEDCBA")
    settings.BALLOT_KEY = "une autre clé"
    assert kept != codes.fingerprint(code, reference="ABCDEFGH")
