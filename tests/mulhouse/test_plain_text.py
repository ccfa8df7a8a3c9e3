"""Signs that nobody sees are taken out of what people type; what a language needs stays."""

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mulhouse.plain_text import clean


@pytest.mark.parametrize(
    ("typed", "kept"),
    [
        ("Déjà vu, à l’été", "Déjà vu, à l’été"),
        ("e\u0301te\u0301", "e\u0301te\u0301"),
        ("👨\u200d👩\u200d👧", "👨\u200d👩\u200d👧"),
        ("می\u200cخواهم", "می\u200cخواهم"),
        ("مرحبا", "مرحبا"),
        ("Việt", "Việt"),
        ("a\tb\r\nc", "a\tb\r\nc"),
        ("a\x00b", "ab"),
        ("photo\u202egpj.exe", "photogpj.exe"),
        ("\u2066a\u2069", "a"),
        ("mot\u200bcaché", "motcaché"),
        ("a\u200db", "ab"),
        ("a\u200d\u200d\u200d", "a"),
        ("\ud800x", "x"),
        ("a\u2028b", "a\nb"),
        ("z" + "\u0301" * 50, "z" + "\u0301" * 3),
        ("\U000e0041\U000e0042ok", "ok"),
        ("\ufeffok", "ok"),
    ],
)
def test_what_stays_and_what_goes(typed, kept):
    assert clean(typed) == kept


@given(st.text())
def test_a_clean_text_stays_and_holds_no_control(text):
    once = clean(text)
    assert clean(once) == once
    assert not [sign for sign in once if unicodedata.category(sign) in {"Cc", "Cs"} and sign not in "\t\n\r"]


@given(st.text(alphabet=st.characters(categories=("L", "N", "P", "Zs", "S"))))
def test_letters_and_signs_are_never_touched(text):
    assert clean(text) == text
