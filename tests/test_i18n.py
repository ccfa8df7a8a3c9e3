"""Every sentence is marked for translation or said to be French, and the catalogues hold together."""

import ast
import io
import re
from functools import cache
from html.parser import HTMLParser
from pathlib import Path
from string import Formatter

import pytest
from babel.messages.extract import extract
from babel.messages.pofile import read_po
from django.conf import settings
from django.urls import NoReverseMatch, reverse
from django.utils import translation
from django.utils.translation.template import templatize

from tests import factories
from tests.factories import sign_in
from tests.test_routes import OURS, ROUTES

ROOT = Path(settings.BASE_DIR)
LOCALE = Path(settings.LOCALE_PATHS[0])
LANGUAGES = [code for code, _ in settings.LANGUAGES]
APPS = sorted(path.parent for path in ROOT.glob("*/apps.py"))
KEYWORDS = {
    **dict.fromkeys(("_", "gettext", "gettext_lazy", "gettext_noop"), (1,)),
    **dict.fromkeys(("ngettext", "ngettext_lazy", "n_"), (1, 2)),
    **dict.fromkeys(("pgettext", "pgettext_lazy"), ((1, "c"), 2)),
    **dict.fromkeys(("npgettext", "npgettext_lazy"), ((1, "c"), 2, 3)),
}
# The shell: what stands around the content, and what a resident must understand to act. It speaks German and English.
SHELL = (
    "templates/base.html",
    "templates/error.html",
    "templates/components",
    "templates/forms",
    "mulhouse/navigation.py",
)


# --- What the code holds -------------------------------------------------------------------------------------------------


def _python():
    return [path for app in APPS for path in app.rglob("*.py") if "migrations" not in path.parts]


def _templates():
    return [path for path in (ROOT / "templates").rglob("*") if path.suffix in {".html", ".txt"}]


@cache
def _messages():
    """Collect {message: files}; a message is a text, or a (singular, plural) pair."""
    found = {}
    for path in (*_python(), *_templates()):
        source = path.read_text()
        if path.suffix != ".py":
            source = templatize(source, origin=str(path))
        for _line, message, _comments, context in extract("python", io.BytesIO(source.encode()), KEYWORDS):
            texts = [text for text in (message if isinstance(message, tuple) else (message,)) if text != context]
            key = tuple(texts) if len(texts) > 1 else texts[0]
            found.setdefault(key, set()).add(path.relative_to(ROOT).as_posix())
    return found


@cache
def _catalogue(language):
    path = LOCALE / language / "LC_MESSAGES/django.po"
    with path.open("rb") as file:
        return read_po(file, locale=language, abort_invalid=True)


def _placeholders(text):
    return sorted(re.findall(r"%\((\w+)\)[sd]", text))


def test_calls_of_gettext_hold_plain_texts_with_named_placeholders():
    """After wagtail's list: a built text is never found in a catalogue, an unnamed place can not be moved."""
    wrong = []
    for path in _python():
        for node in ast.walk(ast.parse(path.read_text())):
            name = getattr(getattr(node, "func", None), "id", "")
            if not isinstance(node, ast.Call) or name not in KEYWORDS:
                continue
            texts = (
                node.args[:-1] if name.lstrip("n") != name and "gettext" in name and name.startswith("n") else node.args
            )
            for text in texts:
                plain = isinstance(text, ast.Constant) and isinstance(text.value, str)
                if not plain:
                    wrong.append(f"{path.relative_to(ROOT)}:{node.lineno}: built text")
                elif re.search(r"%[sd]", text.value) or any(field for _, field, _, _ in _format_fields(text.value)):
                    wrong.append(f"{path.relative_to(ROOT)}:{node.lineno}: {text.value}")
    assert wrong == []


def _format_fields(text):
    try:
        return list(Formatter().parse(text))
    except ValueError:
        return []


def test_singular_and_plural_name_the_same_things():
    """Unless the number itself is only in the plural (« une voix », « %(n)s voix »)."""
    wrong = []
    for message in _messages():
        if isinstance(message, tuple):
            singular, plural = (set(_placeholders(text)) for text in message)
            if not singular <= plural:
                wrong.append(message)
    assert wrong == []


