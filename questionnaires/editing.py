"""What agents do with a questionnaire: build it, publish it, prolong it, cancel it (`editing_rules` says who may).

A draft is nobody's business: its lines on the register say that an agent worked, never on what. Once published it does not
change: a wording is corrected in public, with the text before, the text after, and why.
"""

import datetime as dt
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

from django.db import transaction
from django.db.models import Max, QuerySet

from mulhouse import reasons
from mulhouse.db import assert_in_transaction
from mulhouse.errors import DomainError, require
from questionnaires import conditions, editing_rules, outline
from questionnaires.models import Amendment, Option, Question, Questionnaire, Row, Section
from transparency import register

SETTINGS = (
    "title",
    "intro",
    "opens_on",
    "closes_on",
    "residency_level",
    "minimum_age",
    "accepts_without_account",
    "shows_live_results",
)
WRITTEN = (
    "kind",
    "label",
    "help",
    "is_required",
    "max_choices",
    "lowest",
    "highest",
    "lowest_label",
    "highest_label",
    "unit",
)
CONDITION = ("condition_question", "condition_test", "condition_number")


def record_draft(actor: Any, part: str) -> None:
    """Say on the register that an agent worked on a questionnaire, never on which.

    Locks: the register, so call it last.
    """
    register.record("questionnaire.draft", role="agent", facts={"partie": part}, actor=actor)


def _claim(actor: Any, questionnaire: Questionnaire) -> Questionnaire:
    """Hold a questionnaire that may be changed until the end of the transaction: two agents build it one after the other."""
    held = _hold(questionnaire)
    require(editing_rules.edit_refusal(actor, held))
    return held


def _done(actor: Any, questionnaire: Questionnaire, part: str) -> None:
    questionnaire.save(update_fields=["updated_at"])
    record_draft(actor, part)


# --- Making, copying ---------------------------------------------------------------------------------------------------


def begin(*, title: str, residency_level: str, minimum_age: int | None) -> Questionnaire:
    """Make an empty questionnaire with a first page, inside the host's transaction."""
    assert_in_transaction()
    made = Questionnaire.objects.create(title=title, residency_level=residency_level, minimum_age=minimum_age)
    Section.objects.create(questionnaire=made, title="Vos réponses", position=1)
    return made


def copy(*, source: Questionnaire, title: str) -> Questionnaire:
    """Make a draft with the pages, questions and conditions of another, without its dates, inside the host's transaction."""
    assert_in_transaction()
    made = Questionnaire.objects.create(
        title=title,
        **{name: getattr(source, name) for name in SETTINGS if name not in {"title", "opens_on", "closes_on"}},
    )
    questions: dict[int, Question] = {}
    options: dict[int, Option] = {}
    read = outline.read(source)
    for section in source.sections.order_by("position"):
        twin = Section.objects.create(
            questionnaire=made, title=section.title, intro=section.intro, position=section.position
        )
        for asking in (asking for asking in read.questions if asking.question.section_id == section.pk):
            question = Question.objects.create(
                section=twin,
                position=asking.question.position,
                **{name: getattr(asking.question, name) for name in WRITTEN},
            )
            questions[asking.pk] = question
            for option in asking.options:
                options[option.pk] = Option.objects.create(
                    question=question, position=option.position, label=option.label, is_other=option.is_other
                )
            for row in asking.rows:
                Row.objects.create(question=question, position=row.position, label=row.label)
    for asking in read.questions:
        if asking.condition is not None:
            question = questions[asking.pk]
            question.condition_question = questions[asking.condition.question]
            question.condition_test = asking.condition.test.value
            question.condition_number = asking.condition.number
            question.save(update_fields=CONDITION)
            question.condition_options.set([options[key] for key in asking.condition.options])
    return made


@transaction.atomic(durable=True)
def save_settings(*, actor: Any, questionnaire: Questionnaire, values: Mapping[str, Any]) -> None:
    """Change the title, the dates, who may answer.

    Shape: `values` holds the fields of SETTINGS.
    Raises: RefusedError.
    Locks: the questionnaire.
    """
    held = _claim(actor, questionnaire)
    for name in SETTINGS:
        setattr(held, name, values[name])
    held.save(update_fields=[*SETTINGS, "updated_at"])
    _done(actor, held, "réglages")


@transaction.atomic(durable=True)
def discard(*, actor: Any, questionnaire: Questionnaire) -> None:
    """Erase a questionnaire that was never published; repeating it is no error.

    Raises: RefusedError.
    Locks: the questionnaire.
    """
    if not Questionnaire.objects.filter(pk=questionnaire.pk).exists():
        return
    held = _claim(actor, questionnaire)
    Question.objects.filter(section__questionnaire=held).update(condition_question=None, condition_test="")
    held.delete()
    record_draft(actor, "suppression")


