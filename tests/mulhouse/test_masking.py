"""What the detector finds in a text, what it lets through, and what it writes instead."""

import itertools
import string

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mulhouse import masking
from mulhouse.masking import Kind

CITY = ("03 89 32 58 58", "participation@mulhouse.example")
IBAN = "FR76 3000 6000 0112 3456 7890 189"


def kinds(text):
    return [found.kind for found in masking.find(text, allowed=CITY)]


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("Appelez-moi au 06 12 34 56 78.", "06 12 34 56 78"),
        ("06.12.34.56.78", "06.12.34.56.78"),
        ("tél:0612345678", "0612345678"),
        ("06-12-34-56-78", "06-12-34-56-78"),
        ("06/12/34/56/78", "06/12/34/56/78"),
        ("06\u00a012\u00a034\u00a056\u00a078", "06\u00a012\u00a034\u00a056\u00a078"),
        ("06\u202f12 34\u202f56 78", "06\u202f12 34\u202f56 78"),
        ("+33 6 12 34 56 78", "+33 6 12 34 56 78"),
        ("+33612345678", "+33612345678"),
        ("+33 (0)6 12 34 56 78", "+33 (0)6 12 34 56 78"),
        ("+33 (0) 6 12 34 56 78", "+33 (0) 6 12 34 56 78"),
        ("0033 6 12 34 56 78", "0033 6 12 34 56 78"),
        ("06 12345678", "06 12345678"),
        ("06 1234 5678", "06 1234 5678"),
        ("0612 345 678", "0612 345 678"),
        ("Mon fixe : 03 89 11 22 33, le soir", "03 89 11 22 33"),
        ("06 . 12 . 34 . 56 . 78", "06 . 12 . 34 . 56 . 78"),
        ("06\uff11\uff12345678", "06\uff11\uff12345678"),
        ("Côté Bâle : +41 61 123 45 67", "+41 61 123 45 67"),
        ("Freiburg +49 761 1234567", "+49 761 1234567"),
    ],
)
def test_a_telephone_number_is_found(text, found):
    assert [(one.kind, one.text) for one in masking.find(text, allowed=CITY)] == [(Kind.PHONE, found)]


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("paul.martin@habitants.example", "paul.martin@habitants.example"),
        ("Écrivez à paul@asso-quartier.fr.", "paul@asso-quartier.fr"),
        ("paul (at) gmail (point) com", "paul (at) gmail (point) com"),
        ("paul[at]gmail.com", "paul[at]gmail.com"),
        ("paul arobase gmail point com", "paul arobase gmail point com"),
        ("paul@gmail point com", "paul@gmail point com"),
        ("paul at gmail.com", "paul at gmail.com"),
        ("paul.martin chez orange.fr", "paul.martin chez orange.fr"),
        ("paul @ orange.fr", "paul @ orange.fr"),
        ("paul\uff20orange.fr", "paul\uff20orange.fr"),
    ],
)
def test_an_address_is_found(text, found):
    assert [(one.kind, one.text) for one in masking.find(text, allowed=CITY)] == [(Kind.EMAIL, found)]


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("La voiture AB-123-CD se gare là", "AB-123-CD"),
        ("ab-123-cd", "ab-123-cd"),
        ("AB 123 CD", "AB 123 CD"),
        ("AB123CD", "AB123CD"),
        ("la 1234 AB 68 blanche", "1234 AB 68"),
        ("123-ABC-67", "123-ABC-67"),
        ("456 QWX 2A", "456 QWX 2A"),
    ],
)
def test_a_plate_is_found(text, found):
    assert [(one.kind, one.text) for one in masking.find(text, allowed=CITY)] == [(Kind.PLATE, found)]


@pytest.mark.parametrize(
    "text",
    [
        IBAN,
        IBAN.replace(" ", ""),
        IBAN.lower(),
        "DE89 3704 0044 0532 0130 00",
        "CH93 0076 2011 6238 5295 7",
        "LU28 0019 4006 4475 0000",
    ],
)
def test_an_account_is_found(text):
    found = masking.find(f"Mon compte : {text} merci beaucoup")
    assert [(one.kind, one.text) for one in found] == [(Kind.IBAN, text)]


