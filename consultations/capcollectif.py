"""Reading a consultation as Cap Collectif's public interface gives it: one opinion a line, in JSON, with its debate inside.

Nothing is written here. A wrong line, or a wrong argument inside a right line, is told by number and left out; the
rest goes on.
"""

import datetime as dt
import html
import json
import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Any, TypeVar

from consultations.phases import PARIS
from mulhouse import markup

MAX_TITLE = 400
MAX_AUTHOR = 80
MAX_SECTION_TITLE = 120
MAX_SECTION_QUESTION = 300
MAX_SOURCE_TITLE = 300
MAX_URL = 600
UNKNOWN_AUTHOR = "Auteur inconnu"

_BLOCK = re.compile(r"(?i)<(?:p|div|ul|ol|li|blockquote|table|h[1-6])\b")
_INLINE = re.compile(r"(?i)<(?:a|b|strong|i|em|u)\b[^>]*>")
_BREAK = re.compile(r"(?i)<\s*/?\s*br\s*/?>[ \t]*\r?\n?")
_EMPTY = re.compile(r"<(p|strong|em)>(?:\s|&nbsp;|\u00a0|<br>)*</\1>")
# What the kernel's cleaner would drop, said with what it keeps. A struck-out word of a bill must not read as kept.
_SAME_MEANING = (
    (re.compile(r"(?i)<h[1-6]\b[^>]*>"), "<p><strong>"),
    (re.compile(r"(?i)</h[1-6]>"), "</strong></p>"),
    (re.compile(r"(?i)<div\b[^>]*>"), "<p>"),
    (re.compile(r"(?i)</div>"), "</p>"),
    (re.compile(r"(?i)<(/?)b\b[^>]*>"), r"<\1strong>"),
    (re.compile(r"(?i)<(/?)i\b[^>]*>"), r"<\1em>"),
    (re.compile(r"(?i)<(?:s|strike|del)\b[^>]*>"), "[barré\u00a0: "),
    (re.compile(r"(?i)</(?:s|strike|del)>"), "]"),
)


class WrongItemError(Exception):
    """A line, or a part of one, that can not be imported, with the reason in French."""


@dataclass(frozen=True)
class Problem:
    """What could not be read: the line, the part of it ("" for the whole), and why."""

    line: int
    part: str
    reason: str

    def __str__(self) -> str:
        return f"ligne {self.line}{', ' if self.part else ''}{self.part} : {self.reason}"


@dataclass(frozen=True)
class ImportedSection:
    """The part of the consultation that an opinion answers to, and what it was called over there."""

    key: str
    title: str
    question: str


@dataclass(frozen=True)
class ImportedComment:
    """An argument: `stance` is "for" or "against"."""

    key: str
    stance: str
    body: str
    body_html: str
    author: str
    supports: int
    published_at: dt.datetime


@dataclass(frozen=True)
class ImportedSource:
    """A reference given with an opinion."""

    key: str
    title: str
    url: str
    body_html: str


@dataclass(frozen=True)
class ImportedOpinion:
    """An article or a proposal, with the votes as totals: nobody's own vote is in the file."""

    key: str
    section: ImportedSection
    title: str
    body: str
    body_html: str
    author: str
    published_at: dt.datetime
    agree: int
    mixed: int
    disagree: int
    comments: tuple[ImportedComment, ...]
    sources: tuple[ImportedSource, ...]


Item = TypeVar("Item", ImportedComment, ImportedSource)


@dataclass
class Reading:
    """What a file holds: what can be imported, what was set aside by its platform, and what is wrong."""

    opinions: list[ImportedOpinion] = field(default_factory=list)
    problems: list[Problem] = field(default_factory=list)
    skipped_opinions: int = 0
    skipped_comments: int = 0

    def days(self) -> tuple[dt.date, dt.date]:
        """Give the first and the last day somebody wrote. Raises: ValueError when nothing was read."""
        instants = [opinion.published_at for opinion in self.opinions]
        instants += [comment.published_at for opinion in self.opinions for comment in opinion.comments]
        return min(instants).astimezone(PARIS).date(), max(instants).astimezone(PARIS).date()


def read(lines: Iterable[bytes]) -> Reading:
    """Read a whole file, line after line.

    Shape: opinions in the order of the file; a key is kept once, its repetitions are problems; empty lines are nothing.
    """
    reading = Reading()
    seen: dict[str, int] = {}
    for number, raw in enumerate(lines, start=1):
        if not raw.strip():
            continue
        try:
            opinion = _opinion(_line(raw), number, reading, seen)
        except WrongItemError as error:
            reading.problems.append(Problem(number, "", str(error)))
            continue
        if opinion is not None:
            reading.opinions.append(opinion)
    return reading


