"""The figures of a report, counted from the tables: who took part, who is missing, what was said, what became of it.

What leaves this module names nobody: counts of people under five are merged (`mulhouse.small_cells`). It is kept as it is with
the report on the day it is published, and shown from there.
"""

import datetime as dt
from collections.abc import Iterable, Mapping
from typing import Any, NamedTuple

from django.db import connection
from django.db.models import Count, DateField, Exists, OuterRef, Q, Subquery, Value
from django.db.models.functions import Coalesce, JSONObject

from ballots import counting
from ballots.models import Votation
from city.models import District, Population
from consultations import coverage, part_counts, participation
from consultations.models import AnalysisTheme, Consultation, Item, Outcome, TableNotes
from consultations.phases import PARIS
from desk.models import Channel
from mulhouse import markup
from mulhouse.ages import AgeBand
from mulhouse.small_cells import THRESHOLD, merged
from questionnaires.models import Questionnaire

Figures = dict[str, Any]
# Longer than this, time is told by month.
MOST_WEEKS = 26
UNKNOWN = ""
# In a draft of a report: none is published while a theme has no title for residents.
UNTITLED = "Sans titre public"


def collect(consultation: Consultation, *, at: dt.datetime, opinions: coverage.Coverage | None = None) -> Figures:
    """Count everything a report shows, drafts of decisions taken as decided.

    Shape: `opinions`, where the page has read them, is where they stand.
    Plain values, ready for JSON. `people` and the lines `by_channel`, `by_district`, `by_age`, `by_time` (see `_line`);
    `population` by name of district and band; `sections` by section and kind; `opinions` the city answers, and those `gone`;
    `decisions`, an opinion counting in each it received; `answers`, one for each theme. `seated` people at the tables of
    meetings, `questionnaires` that are over and `votes` that are counted: versions published before them lack these three.
    """
    counted, opinions = participation.figures(consultation, at=at), opinions or coverage.of(consultation)
    names, about = _districts(consultation)
    sections = _sections(consultation)
    answers = _answers(consultation)
    unit, times = _over_time(counted.by_week)
    beside = _beside(consultation, at)
    return {
        "counted_on": at.astimezone(PARIS).date().isoformat(),
        "threshold": THRESHOLD,
        "people": counted.people,
        "by_channel": _line(counted.by_channel),
        "by_district": _line(_with_all(_shown(names, about, counted.by_district), counted.by_district)),
        "by_age": _line(_with_all(AgeBand.values, counted.by_age)),
        "by_time": {"unit": unit, **_line(times)},
        "population": _population(about),
        "seated": sum(row.number for row in beside if row.sort == "table"),
        "questionnaires": _questionnaires([row for row in beside if row.sort == "questionnaire"]),
        "votes": _votes([row for row in beside if row.sort == "vote"]),
        "contributions": sum(row["contributions"] for row in sections),
        "comments": sum(row["comments"] for row in sections),
        "positions": sum(row["agree"] + row["mixed"] + row["disagree"] for row in sections),
        "sections": sections,
        "opinions": opinions.owed,
        "gone": opinions.total - opinions.owed,
        "decisions": _decisions(consultation),
        "answers": answers,
    }


def _line(counts: Mapping[str, int]) -> dict[str, Any]:
    """Merge the small counts of a line; a name that nobody has is told, it points at nobody.

    Shape: `rows` of [name, count] in order, `merged` the names told together, `rest` their sum.
    """
    found = merged({name: count for name, count in counts.items() if count}, least=1)
    return {
        "rows": [[name, counts[name]] for name in counts if name not in found.hidden],
        "merged": list(found.hidden),
        "rest": found.rest,
    }


def _with_all(names: Iterable[str], counts: Mapping[Any, int]) -> dict[str, int]:
    """Give a count to each name, nobody included, then to those who did not say."""
    known: dict[str | None, int] = {**counts}
    found = {name: known.get(name, 0) for name in names}
    unknown = known.get(None, 0) + known.get(UNKNOWN, 0)
    return {**found, UNKNOWN: unknown} if unknown else found


def _districts(consultation: Consultation) -> tuple[list[str], list[str]]:
    """Name every district, then those a consultation is about: none where it is about the whole city. One query."""
    is_about = Exists(consultation.districts.filter(pk=OuterRef("pk")))
    rows = District.objects.annotate(is_about=is_about).order_by("position", "name")
    found = list(rows.values_list("name", "is_about"))
    return [name for name, _is_about in found], [name for name, is_about in found if is_about]


def _shown(names: list[str], about: list[str], counts: Mapping[Any, int]) -> list[str]:
    """Keep the districts that a consultation is about, or all of them, and those somebody came from."""
    return [name for name in names if not about or name in about or counts.get(name)]


def _over_time(weeks: Mapping[dt.date, int]) -> tuple[str, dict[str, int]]:
    """Count by week, by its Monday, or by month where that makes too many."""
    if len(weeks) <= MOST_WEEKS:
        return "week", {day.isoformat(): number for day, number in weeks.items()}
    months: dict[str, int] = {}
    for day, number in weeks.items():
        month = day.replace(day=1).isoformat()
        months[month] = months.get(month, 0) + number
    return "month", months


