"""Reading the projects of another city from its spreadsheet, as a small declared file says: which column is what.

The declaration is TOML (docs/import.md lists what it may say). A text is a list of sentences with `{column}` in them: a sentence
that names an empty cell is left out. Nothing here knows a city, nor touches the database.
"""

import csv
import datetime as dt
import re
import string
import tomllib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

TITLE_LENGTH = 120
STAGES = ("kept", "declined", "already", "transferred", "going_on", "done", "abandoned")
STEPS = ("study", "design", "works", "done")
_DATE = re.compile(r"(\d{4})(?:-(\d{2})(?:-(\d{2}))?)?\Z")
_AMOUNT = re.compile(r"\d+(?:[.,]\d{1,2})?\Z")


class MappingError(ValueError):
    """A declaration that can not be followed, or a file that is not the one it describes."""


@dataclass(frozen=True)
class Declared:
    """What a declaration says."""

    name: str
    campaign: Mapping[str, Any]
    delimiter: str
    encoding: str
    empty: frozenset[str]
    key: str
    texts: Mapping[str, tuple[str, ...]]
    published: str
    budget: str
    theme: str
    theme_names: Mapping[str, str]
    district: str
    stage: str
    stages: Mapping[str, str]
    planned: Mapping[str, str]
    done: Mapping[str, str]
    abandoned: str

    @property
    def columns(self) -> set[str]:
        """Every column that it names."""
        single = {self.key, self.published, self.budget, self.theme, self.district, self.stage}
        sentences = (sentence for text in self.texts.values() for sentence in text)
        return (single | {*self.planned.values(), *self.done.values()} | set(_named(sentences))) - {""}


@dataclass(frozen=True)
class Step:
    """A stage of a realisation: the day that was announced, and the real one."""

    step: str
    planned_on: dt.date
    done_on: dt.date | None


@dataclass(frozen=True)
class Project:
    """A line that was read whole."""

    line: int
    key: str
    title: str
    need: str
    proposal: str
    place: str
    cost: str
    author: str
    url: str
    theme: str
    district: str
    stage: str
    published_on: dt.date
    budget_cents: int | None
    steps: tuple[Step, ...]
    abandoned: str


@dataclass(frozen=True)
class Problem:
    """A line that was left out, and why."""

    line: int
    reason: str

    def __str__(self) -> str:
        return f"ligne {self.line} : {self.reason}"


@dataclass
class Reading:
    """What a file holds."""

    projects: list[Project] = field(default_factory=list)
    problems: list[Problem] = field(default_factory=list)


def declaration(text: str, *, name: str) -> Declared:
    """Read a declaration. Raises: MappingError."""
    try:
        said = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise MappingError(f"Correspondance « {name} » illisible : {error}") from error
    try:
        made = Declared(
            name=name,
            campaign=said["campaign"],
            delimiter=said["file"].get("delimiter", ","),
            encoding=said["file"].get("encoding", "utf-8-sig"),
            empty=frozenset(_folded(word) for word in said["file"].get("empty", ())),
            key=said["columns"]["key"],
            texts={
                text: tuple(said["texts"].get(text, ()))
                for text in ("title", "need", "proposal", "place", "author", "url")
            },
            published=said["columns"]["published"],
            budget=said["columns"].get("budget", ""),
            theme=said["columns"]["theme"],
            theme_names=said.get("themes", {}),
            district=said["columns"].get("district", ""),
            stage=said["columns"]["stage"],
            stages={_folded(word): stage for word, stage in said["stages"].items()},
            planned=said.get("planned", {}),
            done=said.get("done", {}),
            abandoned=said.get("abandoned", "Projet abandonné, d’après les données d’origine."),
        )
    except KeyError as error:
        raise MappingError(f"Correspondance « {name} » : il manque {error}.") from error
    if unknown := sorted({*made.stages.values()} - {*STAGES}):
        raise MappingError(f"Correspondance « {name} » : étape inconnue {unknown[0]} (connues : {', '.join(STAGES)}).")
    if unknown := sorted({*made.planned, *made.done} - {*STEPS}):
        raise MappingError(f"Correspondance « {name} » : jalon inconnu {unknown[0]} (connus : {', '.join(STEPS)}).")
    return made


def read(lines: Iterable[str], mapping: Declared, *, today: dt.date) -> Reading:
    """Read the lines of a spreadsheet.

    Shape: a line that can not be read whole is a problem, and no project; a key that comes again too.
    Raises: MappingError when a column of the declaration is not in the file.
    """
    rows = csv.DictReader(lines, delimiter=mapping.delimiter, restkey="", restval=None)
    if missing := sorted(mapping.columns - set(rows.fieldnames or ())):
        raise MappingError(f"Colonne absente du fichier : {', '.join(missing)}.")
    reading, seen = Reading(), set()
    for row in _rows(rows):
        try:
            project = _project(row, mapping, line=rows.line_num, today=today)
        except ValueError as error:
            reading.problems.append(Problem(rows.line_num, str(error)))
            continue
        if project.key in seen:
            reading.problems.append(Problem(rows.line_num, f"la clé {project.key} est déjà plus haut"))
            continue
        seen.add(project.key)
        reading.projects.append(project)
    return reading


