"""May they? What an agent may do with a questionnaire, and what stands in the way of saving a question or publishing."""

import datetime as dt
from collections.abc import Sequence
from typing import Any

from mulhouse.errors import Refusal
from mulhouse.typography import local_day
from questionnaires import conditions
from questionnaires.models import MAX_OPTIONS, MAX_QUESTIONS, Question, Questionnaire
from questionnaires.outline import WITH_OPTIONS, Outline

Kind = Question.Kind
LEAST_OPTIONS = 2
LONGEST_SCALE = 11


def edit_refusal(user: Any, questionnaire: Questionnaire) -> Refusal | None:
    """Tell whether somebody may change a questionnaire: an agent, before it is published."""
    if not user.has_perm("questionnaires.change_questionnaire"):
        return Refusal("not_allowed", "Votre rôle ne permet pas de modifier un questionnaire.")
    if questionnaire.published_at is not None:
        return Refusal(
            "published",
            "Ce questionnaire est publié\u00a0: ses questions ne changent plus. Une formulation se corrige, avec un motif public.",
        )
    return None


def publish_refusal(user: Any, outline: Outline, *, at: dt.datetime) -> Refusal | None:
    """Tell whether somebody may publish a questionnaire: once, and whole."""
    if not user.has_perm("questionnaires.publish_questionnaire"):
        return Refusal("not_allowed", "Votre rôle ne permet pas de publier. Prévenez la personne qui publie.")
    if outline.questionnaire.published_at is not None:
        return Refusal("published", "Ce questionnaire est déjà publié.")
    if publish_problems(outline, at=at):
        return Refusal("unfinished", "Il manque encore quelque chose\u00a0: la liste est sur cette page.")
    return None


def run_refusal(user: Any, questionnaire: Questionnaire, *, at: dt.datetime) -> Refusal | None:
    """Tell whether somebody may put off the end of a questionnaire, or cancel it: public, and not over."""
    if not user.has_perm("questionnaires.publish_questionnaire"):
        return Refusal("not_allowed", "Votre rôle ne permet pas de prolonger ni d’annuler un questionnaire.")
    if questionnaire.published_at is None:
        return Refusal(
            "not_published", "Ce questionnaire n’est pas publié\u00a0: changez-le ou supprimez-le directement."
        )
    if questionnaire.is_over(at=at):
        return Refusal("closed", "Ce questionnaire est déjà terminé.")
    return None


def amend_refusal(user: Any, questionnaire: Questionnaire, *, at: dt.datetime) -> Refusal | None:
    """Tell whether somebody may correct a wording in public: not once it is over, or answers would say something else."""
    if not user.has_perm("questionnaires.publish_questionnaire"):
        return Refusal("not_allowed", "Votre rôle ne permet pas de corriger un questionnaire publié.")
    if questionnaire.published_at is None:
        return Refusal("not_published", "Ce questionnaire n’est pas publié\u00a0: corrigez-le directement.")
    if questionnaire.is_over(at=at):
        return Refusal("closed", "Ce questionnaire est terminé\u00a0: les réponses gardent les mots qui ont été lus.")
    return None


def question_problems(
    kind: str, *, options: Sequence[str], rows: Sequence[str], lowest: int | None, highest: int | None
) -> list[tuple[str, str]]:
    """Say what is wrong with a question of a kind: (field, sentence); empty when it can be asked."""
    found = []
    if kind in WITH_OPTIONS:
        if len(options) < LEAST_OPTIONS:
            found.append(("options", "Donnez au moins deux réponses possibles, une par ligne."))
        elif len(options) > MAX_OPTIONS:
            found.append(("options", f"{MAX_OPTIONS} réponses possibles au plus."))
        if len({option.casefold() for option in options}) < len(options):
            found.append(("options", "Deux réponses sont identiques."))
    if kind == Kind.MATRIX and not rows:
        found.append(("rows", "Donnez au moins une ligne."))
    if kind == Kind.SCALE and (lowest is None or highest is None):
        found.append(("highest", "Donnez la valeur la plus basse et la plus haute."))
    elif lowest is not None and highest is not None:
        if highest <= lowest:
            found.append(("highest", "La valeur la plus haute doit dépasser la plus basse."))
        elif kind == Kind.SCALE and highest - lowest + 1 > LONGEST_SCALE:
            found.append(("highest", f"Une échelle a {LONGEST_SCALE} valeurs au plus."))
    return found


def publish_problems(outline: Outline, *, at: dt.datetime) -> list[str]:
    """Say what a questionnaire lacks to be published; empty when nothing."""
    questionnaire, questions = outline.questionnaire, outline.questions
    found = []
    if questionnaire.opens_on is None or questionnaire.closes_on is None:
        found.append("Donnez le premier et le dernier jour.")
    elif questionnaire.closes_on <= local_day(at):
        found.append("Le dernier jour est passé.")
    if not questions:
        found.append("Ajoutez au moins une question.")
    if len(questions) > MAX_QUESTIONS:
        found.append(f"Un questionnaire a {MAX_QUESTIONS} questions au plus\u00a0: au-delà, personne ne le finit.")
    for asking in questions:
        question = asking.question
        found += [
            f"«\u00a0{question.label}\u00a0»\u00a0: {sentence}"
            for _field, sentence in question_problems(
                question.kind,
                options=[option.label for option in asking.options],
                rows=[row.label for row in asking.rows],
                lowest=question.lowest,
                highest=question.highest,
            )
        ]
        if asking.condition and asking.condition.test in conditions.CHOICE_TESTS and not asking.condition.options:
            found.append(f"«\u00a0{question.label}\u00a0»\u00a0: choisissez les réponses de sa condition.")
    wrong = set(conditions.misplaced(asking.asked for asking in questions))
    found += [
        f"«\u00a0{asking.question.label}\u00a0»\u00a0: sa condition ne mène pas à une question posée avant elle."
        for asking in questions
        if asking.pk in wrong
    ]
    return found
