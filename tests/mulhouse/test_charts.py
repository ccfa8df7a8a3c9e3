"""A chart names itself, keeps what people wrote harmless, and is well-formed XML that a PDF can take."""

from xml.etree import ElementTree as ET

from mulhouse import charts
from mulhouse.charts import Bar, Stack

SVG = "{http://www.w3.org/2000/svg}"


def read(svg):
    return ET.fromstring(str(svg))


def test_bars_name_themselves_and_keep_their_proportions():
    made = charts.bars(
        key="q1",
        title="Trajets",
        description="Trois réponses.",
        bars=[Bar("À pied", 10, "10"), Bar("À vélo", 5, "5"), Bar("Autre", None, "moins de 5")],
    )
    root = read(made)

    assert (root.get("role"), root.get("aria-labelledby")) == ("img", "q1-titre q1-desc")
    assert [root.find(f"{SVG}{tag}").text for tag in ("title", "desc")] == ["Trajets", "Trois réponses."]
    assert [rect.get("width") for rect in root.iter(f"{SVG}rect") if rect.get("class") == "p0"] == ["400", "200"]


def test_long_labels_are_cut_in_two_lines_and_code_stays_text():
    root = read(charts.bars(key="q", title="t", description="d", bars=[Bar("<b>mot</b> " * 30, 1, "1")]))
    words = [text.text for text in root.iter(f"{SVG}text")]

    assert len(words) == 3
    assert words[0].startswith("<b>mot</b>")
    assert words[1].endswith("…")


def test_bars_without_anything_are_drawn_all_the_same():
    assert read(charts.bars(key="q", title="t", description="d", bars=[])).get("height") == "1"
    nothing = read(charts.bars(key="q", title="t", description="d", bars=[Bar("a", 0, "0")], most=0))
    assert [rect.get("class") for rect in nothing.iter(f"{SVG}rect")] == ["fond"]


def test_columns_write_some_of_many_labels():
    few = read(charts.columns(key="q", title="t", description="d", points=[("1", 2), ("2", 4)]))
    many = read(charts.columns(key="q", title="t", description="d", points=[(f"{n} mars", n) for n in range(30)]))

    assert [rect.get("height") for rect in few.iter(f"{SVG}rect")][1:] == ["80", "160"]
    assert len(list(many.iter(f"{SVG}text"))) == 6


def test_stacked_lines_fill_the_width_and_skip_what_is_hidden():
    root = read(
        charts.stacked(
            key="q",
            title="t",
            description="d",
            legend=["oui", "non", "ne sait pas"],
            stacks=[Stack("Bancs", [6, 2, None], "8 réponses"), Stack("Arbres", [0, 0, 0])],
        )
    )
    widths = [rect.get("width") for rect in root.iter(f"{SVG}rect") if rect.get("class").startswith("part")]

    assert widths == ["300", "100"]
