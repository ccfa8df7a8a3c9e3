"""The components refuse what they do not know, say in words what they show, and tie their parts together."""

import datetime as dt
import re
from html.parser import HTMLParser
from pathlib import Path

import brotli
import pytest
from django import forms
from django.conf import settings
from django.template import Context, Template, TemplateSyntaxError
from django.utils import translation

from mulhouse import typography
from mulhouse.templatetags import ui

STATIC = Path(settings.BASE_DIR) / "static"
TEMPLATES = Path(settings.BASE_DIR) / "templates"
CSS = (STATIC / "css/site.css").read_text()
NBSP = "\u00a0"


def _render(source, **values):
    return Template(source).render(Context(values))


class Tree(HTMLParser):
    """Collect the elements of a fragment as (tag, attributes)."""

    def __init__(self, html):
        super().__init__()
        self.elements = []
        self.feed(html)

    def handle_starttag(self, tag, attrs):
        self.elements.append((tag, dict(attrs)))

    def all(self, tag):
        return [attributes for name, attributes in self.elements if name == tag]


# --- Arguments ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "source",
    [
        '{% tag label="Oui" colour="green" %}',
        "{% tag %}",
        '{% tag "Oui" %}',
        '{% notice mood="info" %}x{% endnotice %}',
        "{% positions_bar agree=1 mixed=2 %}",
    ],
    ids=["unknown", "missing", "positional", "unknown in a block", "missing count"],
)
def test_component_refuses_wrong_arguments_when_parsed(source):
    with pytest.raises(TemplateSyntaxError):
        Template(source)


def test_icon_refuses_a_name_that_the_sprite_lacks():
    with pytest.raises(ValueError, match="licorne"):
        _render('{% icon name="licorne" %}')


def test_icons_named_in_templates_and_code_exist():
    sources = [
        *TEMPLATES.rglob("*.html"),
        *Path(settings.BASE_DIR).glob("*/*.py"),
        *(TEMPLATES.parent / "mulhouse").rglob("*.py"),
    ]
    used = {
        name
        for path in sources
        for name in re.findall(r'(?:\{% icon name=|\bicon=|"icon": )"([a-z0-9-]+)"', path.read_text())
    }
    assert used - ui.icon_names() == set()


def test_sprite_carries_no_icon_that_nothing_shows():
    """Every page pays for each symbol: one that no template and no line of code names has no place there."""
    base = Path(settings.BASE_DIR)
    code = [
        path
        for pattern in ("*/*.py", "*/*/*.py")
        for path in base.glob(pattern)
        if path.relative_to(base).parts[0] not in {"tests", ".venv"}
    ]
    used = {
        name
        for path in [*TEMPLATES.rglob("*.html"), *code]
        for name in re.findall(r'(?:icon name=|icon=|else |return |[,:] )"([a-z0-9-]+)"(?!:)', path.read_text())
    }
    assert ui.icon_names() - used == set()


def test_icon_is_hidden_from_screen_readers():
    assert Tree(_render('{% icon name="check" %}')).all("svg") == [
        {"class": "ic", "aria-hidden": "true", "focusable": "false"}
    ]


def test_words_of_people_are_escaped_in_a_tag():
    assert "<b>" not in _render("{% tag label=label %}", label="<b>gras</b>")


# --- Words and numbers --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("count", "words"), [(0, "0 soutien"), (1, "1 soutien"), (2, "2 soutiens"), (1204, f"1{NBSP}204 soutiens")]
)
def test_french_counts_zero_in_the_singular(count, words):
    html = _render(
        '{% support_button url="/s/" count=count supported=False about="Un banc" closed=True %}', count=count
    )
    assert words in html


@pytest.mark.parametrize(
    ("start", "end", "words"),
    [
        (dt.date(2026, 3, 2), dt.date(2026, 3, 22), f"du 2 au 22{NBSP}mars 2026"),
        (dt.date(2026, 6, 1), dt.date(2026, 6, 30), f"du 1er au 30{NBSP}juin 2026"),
        (dt.date(2026, 3, 23), dt.date(2026, 5, 31), f"du 23{NBSP}mars au 31{NBSP}mai 2026"),
        (dt.date(2026, 12, 1), dt.date(2027, 1, 3), f"du 1er{NBSP}décembre 2026 au 3{NBSP}janvier 2027"),
        (dt.date(2026, 3, 5), dt.date(2026, 3, 5), f"le 5{NBSP}mars 2026"),
        (None, dt.date(2026, 3, 5), f"jusqu’au 5{NBSP}mars 2026"),
        (dt.date(2026, 3, 5), None, f"à partir du 5{NBSP}mars 2026"),
        (None, None, ""),
    ],
)
def test_period_repeats_neither_month_nor_year(start, end, words):
    assert typography.date_range(start, end) == words