def to_html(source: str) -> str:
    """Make a body safe and readable, whether it was written as HTML or as plain text with entities.

    Shape: paragraphs with the tags of `markup.RESIDENT_TAGS`; a heading becomes a strong paragraph, and a `<` that
    opens no known tag stays a sign.
    """
    if not _BLOCK.search(source):
        source = _paragraphs(source)
    for pattern, replacement in _SAME_MEANING:
        source = pattern.sub(replacement, source)
    cleaned, before = markup.clean_html(source), ""
    while before != cleaned:
        before, cleaned = cleaned, _EMPTY.sub("", cleaned)
    return cleaned.strip()


def _paragraphs(source: str) -> str:
    """Make paragraphs of a plain text; its signs are signs, unless it holds tags of emphasis."""
    text = _BREAK.sub("\n", source).replace("\r\n", "\n")
    if not _INLINE.search(text):
        text = html.escape(html.unescape(text), quote=False)
    parts = (part.strip() for part in re.split(r"\n\s*\n", text))
    return "\n".join("<p>" + part.replace("\n", "<br>") + "</p>" for part in parts if part)


# --- One line ------------------------------------------------------------------------------------------------------


def _line(raw: bytes) -> dict[str, Any]:
    try:
        content = json.loads(raw.decode("utf-8-sig"))
    except UnicodeDecodeError as error:
        raise WrongItemError("le texte n’est pas en UTF-8.") from error
    except json.JSONDecodeError as error:
        raise WrongItemError(f"JSON illisible au caractère {error.pos + 1}.") from error
    if not isinstance(content, dict):
        raise WrongItemError("un objet JSON est attendu.")
    return content


def _opinion(row: dict[str, Any], number: int, reading: Reading, seen: dict[str, int]) -> ImportedOpinion | None:
    if _set_aside(row):
        reading.skipped_opinions += 1
        return None
    key = f"opinion:{_identifier(row)}"
    body_html = to_html(_text(row, "body")) + _appendices(row)
    opinion = ImportedOpinion(
        key=key,
        section=_section(row),
        title=_title(row, limit=MAX_TITLE),
        body=_words(body_html),
        body_html=body_html,
        author=_author(row),
        published_at=_instant(row),
        agree=_count(row, "votes_ok"),
        mixed=_count(row, "votes_mitige"),
        disagree=_count(row, "votes_nok"),
        comments=(),
        sources=(),
    )
    _once(key, number, seen)
    return _with_parts(opinion, row, number, reading, seen)


def _with_parts(
    opinion: ImportedOpinion, row: dict[str, Any], number: int, reading: Reading, seen: dict[str, int]
) -> ImportedOpinion:
    """Join the arguments and sources that can be read; say which can not."""

    def each(name: str, word: str, read_one: Callable[[dict[str, Any]], Item | None]) -> tuple[Item, ...]:
        kept = []
        for position, part in enumerate(_list(row, name), start=1):
            try:
                item = read_one(_object(part))
                if item is not None:
                    _once(item.key, number, seen)
            except WrongItemError as error:
                reading.problems.append(Problem(number, f"{word} {position}", str(error)))
                continue
            if item is None:
                reading.skipped_comments += 1
            else:
                kept.append(item)
        return tuple(kept)

    return ImportedOpinion(
        **{
            **vars(opinion),
            "comments": each("arguments", "argument", _comment),
            "sources": each("sources", "source", _source),
        }
    )


def _comment(row: dict[str, Any]) -> ImportedComment | None:
    if _set_aside(row):
        return None
    stances = {1: "for", 0: "against"}
    if row.get("type") not in stances:
        raise WrongItemError("« type » doit valoir 1 (pour) ou 0 (contre).")
    body_html = to_html(_text(row, "body"))
    return ImportedComment(
        key=f"argument:{_identifier(row)}",
        stance=stances[row["type"]],
        body=_words(body_html),
        body_html=body_html,
        author=_author(row),
        supports=_count(row, "votes_count"),
        published_at=_instant(row),
    )