# --- Pages -------------------------------------------------------------------------------------------------------------


@transaction.atomic(durable=True)
def save_section(
    *, actor: Any, questionnaire: Questionnaire, section: Section | None, title: str, intro: str
) -> Section:
    """Add a page at the end, or change one.

    Raises: RefusedError.
    Locks: the questionnaire.
    """
    held = _claim(actor, questionnaire)
    if section is None:
        last = held.sections.aggregate(last=Max("position"))["last"] or 0
        section = Section(questionnaire=held, position=last + 1)
    section.title, section.intro = title, intro
    section.save()
    _done(actor, held, "page")
    return section


@transaction.atomic(durable=True)
def remove_section(*, actor: Any, section: Section) -> None:
    """Take an empty page away.

    Raises: RefusedError; DomainError "not_empty" when it still has questions.
    Locks: the questionnaire.
    """
    held = _claim(actor, section.questionnaire)
    if section.questions.exists():
        raise DomainError("not_empty", "Cette page a encore des questions. Déplacez-les ou supprimez-les d’abord.")
    section.delete()
    _done(actor, held, "page")


@transaction.atomic(durable=True)
def move_section(*, actor: Any, section: Section, up: bool) -> None:
    """Move a page before the one above, or after the one below.

    Raises: RefusedError; DomainError "condition_order" when a condition would look forward.
    Locks: the questionnaire.
    """
    held = _claim(actor, section.questionnaire)
    order = _order(held)
    keys = [key for key, _questions in order]
    at = keys.index(section.pk)
    to = at - 1 if up else at + 1
    if 0 <= to < len(order):
        order[at], order[to] = order[to], order[at]
        _write_order(held, order)
    _done(actor, held, "ordre")


# --- Questions ---------------------------------------------------------------------------------------------------------


@transaction.atomic(durable=True)
def save_question(
    *,
    actor: Any,
    section: Section,
    question: Question | None,
    values: Mapping[str, Any],
    options: Sequence[str],
    other: str,
    rows: Sequence[str],
) -> Question:
    """Add a question at the end of a page, or change one.

    Shape: `values` holds the fields of WRITTEN; `options` and `rows` are labels in order; `other` is the label of « autre », ""
    for none. An option that keeps its label stays the same, for the conditions that look at it.
    Raises: RefusedError; DomainError "question" with the first problem, "option_used", "condition_order".
    Locks: the questionnaire.
    """
    held = _claim(actor, section.questionnaire)
    if problems := editing_rules.question_problems(
        values["kind"],
        options=[*options, *([other] if other else [])],
        rows=rows,
        lowest=values["lowest"],
        highest=values["highest"],
    ):
        raise DomainError("question", problems[0][1])
    if question is None:
        last = section.questions.aggregate(last=Max("position"))["last"] or 0
        question = Question(section=section, position=last + 1)
    for name in WRITTEN:
        setattr(question, name, values[name])
    question.save()
    with_options = question.kind in outline.WITH_OPTIONS
    _write_options(question, options if with_options else [], other if with_options else "")
    _write_rows(question, rows if question.kind == Question.Kind.MATRIX else [])
    _refuse_misplaced(outline.read(held))
    _done(actor, held, "question")
    return question


def _write_options(question: Question, labels: Sequence[str], other: str) -> None:
    wanted = [(label, False) for label in labels] + ([(other, True)] if other else [])
    known = {(option.label, option.is_other): option for option in question.options.all()}
    gone = [option for key, option in known.items() if key not in wanted]
    if Question.objects.filter(condition_options__in=gone).exists():
        raise DomainError(
            "option_used",
            "Une autre question dépend d’une réponse que vous retirez. Changez d’abord sa condition.",
        )
    Option.objects.filter(pk__in=[option.pk for option in gone]).delete()
    for position, (label, is_other) in enumerate(wanted, start=1):
        Option.objects.update_or_create(
            question=question, label=label, is_other=is_other, defaults={"position": position}
        )


def _write_rows(question: Question, labels: Sequence[str]) -> None:
    question.rows.exclude(label__in=labels).delete()
    for position, label in enumerate(labels, start=1):
        Row.objects.update_or_create(question=question, label=label, defaults={"position": position})


