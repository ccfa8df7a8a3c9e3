"""What was answered, counted: a chart and a table for each question; across districts or ages where nobody can be singled out.

A result of fewer than five responses is not shown at all. While a questionnaire is open, those who announced it may show the
responses of the days before: counted at each instant, they would say what the neighbour who just sent theirs answered. What was
written in free words is only counted here: people read it in the analysis. What is crossed is in `crosses`.
"""

import datetime as dt
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from django.contrib.postgres.expressions import ArraySubquery
from django.db.models import Count, OuterRef, Q, QuerySet, Value
from django.db.models.functions import JSONObject, TruncDate
from django.utils import timezone
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from city.models import District
from desk.models import Channel
from mulhouse import charts, small_cells, typography
from mulhouse.charts import Bar, Stack
from questionnaires import crosses
from questionnaires.before import Before
from questionnaires.crosses import Table
from questionnaires.models import Answer, Question, Questionnaire, Response
from questionnaires.outline import Asking, Outline

Kind = Question.Kind
LEAST_RESPONSES = crosses.LEAST_RESPONSES


@dataclass(frozen=True)
class Result:
    """What was answered to a question: in words, drawn, and in a table; `note` says what is left out."""

    key: str
    label: str
    help: str
    answered: str
    chart: SafeString | None = None
    table: Table | None = None
    cross: Table | None = None
    note: str = ""


@dataclass(frozen=True)
class Group:
    """The questions of a page."""

    title: str
    results: Sequence[Result]


NOBODY = small_cells.Merged({}, (), 0)


@dataclass(frozen=True)
class Results:
    """The results of a questionnaire; no group when there are too few responses."""

    total: int
    words: str
    groups: Sequence[Group] = ()
    channels: small_cells.Merged = NOBODY
    # Of one that is open: the last day that is counted.
    last_day: dt.date | None = None


@dataclass(frozen=True)
class Counted:
    """How many gave each value to a question, and how many answered it."""

    options: Mapping[int, int]
    cells: Mapping[tuple[int, int], int]
    ranks: Mapping[tuple[int, int], int]
    numbers: Mapping[Decimal, int]
    districts: Mapping[int, int]
    people: int


def count(questionnaire: Questionnaire) -> int:
    """Count the responses that were sent: the one figure that agents see before the end."""
    return Response.objects.sent().filter(questionnaire=questionnaire).count()


# Of the responses that were sent: how they came, the day in Mulhouse, how many.
Arrivals = Sequence[tuple[str, dt.date, int]]


def shown_until(questionnaire: Questionnaire, *, at: dt.datetime, came: Arrivals | None = None) -> dt.datetime | None:
    """Give the midnight in Mulhouse before which the responses to an open questionnaire are counted; None for none yet.

    From one such midnight to the next, LEAST_RESPONSES people or more have come: what a day adds to the page points at nobody.
    """
    days: Counter[dt.date] = Counter()
    for _channel, day, number in arrivals(questionnaire) if came is None else came:
        days[day] += number
    reached, waiting = None, 0
    for day in sorted(day for day in days if day < typography.local_day(at)):
        waiting += days[day]
        if waiting >= LEAST_RESPONSES:
            reached, waiting = day + dt.timedelta(days=1), 0
    return None if reached is None else timezone.make_aware(dt.datetime.combine(reached, dt.time.min))


def arrivals(questionnaire: Any) -> Arrivals:
    """Count the responses that were sent by channel and day; no query where it was read `with_arrivals`."""
    if hasattr(questionnaire, "came"):
        return [(row["channel"], dt.date.fromisoformat(row["day"]), row["number"]) for row in questionnaire.came]
    sent = Response.objects.sent().filter(questionnaire=questionnaire).order_by()
    return list(sent.values_list("channel", TruncDate("submitted_at")).annotate(number=Count("pk")))


def with_counts(rows: QuerySet[Questionnaire]) -> Any:
    """Add to each questionnaire the number of its responses that were sent, `sent`."""
    return rows.annotate(sent=Count("responses", filter=Q(responses__submitted_at__isnull=False)))