def _source(row: dict[str, Any]) -> ImportedSource:
    url = str(row.get("link") or "").strip()
    if not re.match(r"(?i)https?://", url) or len(url) > MAX_URL:
        url = ""
    return ImportedSource(
        key=f"source:{_identifier(row)}",
        title=_title(row, limit=MAX_SOURCE_TITLE),
        url=url,
        body_html=to_html(str(row.get("body") or "")),
    )


def _section(row: dict[str, Any]) -> ImportedSection:
    kind = _object(row.get("type"), name="type")
    subtitle, title = _plain(kind.get("subtitle")), _plain(kind.get("title"))
    if not (subtitle or title):
        raise WrongItemError("« type » n’a ni titre ni sous-titre.")
    return ImportedSection(
        key=f"type:{_identifier(kind)}",
        title=_shorten(subtitle or title, MAX_SECTION_TITLE),
        question=_shorten(
            f"{title if subtitle and title else 'Partie'} de la consultation d’origine", MAX_SECTION_QUESTION
        ),
    )


def _appendices(row: dict[str, Any]) -> str:
    """Write each appendix under the text, its name as a strong paragraph."""
    written = []
    for appendix in _list(row, "appendices"):
        part = _object(appendix)
        content = to_html(str(part.get("body") or ""))
        if content:
            kind = part.get("type")
            name = _plain(kind.get("title")) if isinstance(kind, dict) else ""
            heading = f"<p><strong>{html.escape(name, quote=False)}</strong></p>" if name else ""
            written.append(f"\n{heading}\n{content}")
    return "".join(written)


# --- One value -----------------------------------------------------------------------------------------------------


def _set_aside(row: dict[str, Any]) -> bool:
    """Tell whether the platform had put it in its bin, or switched it off."""
    return bool(row.get("is_trashed")) or row.get("is_enabled") is False


def _once(key: str, number: int, seen: dict[str, int]) -> None:
    if key in seen:
        raise WrongItemError(f"l’identifiant {key.partition(':')[2]} est déjà à la ligne {seen[key]}.")
    seen[key] = number


def _identifier(row: dict[str, Any]) -> str:
    value = row.get("id")
    if isinstance(value, bool) or not isinstance(value, int | str) or not re.fullmatch(r"[\w.-]{1,40}", str(value)):
        raise WrongItemError("« id » manque ou n’est pas un identifiant.")
    return str(value)


def _object(value: Any, *, name: str = "") -> dict[str, Any]:
    if not isinstance(value, dict):
        raise WrongItemError(f"« {name} » manque." if name else "un objet JSON est attendu.")
    return value


def _list(row: dict[str, Any], name: str) -> list[Any]:
    value = row.get(name) or []
    if not isinstance(value, list):
        raise WrongItemError(f"« {name} » doit être une liste.")
    return value


def _text(row: dict[str, Any], name: str) -> str:
    value = row.get(name)
    if not isinstance(value, str) or not value.strip():
        raise WrongItemError(f"« {name} » manque ou est vide.")
    return value.replace("\x00", "")


def _words(body_html: str) -> str:
    words = markup.to_text(body_html)
    if not words:
        raise WrongItemError("il ne reste rien du texte une fois nettoyé.")
    return words


def _plain(value: Any) -> str:
    """Decode a short text: one line, no entity, no double space."""
    return " ".join(html.unescape(str(value or "")).replace("\x00", "").split())


def _title(row: dict[str, Any], *, limit: int) -> str:
    title = _plain(_text(row, "title"))
    if len(title) > limit:
        raise WrongItemError(f"le titre dépasse {limit} caractères.")
    return title


def _shorten(words: str, limit: int) -> str:
    return words if len(words) <= limit else f"{words[: limit - 1].rstrip()}…"


def _author(row: dict[str, Any]) -> str:
    author = row.get("author")
    name = _plain(author.get("displayName")) if isinstance(author, dict) else ""
    return _shorten(name, MAX_AUTHOR) or UNKNOWN_AUTHOR


def _instant(row: dict[str, Any]) -> dt.datetime:
    try:
        instant = dt.datetime.fromisoformat(_text(row, "created_at"))
    except ValueError as error:
        raise WrongItemError("« created_at » n’est pas une date.") from error
    return instant if instant.tzinfo else instant.replace(tzinfo=PARIS)


def _count(row: dict[str, Any], name: str) -> int:
    value = row.get(name) or 0
    if isinstance(value, bool) or not isinstance(value, int) or not 0 <= value < 2**31:
        raise WrongItemError(f"« {name} » doit être un nombre entier positif.")
    return value
