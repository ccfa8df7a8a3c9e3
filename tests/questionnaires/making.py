"""Questionnaires for tests, written as rows."""

import datetime as dt
import itertools

from django.urls import reverse
from django.utils import timezone

from consultations.models import ConsultationQuestionnaire
from desk.models import Person
from questionnaires.models import Answer, Option, Question, Questionnaire, Response, Row, Section
from tests import factories

_numbers = itertools.count(1)


def make_questionnaire(*, consultation=None, opens=-5, closes=10, **fields):
    """A published questionnaire of an open consultation: open since `opens` days, until the eve of `closes` days from now."""
    consultation = consultation or factories.make_consultation()
    today = factories.today()
    made = Questionnaire.objects.create(
        **{
            "title": f"Questionnaire {next(_numbers)}",
            "opens_on": today + dt.timedelta(days=opens),
            "closes_on": today + dt.timedelta(days=closes),
            "published_at": timezone.now() - dt.timedelta(days=20),
            **fields,
        }
    )
    Section.objects.create(questionnaire=made, title="Vos trajets", position=1)
    ConsultationQuestionnaire.objects.create(consultation=consultation, questionnaire=made)
    return made


def add_section(questionnaire, title="Vous"):
    return Section.objects.create(questionnaire=questionnaire, title=title, position=questionnaire.sections.count() + 1)


def add_question(where, kind="single", *, options=("Oui", "Non"), other="", rows=(), on=None, wanted=(), **fields):
    """A question at the end of a section (of the first one of a questionnaire); `on` with `wanted` labels makes a condition."""
    section = where if isinstance(where, Section) else where.sections.order_by("position").first()
    if kind == "scale":
        fields = {"lowest": 1, "highest": 5, **fields}
    if on is not None:
        fields["condition_question"] = on
        fields.setdefault("condition_test", "any_of")
    question = Question.objects.create(
        section=section,
        position=section.questions.count() + 1,
        kind=kind,
        **{"label": f"Question {next(_numbers)}", **fields},
    )
    if kind in {"single", "multiple", "matrix", "ranking"}:
        for position, label in enumerate(options, start=1):
            Option.objects.create(question=question, position=position, label=label)
        if other:
            Option.objects.create(question=question, position=len(options) + 1, label=other, is_other=True)
    for position, label in enumerate(rows, start=1):
        Row.objects.create(question=question, position=position, label=label)
    if on is not None:
        question.condition_options.set(on.options.filter(label__in=wanted))
    return question


def option(question, label):
    return question.options.get(label=label)


def make_response(questionnaire, *answers, user=None, **fields):
    """A response that was sent; `answers` are unsaved rows."""
    person = fields.pop("person", None) or Person.objects.create(user=user)
    made = Response.objects.create(
        questionnaire=questionnaire, person=person, **{"submitted_at": timezone.now(), **fields}
    )
    for answer in answers:
        answer.response = made
    Answer.objects.bulk_create(answers)
    return made


def url(questionnaire, route="", **more):
    """The address of a page of a questionnaire: "" the first, else « page », « check », « thanks », « results », « export »."""
    link = questionnaire.consultation_link
    name = f"consultations:questionnaire{'_' if route else ''}{route}"
    return reverse(name, args=[link.consultation.slug, questionnaire.reference, *more.values()])


def page_url(questionnaire, number=1):
    return url(questionnaire, "page", number=number)


def shown(*questions):
    return {"montrees": ",".join(str(question.pk) for question in questions), "intention": "continuer"}