def _population(about: list[str]) -> dict[str, Any]:
    """Give the newest population of the districts and of the bands, with where it comes from.

    Shape: `scope` names the districts it is of, none for the whole city. A consultation of some districts is compared with
    their inhabitants, and with the ages of the whole city where those of its districts are not known.
    """
    rows = list(Population.objects.newest().select_related("district"))
    districts = {
        row.district.name: [row] for row in rows if row.district is not None and not row.age_band and _is_in(row, about)
    }
    ages = {row.age_band: [row] for row in rows if row.district is None and row.age_band}
    there: dict[str, list[Population]] = {}
    for row in rows:
        if about and row.age_band and row.district is not None and row.district.name in about:
            there.setdefault(row.age_band, []).append(row)
    # Every band of every district, or what is compared would not be whole.
    is_known = (
        bool(there) and set(there) == set(ages or there) and {len(found) for found in there.values()} == {len(about)}
    )
    return {
        "by_district": _inhabitants(districts, about),
        "by_age": _inhabitants(there, about) if is_known else _inhabitants(ages, []),
    }


def _is_in(row: Population, about: list[str]) -> bool:
    return row.district is not None and (not about or row.district.name in about)


def _inhabitants(rows: Mapping[str, list[Population]], scope: list[str]) -> dict[str, Any]:
    every = [row for found in rows.values() for row in found]
    return {
        "inhabitants": {name: sum(row.inhabitants for row in found) for name, found in rows.items()},
        "sources": sorted({f"{row.source} ({row.year})" for row in every}),
        "is_estimate": any(row.is_estimate for row in every),
        "scope": scope,
    }


def _sections(consultation: Consultation) -> list[dict[str, Any]]:
    """Count what is visible by section and kind; `rank` is that of the section, 1 for the first."""
    return [
        {
            "rank": row["part_rank"],
            "title": row["part_title"] or "",
            "kind": row["kind"],
            "contributions": row["contributions"],
            "comments": row["sum_comments"],
            "agree": row["sum_agree"],
            "mixed": row["sum_mixed"],
            "disagree": row["sum_disagree"],
        }
        for row in part_counts.of(consultation)
    ]


class Beside(NamedTuple):
    """People counted beside the opinions: at a table, in a questionnaire by a channel, in a vote by a channel on a day."""

    sort: str
    first_on: dt.date | None
    rank: int
    pk: int
    reference: str
    title: str
    channel: str
    day: dt.date | None
    number: int
    nobody_s: int


def _beside(consultation: Consultation, at: dt.datetime) -> list[Beside]:
    """Count the tables of meetings, the questionnaires that are over and the votes that are counted, in their order. One query."""
    votes = (
        Votation.objects.standing()
        .filter(consultation_link__consultation=consultation, counted_at__isnull=False)
        .order_by()
        .values_list(
            Value("vote"), "opens_on", Value(0), "pk", "reference", "question", "roll__channel", "roll__voted_on"
        )
        .annotate(number=Count("roll"), nobody_s=Value(0))
    )
    sent = Q(responses__submitted_at__isnull=False)
    no_day = Value(None, output_field=DateField())
    questionnaires = (
        Questionnaire.objects.closed(at=at)
        .filter(consultation_link__consultation=consultation)
        .order_by()
        .values_list(
            Value("questionnaire"),
            no_day,
            "consultation_link__position",
            "pk",
            "reference",
            "title",
            "responses__channel",
            no_day,
        )
        .annotate(
            number=Count("responses", filter=sent),
            nobody_s=Count("responses", filter=sent & Q(responses__person__isnull=True)),
        )
    )
    none = Value("")
    tables = (
        TableNotes.objects.filter(consultation=consultation)
        .order_by()
        .values_list(Value("table"), no_day, Value(0), "pk", none, none, none, no_day)
        .annotate(number=Coalesce("people", 0), nobody_s=Value(0))
    )
    # The votes first: their columns say what the empty ones of the others are.
    rows = [Beside(*row) for row in votes.union(questionnaires, tables, all=True)]
    return sorted(
        rows, key=lambda row: (row.first_on or dt.date.min, row.rank, row.pk, row.day or dt.date.min, row.channel or "")
    )


def _questionnaires(rows: Iterable[Beside]) -> list[dict[str, Any]]:
    """Count the responses to each questionnaire that is over, by channel.

    Shape: `without_account` responses of the web are told where nobody is singled out by it, beside those who have one; None
    where they are not.
    """
    titles: dict[str, str] = {}
    channels: dict[str, dict[str, int]] = {}
    without: dict[str, int] = {}
    for row in rows:
        titles[row.reference] = row.title
        counts = channels.setdefault(row.reference, {})
        if row.number:
            counts[row.channel] = counts.get(row.channel, 0) + row.number
            without[row.reference] = without.get(row.reference, 0) + row.nobody_s
    found = []
    for reference, counts in channels.items():
        line = _line({channel: counts[channel] for channel in Channel.values if channel in counts})
        part, whole = without.get(reference, 0), counts.get(Channel.WEB, 0)
        is_told = Channel.WEB not in line["merged"] and all(
            number == 0 or number >= THRESHOLD for number in (part, whole - part)
        )
        found.append(
            {
                "reference": reference,
                "title": titles[reference],
                "responses": sum(counts.values()),
                "by_channel": line,
                "without_account": part if is_told else None,
            }
        )
    return found


