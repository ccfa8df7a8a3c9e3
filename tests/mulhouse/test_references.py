import pytest

from mulhouse import references


def test_a_reference_is_eight_signs_without_look_alikes():
    drawn = {references.new_reference() for _time in range(2000)}

    assert len(drawn) == 2000
    assert {len(reference) for reference in drawn} == {8}
    assert set("".join(drawn)) == set(references.ALPHABET)
    assert len(references.ALPHABET) == 32
    assert not set("ILOU") & set(references.ALPHABET)


@pytest.mark.parametrize("typed", ["", "\0", "1XTR80V", "1XTR80V77", "1XTR80VI", "1XTR80V\0", "١XTR80V7"])
def test_what_cannot_be_a_reference_is_none(typed):
    assert references.read_reference(typed) == ""


def test_a_reference_is_read_however_it_is_cased():
    assert references.read_reference("1xtr80v7") == "1XTR80V7"
