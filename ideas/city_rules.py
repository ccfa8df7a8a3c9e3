"""May they? What agents may do with an idea, and what its author may say of the answer."""

import datetime as dt
from typing import Any

from django.utils.translation import gettext as _

from accounts import rules as accounts_rules
from ideas.models import Answer, Idea, Milestone, Stage, StudyPart
from ideas.models.writing import ANSWERED
from mulhouse.errors import Refusal

VIEW, READ, STUDY, ANSWER, FOLLOW = (f"ideas.{verb}_idea" for verb in ("view", "read", "study", "answer", "follow"))
# The part of one's own service, and nothing else.
GIVE = "ideas.change_studypart"
# What is not decided yet, and may still be read or studied.
UNDECIDED = frozenset({Stage.SUPPORT, Stage.EXPIRED, Stage.STUDY})
REALISED = frozenset({Stage.KEPT, Stage.GOING_ON})


def _gone_refusal(idea: Idea) -> Refusal | None:
    if not idea.is_visible:
        return Refusal("gone", "Cette idée n’est plus publique\u00a0: la Ville n’en fait plus rien.")
    if idea.stage == Stage.GATHERED:
        return Refusal("gathered", "Cette idée est regroupée avec d’autres\u00a0: travaillez sur celle qui les réunit.")
    return None


def read_refusal(user: Any, idea: Idea) -> Refusal | None:
    """Tell whether somebody may publish the first reading of an idea, or one that replaces it: until the city has answered."""
    if not user.has_perm(READ):
        return Refusal("not_allowed", "Votre rôle ne permet pas de faire la première lecture d’une idée.")
    if refusal := _gone_refusal(idea):
        return refusal
    if idea.stage not in UNDECIDED:
        return Refusal("answered", "La Ville a répondu à cette idée\u00a0: sa lecture ne change plus.")
    return None


def open_study_refusal(user: Any, idea: Idea) -> Refusal | None:
    """Tell whether somebody may open the study of an idea. Whether it is its turn is another matter (`choosing`)."""
    if not user.has_perm(STUDY):
        return Refusal("not_allowed", "Votre rôle ne permet pas d’ouvrir une étude.")
    if refusal := _gone_refusal(idea):
        return refusal
    if idea.stage == Stage.STUDY:
        return Refusal("open", "Cette idée est déjà à l’étude.")
    if idea.stage not in UNDECIDED:
        return Refusal("answered", "La Ville a déjà répondu à cette idée.")
    if idea.realism is None:
        return Refusal("unread", "Publiez d’abord la première lecture de cette idée.")
    return None


def study_refusal(user: Any, idea: Idea) -> Refusal | None:
    """Tell whether somebody may work on the study of an idea: as long as it runs."""
    if not user.has_perm(STUDY):
        return Refusal("not_allowed", "Votre rôle ne permet pas de remplir une étude.")
    return _running_refusal(idea)


def _running_refusal(idea: Idea) -> Refusal | None:
    if refusal := _gone_refusal(idea):
        return refusal
    if idea.stage != Stage.STUDY:
        return Refusal("not_studied", "Cette idée n’est pas à l’étude.")
    return None


def part_refusal(user: Any, part: StudyPart) -> Refusal | None:
    """Tell whether somebody may give a part (with its study and idea): an agent of its service, or those who fill the study."""
    is_theirs = user.has_perm(GIVE) and user.service_id == part.service_id
    if not (is_theirs or user.has_perm(STUDY)):
        return Refusal("not_allowed", "Cette part est demandée à un autre service que le vôtre.")
    return _running_refusal(part.study.idea)


def note_refusal(user: Any, idea: Idea) -> Refusal | None:
    """Tell whether somebody may read and write what agents say between themselves, notes and synthesis: those who work on ideas."""
    if not any(user.has_perm(permission) for permission in (READ, STUDY, ANSWER, FOLLOW)):
        return Refusal("not_allowed", "Votre rôle ne permet pas d’écrire une note sur une idée.")
    return None


