"""What is printed of the questionnaires and votes of a consultation, in French words: each question with what one fills in by hand."""

import datetime as dt
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from django.urls import reverse

from ballots.dates import State
from ballots.models import Votation
from city.models import District
from consultations.models import Consultation
from questionnaires.conditions import Condition, Test
from questionnaires.models import Option, Question, Questionnaire
from questionnaires.outline import Asking, Outline

Kind = Question.Kind
# Ruled lines under a question in free words.
LINES = range(6)
# A scale of more steps than this is a number to write.
STEPS = 11
NBSP = "\u00a0"


@dataclass(frozen=True)
class Sheet:
    """A sheet to print beside the form: what it is for, and where."""

    label: str
    url: str
    last_day: dt.date | None


def sheets(consultation: Consultation, *, at: dt.datetime) -> list[Sheet]:
    """Give the questionnaires and votes of a consultation that can still be filled in; none of a draft. Two queries at most."""
    found = []
    if getattr(consultation, "has_questionnaire", True):
        rows = Questionnaire.objects.published().filter(consultation_link__consultation=consultation)
        found += [
            Sheet(
                f"Questionnaire{NBSP}: {row.title}",
                _url("paper_questionnaire", consultation, row.reference),
                row.last_day,
            )
            for row in rows.order_by("consultation_link__position", "pk")
            if is_printed(consultation, row, at=at)
        ]
    if getattr(consultation, "has_votes", True):
        votes = Votation.objects.published().filter(consultation_link__consultation=consultation)
        found += [
            Sheet(
                f"Bulletin de vote{NBSP}: {row.question}",
                _url("paper_ballot", consultation, row.reference),
                row.ends_on,
            )
            for row in votes.order_by("opens_on", "pk")
            if is_cast(consultation, row, at=at)
        ]
    return found


def _url(route: str, consultation: Consultation, reference: str) -> str:
    return reverse(f"consultations:{route}", args=[consultation.slug, reference])


def is_printed(consultation: Consultation, questionnaire: Questionnaire, *, at: dt.datetime) -> bool:
    """Tell whether a questionnaire can be filled in now or later: it is printed in advance, never after."""
    return consultation.archived_at is None and not questionnaire.is_over(at=at)


def is_cast(consultation: Consultation, votation: Votation, *, at: dt.datetime) -> bool:
    """Tell whether one can vote now or later."""
    return consultation.archived_at is None and votation.state(at=at) in {State.UPCOMING, State.OPEN}


# --- A questionnaire -----------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Asked:
    """A question on paper: its number, how one answers, on which answer it depends, and what is to be filled in."""

    number: int
    label: str
    help: str
    how: str
    only_if: str
    kind: str
    options: Sequence[Option] = ()
    rows: Sequence[str] = ()
    # What is written under each box of a scale: the number, and words at both ends.
    steps: Sequence[tuple[int, str]] = ()
    districts: Sequence[District] = ()
    unit: str = ""


@dataclass(frozen=True)
class Page:
    """A page of a questionnaire."""

    title: str
    intro: str
    questions: list[Asked] = field(default_factory=list)


def pages(read: Outline, districts: Iterable[District]) -> list[Page]:
    """Lay a questionnaire out on paper, its questions numbered from the first to the last.

    Shape: `districts` are read only when a question asks for one.
    """
    numbers = {asking.pk: number for number, asking in enumerate(read.questions, start=1)}
    named = list(districts) if any(asking.kind == Kind.DISTRICT for asking in read.questions) else []
    return [
        Page(
            page.section.title,
            page.section.intro,
            [_asked(asking, read, numbers, named) for asking in page.questions],
        )
        for page in read.pages
    ]


def _asked(asking: Asking, read: Outline, numbers: dict[int, int], districts: Sequence[District]) -> Asked:
    question = asking.question
    return Asked(
        number=numbers[asking.pk],
        label=question.label,
        help=question.help,
        how=_how(asking),
        only_if=_only_if(asking.condition, read, numbers) if asking.condition else "",
        kind=asking.kind,
        options=asking.options,
        rows=[row.label for row in asking.rows],
        steps=_steps(question) if asking.kind == Kind.SCALE else (),
        unit=question.unit,
        districts=districts if asking.kind == Kind.DISTRICT else (),
    )


def _steps(question: Question) -> list[tuple[int, str]]:
    lowest, highest = question.lowest or 0, question.highest or 0
    if highest - lowest >= STEPS:
        return []
    ends = {lowest: question.lowest_label, highest: question.highest_label}
    return [(step, ends.get(step, "")) for step in range(lowest, highest + 1)]


# How one answers, by kind; the others depend on the question.
HOW = {
    Kind.SINGLE.value: "Cochez une seule case.",
    Kind.MATRIX.value: "Cochez une seule case par ligne.",
    Kind.TEXT.value: "Écrivez votre réponse. Jamais de nom ni d’adresse.",
    Kind.DISTRICT.value: "Cochez un seul quartier.",
    Kind.FILE.value: "Joignez une feuille ou une photo. Écrivez au dos la référence du questionnaire, sans votre nom.",
}


def _how(asking: Asking) -> str:
    """Say how one answers."""
    question, most = asking.question, asking.question.max_choices
    if asking.kind == Kind.MULTIPLE:
        return f"Cochez {most} cases au plus." if most else "Cochez autant de cases que vous voulez."
    if asking.kind == Kind.SCALE:
        words = f"de {question.lowest} à {question.highest}"
        return f"Cochez une seule case, {words}." if _steps(question) else f"Écrivez un nombre, {words}."
    if asking.kind == Kind.RANKING:
        places = min(most or len(asking.options), len(asking.options))
        return f"Écrivez 1 devant votre premier choix, 2 devant le suivant, jusqu’à {places}."
    return HOW.get(asking.kind) or _number_words(question)


def _number_words(question: Question) -> str:
    if question.lowest is not None and question.highest is not None:
        return f"Écrivez un nombre, de {question.lowest} à {question.highest}."
    if question.lowest is not None:
        return f"Écrivez un nombre, {question.lowest} au moins."
    return f"Écrivez un nombre, {question.highest} au plus." if question.highest is not None else "Écrivez un nombre."


def _only_if(condition: Condition, read: Outline, numbers: dict[int, int]) -> str:
    """Say on which answer a question depends, which the web page does by itself."""
    earlier, number = read.by_pk[condition.question], numbers[condition.question]
    chosen = " ou ".join(
        f"«{NBSP}{option.label}{NBSP}»" for option in earlier.options if option.pk in condition.options
    )
    words = {
        Test.ANY_OF: f"vous avez choisi {chosen} à la question {number}",
        Test.NONE_OF: f"vous avez répondu à la question {number}, sans choisir {chosen}",
        Test.AT_LEAST: f"vous avez répondu {condition.number} ou plus à la question {number}",
        Test.AT_MOST: f"vous avez répondu {condition.number} ou moins à la question {number}",
    }
    return f"Seulement si {words[condition.test]}."
