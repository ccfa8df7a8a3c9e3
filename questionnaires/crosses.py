"""Answers crossed with the district or the age of those who gave them, where nobody can be singled out.

Answers and groups too rare are first put together, so that every total can be said; counts under five are hidden with what would
give them back; a cross that would need a total hidden is not given, nor one from which, with the others and with the file of the
responses, a hidden count could be found again (`exchanges`).
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from django.db.models import QuerySet
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from city.models import District
from mulhouse import small_cells, typography
from mulhouse.ages import AgeBand
from questionnaires.before import Before
from questionnaires.exchanges import Given, Grid, Together
from questionnaires.models import Answer, Question
from questionnaires.outline import Asking, Outline

Kind = Question.Kind
LEAST_RESPONSES = small_cells.THRESHOLD
KINDS = (Kind.SINGLE, Kind.MULTIPLE, Kind.SCALE)
DISTRICT, AGE = "quartier", "age"
NAMES = {DISTRICT: gettext_lazy("Par quartier"), AGE: gettext_lazy("Par tranche d’âge")}

# People without a name: their group, and their answers by question.
People = Sequence[tuple[Any, Mapping[Any, Given]]]


@dataclass(frozen=True)
class Table:
    """Figures in a table: the head of each column, then the lines, each with its own head."""

    head: Sequence[str]
    lines: Sequence[tuple[str, Sequence[str]]]


@dataclass(frozen=True)
class Cross:
    """A cross that can be published: its answers, its groups, what is told of each, and where every answer and group went."""

    answers: tuple[str, ...]
    groups: tuple[str, ...]
    counts: small_cells.Crossed
    line_of: Mapping[Any, int]
    column_of: Mapping[Any, int]

    @property
    def grid(self) -> Grid:
        """Give what is compared with the other crosses."""
        return Grid(
            self.line_of,
            self.column_of,
            frozenset(
                (at, across)
                for at, cells in enumerate(self.counts.cells)
                for across, cell in enumerate(cells)
                if cell is None
            ),
        )

    def told(self) -> Iterator[tuple[str, str, int | None]]:
        """Give each count in turn, totals with theirs: (answer, group, count), None where it is hidden."""
        whole, counts = _("Ensemble"), self.counts
        for at, answer in enumerate(self.answers):
            for across, group in enumerate(self.groups):
                yield answer, group, counts.cells[at][across]
            yield answer, whole, counts.row_totals[at]
        for across, group in enumerate(self.groups):
            yield whole, group, counts.column_totals[across]
        yield whole, whole, counts.total

    def table(self) -> Table:
        """Lay it out for a page."""
        width = len(self.groups) + 1
        cells = [_cell(count) for _answer, _group, count in self.told()]
        heads = (*self.answers, _("Ensemble"))
        lines = [(head, cells[at * width : (at + 1) * width]) for at, head in enumerate(heads)]
        return Table(("", *self.groups, _("Ensemble")), lines)


def _cell(value: int | None) -> str:
    return _("masqué") if value is None else typography.number(value)


def of(
    read: Outline, sent: QuerySet[Answer], by: str, districts: Sequence[District], changed: Sequence[Before] = ()
) -> dict[int, Cross]:
    """Cross the choices with the district or the age of those who answered, by question; by sector where districts are too small.

    Shape: `by` is a key of NAMES; `changed` count beside `sent`. One query.
    """
    unknown = _("Non indiqué")
    if by == AGE:
        groupings: list[dict[Any, str]] = [{"": unknown, **{band.value: str(band.label) for band in AgeBand}}]
    else:
        groupings = [
            {None: unknown, **{district.pk: district.name for district in districts}},
            {None: unknown, **{district.pk: district.sector.name for district in districts}},
        ]
    labels = {asking.pk: _labels(asking) for asking in read.questions if asking.kind in KINDS}
    return together([*_people(sent, by, labels), *_people_before(changed, by, labels)], labels, groupings)


def _people(sent: QuerySet[Answer], by: str, labels: Mapping[int, Any]) -> People:
    path = "response__age_band" if by == AGE else "response__district_id"
    rows = sent.filter(question__in=labels).values_list("response_id", path, "question_id", "option_id", "number")
    found: dict[int, tuple[Any, dict[int, tuple[Any, ...]]]] = {}
    for response, group, question, option, number in rows.order_by("response_id").iterator(chunk_size=2000):
        answers = found.setdefault(response, (group, {}))[1]
        answers[question] = (*answers.get(question, ()), option if number is None else number)
    return list(found.values())


def _people_before(
    changed: Sequence[Before], by: str, labels: Mapping[int, Any]
) -> Iterator[tuple[Any, dict[int, Given]]]:
    for each in changed:
        given: dict[int, Given] = {}
        for question, option, _row, _rank, number, _district in each.answers:
            if question in labels:
                given[question] = (*given.get(question, ()), option if number is None else number)
        yield (each.age_band if by == AGE else each.district), given


def together(
    people: People, labels: Mapping[Any, Mapping[Any, str]], groupings: Sequence[Mapping[Any, str]]
) -> dict[Any, Cross]:
    """Cross each question, in order, with the first of the groupings that gives nothing back with those before.

    Shape: `labels` names the answers of each question; groups of one name are one column, those without a name are left out.
    """
    people = [(group, given) for group, given in people if group in groupings[0]]
    held, found = Together(people), {}
    for question, names in labels.items():
        for grouping in groupings:
            cross = _crossed(question, people, names, grouping)
            if cross is not None and held.admit(question, cross.grid):
                found[question] = cross
                break
    return found


def _crossed(question: Any, people: People, answers: Mapping[Any, str], names: Mapping[Any, str]) -> Cross | None:
    """Count a cross. None where most of it would be hidden."""
    groups = list(dict.fromkeys(names.values()))
    place = {group: groups.index(name) for group, name in names.items()}
    table: dict[Any, list[int]] = {answer: [0] * len(groups) for answer in answers}
    for group, given in people:
        for answer in given.get(question, ()):
            table[answer][place[group]] += 1
    lines = _gathered([((answer,), counts) for answer, counts in table.items()], least=LEAST_RESPONSES)
    columns = _gathered(
        [((at,), [counts[at] for _answers, counts in lines]) for at in range(len(groups))],
        least=LEAST_RESPONSES * len(lines),
    )
    if len(lines) < 2 or len(columns) < 2:  # noqa: PLR2004 (a line)
        return None
    counts = [[values[at] for _groups, values in columns] for at in range(len(lines))]
    safe = small_cells.crossed(counts)
    hidden = sum(cell is None for line in safe.cells for cell in line)
    if None in (safe.total, *safe.row_totals, *safe.column_totals) or 2 * hidden > len(lines) * len(columns):
        return None
    column_at = {at: rank for rank, (members, _values) in enumerate(columns) for at in members}
    return Cross(
        tuple(answers[members[0]] if len(members) == 1 else _("Autres réponses") for members, _values in lines),
        tuple(groups[members[0]] if len(members) == 1 else _("Autres groupes") for members, _values in columns),
        safe,
        {answer: rank for rank, (members, _values) in enumerate(lines) for answer in members},
        {group: column_at[at] for group, at in place.items() if at in column_at},
    )


Line = tuple[tuple[Any, ...], list[int]]


def _gathered(lines: Sequence[Line], *, least: int) -> list[Line]:
    """Leave out what nobody gave, and put together what is rarer than `least`, then the next rarest until it is not."""
    kept = [line for line in lines if any(line[1])]
    rare = [line for line in kept if sum(line[1]) < least]
    if not rare:
        return kept
    frequent = sorted((line for line in kept if line not in rare), key=lambda line: sum(line[1]))
    while frequent and (sum(sum(values) for _members, values in rare) < LEAST_RESPONSES or len(rare) < 2):  # noqa: PLR2004 (two)
        rare.append(frequent.pop(0))
    counts = [sum(column) for column in zip(*(values for _members, values in rare), strict=True)]
    return [
        *(line for line in kept if line not in rare),
        (tuple(key for members, _values in rare for key in members), counts),
    ]


# --- The answers of a question -----------------------------------------------------------------------------------------


def steps(asking: Asking) -> list[int]:
    """Give the values of a scale."""
    return list(range(asking.question.lowest or 0, (asking.question.highest or 0) + 1))


def step_label(asking: Asking, step: int) -> str:
    """Name a value of a scale, with what its ends say."""
    ends = {
        asking.question.lowest: asking.question.lowest_label,
        asking.question.highest: asking.question.highest_label,
    }
    return f"{step} ({ends[step]})" if ends.get(step) else str(step)


def _labels(asking: Asking) -> dict[Any, str]:
    if asking.kind == Kind.SCALE:
        return {Decimal(step): step_label(asking, step) for step in steps(asking)}
    return {option.pk: option.label for option in asking.options}