def with_arrivals(rows: QuerySet[Questionnaire]) -> Any:
    """Add to each questionnaire what `arrivals` reads."""
    sent = Response.objects.sent().filter(questionnaire=OuterRef("pk")).order_by()
    counted = sent.values("channel", day=TruncDate("submitted_at")).annotate(number=Count("pk"))
    line = JSONObject(channel="channel", day="day", number="number")
    return rows.annotate(came=ArraySubquery(counted.values(json=line)))


def is_enough(total: int) -> bool:
    """Tell whether enough people answered for the results to single nobody out."""
    return total >= LEAST_RESPONSES


def of(read: Outline, *, at: dt.datetime, cross: str = "") -> Results:
    """Count a questionnaire whole; while it is open, as it stood at the midnight that `shown_until` gives.

    Shape: `cross` is a key of `crosses.NAMES`, "" for none. Four queries, five with a cross; one more while it is open.
    """
    each = arrivals(read.questionnaire)
    before = (
        None if (is_over := read.questionnaire.is_over(at=at)) else shown_until(read.questionnaire, at=at, came=each)
    )
    came: Counter[str] = Counter()
    for channel, day, number in each:
        if is_over or (before is not None and day < typography.local_day(before)):
            came[channel] += number
    total = came.total()
    words = ngettext("%(n)s réponse", "%(n)s réponses", total) % {"n": typography.number(total)}
    if not is_enough(total):
        return Results(total, words)
    rows, changed = sent(read, before), _changed_since(read, before)
    counted = _counted(read, rows, changed)
    has_districts = cross == crosses.DISTRICT or any(asking.kind == Kind.DISTRICT for asking in read.questions)
    found = list(District.objects.select_related("sector")) if has_districts else []
    districts = {district.pk: district.name for district in found}
    crossed = crosses.of(read, rows, cross, found, changed) if cross else {}
    tables = {key: made.table() for key, made in crossed.items()}
    groups = [
        Group(
            page.section.title,
            [
                _result(asking, counted[asking.pk], districts, tables.get(asking.pk), is_crossed=bool(cross))
                for asking in page.questions
            ],
        )
        for page in read.pages
    ]
    channels = small_cells.merged({channel: came[channel] for channel in Channel.values if came[channel]}, least=1)
    last_day = typography.local_day(before) - dt.timedelta(days=1) if before else None
    return Results(total, words, groups, channels, last_day)


def sent(read: Outline, before: dt.datetime | None) -> QuerySet[Answer]:
    """Give the answers that count: those of the responses sent for the last time before that instant, None for all of them."""
    rows = Answer.objects.filter(
        question__section__questionnaire=read.questionnaire, response__submitted_at__isnull=False
    ).order_by()
    if before is None:
        return rows
    is_whole = Q(response__resent_at__isnull=True) | Q(response__resent_at__lt=before)
    return rows.filter(is_whole, response__submitted_at__lt=before)


def _changed_since(read: Outline, before: dt.datetime | None) -> list[Before]:
    """Give what those who sent their response again since that instant had answered at that instant."""
    if before is None:
        return []
    rows = Response.objects.filter(
        questionnaire=read.questionnaire, submitted_at__lt=before, resent_at__gte=before, before__isnull=False
    )
    return [Before.read(kept) for kept in rows.values_list("before", flat=True) if kept]


def _counted(read: Outline, sent: QuerySet[Answer], changed: Sequence[Before]) -> dict[int, Counted]:
    options: dict[int, Counter[int]] = defaultdict(Counter)
    cells: dict[int, Counter[tuple[int, int]]] = defaultdict(Counter)
    ranks: dict[int, Counter[tuple[int, int]]] = defaultdict(Counter)
    numbers: dict[int, Counter[Decimal]] = defaultdict(Counter)
    districts: dict[int, Counter[int]] = defaultdict(Counter)
    people: Counter[int] = Counter()
    lines = [*_answers(sent), *(line for each in changed for line in each.lines())]
    for is_people, question, option, row, rank, number, district, found in lines:
        if is_people:
            people[question] += found
        elif row is not None:
            cells[question][row, option] += found
        elif rank is not None:
            ranks[question][option, rank] += found
        elif option is not None:
            options[question][option] += found
        elif number is not None:
            numbers[question][number] += found
        elif district is not None:
            districts[question][district] += found
    return {
        asking.pk: Counted(
            options[asking.pk],
            cells[asking.pk],
            ranks[asking.pk],
            numbers[asking.pk],
            districts[asking.pk],
            people[asking.pk],
        )
        for asking in read.questions
    }