def _rows(rows: "csv.DictReader[str]") -> Iterator[dict[str, Any]]:
    try:
        yield from rows
    except csv.Error as error:
        raise MappingError(f"Fichier illisible après la ligne {rows.line_num} : {error}") from error


def _project(row: dict[str, Any], mapping: Declared, *, line: int, today: dt.date) -> Project:
    if "" in row or None in row.values():
        raise ValueError("il n’y a pas autant de cases que de colonnes")
    cells = {name: _cell(text, mapping) for name, text in row.items()}
    texts = {
        name: _text(sentences, cells, between=", " if name == "place" else "\n\n")
        for name, sentences in mapping.texts.items()
    }
    if not cells[mapping.key]:
        raise ValueError("la clé est vide")
    for name, words in (("title", "titre"), ("need", "besoin"), ("proposal", "proposition")):
        if not texts[name]:
            raise ValueError(f"le texte « {words} » est vide")
    if not cells[mapping.theme]:
        raise ValueError("le thème est vide")
    published_on = _date(cells[mapping.published], mapping.published)
    if published_on is None:
        raise ValueError(f"la date « {mapping.published} » est vide")
    stage = _stage(cells[mapping.stage], mapping)
    cents = _cents(cells.get(mapping.budget, ""), mapping.budget)
    return Project(
        line=line,
        key=cells[mapping.key],
        title=_shortened(texts["title"]),
        need=texts["need"],
        proposal=texts["proposal"],
        place=texts["place"][:160],
        cost="" if cents is None else _euros(cents),
        author=texts["author"][:80],
        url=texts["url"][:400],
        theme=mapping.theme_names.get(cells[mapping.theme], cells[mapping.theme]),
        district=cells.get(mapping.district, ""),
        stage=stage,
        published_on=published_on,
        budget_cents=cents,
        steps=tuple(_steps(cells, mapping, today=today)),
        abandoned=mapping.abandoned if stage == "abandoned" else "",
    )


def _cell(text: str, mapping: Declared) -> str:
    """Give the words of a cell on one line; nothing for those that stand for nothing."""
    words = " ".join(text.replace("\x00", "").split())
    return "" if _folded(words) in mapping.empty else words


def _folded(words: str) -> str:
    return " ".join(words.split()).casefold()


def _named(sentences: Iterable[str]) -> list[str]:
    return [name for sentence in sentences for _, name, _, _ in string.Formatter().parse(sentence) if name]


def _text(sentences: Iterable[str], cells: Mapping[str, str], *, between: str) -> str:
    said = (sentence for sentence in sentences if all(cells[name] for name in _named([sentence])))
    return between.join(re.sub(r"\{([^}]*)\}", lambda found: cells[found[1]], sentence) for sentence in said)


def _shortened(title: str) -> str:
    return title if len(title) <= TITLE_LENGTH else title[: TITLE_LENGTH - 1].rsplit(" ", 1)[0] + "…"


def _stage(word: str, mapping: Declared) -> str:
    try:
        return mapping.stages[_folded(word)]
    except KeyError:
        raise ValueError(f"l’avancement « {word} » n’est pas dans la correspondance") from None


def _date(words: str, column: str) -> dt.date | None:
    """Read « AAAA », « AAAA-MM » or « AAAA-MM-JJ »; a sentence without a figure is no date."""
    if not any(sign.isdigit() for sign in words):
        return None
    if found := _DATE.match(words):
        year, month, day = found.groups()
        try:
            return dt.date(int(year), int(month or 1), int(day or 1))
        except ValueError:
            pass
    raise ValueError(f"la date « {words} » ({column}) n’est pas de la forme AAAA-MM")


def _cents(words: str, column: str) -> int | None:
    if not any(sign.isdigit() for sign in words):
        return None
    plain = re.sub(r"[\s\u202f€]", "", words)
    if not _AMOUNT.match(plain):
        raise ValueError(f"le montant « {words} » ({column}) n’est pas un nombre")
    return round(float(plain.replace(",", ".")) * 100)


def _euros(cents: int) -> str:
    return f"{cents // 100:,}\u00a0€".replace(",", "\u202f")


def _steps(cells: Mapping[str, str], mapping: Declared, *, today: dt.date) -> Iterator[Step]:
    """Give the stages that have a day. A real day that is still to come is only planned."""
    for step in STEPS:
        planned, done = (
            _date(cells.get(columns.get(step, ""), ""), columns.get(step, ""))
            for columns in (mapping.planned, mapping.done)
        )
        day = planned or done
        if day is not None:
            yield Step(step, day, done if done and done <= today else None)
