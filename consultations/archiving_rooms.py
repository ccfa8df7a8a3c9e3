"""What an archive package takes from the rooms next door: questionnaires, votes and commitments, each as its public pages show it.

A questionnaire or a vote that is not published, a commitment that is a draft, a result that nobody may read yet: none is here.
"""

import datetime as dt
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from django.conf import settings
from django.db.models import Prefetch, Q
from django.urls import reverse

from ballots import counting, files
from ballots import presentation as ballots
from ballots.models import Votation
from commitments import exports as commitment_exports
from commitments import presentation as commitments
from commitments.models import Commitment, CommitmentNews
from consultations.models import Consultation
from mulhouse import opendata, typography
from questionnaires import declared, exports, outline, results, rules
from questionnaires.models import Question, Questionnaire
from questionnaires.outline import Asking, Outline


@dataclass(frozen=True)
class Sheet:
    """A page of the package with the files that stand beside it.

    Shape: `files` are (name in the package, what it holds, its bytes piece by piece).
    """

    name: str
    title: str
    template: str
    context: dict[str, Any]
    files: Sequence[tuple[str, str, Iterator[bytes]]] = ()


# --- Questionnaires ------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Asked:
    """A question in words, with what was answered where everybody may read it."""

    label: str
    help: str
    kind: str
    answers: list[str]
    lines: list[str]
    result: results.Result | None


@dataclass(frozen=True)
class AskedPage:
    """A page of a questionnaire."""

    title: str
    intro: str
    questions: list[Asked] = field(default_factory=list)


def questionnaires(consultation: Consultation, *, at: dt.datetime) -> Iterator[Sheet]:
    """Give the published questionnaires: what was asked, under which rules, and what was answered once that is public."""
    rows = Questionnaire.objects.published().filter(consultation_link__consultation=consultation)
    for row in rows.prefetch_related("amendments").order_by("consultation_link__position", "pk"):
        read = outline.read(row)
        found = results.of(read, at=at) if rules.results_refusal(row, at=at) is None else None
        name = f"questionnaires/{row.reference.lower()}"
        has_file = found is not None and bool(found.groups) and rules.files_refusal(row, at=at) is None
        chunks = exports.csv_chunks(read, source=f"{settings.SITE_URL}{consultation.get_absolute_url()}")
        yield Sheet(
            f"{name}.html",
            row.title,
            "consultations/archive/questionnaire.html",
            {
                "questionnaire": row,
                "rules": declared.in_words(declared.of(row)),
                "pages": _pages(read, found),
                "results": found,
                "amendments": list(row.amendments.all()),
            },
            [
                (f"{name}.csv", "Les réponses (CSV)", chunks),
                (f"{name}-croisements.csv", "Par quartier et par âge (CSV)", exports.crosses_chunks(read)),
            ]
            if has_file
            else [],
        )


def _pages(read: Outline, found: results.Results | None) -> list[AskedPage]:
    by_key = {result.key: result for group in (found.groups if found else ()) for result in group.results}
    return [
        AskedPage(
            page.section.title,
            page.section.intro,
            [_asked(asking, by_key.get(f"q{asking.pk}")) for asking in page.questions],
        )
        for page in read.pages
    ]


def _asked(asking: Asking, result: results.Result | None) -> Asked:
    question = asking.question
    answers = [option.label for option in asking.options]
    if asking.kind == Question.Kind.SCALE:
        ends = ((question.lowest, question.lowest_label), (question.highest, question.highest_label))
        answers = [f"{value}\u00a0: {label}" if label else str(value) for value, label in ends]
    return Asked(
        question.label,
        question.help,
        str(question.get_kind_display()),
        answers,
        [line.label for line in asking.rows],
        result,
    )


# --- Votes ---------------------------------------------------------------------------------------------------------------


def votes(consultation: Consultation, *, at: dt.datetime) -> Iterator[Sheet]:
    """Give the published votes: the question, the options, the rules, and the result once everybody reads it."""
    rows = Votation.objects.published().filter(consultation_link__consultation=consultation)
    for row in rows.prefetch_related("options").order_by("opens_on", "pk"):
        found = counting.result(row, at=at)
        turnout = counting.turnout(row, at=at)
        path = reverse("consultations:vote", args=[consultation.slug, row.reference])
        name, source = f"votes/{row.reference.lower()}", f"{settings.SITE_URL}{path}"
        yield Sheet(
            f"{name}.html",
            row.question,
            "consultations/archive/vote.html",
            {
                "votation": row,
                "rules": ballots.rules(row),
                "options": sorted(row.options.all(), key=lambda option: option.number),
                "turnout": ballots.turnout_words(turnout) if found else "",
                "channels": ballots.channels(turnout) if found else [],
                "result": ballots.shown(row, found) if found else None,
                "is_yes_no": row.kind == Votation.Kind.YES_NO,
            },
            [
                (f"{name}.{form}", f"Le résultat ({form.upper()})", iter([write(row, found, source=source)]))
                for form, (_content_type, write) in files.FORMATS.items()
            ]
            if found
            else [],
        )


# --- Commitments -----------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Promised:
    """A commitment in words, as it stands on the day of the package."""

    row: Commitment
    state: str
    facts: list[tuple[str, str]]
    events: list[commitments.Event]


def engagements(consultation: Consultation) -> Iterator[Sheet]:
    """Give the public commitments that the city took after a consultation, with their news, on one page; none without any."""
    news = CommitmentNews.objects.order_by("-happened_on", "-pk")
    rows = (
        Commitment.objects.published()
        .filter(consultation_link__consultation=consultation)
        .select_related("service", "district", "theme")
        .prefetch_related(Prefetch("news", queryset=news))
        .order_by("published_at", "pk")
    )
    found = [_promised(row) for row in rows]
    if found:
        yield Sheet(
            "engagements.html",
            "Engagements de la Ville",
            "consultations/archive/commitments.html",
            {"commitments": found},
            [
                (
                    "donnees/engagements.csv",
                    "Les engagements (CSV)",
                    _narrowed(commitment_exports.COMMITMENTS, consultation_link__consultation=consultation),
                ),
                (
                    "donnees/engagements-nouvelles.csv",
                    "Les nouvelles des engagements (CSV)",
                    _narrowed(commitment_exports.NEWS, commitment__consultation_link__consultation=consultation),
                ),
            ],
        )


def _narrowed(table: opendata.Table, **only: Any) -> Iterator[bytes]:
    """Write the rows of an open data table that belong to a consultation."""
    rows: Any = table.rows()
    return opendata.csv_chunks(replace(table, rows=lambda: rows.filter(**only)))


def _promised(row: Commitment) -> Promised:
    facts = [(str(fact.label), str(fact.value)) for fact in commitments.facts(row)]
    closed = [("Clos le", typography.day(row.closed_on))] if row.closed_on else []
    return Promised(
        row,
        str(row.get_state_display()),
        [*facts, *closed],
        [commitments.event(news) for news in row.news.all()],
    )


# --- The register ----------------------------------------------------------------------------------------------------------


def register_lines(consultation: Consultation) -> Q:
    """Give what the lines of the register about the votes, questionnaires and commitments of a consultation have in common."""
    asked = Questionnaire.objects.published().filter(consultation_link__consultation=consultation)
    voted = Votation.objects.published().filter(consultation_link__consultation=consultation)
    promised = Commitment.objects.published().filter(consultation_link__consultation=consultation)
    return (
        Q(act__startswith="questionnaire.", subject__in=asked.values("reference"))
        | Q(act__startswith="vote.", subject__in=voted.values("reference"))
        | Q(act__startswith="commitment.", subject__in=promised.values("reference"))
    )