def _answers(sent: QuerySet[Answer]) -> Any:
    """Count each value of each question, then (marked) the people who answered each question: one query."""
    columns = ("option_id", "row_id", "rank", "number", "district_id")
    values = sent.values_list(Value(False), "question_id", *columns).annotate(found=Count("pk"))  # noqa: FBT003 (SQL)
    fields: Any = Answer._meta
    nothing = [Value(None, output_field=fields.get_field(name.removesuffix("_id"))) for name in columns]
    people = sent.values_list(Value(True), "question_id", *nothing)  # noqa: FBT003 (same)
    return values.union(people.annotate(found=Count("response_id", distinct=True)), all=True)


def _result(
    asking: Asking, counted: Counted, districts: Mapping[int, str], cross: Table | None, *, is_crossed: bool
) -> Result:
    question, people = asking.question, counted.people
    answered = ngettext("%(n)s personne a répondu.", "%(n)s personnes ont répondu.", people) % {
        "n": typography.number(people)
    }
    chart: SafeString | None = None
    table: Table | None = None
    note = ""
    if people and asking.kind in DRAWERS:
        chart, table, note = DRAWERS[asking.kind](asking, counted, districts)
    elif asking.kind == Kind.TEXT:
        note = _("Ces textes sont lus un à un dans l’analyse. Ils ne sont pas publiés ici.")
    elif asking.kind == Kind.FILE:
        note = _("Ces fichiers sont lus par les agents. Ils ne sont pas publiés.")
    if is_crossed and cross is None and asking.kind in crosses.KINDS:
        note = " ".join(filter(None, (note, _("Trop peu de réponses pour les croiser sans désigner quelqu’un."))))
    return Result(f"q{asking.pk}", question.label, question.help, answered, chart, table, cross, note)


Drawn = tuple[SafeString, Table, str]


def _share(part: int, whole: int) -> str:
    return f"{round(100 * part / whole)}\u00a0%" if whole else ""


def _people(part: int, whole: int) -> str:
    return _("%(n)s, soit %(share)s") % {"n": typography.number(part), "share": _share(part, whole)}


def _drawn_bars(asking: Asking, pairs: Sequence[tuple[str, int]], people: int, head: str) -> tuple[SafeString, Table]:
    best = max(pairs, key=lambda pair: pair[1])
    description = _("Réponse la plus donnée\u00a0: %(label)s (%(words)s). Le tableau donne tous les chiffres.") % {
        "label": best[0],
        "words": _people(best[1], people),
    }
    drawn = charts.bars(
        key=f"q{asking.pk}",
        title=asking.question.label,
        description=description,
        bars=[Bar(label, number, _people(number, people)) for label, number in pairs],
        most=people,
    )
    lines = [(label, (typography.number(number), _share(number, people))) for label, number in pairs]
    return drawn, Table((head, _("Personnes"), _("Part")), lines)


def _draw_choices(asking: Asking, counted: Counted, districts: Mapping[int, str]) -> Drawn:
    pairs = [(option.label, counted.options.get(option.pk, 0)) for option in asking.options]
    drawn, table = _drawn_bars(asking, pairs, counted.people, _("Réponse"))
    several = _("Plusieurs réponses étaient possibles\u00a0: les parts dépassent 100\u00a0% ensemble.")
    return drawn, table, several if asking.kind == Kind.MULTIPLE else ""


def _draw_scale(asking: Asking, counted: Counted, districts: Mapping[int, str]) -> Drawn:
    pairs = [
        (crosses.step_label(asking, step), counted.numbers.get(Decimal(step), 0)) for step in crosses.steps(asking)
    ]
    drawn, table = _drawn_bars(asking, pairs, counted.people, _("Valeur"))
    return drawn, table, _("Moyenne\u00a0: %(mean)s.") % {"mean": _decimal(_mean(counted.numbers))}


