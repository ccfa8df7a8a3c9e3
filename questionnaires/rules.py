"""Who may answer a questionnaire, and who may read its results. Each rule answers None, or the sentence that says why not."""

import datetime as dt
from typing import Any

from django.utils.translation import gettext as _

from accounts import rules as accounts_rules
from desk import rules as desk_rules
from mulhouse import typography
from mulhouse.errors import Refusal
from mulhouse.typography import local_day
from questionnaires.models import Questionnaire


def window_refusal(questionnaire: Questionnaire, *, at: dt.datetime) -> Refusal | None:
    """Tell whether a questionnaire takes answers at that instant."""
    if questionnaire.is_open(at=at):
        return None
    if questionnaire.published_at is None or questionnaire.opens_on is None or questionnaire.last_day is None:
        return Refusal("not_published", _("Ce questionnaire n’est pas encore publié."))
    if questionnaire.cancelled_at is not None:
        return Refusal("cancelled", _cancelled(questionnaire.cancelled_at))
    if not questionnaire.has_begun(at=at):
        return Refusal(
            "not_open",
            _("Vous pourrez répondre à partir du %(day)s.") % {"day": typography.day(questionnaire.opens_on)},
        )
    return Refusal(
        "closed",
        _("Ce questionnaire est terminé depuis le %(day)s au soir. Vous pouvez lire les résultats.")
        % {"day": typography.day(questionnaire.last_day)},
    )


def _cancelled(at: dt.datetime) -> str:
    return _(
        "Ce questionnaire a été annulé le %(day)s. Il ne reçoit plus de réponse, et ses résultats ne sont pas publiés."
    ) % {"day": typography.day(at)}


def answer_refusal(user: Any, questionnaire: Questionnaire, *, at: dt.datetime) -> Refusal | None:
    """Tell whether somebody may answer, go on answering, or change their answer: until the last moment of the last day."""
    if refusal := window_refusal(questionnaire, at=at):
        return refusal
    if not user.is_authenticated:
        if questionnaire.accepts_without_account:
            return None
        return Refusal("sign_in", _("Connectez-vous pour répondre à ce questionnaire."))
    return (
        accounts_rules.residency_refusal(user, questionnaire.residency_level, at=at)
        or accounts_rules.minimum_age_refusal(user, questionnaire.minimum_age, on=local_day(at))
        or desk_rules.identity_refusal(user, questionnaire.residency_level)
    )


def files_refusal(questionnaire: Questionnaire, *, at: dt.datetime) -> Refusal | None:
    """Tell whether the responses may be downloaded, one line each: never before the end, even where results are shown."""
    if refusal := results_refusal(questionnaire, at=at):
        return refusal
    if not questionnaire.is_over(at=at):
        return Refusal("not_over", _("Les réponses se téléchargent à la fin du questionnaire."))
    return None


def results_refusal(questionnaire: Questionnaire, *, at: dt.datetime) -> Refusal | None:
    """Tell whether the results may be read, by anybody, agents included: not before the end, unless it was announced."""
    if questionnaire.published_at is None:
        return Refusal("not_published", _("Ce questionnaire n’est pas encore publié."))
    if questionnaire.cancelled_at is not None:
        return Refusal("cancelled", _cancelled(questionnaire.cancelled_at))
    if questionnaire.is_over(at=at) or (questionnaire.shows_live_results and questionnaire.has_begun(at=at)):
        return None
    return Refusal(
        "not_over",
        _("Les résultats paraîtront ici à la fin du questionnaire. Personne ne les voit avant, agents compris."),
    )
