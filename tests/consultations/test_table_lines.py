import pytest
from hypothesis import given
from hypothesis import strategies as st

from consultations import table_lines
from consultations.table_lines import Line, Problem

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
    assert read(text) == (
        [Line(1, "opinion", "Trop chaud."), Line(2, "proposal", "Des bancs, à l’ombre.")],
        [],
    )


def test_it_says_what_is_wrong_in_each_line_and_reads_the_others():
    lines, problems = read("3;avis;a\nLes roues;avis;b\n1;poème;c\n1;avis;\nseul\n1;avis;Bien.")
    assert lines == [Line(1, "opinion", "Bien.")]
    assert problems == [
        Problem(1, "La partie «\u00a03\u00a0» n’existe pas\u00a0: écrivez son numéro, de 1 à 2, ou son titre."),
        Problem(2, "La partie «\u00a0Les roues\u00a0» n’existe pas\u00a0: écrivez son numéro, de 1 à 2, ou son titre."),
        Problem(3, "La sorte «\u00a0poème\u00a0» n’existe pas\u00a0: écrivez avis, proposition."),
        Problem(4, "Le texte est vide."),
        Problem(5, "Il faut trois colonnes\u00a0: la partie, la sorte et le texte."),
    ]


def test_nothing_is_nothing():
    assert read(" \n\n") == ([], [])


@given(st.text(max_size=200))
def test_it_reads_anything_without_failing(text):
    lines, problems = read(text)
    assert all(line.text and 1 <= line.section <= 2 for line in lines)
    assert all(problem.line >= 1 for problem in problems)