def test_period_is_said_in_the_language_of_the_page():
    start, end = dt.date(2026, 3, 2), dt.date(2026, 3, 22)
    with translation.override("de"):
        assert typography.date_range(start, end) == f"vom 2. bis 22.{NBSP}März 2026"
    with translation.override("en"):
        assert typography.date_range(start, end) == f"from 2 to 22{NBSP}March 2026"


def test_day_is_the_one_in_mulhouse():
    """Half past eleven in the evening in London is already tomorrow in Mulhouse."""
    assert typography.day(dt.datetime(2026, 5, 31, 22, 30, tzinfo=dt.UTC)) == f"1er{NBSP}juin 2026"


def test_hour_is_said_as_in_french():
    at = dt.datetime(2026, 12, 12, 17, 30, tzinfo=dt.UTC)
    assert typography.instant(at, weekday=True) == f"samedi 12{NBSP}décembre 2026 à 18{NBSP}h{NBSP}30"
    assert typography.hour(dt.datetime(2026, 12, 12, 17, 0, tzinfo=dt.UTC)) == f"18{NBSP}h"


def test_moment_gives_the_machine_its_date():
    at = dt.datetime(2026, 5, 31, 22, 30, tzinfo=dt.UTC)
    assert _render("{% moment at=at %}", at=at) == f'<time datetime="2026-06-01">1<sup>er</sup>{NBSP}juin 2026</time>'
    assert 'datetime="2026-06-01T00:30+02:00"' in _render("{% moment at=at hour=True %}", at=at)


@pytest.mark.parametrize(
    ("cents", "words"), [(30_000_000, f"300{NBSP}000{NBSP}€"), (1250, f"12,50{NBSP}€"), (0, f"0{NBSP}€")]
)
def test_amount_has_no_break_spaces(cents, words):
    assert typography.amount(cents) == words


@pytest.mark.parametrize(("size", "words"), [(1, f"1{NBSP}ko"), (84_000, f"84{NBSP}ko"), (1_240_000, f"1,2{NBSP}Mo")])
def test_size_of_a_file_is_said_in_words(size, words):
    assert typography.file_size(size) == words


# --- Bars, pages --------------------------------------------------------------------------------------------------------


def test_positions_are_said_in_words_and_fill_the_bar():
    html = _render("{% positions_bar agree=128 mixed=12 disagree=31 %}")
    tree = Tree(html)
    assert tree.all("svg")[0]["aria-label"] == "128 d’accord, 12 mitigé, 31 pas d’accord"
    assert sum(int(bar["width"]) for bar in tree.all("rect")) == 1000
    assert [words in html for words in ("<b>128</b>", "<b>12</b>", "<b>31</b>")] == [True] * 3


def test_nobody_yet_shows_no_bar():
    assert Tree(_render("{% positions_bar agree=0 mixed=0 disagree=0 %}")).all("svg") == []


@pytest.mark.parametrize(
    ("number", "total", "shown"),
    [
        (1, 1, []),
        (1, 2, [1, 2]),
        (1, 9, [1, 2, 0, 9]),
        (5, 9, [1, 0, 4, 5, 6, 0, 9]),
        (9, 9, [1, 0, 8, 9]),
        (2, 3, [1, 2, 3]),
    ],
)
def test_pages_shown_are_the_ends_and_the_neighbours(number, total, shown):
    pages = ui.pages_of(number=number, total=total, url_of=lambda page: f"?page={page}")
    assert [link.number for link in pages.links] == shown
    assert (pages.previous_url == "") == (number == 1)
    assert (pages.next_url == "") == (number == total)


def test_visitor_is_led_to_sign_in_rather_than_refused():
    html = _render('{% position_buttons url="/p/" about="Un banc" sign_in_url="/compte/login/?next=/x/" %}')
    assert Tree(html).all("form") == []
    assert Tree(html).all("a")[0]["href"] == "/compte/login/?next=/x/"


