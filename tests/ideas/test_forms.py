"""What the forms of an idea take and refuse, beside each field."""

import io

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from PIL import Image

from ideas import forms
from ideas.actions import Words
from mulhouse import uploads
from tests import factories as f

pytestmark = pytest.mark.django_db
TITLE = "Des bancs à l’ombre"
PROMISES = dict.fromkeys(forms.StartForm.CRITERIA, "on")


def idea(**fields):
    given = {
        "title": TITLE,
        "need": "Il fait chaud.",
        "proposal": "Des bancs.",
        "theme": fields.pop("theme", None) or f.make_theme().pk,
        "behalf": "oneself",
        "signature": "name",
    }
    return forms.IdeaForm({**given, **fields})


def codes(form):
    return {name: [error.code for error in errors.as_data()] for name, errors in form.errors.items()}


# --- The first step --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("missing", forms.StartForm.CRITERIA)
def test_each_criterion_is_ticked(missing):
    form = forms.StartForm({"title": TITLE, **PROMISES, missing: ""})
    assert codes(form) == {missing: ["required"]}


@pytest.mark.parametrize(
    ("title", "expected"),
    [
        ("", ["required"]),
        ("Des bancs", ["short"]),
        ("  Des    bancs  ", ["short"]),
        ("Des bancs !", []),
        ("a" * 120, []),
        ("a" * 121, ["long"]),
    ],
)
def test_a_title_says_something_and_fits_a_list(title, expected):
    assert codes(forms.StartForm({"title": title, **PROMISES})).get("title", []) == expected


def test_a_title_is_on_one_line():
    form = forms.StartForm({"title": "Des bancs\r\n à   l’ombre", **PROMISES})
    assert (form.is_valid(), form.cleaned_data["title"]) == (True, TITLE)


# --- The idea --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        ({}, {}),
        ({"need": ""}, {"need": ["required"]}),
        ({"proposal": " "}, {"proposal": ["required"]}),
        ({"need": "a" * 3001}, {"need": ["max_length"]}),
        ({"need": "é\r\n" * 1500}, {}),
        ({"theme": "0"}, {"theme": ["invalid_choice"]}),
        ({"theme": "9" * 40}, {"theme": ["invalid_choice"]}),
        ({"place_district": "x"}, {"place_district": ["invalid_choice"]}),
        ({"cost": "a" * 201}, {"cost": ["max_length"]}),
        ({"behalf": "ministry"}, {"behalf": ["invalid_choice"]}),
        ({"signature": "anonymous"}, {"signature": ["invalid_choice"]}),
        ({"behalf": "association"}, {"behalf_name": [""]}),
        ({"behalf": "association", "behalf_name": "Les Amis du canal"}, {}),
        ({"need": "Écrivez à lea@example.org"}, {"need": ["masking"]}),
        ({"behalf": "council", "behalf_name": "Léa 06 12 34 56 78"}, {"behalf_name": ["masking"]}),
    ],
)
def test_what_an_idea_says(fields, expected):
    found = {name: [code or "" for code in each] for name, each in codes(idea(**fields)).items()}
    assert found == expected


def test_after_a_reaction_only_some_words_are_asked():
    kept = f.make_idea(place="Quai du Fil", signature="district")
    form = forms.IdeaForm({"title": TITLE, "need": "Besoin", "proposal": "Autre", "place": "Ailleurs"}, reacted=True)
    assert list(form.fields) == ["title", "need", "proposal", "beneficiaries", "cost"]
    assert form.is_valid()
    words = form.words(kept=kept)
    assert (words.title, words.place, words.signature, words.theme) == (TITLE, "Quai du Fil", "district", kept.theme)


def test_capitals_are_advised_against_not_refused():
    form = idea(title="DES BANCS À L’OMBRE", proposal="DES BANCS PARTOUT, TOUT DE SUITE")
    assert (form.is_valid(), len(form.advice())) == (True, 2)
    quiet = idea()
    assert (quiet.is_valid(), quiet.advice()) == (True, [])


def test_a_draft_keeps_everything_that_fits():
    theme, district = f.make_theme(), f.make_district()
    typed = {
        "title": " Des  bancs\x00 " + "a" * 200,
        "need": "Besoin\r\nici",
        "proposal": "",
        "theme": str(theme.pk),
        "place_district": str(district.pk),
        "place": "b" * 300,
        "behalf": "ministry",
        "behalf_name": "Nom",
        "signature": "district",
        "cost": "peu",
    }
    assert forms.draft_words(typed) == Words(
        title=("Des bancs " + "a" * 200)[:120],
        need="Besoin\nici",
        proposal="",
        theme=theme,
        place_district=district,
        place="b" * 160,
        behalf="oneself",
        behalf_name="Nom",
        signature="district",
        cost="peu",
    )
    assert forms.draft_words({"theme": "²", "place_district": "9" * 30}).theme is None


# --- Photos ----------------------------------------------------------------------------------------------------------


def jpeg(size=(40, 30)):
    out = io.BytesIO()
    Image.new("RGB", size, "teal").save(out, "JPEG")
    return out.getvalue()


PDF = b"%PDF-1.4\n1 0 obj<</Type/Catalog>>endobj\ntrailer<</Root 1 0 R>>"
SVG = b'<svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script></svg>'


def photo_form(content, name="rue.jpg", **fields):
    sent = SimpleUploadedFile(name, content, "image/jpeg")
    return forms.PhotoForm({"alt": "Une rue", **fields}, {"file": sent})


@pytest.mark.parametrize(
    ("content", "name"),
    [
        (b"", "rue.jpg"),
        (b"pas une image", "rue.jpg"),
        (SVG, "rue.jpg"),
        (SVG, "rue.svg"),
        (PDF, "rue.jpg"),
        (PDF, "plan.pdf"),
        (b"GIF89a" + b"\x00" * 40, "rue.gif"),
        (jpeg()[:60], "rue.jpg"),
        (jpeg() + b"\x00" * uploads.MAX_BYTES, "rue.jpg"),
    ],
)
def test_what_is_no_photo_is_refused_beside_the_field(content, name):
    form = photo_form(content, name)
    assert (form.is_valid(), list(form.errors), form.cleaned_data.get("upload")) == (False, ["file"], None)


def test_a_second_file_behind_a_photo_is_left_behind():
    form = photo_form(jpeg() + b"PK\x03\x04<script>alert(1)</script>" + SVG)
    assert form.is_valid()
    upload = form.cleaned_data["upload"]
    assert (upload.content_type, b"script" in upload.content, b"PK\x03\x04" in upload.content) == (
        "image/webp",
        False,
        False,
    )


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        ({"alt": ""}, ["alt"]),
        ({"alt": "", "is_decorative": "on"}, []),
        ({"alt": "a" * 201}, ["alt"]),
        ({"alt": "Appelez le 06 12 34 56 78"}, ["alt"]),
        ({}, []),
    ],
)
def test_a_photo_is_described_without_personal_data(fields, expected):
    form = photo_form(jpeg(), **fields)
    assert (form.is_valid(), list(form.errors), "upload" in form.cleaned_data) == (not expected, expected, True)


def test_no_photo_is_said_beside_the_field():
    form = forms.PhotoForm({"alt": "Une rue"}, {})
    assert codes(form) == {"file": ["required"]}


def test_what_resembles_a_title_is_sought_while_it_is_typed_and_not_once_it_is_published():
    asked = (forms.StartForm(), forms.IdeaForm(is_draft=True), forms.IdeaForm(), forms.HeldForm(asks=["title"]))
    assert ["hx-get" in form["title"].as_widget() for form in asked] == [True, True, False, False]
