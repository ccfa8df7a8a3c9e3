"""A questionnaire read whole, in three queries: its pages, their questions, the possible answers."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from django.contrib.postgres.aggregates import ArrayAgg
from django.db.models import Q, Value

from questionnaires import conditions
from questionnaires.conditions import Asked, Condition, Given
from questionnaires.models import Option, Question, Questionnaire, Row, Section

WITH_OPTIONS = (Question.Kind.SINGLE, Question.Kind.MULTIPLE, Question.Kind.MATRIX, Question.Kind.RANKING)


@dataclass
class Asking:
    """A question with everything needed to ask it."""

    question: Question
    condition: Condition | None
    options: list[Option] = field(default_factory=list)
    rows: list[Row] = field(default_factory=list)

    @property
    def pk(self) -> int:
        """Give the key of the question."""
        return self.question.pk

    @property
    def kind(self) -> str:
        """Give the kind of the question."""
        return self.question.kind

    @property
    def other(self) -> Option | None:
        """Give the option that asks for words."""
        return next((option for option in self.options if option.is_other), None)

    @property
    def asked(self) -> Asked:
        """Give what conditions see of it."""
        return Asked(self.pk, self.kind, self.condition)


@dataclass
class Page:
    """A section with its questions."""

    section: Section
    questions: list[Asking] = field(default_factory=list)


@dataclass
class Outline:
    """The pages of a questionnaire that ask something, in order."""

    questionnaire: Questionnaire
    pages: list[Page]

    @cached_property
    def questions(self) -> list[Asking]:
        """Give every question, in order."""
        return [asking for page in self.pages for asking in page.questions]

    @cached_property
    def by_pk(self) -> Mapping[int, Asking]:
        """Give every question by its key."""
        return {asking.pk: asking for asking in self.questions}

    def shown(self, given: Mapping[int, Given]) -> set[int]:
        """Give the keys of the questions that are asked."""
        return conditions.shown((asking.asked for asking in self.questions), given)

    def page_number(self, section: int) -> int:
        """Give the rank of a section, from 1."""
        return next(number for number, page in enumerate(self.pages, start=1) if page.section.pk == section)

    def pages_after(self, number: int, keys: set[int]) -> Iterator[int]:
        """Give the ranks of the pages after this one that ask something."""
        for rank, page in enumerate(self.pages, start=1):
            if rank > number and any(asking.pk in keys for asking in page.questions):
                yield rank

    def pages_before(self, number: int, keys: set[int]) -> Iterator[int]:
        """Give the ranks of the pages before this one that ask something, the nearest first."""
        ranks = [rank for rank in self.pages_after(0, keys) if rank < number]
        yield from reversed(ranks)


def read(questionnaire: Questionnaire) -> Outline:
    """Read a questionnaire whole."""
    rows: Any = (
        Question.objects.filter(section__questionnaire=questionnaire)
        .select_related("section")
        .annotate(
            wanted=ArrayAgg(
                "condition_options", filter=Q(condition_options__isnull=False), default=Value([]), distinct=True
            )
        )
        .order_by("section__position", "section_id", "position", "pk")
    )
    pages: list[Page] = []
    askings: dict[int, Asking] = {}
    for row in rows:
        if not pages or pages[-1].section.pk != row.section_id:
            pages.append(Page(row.section))
        askings[row.pk] = Asking(row, _condition(row))
        pages[-1].questions.append(askings[row.pk])
    if any(asking.kind in WITH_OPTIONS for asking in askings.values()):
        for option in Option.objects.filter(question__in=askings).order_by("position", "pk"):
            askings[option.question_id].options.append(option)
    if any(asking.kind == Question.Kind.MATRIX for asking in askings.values()):
        for line in Row.objects.filter(question__in=askings).order_by("position", "pk"):
            askings[line.question_id].rows.append(line)
    return Outline(questionnaire, pages)


def _condition(row: Any) -> Condition | None:
    if row.condition_question_id is None:
        return None
    return Condition(
        question=row.condition_question_id,
        test=conditions.Test(row.condition_test),
        options=frozenset(row.wanted),
        number=row.condition_number,
    )