def _draw_number(asking: Asking, counted: Counted, districts: Mapping[int, str]) -> Drawn:
    """Count by quarters of the answers: a number on its own may be one person's."""
    values = _values(counted)
    unit = f"\u00a0{asking.question.unit}" if asking.question.unit else ""
    low, middle, high = _quarters(values).values()
    lines = [
        (_("Moyenne"), (_decimal(_mean(counted.numbers)) + unit,)),
        (_("Médiane"), (_decimal(middle) + unit,)),
        (_("Un quart répond moins de"), (_decimal(low) + unit,)),
        (_("Un quart répond plus de"), (_decimal(high) + unit,)),
    ]
    points = [(_decimal(edge), float(number)) for edge, number in _classes(values)]
    drawn = charts.columns(
        key=f"q{asking.pk}",
        title=asking.question.label,
        description=_("Moyenne\u00a0: %(mean)s. Médiane\u00a0: %(median)s.")
        % {"mean": lines[0][1][0], "median": lines[1][1][0]},
        points=points,
    )
    return (
        drawn,
        Table((_("Mesure"), _("Valeur")), lines),
        _("Chaque colonne du dessin compte les réponses d’une tranche."),
    )


def _values(counted: Counted) -> list[Decimal]:
    return sorted(counted.numbers.elements() if isinstance(counted.numbers, Counter) else ())