def test_chosen_position_is_pressed():
    html = _render('{% position_buttons url="/p/" current="mixed" about="Un banc" %}')
    assert [(b["value"], b["aria-pressed"]) for b in Tree(html).all("button")] == [
        ("agree", "false"),
        ("mixed", "true"),
        ("disagree", "false"),
    ]


# --- Forms --------------------------------------------------------------------------------------------------------------


class Sample(forms.Form):
    """Each way a field can be tied to its label."""

    title = forms.CharField(label="Titre", help_text="En une phrase.")
    nickname = forms.CharField(label="Surnom", required=False)
    text = forms.CharField(label="Texte", max_length=3000, widget=forms.Textarea)
    kind = forms.ChoiceField(label="Sorte", choices=[("a", "A"), ("b", "B")], widget=forms.RadioSelect)
    charter = forms.BooleanField(label="J’ai lu la charte.")


def _field(form, name):
    return _render("{% field bound=bound %}", bound=form[name])


def _assert_tied(html):
    """Everything that describes a field exists once."""
    tree = Tree(html)
    ids = [attributes["id"] for _, attributes in tree.elements if "id" in attributes]
    described = [name for _, a in tree.elements for name in a.get("aria-describedby", "").split()]
    assert sorted(set(ids)) == sorted(ids)
    assert [name for name in described if name not in ids] == []
    assert [label["for"] for label in tree.all("label") if label.get("for") not in ids] == []


@pytest.mark.parametrize("name", Sample.base_fields)
@pytest.mark.parametrize("data", [None, {}], ids=["new", "refused"])
def test_field_is_tied_to_its_label_help_and_error(name, data):
    _assert_tied(_field(Sample(data), name))


def test_refused_field_says_so_in_words():
    html = _field(Sample({}), "title")
    assert f"Erreur{NBSP}:" in html
    assert Tree(html).all("input")[0]["aria-invalid"] == "true"


def test_optional_field_says_so_in_words():
    assert "(facultatif)" in _field(Sample(), "nickname")
    assert "(facultatif)" not in _field(Sample(), "title")


def test_radios_stand_in_a_named_group():
    tree = Tree(_field(Sample(), "kind"))
    assert (len(tree.all("fieldset")), len(tree.all("legend"))) == (1, 1)


def test_long_text_says_how_long_it_may_be():
    assert f"3{NBSP}000 caractères au plus" in _field(Sample(), "text")


def test_answers_of_several_lines_keep_them():
    """The lines of a table and the ranks of a choice are read one under the other before they are sent."""
    html = _render("{% summary_list facts=facts %}", facts=[ui.Fact("Le calme", "Bien\n<b>Moyen")])
    assert "<dd>Bien<br>&lt;b&gt;Moyen</dd>" in html


def test_summary_lists_every_error_and_leads_to_its_field():
    form = Sample({"text": "…"})
    html = _render("{% error_summary form=form %}", form=form)
    targets = [link["href"].removeprefix("#") for link in Tree(html).all("a")]
    page = "".join(_field(form, name) for name in form.fields)
    assert targets == ["id_title", "id_kind_0", "id_charter"]
    assert [target for target in targets if f'id="{target}"' not in page] == []
    assert "Corrigez 3 erreurs" in html


@pytest.mark.parametrize("form", [Sample(), Sample({"title": "t", "text": "t", "kind": "a", "charter": "on"})])
def test_nothing_to_correct_shows_nothing(form):
    assert _render("{% error_summary form=form %}{% error_prefix form=form %}", form=form).strip() == ""


def test_title_of_a_refused_page_begins_with_error():
    assert _render("{% error_prefix form=form %}", form=Sample({})) == f"Erreur{NBSP}: "


# --- Colours, fonts, weight ---------------------------------------------------------------------------------------------


def _tokens(block):
    return dict(re.findall(r"--([\w-]+):\s*([^;]+);", block))


def _schemes():
    light = _tokens(CSS[CSS.index(":root {") : CSS.index("@media (prefers-color-scheme: dark)")])
    dark = _tokens(re.search(r':root:not\(\[data-theme="clair"\]\) \{(.*?)\}', CSS, re.DOTALL)[1])
    return {"light": light, "dark": {**light, **dark}}


