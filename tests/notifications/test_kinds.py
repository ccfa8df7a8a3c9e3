"""Every kind of mail is declared, is written in text and in HTML, and is the only way out."""

import ast
import datetime as dt
from pathlib import Path

import pytest
from django.conf import settings
from django.template import Context, loader
from django.utils import translation

from notifications import kinds
from notifications.kinds import Frequency

ROOT = Path(settings.BASE_DIR)
TEMPLATES = ROOT / "templates" / "emails"
# What leaves a mail or a notification, and the argument that names its kind; the last two build it from their template.
SENDERS = {"enqueue", "enqueue_template", "written", "tell", "send"}
BY_TEMPLATE = {"_tell": 1, "post": 0}


def declared():
    return {kind.code: kind for kind in kinds.everything() if kind.code != "test"}


def calls():
    for app in sorted(path.parent for path in ROOT.glob("*/apps.py")):
        for path in sorted(app.rglob("*.py")):
            for node in ast.walk(ast.parse(path.read_text())):
                if isinstance(node, ast.Call):
                    yield path.relative_to(ROOT).as_posix(), node


def name_of(call):
    return call.func.attr if isinstance(call.func, ast.Attribute) else getattr(call.func, "id", "")


def used():
    for path, call in calls():
        if name_of(call) in SENDERS:
            for keyword in call.keywords:
                if keyword.arg == "kind" and isinstance(keyword.value, ast.Constant):
                    yield path, keyword.value.value
        place = BY_TEMPLATE.get(name_of(call))
        if place is not None and path.startswith("accounts/") and len(call.args) > place:
            value = call.args[place]
            if isinstance(value, ast.Constant) and isinstance(value.value, str) and "/" in value.value:
                yield path, value.value.replace("/", ".")


def test_every_kind_that_is_used_is_declared():
    found = list(used())
    assert {"consultations.phase", "commitments.news", "accounts.role_granted"} <= {code for _path, code in found}
    assert [(path, code) for path, code in found if code not in declared()] == []


def test_every_mail_has_a_kind_and_every_kind_its_mail():
    texts = {path.relative_to(TEMPLATES).with_suffix("").as_posix() for path in TEMPLATES.rglob("*.txt")} - {"base"}
    pages = {path.relative_to(TEMPLATES).with_suffix("").as_posix() for path in TEMPLATES.rglob("*.html")}
    assert texts == pages - {"base", "_action"}
    assert texts == {kind.path for kind in declared().values() if kind.code != kinds.LIBRARY}


class Anything(dict):
    """A context where every name exists: what a mail says is tested where it is sent."""

    def __contains__(self, _name):
        return True

    def __missing__(self, _name):
        return Thing()


AN_INSTANT = dt.datetime(2026, 11, 25, 18, tzinfo=dt.UTC)


class Thing(str):
    """A value that has every attribute, prints, counts and repeats once; what is called « …_at » is an instant."""

    __slots__ = ()

    def __new__(cls):
        return super().__new__(cls, "x")

    def __iter__(self):
        return iter([Thing()])

    def __getattr__(self, name):
        if name.startswith("_") or name in {"resolve_expression", "strftime"}:
            raise AttributeError(name)
        return AN_INSTANT if name.endswith("_at") else Thing()


@pytest.mark.parametrize("language", ["fr", "de", "en"])
@pytest.mark.parametrize("code", sorted(set(declared()) - {kinds.LIBRARY}))
def test_every_kind_renders_in_text_and_html(code, language):
    numbers = {**dict.fromkeys(("count", "counter", "more", "days"), 2), "last_day": dt.date(2026, 11, 25)}
    with translation.override(language):
        path = f"emails/{kinds.find(code).path}"
        plain = loader.get_template(f"{path}.txt").template.render(Context(Anything(numbers), autoescape=False))
        html = loader.get_template(f"{path}.html").render(Anything(numbers))
    subject, _, text = plain.strip().partition("\n")
    assert subject
    assert "{{" not in subject + text + html
    assert "{%" not in subject + text + html
    assert "<html" in html


def test_kinds_say_what_they_are():
    for kind in declared().values():
        assert str(kind.label), kind.code
        assert str(kind.tells), kind.code
    chosen = {kind.code: kind.frequency for kind in kinds.chosen()}
    assert chosen == {
        "commitments.news": Frequency.NOW,
        "consultations.deadline": Frequency.NOW,
        "consultations.opened": Frequency.NOW,
        "consultations.outcomes": Frequency.NOW,
        "consultations.phase": Frequency.NOW,
        "ideas.amendments": Frequency.DAILY,
        "ideas.gathered": Frequency.NOW,
        "consultations.replies": Frequency.DAILY,
        "ideas.replies": Frequency.DAILY,
        "ideas.answer": Frequency.NOW,
        "ideas.author_news": Frequency.DAILY,
        "ideas.news": Frequency.NOW,
        "ideas.term": Frequency.NOW,
        "ideas.threshold": Frequency.NOW,
    }
    assert not kinds.find(kinds.DAILY).is_service
    assert kinds.find("accounts.sign_in_code").is_service