def _votes(rows: Iterable[Beside]) -> list[dict[str, Any]]:
    """Count who voted in each vote that is counted, as its page does."""
    questions: dict[str, str] = {}
    rolls: dict[str, list[tuple[dt.date, str, int]]] = {}
    for row in rows:
        questions[row.reference] = row.title
        roll = rolls.setdefault(row.reference, [])
        if row.number and row.day is not None:
            roll.append((row.day, row.channel, row.number))
    found = {reference: counting.summed(roll, final=True) for reference, roll in rolls.items()}
    return [
        {
            "reference": reference,
            "question": questions[reference],
            "voters": turnout.voters,
            "by_channel": turnout.by_channel,
        }
        for reference, turnout in found.items()
    ]


# What holds for an opinion once the drafts are published: its own decision first, else that of each of its themes.
_DECIDED = """
    SELECT * FROM (WITH theme_now AS (
        SELECT t.id, coalesce(CASE WHEN t.is_ready THEN t.draft_decision END, (
            SELECT o.decision FROM consultations_outcome o WHERE o.theme_id = t.id
            ORDER BY o.published_at DESC, o.id DESC LIMIT 1
        )) AS decision
        FROM consultations_analysistheme t WHERE t.consultation_id = %(consultation)s
    ), own AS (
        SELECT i.id, coalesce(CASE WHEN i.is_ready THEN i.draft_decision END, (
            SELECT o.decision FROM consultations_itemoutcome g JOIN consultations_outcome o ON o.id = g.outcome_id
            WHERE g.item_id = i.id AND g.ended_at IS NULL AND o.theme_id IS NULL
            ORDER BY o.published_at DESC, o.id DESC LIMIT 1
        )) AS decision
        FROM consultations_item i WHERE i.consultation_id = %(consultation)s
    ), decided AS (
        SELECT id AS item_id, decision FROM own WHERE decision IS NOT NULL
        UNION
        SELECT l.item_id, n.decision FROM consultations_itemtheme l JOIN theme_now n ON n.id = l.theme_id
        JOIN own ON own.id = l.item_id WHERE own.decision IS NULL AND n.decision IS NOT NULL
    )
    SELECT d.decision, count(*)
    FROM consultations_item i JOIN decided d ON d.item_id = coalesce(i.grouped_with_id, i.id)
    WHERE i.consultation_id = %(consultation)s AND i.place NOT IN ('withdrawn', 'hidden')
    GROUP BY 1) counted
"""


def _decisions(consultation: Consultation) -> dict[str, int]:
    with connection.cursor() as cursor:
        cursor.execute(_DECIDED, {"consultation": consultation.pk})
        return {decision: int(number) for decision, number in cursor.fetchall()}


def _answers(consultation: Consultation) -> list[dict[str, Any]]:
    """Give each theme with what was asked, by how many opinions, and what is decided; the most asked first."""
    heads = Q(links__item__place__in=(Item.Place.WAITING, Item.Place.ANSWERED))
    members = heads & Q(links__item__members__place=Item.Place.GROUPED)
    themes = (
        AnalysisTheme.objects.filter(consultation=consultation)
        .annotate(
            heads=Count("links__item", filter=heads, distinct=True),
            members=Count("links__item__members", filter=members, distinct=True),
        )
        .order_by("title", "pk")
    )
    last = Outcome.objects.filter(theme=OuterRef("pk")).order_by("-published_at", "-pk")
    said = JSONObject(
        title="subject",
        summary="summary",
        is_minority="is_minority",
        decision="decision",
        forwarded_to="forwarded_to",
        explanation_html="explanation_html",
    )
    rows = [_answer(theme) for theme in themes.annotate(last=Subquery(last.values(said=said)[:1]))]
    return sorted((row for row in rows if row["opinions"]), key=lambda row: (-row["opinions"], row["title"]))


def _answer(theme: Any) -> dict[str, Any]:
    """Say a theme as its last answer did, or as the one that is ready will: half of a decision is for agents alone."""
    said = theme.last
    if theme.is_ready or said is None:
        said = {
            "title": theme.public_title or UNTITLED,
            "summary": theme.public_summary,
            "is_minority": theme.is_minority,
            "decision": theme.draft_decision if theme.is_ready else "",
            "forwarded_to": theme.draft_forwarded_to if theme.is_ready else "",
            "explanation_html": markup.render_markdown(theme.draft_explanation) if theme.is_ready else "",
        }
    return {"reference": theme.reference, "opinions": theme.heads + theme.members, **said}