def answer_refusal(user: Any, idea: Idea) -> Refusal | None:
    """Tell whether somebody may publish the answer of the city, or one that corrects it: never before a first reading."""
    if not user.has_perm(ANSWER):
        return Refusal(
            "not_allowed",
            "Votre rôle ne permet pas de publier la réponse de la Ville. Prévenez la personne qui publie.",
        )
    if refusal := _gone_refusal(idea):
        return refusal
    if idea.realism is None and idea.stage not in ANSWERED:
        return Refusal("unread", "Publiez d’abord la première lecture de cette idée.")
    return None


def outcome_refusal(idea: Idea, outcome: str) -> Refusal | None:
    """Tell whether a correction may give that outcome: what is being done stays done, or is given up with its reasons."""
    is_kept = outcome in {Answer.Outcome.KEPT, Answer.Outcome.PARTLY}
    if idea.stage in {Stage.GOING_ON, Stage.DONE, Stage.ABANDONED} and not is_kept:
        return Refusal(
            "outcome",
            "La réalisation de cette idée a commencé\u00a0: la réponse reste «\u00a0retenue\u00a0». Pour l’arrêter, abandonnez le projet.",
        )
    return None


def realise_refusal(user: Any, idea: Idea) -> Refusal | None:
    """Tell whether somebody may say where the realisation of an idea stands: once it is kept, until it is done or given up."""
    if not user.has_perm(FOLLOW):
        return Refusal("not_allowed", "Votre rôle ne permet pas de dire où en est une réalisation.")
    if refusal := _gone_refusal(idea):
        return refusal
    if idea.stage not in REALISED:
        return Refusal("not_kept", "Seule une idée retenue, et pas encore réalisée, avance par étapes.")
    return None


def news_refusal(user: Any, idea: Idea) -> Refusal | None:
    """Tell whether somebody may give news of an idea: while it is realised, and once it is."""
    return None if idea.stage == Stage.DONE and user.has_perm(FOLLOW) else realise_refusal(user, idea)


def promise_refusal(user: Any, idea: Idea, *, is_reached: bool, is_kept: bool) -> Refusal | None:
    """Tell whether somebody may say that the promise of a threshold is kept: once it is reached, whatever the answer, and once."""
    if not user.has_perm(FOLLOW):
        return Refusal("not_allowed", "Votre rôle ne permet pas de dire qu’une promesse est tenue.")
    if refusal := _gone_refusal(idea):
        return refusal
    if not is_reached:
        return Refusal("not_reached", "Cette idée n’a pas atteint ce seuil.")
    if is_kept:
        return Refusal("kept", "Cette promesse est déjà tenue.")
    return None


def milestone_refusal(user: Any, milestone: Milestone) -> Refusal | None:
    """Tell whether somebody may finish a stage or change its day: as long as it is not done."""
    if milestone.done_on is not None:
        return Refusal("done", "Cette étape est déjà faite.")
    return realise_refusal(user, milestone.idea)


def react_refusal(user: Any, answer: Answer, *, has_later: bool, has_reaction: bool, at: dt.datetime) -> Refusal | None:
    """Tell whether somebody may react to the answer of the city: its author, once, to the answer that stands."""
    if not user.is_authenticated or answer.idea.author_id != user.pk:
        return Refusal("not_author", _("Seul l’auteur de l’idée peut réagir à la réponse."))
    if not answer.idea.is_visible:
        return Refusal("gone", _("Cette idée n’est plus publique."))
    if has_later:
        return Refusal("corrected", _("La Ville a corrigé cette réponse\u00a0: réagissez à la nouvelle."))
    if has_reaction:
        return Refusal("reacted", _("Vous avez déjà réagi à cette réponse."))
    return accounts_rules.publishing_refusal(user, at=at)
