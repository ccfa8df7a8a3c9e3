from mulhouse import references


def test_a_reference_is_eight_signs_without_look_alikes():
    drawn = {references.new_reference() for _time in range(2000)}

    assert len(drawn) == 2000
    assert {len(reference) for reference in drawn} == {8}
    assert set("".join(drawn)) == set(references.ALPHABET)
    assert len(references.ALPHABET) == 32
    assert not set("ILOU") & set(references.ALPHABET)