@pytest.mark.parametrize(
    "text",
    [
        "Le budget est de 1 250 000 €, puis 300 000 €.",
        "300000000 euros, 0,05 %",
        "du 01/02/2026 au 03/04/2026",
        "le 01/02/2026 18 h 30",
        "01.02.2026 14.30",
        "le 06-12-2026 à 12 h 34",
        "2026-11-23T10:29:22",
        "l’article L. 2121-29 du CGCT et l’article R123-4-12",
        "loi n° 2005-102 du 11 février 2005, décret n° 2019-768",
        "délibération n° 2026-0612-345",
        "SIRET 802 954 785 00028",
        "SIRET 80295478500028",
        "SIREN 802 954 785",
        "68100 Mulhouse, 68200 Mulhouse, 68 100",
        "les lots 01 02 03 04 05",
        "les lignes 01, 02, 03, 04 et 05",
        "01 02 03 04 05 06 07 08",
        "de 8 h 00 à 12 h 00 et de 14 h 00 à 18 h 00",
        "03 89 32 58 58",
        "+33 3 89 32 58 58",
        "participation@mulhouse.example",
        "Appelez le 17, le 112 ou le 3919.",
        "0 800 123 456 et 08 00 12 34 56",
        "ISBN 978-2-07-036822-8",
        "47.7508, 7.3359",
        "LA RD 201 EN TRAVAUX",
        "RD 201 ET RN 422",
        "12 RUE DE LA PAIX 68100",
        "1500 TTC 20",
        "200 EUR 50",
        "1968 MAI 68 AU 12",
        "la parcelle section AB 123",
        "l’arrêt, at home : gardons le bus",
        "look at example.com",
        "https://www.carte.example/@47.75,7.33",
        "@mulhouse sur le réseau",
        "3 personnes @ 5 heures",
        "FR76 3000 6000 0112 3456 7890 188",
        "référence FR12345678901234567890123AB",
        "contribution 7K2M9QXA",
        "les bus C1, C4 et le tram 1 de 6 h 05 à 22 h 15",
        "1 000 000 000 000",
        "3,1415926535",
        "192.168.10.250",
        "EN 13814 et NF EN 1176",
        "+12 345 678 € par an",
        "10 20 30 40 50 60 70",
        "1 06 12 34 56 78 90",
    ],
)
def test_what_is_none_is_let_through(text):
    assert masking.find(text, allowed=CITY) == []


def test_two_numbers_one_after_the_other_are_both_found():
    assert kinds("06 12 34 56 78 03 89 11 22 33") == [Kind.PHONE, Kind.PHONE]
    assert kinds("06 12 34 56 78 / 03 89 11 22 33") == [Kind.PHONE, Kind.PHONE]


def test_everything_is_masked_in_its_place():
    text = f"Moi : 06 12 34 56 78, p@x.fr, AB-123-CD, {IBAN}."
    assert masking.mask(text, masking.find(text)) == "Moi : [téléphone], [courriel], [plaque], [IBAN]."


def test_a_mask_that_is_too_long_is_shorter():
    text = "0612345678"
    assert masking.mask(text, masking.find(text), longest=10) == "[…]"


SEPARATORS = ["", " ", ".", "-", "/", "\u00a0", "\u202f", " . ", " - "]


@given(
    st.from_regex(r"[1-79][0-9]{8}", fullmatch=True),
    st.sampled_from(SEPARATORS),
    st.sampled_from(["0", "+33", "+33 ", "0033", "+33 (0)", "+33(0)"]),
)
def test_a_number_is_found_in_every_form(digits, separator, prefix):
    pairs = [digits[0], *(digits[place : place + 2] for place in range(1, 9, 2))]
    text = prefix + separator.join(pairs)
    expected = [] if [int(pair) for pair in pairs] == list(range(int(pairs[0]), int(pairs[0]) + 5)) else [Kind.PHONE]
    assert [one.kind for one in masking.find(f"au {text}, merci")] == expected


@given(st.text())
def test_what_is_found_is_in_the_text_in_order_and_apart(text):
    found = masking.find(text)
    assert [text[one.start : one.end] for one in found] == [one.text for one in found]
    assert all(before.end <= after.start for before, after in itertools.pairwise(found))


@given(st.text(alphabet=string.digits + " .@-+abAB/", max_size=120))
def test_a_masked_text_holds_nothing_more_to_find(text):
    masked = masking.mask(text, masking.find(text))
    again = masking.mask(masked, masking.find(masked))
    assert masking.find(again) == []


@given(
    st.dates(), st.times(), st.sampled_from(["%d/%m/%Y", "%d.%m.%Y", "%d-%m-%Y", "%Y-%m-%d", "%d %m %Y", "%d/%m/%y"])
)
def test_a_date_and_an_hour_are_never_a_number(day, hour, form):
    assert masking.find(f"le {day.strftime(form)} à {hour:%H h %M}, puis {day.strftime(form)} {hour:%H:%M}") == []


@given(st.integers(min_value=0, max_value=10**12), st.sampled_from([" ", "\u00a0", "\u202f", "."]))
def test_an_amount_is_never_a_number(amount, separator):
    assert masking.find(f"{amount:,}".replace(",", separator) + " €") == []


@given(st.integers(min_value=0, max_value=10**23 - 1), st.integers(min_value=0, max_value=99))
def test_only_the_right_checksum_is_an_account(account, key):
    body = f"{account:023d}"
    number = f"FR{key:02d}{body}"
    right = 98 - int(body + "152700") % 97
    assert masking.is_iban(number) is (key == right or key % 97 == right % 97)