@transaction.atomic(durable=True)
def set_condition(
    *,
    actor: Any,
    question: Question,
    on: Question | None,
    test: str = "",
    options: Iterable[Option] = (),
    number: int | None = None,
) -> None:
    """Ask a question only on the answer to an earlier one, or always (`on` is None).

    Raises: RefusedError; DomainError "condition_order" when `on` does not come before, "condition" when the test lacks its
    options or its number.
    Locks: the questionnaire.
    """
    held = _claim(actor, question.section.questionnaire)
    chosen = list(options)
    if on is not None:
        is_choice = test in conditions.CHOICE_TESTS
        if (is_choice and not chosen) or (not is_choice and number is None):
            raise DomainError("condition", "Dites quelle réponse est attendue.")
        if any(option.question_id != on.pk for option in chosen):
            raise DomainError("condition", "Ces réponses ne sont pas celles de la question choisie.")
    question.condition_question = on
    question.condition_test = test if on else ""
    question.condition_number = number if on and not chosen else None
    question.save(update_fields=CONDITION)
    question.condition_options.set(chosen if on else [])
    _refuse_misplaced(outline.read(held))
    _done(actor, held, "condition")


def _refuse_misplaced(read: outline.Outline) -> None:
    if conditions.misplaced(asking.asked for asking in read.questions):
        raise DomainError(
            "condition_order",
            "Une question dépend d’une autre qui ne serait plus posée avant elle, ou qui ne se compare pas ainsi.",
        )


@transaction.atomic(durable=True)
def remove_question(*, actor: Any, question: Question) -> None:
    """Take a question away.

    Raises: RefusedError; DomainError "needed" when another depends on it.
    Locks: the questionnaire.
    """
    held = _claim(actor, question.section.questionnaire)
    if question.dependants.exists():
        raise DomainError("needed", "Une autre question dépend de celle-ci. Changez d’abord sa condition.")
    question.delete()
    _done(actor, held, "question")


@transaction.atomic(durable=True)
def move_question(*, actor: Any, question: Question, up: bool) -> None:
    """Move a question by one place; from the edge of a page, to the page beside.

    Raises: RefusedError; DomainError "condition_order" when a condition would look forward.
    Locks: the questionnaire.
    """
    held = _claim(actor, question.section.questionnaire)
    order = _order(held)
    at = next(rank for rank, (_section, keys) in enumerate(order) if question.pk in keys)
    keys = order[at][1]
    place = keys.index(question.pk)
    if up and place > 0:
        keys[place - 1], keys[place] = keys[place], keys[place - 1]
    elif not up and place < len(keys) - 1:
        keys[place + 1], keys[place] = keys[place], keys[place + 1]
    elif up and at > 0:
        order[at - 1][1].append(keys.pop(place))
    elif not up and at < len(order) - 1:
        order[at + 1][1].insert(0, keys.pop(place))
    _write_order(held, order)
    _done(actor, held, "ordre")


def _order(questionnaire: Questionnaire) -> list[tuple[int, list[int]]]:
    """Give the keys of the questions of each section, empty ones included, in order."""
    order: list[tuple[int, list[int]]] = [
        (key, []) for key in questionnaire.sections.order_by("position").values_list("pk", flat=True)
    ]
    by_section = dict(order)
    rows = Question.objects.filter(section__questionnaire=questionnaire).order_by("position", "pk")
    for key, section in rows.values_list("pk", "section_id"):
        by_section[section].append(key)
    return order


def _write_order(questionnaire: Questionnaire, order: Sequence[tuple[int, Sequence[int]]]) -> None:
    known = outline.read(questionnaire).by_pk
    if conditions.misplaced(known[key].asked for _section, keys in order for key in keys):
        raise DomainError("condition_order", "Une question doit rester après celle dont elle dépend.")
    for position, (section, keys) in enumerate(order, start=1):
        Section.objects.filter(pk=section).update(position=position)
        for place, key in enumerate(keys, start=1):
            Question.objects.filter(pk=key).update(section_id=section, position=place)


# --- Publishing, prolonging, cancelling, correcting in public ------------------------------------------------------------


# What the service that holds a questionnaire writes beside a change of its rules, and adds to the line of the register.
Note = Callable[[Questionnaire], Mapping[str, Any]]


def _hold(questionnaire: Questionnaire) -> Questionnaire:
    rows: QuerySet[Questionnaire] = Questionnaire.objects.select_for_update(of=("self",), no_key=True)
    return rows.get(pk=questionnaire.pk)


def publish(*, actor: Any, questionnaire: Questionnaire, at: dt.datetime, note: Note | None = None) -> None:
    """Make a questionnaire public: from then on it is frozen.

    Shape: `note` is called inside the transaction, before the register.
    Raises: RefusedError; RuntimeError outside a transaction.
    Locks: the questionnaire, then the register.
    """
    assert_in_transaction()
    held = _hold(questionnaire)
    read = outline.read(held)
    require(editing_rules.publish_refusal(actor, read, at=at))
    held.published_at = at
    held.save(update_fields=["published_at", "updated_at"])
    facts = {
        "titre": held.title,
        "questions": len(read.questions),
        "premier_jour": held.opens_on.isoformat() if held.opens_on else None,
        "dernier_jour": held.last_day.isoformat() if held.last_day else None,
        "qui": held.residency_level,
        "sans_compte": held.accepts_without_account,
        **(note(held) if note else {}),
    }
    register.record("questionnaire.published", role="agent", subject=held.reference, facts=facts, actor=actor)


