import pytest
from hypothesis import given
from hypothesis import strategies as st

from consultations import table_lines
from consultations.table_lines import Line, UnreadableError

SECTIONS = ["Les arbres", "Les bancs"]
KINDS = {"avis": "opinion", "proposition": "proposal"}


def read(text):
    return table_lines.read(text, sections=SECTIONS, kinds=KINDS)


@pytest.mark.parametrize(
    "text",
    [
        "1;avis;Trop chaud.\n2;proposition;Des bancs, à l’ombre.\n",
        "partie;sorte;texte\r\nLes arbres;AVIS;Trop chaud.\r\n\r\n les  BANCS ;Proposition;Des bancs, à l’ombre.\r\n",
        "1\tavis\tTrop chaud.\n2\tproposition\tDes bancs, à l’ombre.",
        "1,,Trop chaud.\n2,proposition,Des bancs,à l’ombre.\n",
        '1;"avis";"Trop chaud."\n2;proposition;"Des bancs, à l’ombre."\n',
    ],
)
def test_it_reads_what_spreadsheets_write(text):
    assert read(text) == [Line(1, "opinion", "Trop chaud."), Line(2, "proposal", "Des bancs, à l’ombre.")]


def test_it_says_what_is_wrong_in_each_line_and_loses_none():
    unknown = "La %s « %s » n’existe pas : choisissez-la dans la liste."
    assert read("3;avis;a\nLes roues;poème;b\n1;poème;c\n1;avis;\nseul;ici\n1;avis;Bien.") == [
        Line(None, "opinion", "a", {"section": unknown % ("partie", "3")}),
        Line(None, "", "b", {"section": unknown % ("partie", "Les roues"), "kind": unknown % ("sorte", "poème")}),
        Line(1, "", "c", {"kind": unknown % ("sorte", "poème")}),
        Line(1, "opinion", "", {"text": "Le texte est vide."}),
        Line(None, "", "seul; ici", {"text": "Il faut trois colonnes : la partie, la sorte et le texte."}),
        Line(1, "opinion", "Bien."),
    ]


def test_a_sheet_that_stops_half_way_gives_nothing():
    """What was read before would be taken twice once the sheet is mended."""
    with pytest.raises(UnreadableError) as stopped:
        read("1;avis;Bien.\n1;avis;" + "a" * 200_000)
    assert str(stopped.value) == "2"


def test_nothing_is_nothing():
    assert read(" \n\n") == []


@given(st.text(max_size=200))
def test_it_reads_anything_without_failing(text):
    lines = read(text)
    assert all(bool(line.problems) or (line.text and line.section in {1, 2}) for line in lines)
    signs = {sign for sign in text if sign.isalnum()}
    assert not lines or signs >= {sign for line in lines for sign in line.text if sign.isalnum()}