# --- Catalogues ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("language", LANGUAGES)
def test_catalogue_is_sound(language):
    catalogue = _catalogue(language)
    wrong = [(message.id, str(error)) for message, errors in catalogue.check() for error in errors]
    for message in catalogue:
        if not message.id or not message.string:
            continue
        ids = message.id if isinstance(message.id, tuple) else (message.id,)
        allowed = {tuple(_placeholders(text)) for text in ids}
        strings = message.string if isinstance(message.string, tuple) else (message.string,)
        wrong += [(message.id, text) for text in strings if text and tuple(_placeholders(text)) not in allowed]
        wrong += [(message.id, "fuzzy")] if message.fuzzy else []
    assert wrong == []


def test_every_french_plural_is_filled():
    """« 0 voix reçue »: without these entries Django counts the way English does."""
    filled = {m.id for m in _catalogue("fr") if isinstance(m.id, tuple) and all(m.string)}
    assert sorted(message for message in _messages() if isinstance(message, tuple) and message not in filled) == []


def test_french_catalogue_holds_plurals_only():
    assert [message.id for message in _catalogue("fr") if message.id and not isinstance(message.id, tuple)] == []


def test_french_says_zero_in_the_singular():
    plurals = [m.id for m in _catalogue("fr") if isinstance(m.id, tuple)]
    with translation.override("fr"):
        said = [(translation.ngettext(*message, 0), translation.ngettext(*message, 2)) for message in plurals]
    assert said == plurals


@pytest.mark.parametrize("language", [code for code in LANGUAGES if code != "fr"])
def test_shell_is_translated(language):
    """Navigation, forms, errors, components: a neighbour from Freiburg or Basel finds the way."""
    catalogue = _catalogue(language)
    missing = []
    for message, files in _messages().items():
        if any(file.startswith(SHELL) for file in files):
            entry = catalogue.get(message[0] if isinstance(message, tuple) else message)
            strings = entry.string if entry else ""
            if not (all(strings) if isinstance(strings, tuple) else strings):
                missing.append(message)
    assert missing == []


@pytest.mark.parametrize("language", LANGUAGES)
def test_catalogue_has_no_dead_entry(language):
    known = {*_messages(), *(m[0] for m in _messages() if isinstance(m, tuple))}
    # Sentences of Django and of packages that we say otherwise stay: they have no place in our code.
    ours = [m.id for m in _catalogue(language) if m.id and not m.auto_comments]
    assert [message for message in ours if message not in known] == []


# --- Pages: everything marked ---------------------------------------------------------------------------------------------


class Reader(HTMLParser):
    """Collect the words of a page that are neither marked ⟦…⟧ nor inside an element said to be French."""

    SILENT = frozenset({"script", "style", "code", "symbol"})
    EMPTY = frozenset({"meta", "link", "input", "img", "br", "hr", "use", "path", "wbr", "source", "rect", "circle"})
    SPOKEN = ("alt", "title", "aria-label", "placeholder", "content")

    def __init__(self):
        super().__init__()
        self.open = []
        self.depth = 0
        self.unmarked = []

    def handle_starttag(self, tag, attributes):
        given = dict(attributes)
        if tag not in self.EMPTY:
            self.open.append((tag, given.get("lang")))
        if tag == "meta" and given.get("name") != "description":
            return
        spoken = [given[name] for name in self.SPOKEN if given.get(name)]
        spoken += [given["value"]] if tag == "input" and given.get("type") in {"submit", "button"} else []
        for text in spoken if given.get("lang") != "fr" else ():
            self._read(text, attribute=True)

    def handle_endtag(self, tag):
        # `<use … />` is announced as an end too, of an element that was never opened.
        while self.open and tag not in self.EMPTY:
            if self.open.pop()[0] == tag:
                break

    def handle_data(self, data):
        if self.open and self.open[-1][0] not in self.SILENT:
            self._read(data, attribute=False)

    def _is_french(self):
        return next((lang for _tag, lang in reversed(self.open) if lang), "de") == "fr"

    def _read(self, text, *, attribute):
        depth, outside = (0 if attribute else self.depth), ""
        for sign in text:
            depth += {"⟦": 1, "⟧": -1}.get(sign, 0)
            outside += sign if depth == 0 and sign not in "⟦⟧" else ""
        if not attribute:
            self.depth = depth
        # References, addresses and file types are not words of a language; first, since a reference may hold « DE ».
        outside = re.sub(
            r"\b[0-9A-Z]{8}\b|\S+@\S+|https?://\S+|\b(?:PDF|CSV|JSON|JPEG|PNG|ODT|RSS|Atom|SHA-256)\b", "", outside
        )
        for name in ALLOWED:
            outside = outside.replace(name, "")
        if re.search(r"[^\W\d_]{2}", outside) and not self._is_french():
            self.unmarked.append(" ".join(outside.split())[:90])