def _quarters(values: Sequence[Decimal]) -> dict[str, Decimal]:
    return {
        "premier_quart": values[len(values) // 4],
        "mediane": values[len(values) // 2],
        "dernier_quart": values[(3 * len(values)) // 4],
    }


def _classes(values: Sequence[Decimal]) -> list[tuple[Decimal, int]]:
    """Count values in eight classes of the same width: (lower edge, count)."""
    lowest, highest = values[0], values[-1]
    width = (highest - lowest) / 8 or Decimal(1)
    counts = Counter(min(int((value - lowest) / width), 7) for value in values)
    return [(lowest + width * rank, counts[rank]) for rank in range(8 if highest > lowest else 1)]


def _mean(numbers: Mapping[Decimal, int]) -> Decimal:
    return sum((value * found for value, found in numbers.items()), Decimal(0)) / max(sum(numbers.values()), 1)


def _decimal(value: Decimal) -> str:
    rounded = round(value, 1)
    return f"{rounded:f}".removesuffix(".0").replace(".", ",")


def _draw_matrix(asking: Asking, counted: Counted, districts: Mapping[int, str]) -> Drawn:
    head = [option.label for option in asking.options]
    lines = []
    stacks = []
    for row in asking.rows:
        parts = [counted.cells.get((row.pk, option.pk), 0) for option in asking.options]
        lines.append((row.label, [typography.number(part) for part in parts]))
        stacks.append(Stack(row.label, parts))
    drawn = charts.stacked(
        key=f"q{asking.pk}",
        title=asking.question.label,
        description=_("Une barre par ligne, partagée entre les réponses. Le tableau donne tous les chiffres."),
        legend=head,
        stacks=stacks,
    )
    return drawn, Table((_("Ligne"), *head), lines), ""


def _places(asking: Asking) -> int:
    return min(asking.question.max_choices or len(asking.options), len(asking.options))


def _scored(asking: Asking, counted: Counted) -> list[tuple[str, int, int, int]]:
    """Give as many points as there are places from the last one: whoever is first has the most."""
    places, scored = _places(asking), []
    for option in asking.options:
        found = {rank: counted.ranks.get((option.pk, rank), 0) for rank in range(1, places + 1)}
        points = sum((places - rank + 1) * number for rank, number in found.items())
        scored.append((option.label, points, found[1], sum(found.values())))
    return sorted(scored, key=lambda line: (-line[1], line[0]))


def _draw_ranking(asking: Asking, counted: Counted, districts: Mapping[int, str]) -> Drawn:
    scored, places = _scored(asking, counted), _places(asking)
    bars = [
        Bar(label, points, ngettext("%(n)s point", "%(n)s points", points) % {"n": typography.number(points)})
        for label, points, _first, _cited in scored
    ]
    drawn = charts.bars(
        key=f"q{asking.pk}",
        title=asking.question.label,
        description=_("En tête\u00a0: %(label)s. Le tableau donne tous les chiffres.") % {"label": scored[0][0]},
        bars=bars,
    )
    lines = [
        (label, (typography.number(points), typography.number(first), typography.number(cited)))
        for label, points, first, cited in scored
    ]
    note = _("Un premier choix vaut %(places)s points, le suivant un de moins, et ainsi de suite.") % {"places": places}
    return drawn, Table((_("Réponse"), _("Points"), _("En premier"), _("Citée")), lines), note


def _draw_districts(asking: Asking, counted: Counted, districts: Mapping[int, str]) -> Drawn:
    pairs = _by_district(counted, districts)
    drawn, table = _drawn_bars(asking, pairs, counted.people, _("Quartier"))
    is_merged = any(label == _("Autres quartiers") for label, _number in pairs)
    return drawn, table, _("Les quartiers de moins de cinq réponses sont regroupés.") if is_merged else ""


def _by_district(counted: Counted, districts: Mapping[int, str]) -> list[tuple[str, int]]:
    """Count by district, by name; those of fewer than five answers together, last."""
    named = sorted((districts[key], found) for key, found in counted.districts.items())
    merged = small_cells.merged(dict(named))
    return [*merged.shown.items(), *([(_("Autres quartiers"), merged.rest)] if merged.hidden else [])]


DRAWERS = {
    Kind.SINGLE.value: _draw_choices,
    Kind.MULTIPLE.value: _draw_choices,
    Kind.SCALE.value: _draw_scale,
    Kind.NUMBER.value: _draw_number,
    Kind.MATRIX.value: _draw_matrix,
    Kind.RANKING.value: _draw_ranking,
    Kind.DISTRICT.value: _draw_districts,
}


# --- For open data -----------------------------------------------------------------------------------------------------

# What is told of a question: its line (of a table), the answer, what is measured, how much.
Told = tuple[str, str, str, int | Decimal]
PEOPLE = "personnes"


def lines(read: Outline) -> Iterator[tuple[str, Told]]:
    """Give the figures of a questionnaire that is over, those of its page, each with its question (three queries at most)."""
    counted = _counted(read, sent(read, None), ())
    has_districts = any(asking.kind == Kind.DISTRICT for asking in read.questions)
    districts = {each.pk: each.name for each in District.objects.all()} if has_districts else {}
    for rank, asking in enumerate(read.questions, start=1):
        name, found = f"{rank}. {asking.question.label}", counted[asking.pk]
        yield name, ("", "", "repondants", found.people)
        if found.people and asking.kind in TELLERS:
            yield from ((name, told) for told in TELLERS[asking.kind](asking, found, districts))


def _tell_choices(asking: Asking, found: Counted, districts: Mapping[int, str]) -> Iterator[Told]:
    for option in asking.options:
        yield "", option.label, PEOPLE, found.options.get(option.pk, 0)


def _tell_scale(asking: Asking, found: Counted, districts: Mapping[int, str]) -> Iterator[Told]:
    for step in crosses.steps(asking):
        yield "", crosses.step_label(asking, step), PEOPLE, found.numbers.get(Decimal(step), 0)


def _tell_number(asking: Asking, found: Counted, districts: Mapping[int, str]) -> Iterator[Told]:
    for measure, value in {"moyenne": _mean(found.numbers), **_quarters(_values(found))}.items():
        yield "", "", measure, round(value, 1)


def _tell_matrix(asking: Asking, found: Counted, districts: Mapping[int, str]) -> Iterator[Told]:
    for row in asking.rows:
        for option in asking.options:
            yield row.label, option.label, PEOPLE, found.cells.get((row.pk, option.pk), 0)


def _tell_ranking(asking: Asking, found: Counted, districts: Mapping[int, str]) -> Iterator[Told]:
    for label, points, first, cited in _scored(asking, found):
        for measure, number in {"points": points, "en_premier": first, "cites": cited}.items():
            yield "", label, measure, number


def _tell_districts(asking: Asking, found: Counted, districts: Mapping[int, str]) -> Iterator[Told]:
    for label, number in _by_district(found, districts):
        yield "", label, PEOPLE, number


TELLERS = {
    Kind.SINGLE.value: _tell_choices,
    Kind.MULTIPLE.value: _tell_choices,
    Kind.SCALE.value: _tell_scale,
    Kind.NUMBER.value: _tell_number,
    Kind.MATRIX.value: _tell_matrix,
    Kind.RANKING.value: _tell_ranking,
    Kind.DISTRICT.value: _tell_districts,
}