def _colour(tokens, name):
    value = tokens[name].strip()
    while value.startswith("var("):
        value = tokens[value[6:-1]].strip()
    digits = value.lstrip("#")
    digits = "".join(sign * 2 for sign in digits) if len(digits) == 3 else digits
    return [int(digits[i : i + 2], 16) / 255 for i in (0, 2, 4)]


def _contrast(first, second):
    def luminance(colour):
        red, green, blue = (c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in colour)
        return 0.2126 * red + 0.7152 * green + 0.0722 * blue

    high, low = sorted((luminance(first), luminance(second)), reverse=True)
    return (high + 0.05) / (low + 0.05)


INKS = ("texte", "texte-2", "texte-3", "lien", "visite", "marque")
TEXT = [(ink, ground) for ink in INKS for ground in ("page", "surface", "creux")]
TEXT += [(ink, "papier") for ink in ("papier-encre", "papier-encre-2", "papier-focus")]
TINTS = [(ink, f"{ink}-pale") for ink in ("succes", "alerte", "erreur", "marque")]
TINTS += [("lien", "action-pale"), ("sur-action", "action")]
FIXED = re.compile(
    # Grounds that are dark, or pale, in both schemes.
    r"^\s*(?:\.sombre|\.hero|\.tissu--|\.liseret|\.pied|\.demo|\.code-qr"
    r"|::selection|\.bouton--(?:clair|contour))|\.sombre \.panneau"
)
COLOUR = re.compile(r"#[0-9a-f]{3,8}\b|\brgb\(")


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize(("ink", "ground"), TEXT + TINTS)
def test_text_contrasts_with_its_ground(scheme, ink, ground):
    tokens = _schemes()[scheme]
    assert _contrast(_colour(tokens, ink), _colour(tokens, ground)) >= 4.5


def test_lines_to_write_on_are_seen_on_paper():
    tokens = _schemes()["light"]
    assert (
        min(_contrast(_colour(tokens, line), _colour(tokens, "papier")) for line in ("papier-trait", "papier-reglure"))
        >= 3
    )


def test_paper_is_the_same_in_both_schemes():
    light, dark = _schemes()["light"], _schemes()["dark"]
    assert {name: value for name, value in light.items() if name.startswith("papier") and dark[name] != value} == {}


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("ground", ["page", "surface", "creux"])
@pytest.mark.parametrize("mark", ["trait-fort", "focus", "erreur", "succes", "pop", "mi-teinte"])
def test_borders_focus_and_bars_contrast_with_their_ground(scheme, mark, ground):
    tokens = _schemes()[scheme]
    assert _contrast(_colour(tokens, mark), _colour(tokens, ground)) >= 3


def test_chosen_dark_scheme_is_the_one_of_the_device():
    device = re.search(r':root:not\(\[data-theme="clair"\]\) \{(.*?)\}', CSS, re.DOTALL)[1]
    chosen = re.search(r':root\[data-theme="sombre"\] \{(.*?)\}', CSS, re.DOTALL)[1]
    assert device.split() == chosen.split()


def test_colours_of_components_are_tokens():
    """A colour written outside the tokens would not follow the dark scheme; the grounds that are dark in both are named."""
    components = CSS[CSS.index("@layer base {") : CSS.index("@layer print {")]
    components = re.sub(r"/\*.*?\*/", "", components, flags=re.DOTALL)
    wrong = [line.strip()[:90] for line in components.splitlines() if COLOUR.search(line) and not FIXED.search(line)]
    assert wrong == []


def test_style_and_scripts_stay_light():
    """Units: bytes once compressed with brotli."""
    weight = {
        path.relative_to(STATIC).as_posix(): len(brotli.compress(path.read_bytes()))
        for path in [*STATIC.rglob("*.css"), *STATIC.rglob("*.js")]
        # Leaflet comes after a press on a button, where a city has tiles: never on a first visit.
        if "admin" not in path.name and "leaflet" not in path.as_posix()
    }
    assert weight["css/site.css"] <= 15_000
    assert weight["js/app.js"] <= 3_000
    assert sum(size for name, size in weight.items() if name.endswith(".js")) <= 20_000


def test_fonts_icons_and_scripts_carry_their_licence():
    families = {path.name.split("-latin")[0] for path in (STATIC / "fonts").glob("*.woff2")}
    assert [family for family in families if not (STATIC / f"fonts/LICENCE-{family}.txt").exists()] == []
    assert [path.name for path in (STATIC / "vendor").iterdir() if not (path / "LICENSE").exists()] == []
