"""The translation catalogues, extracted, merged and compiled with Babel: nothing to install beside the site's own packages.

French is the language of the messages themselves. Its catalogue holds the plural entries only: without them Django says
« 0 voix reçues ». German and English hold a translation, or nothing, and then the page shows French.
"""

import io
import re
from collections.abc import Iterator
from pathlib import Path
from tempfile import NamedTemporaryFile

from babel.messages.catalog import Catalog
from babel.messages.extract import extract_python
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po, write_po
from django.conf import settings
from django.utils.translation.template import templatize

SOURCE = "fr"
KEYWORDS: dict[str, tuple[int, ...]] = {
    **dict.fromkeys(("_", "gettext", "gettext_lazy", "gettext_noop"), (1,)),
    **dict.fromkeys(("ngettext", "ngettext_lazy", "n_"), (1, 2)),
}
HEADER = "# Written by `make messages`; the translations are added by hand."
PLACEHOLDER = re.compile(r"%\((\w+)\)[sd]")

Message = tuple[str, ...]


def catalogue_path(language: str, suffix: str = "po") -> Path:
    """Give the file of a language."""
    return Path(settings.LOCALE_PATHS[0]) / language / "LC_MESSAGES" / f"django.{suffix}"


def extract() -> dict[Message, list[str]]:
    """Read every marked message of the code and of the templates.

    Shape: (singular,) or (singular, plural) → the files that hold it, both sorted.
    """
    found: dict[Message, set[str]] = {}
    for path in sorted(_sources()):
        name = path.relative_to(settings.BASE_DIR).as_posix()
        for message in _messages(path):
            found.setdefault(message, set()).add(name)
    return {message: sorted(found[message]) for message in sorted(found)}


def update(language: str, messages: dict[Message, list[str]]) -> Catalog:
    """Bring the file of a language up to date with what was extracted: new messages added, lost ones removed, translations kept."""
    old = read(language)
    new = Catalog(locale=language, header_comment=HEADER, project=settings.SITE_NAME, fuzzy=False)
    for message, files in messages.items():
        plural = len(message) > 1
        if plural or language != SOURCE:
            known = old.get(message[0])
            filled = message if language == SOURCE else known.string if known else ""
            # A message that became a plural, or ceased to be one, is translated again.
            if isinstance(filled, tuple | list) != plural:
                filled = ("", "") if plural else ""
            identity = message if plural else message[0]
            new.add(identity, filled, locations=[(name, None) for name in files])  # type: ignore[misc]
    # A sentence of Django or of a package that we say otherwise carries a comment, and has no place in our code.
    for entry in old:
        if entry.id and entry.auto_comments:
            new[entry.id] = entry
    path = catalogue_path(language)
    path.parent.mkdir(parents=True, exist_ok=True)
    buffer = io.BytesIO()
    write_po(buffer, new, width=120, sort_output=True, include_lineno=False)
    # Without dates: a catalogue changes only when a message does.
    text = re.sub(
        r'^"(POT-Creation-Date|PO-Revision-Date|Last-Translator|Generated-By|Language-Team|Report-Msgid-Bugs-To):.*\n',
        "",
        buffer.getvalue().decode(),
        flags=re.MULTILINE,
    )
    path.write_text(text, encoding="utf-8")
    return read(language)


def read(language: str) -> Catalog:
    """Read the file of a language; an empty catalogue when there is none."""
    path = catalogue_path(language)
    if not path.exists():
        return Catalog(locale=language)
    with path.open("rb") as file:
        return read_po(file, locale=language)


def compile_one(language: str) -> Path:
    """Compile a language beside its source, whole or not at all: a server may be reading the old file."""
    target = catalogue_path(language, "mo")
    # A name of its own: two set-ups may compile at the same time.
    with NamedTemporaryFile(dir=target.parent, prefix="django-", suffix=".mo", delete=False) as partial:
        write_mo(partial, read(language))
    Path(partial.name).chmod(0o644)
    Path(partial.name).replace(target)
    return target


def is_stale(language: str) -> bool:
    """Tell whether the compiled file is missing or older than its source."""
    source, compiled = catalogue_path(language), catalogue_path(language, "mo")
    return source.exists() and (not compiled.exists() or compiled.stat().st_mtime < source.stat().st_mtime)


def problems(language: str) -> list[str]:
    """List what would show wrong: placeholders that differ, an unfilled plural in the source language.

    Shape: one English line each; empty when all is well.
    """
    found = []
    for message in read(language):
        if not message.id:
            continue
        ids = message.id if isinstance(message.id, tuple | list) else (message.id,)
        strings = message.string if isinstance(message.string, tuple | list) else (message.string,)
        wanted = set(PLACEHOLDER.findall(ids[-1]))
        if language == SOURCE and not all(strings):
            found.append(f"{language}: plural not filled: {ids[0]!r}")
        # One form may leave the number out (« une page »), none may invent a placeholder.
        found += [
            f"{language}: unknown placeholder {extra!r} in {string!r}"
            for string in strings
            if string
            for extra in set(PLACEHOLDER.findall(str(string))) - wanted - set(PLACEHOLDER.findall(ids[0]))
        ]
        if strings[-1] and wanted - set(PLACEHOLDER.findall(str(strings[-1]))):
            found.append(f"{language}: lost placeholder in {strings[-1]!r}")
    return found


def _sources() -> Iterator[Path]:
    root = Path(settings.BASE_DIR)
    for app in root.glob("*/apps.py"):
        yield from (path for path in app.parent.rglob("*.py") if "migrations" not in path.parts)
    yield from (path for path in (root / "templates").rglob("*") if path.suffix in {".html", ".txt"})


def _messages(path: Path) -> Iterator[Message]:
    source = path.read_text(encoding="utf-8")
    if path.suffix != ".py":
        source = templatize(source, origin=str(path))
    code = io.BytesIO(source.encode())
    for _line, keyword, words, _comments in extract_python(code, KEYWORDS, [], {"encoding": "utf-8"}):
        texts = words if isinstance(words, tuple | list) else (words,)
        wanted = len(KEYWORDS[str(keyword)])
        message = tuple(str(text) for text in texts[:wanted] if text)
        if len(message) == wanted:
            yield message