def extend(
    *,
    actor: Any,
    questionnaire: Questionnaire,
    last_day: dt.date,
    reason: str,
    at: dt.datetime,
    note: Note | None = None,
) -> None:
    """Put off the last day of a questionnaire, in public and with a reason; it is never brought forward.

    Shape: `note` as in `publish`.
    Raises: RefusedError; DomainError "reason" without one, "shorter" for a day that is not later; RuntimeError outside a
    transaction.
    Locks: the questionnaire, then the register.
    """
    assert_in_transaction()
    held = _hold(questionnaire)
    require(editing_rules.run_refusal(actor, held, at=at))
    reason, before, was = reasons.sentence(reason), held.closes_on, held.last_day
    if before is None or was is None or last_day <= was:
        raise DomainError("shorter", "Choisissez un jour plus tard\u00a0: un délai annoncé ne se raccourcit pas.")
    held.first_closes_on = held.first_closes_on or before
    held.closes_on = last_day + dt.timedelta(days=1)
    held.save(update_fields=["first_closes_on", "closes_on", "updated_at"])
    facts = {"avant": was.isoformat(), "apres": last_day.isoformat(), "motif": reason, **(note(held) if note else {})}
    register.record("questionnaire.extended", role="agent", subject=held.reference, facts=facts, actor=actor)


def cancel(*, actor: Any, questionnaire: Questionnaire, reason: str, at: dt.datetime, note: Note | None = None) -> None:
    """Stop a questionnaire for good, in public and with a reason: what was answered is never counted nor read.

    A deadline that runs is not brought forward: whoever counted on it would be left out of a result that others made.

    Shape: `note` as in `publish`.
    Raises: RefusedError; DomainError "reason" without one; RuntimeError outside a transaction.
    Locks: the questionnaire, then the register.
    """
    assert_in_transaction()
    held = _hold(questionnaire)
    require(editing_rules.run_refusal(actor, held, at=at))
    held.cancelled_at, held.cancel_reason = at, reasons.sentence(reason)
    held.save(update_fields=["cancelled_at", "cancel_reason", "updated_at"])
    facts = {"titre": held.title, "motif": held.cancel_reason, **(note(held) if note else {})}
    register.record("questionnaire.cancelled", role="agent", subject=held.reference, facts=facts, actor=actor)


# What may be corrected: the model, its column, the longest text.
WORDINGS: dict[str, tuple[Any, str, int]] = {
    "question": (Question, "label", 300),
    "precision": (Question, "help", 300),
    "reponse": (Option, "label", 160),
    "ligne": (Row, "label", 160),
}


def amend(
    *,
    actor: Any,
    questionnaire: Questionnaire,
    target: str,
    pk: int,
    after: str,
    reason: str,
    at: dt.datetime,
    note: Note | None = None,
) -> Amendment:
    """Correct a wording of a published questionnaire: the text before, the text after and why are shown to everybody.

    Shape: `target` is a key of WORDINGS, `pk` that of its row; `note` as in `publish`.
    Raises: RefusedError; DomainError "reason", "same", "too_long", "twice" for what another answer or line of the question says
    already; DoesNotExist for a row of another questionnaire; RuntimeError outside a transaction.
    Locks: the questionnaire, then the register.
    """
    assert_in_transaction()
    held = _hold(questionnaire)
    require(editing_rules.amend_refusal(actor, held, at=at))
    model, column, longest = WORDINGS[target]
    path = "section__questionnaire" if model is Question else "question__section__questionnaire"
    row = model.objects.get(pk=pk, **{path: held})
    before, after, reason = getattr(row, column), " ".join(after.split()), reasons.sentence(reason)
    if not after or after == before:
        raise DomainError("same", "Écrivez la nouvelle formulation.")
    if len(after) > longest:
        raise DomainError("too_long", f"{longest} caractères au plus.")
    if model is not Question:
        others = model.objects.filter(question=row.question_id).exclude(pk=pk).values_list("label", flat=True)
        if after.casefold() in {" ".join(label.split()).casefold() for label in others}:
            raise DomainError("twice", "Une autre réponse ou une autre ligne de cette question dit déjà cela.")
    setattr(row, column, after)
    row.save(update_fields=[column])
    amendment = Amendment.objects.create(
        questionnaire=held,
        question=row if model is Question else row.question,
        before=before,
        after=after,
        reason=reason,
        made_at=at,
    )
    facts = {"avant": before, "apres": after, "motif": reason, **(note(held) if note else {})}
    register.record("questionnaire.amended", role="agent", subject=held.reference, facts=facts, actor=actor)
    return amendment