ALLOWED = sorted(
    {
        settings.SITE_NAME,
        "Mulhouse",
        *(name for _, name in settings.LANGUAGES),
        *(code.upper() for code, _ in settings.LANGUAGES),
        *map(str, settings.CONTACT.values()),
    },
    key=len,
    reverse=True,
)


@pytest.fixture
def marked(monkeypatch):
    """Make every translation bear its marks."""
    trans = translation._trans  # noqa: SLF001 (where every flavour of gettext meets)
    monkeypatch.setattr(trans, "gettext", lambda message: f"⟦{message}⟧" if message else "")
    monkeypatch.setattr(trans, "pgettext", lambda context, message: f"⟦{message}⟧")
    monkeypatch.setattr(trans, "ngettext", lambda one, many, number: f"⟦{one if number < 2 else many}⟧")
    monkeypatch.setattr(trans, "npgettext", lambda context, one, many, number: f"⟦{one if number < 2 else many}⟧")


def _unmarked(client, addresses):
    found = {}
    for address in addresses:
        response = client.get(address)
        if response.status_code == 200 and "text/html" in response.get("Content-Type", ""):
            reader = Reader()
            reader.feed(response.content.decode())
            found |= {f"{address}: {text}": None for text in reader.unmarked}
    return list(found)


def _plain_addresses(*accesses):
    """Give the pages of a kind of access that need no argument, in German: what is not marked shows."""
    with translation.override("de"):
        for name in sorted(ROUTES):
            if OURS.get(name) in accesses and name != "gallery":
                try:
                    yield reverse(name)
                except NoReverseMatch:
                    continue


def _contents():
    """A consultation and what residents wrote in it; names are marked, texts are French and must say so."""
    district = factories.make_district(name="⟦Quartier⟧")
    consultation = factories.make_consultation(
        title="⟦Titre⟧",
        theme=factories.make_theme(name="⟦Thème⟧"),
        service=factories.make_service(name="⟦Service⟧"),
        districts=[district],
    )
    author = factories.make_resident(public_name="⟦Nom⟧", district=district)
    contribution = factories.make_contribution(
        consultation=consultation, author=author, title="⟦Titre⟧", reference="V3BD8HDE"
    )
    comment = factories.make_comment(contribution=contribution, author=author)
    factories.make_comment(parent=comment, author=author)
    return consultation, contribution, author


def _ideas():
    """Two ideas of a campaign: names are marked, texts are French and must say so."""
    district = factories.make_district(name="⟦Autre quartier⟧")
    campaign = factories.make_campaign(title="⟦Boîte⟧")
    names = {
        "theme": factories.make_theme(name="⟦Autre thème⟧"),
        "author": factories.make_resident(public_name="⟦Nom⟧"),
    }
    return [
        factories.make_idea(
            campaign=campaign, place_district=district, district=district, title="⟦Titre⟧", reference=reference, **names
        )
        for reference in ("V3BD8HDE", "V3BD8HDF")
    ]


def test_public_pages_are_marked(db, client, marked):
    consultation, contribution, _author = _contents()
    idea, other = _ideas()
    with translation.override("de"):
        addresses = [consultation.get_absolute_url(), contribution.get_absolute_url()]
        addresses += [idea.get_absolute_url(), idea.campaign.get_absolute_url()]
        addresses.append(f"{reverse('ideas:compare')}?a={idea.reference}&b={other.reference}")
    assert _unmarked(client, [*_plain_addresses("public"), *addresses]) == []


def test_pages_of_a_resident_are_marked(db, client, marked):
    consultation, contribution, author = _contents()
    sign_in(client, author)
    with translation.override("de"):
        addresses = [consultation.get_absolute_url(), contribution.get_absolute_url()]
    assert _unmarked(client, [*_plain_addresses("resident"), *addresses]) == []
