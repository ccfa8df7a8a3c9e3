"""The rules of a questionnaire as they are declared: plain values that are frozen and hashed, and the same values in words."""

import datetime as dt
import hashlib
import json
from collections.abc import Mapping
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from accounts.levels import ResidencyLevel
from mulhouse import typography
from questionnaires import outline
from questionnaires.models import Question, Questionnaire
from questionnaires.results import LEAST_RESPONSES

Rules = dict[str, Any]


def of(questionnaire: Questionnaire) -> Rules:
    """Read the rules of a published questionnaire as they stand; two queries, two more once a wording was corrected.

    Shape: `corrections` are the wordings changed since, [before, after], and `wordings_sha256` the digest of them all as they
    stand; both are left out until one is corrected: the rules of the others do not change the day corrections exist.
    Units: dates as YYYY-MM-DD, `minimum_age` in years.
    """
    cancelled = questionnaire.cancelled_at
    rules = {
        "title": questionnaire.title,
        "opens_on": questionnaire.opens_on.isoformat() if questionnaire.opens_on else "",
        "last_day": questionnaire.last_day.isoformat() if questionnaire.last_day else "",
        "residency_level": questionnaire.residency_level,
        "minimum_age": questionnaire.minimum_age,
        "accepts_without_account": questionnaire.accepts_without_account,
        "shows_live_results": questionnaire.shows_live_results,
        # Wordings are corrected one by one: how many questions there are never changes.
        "questions": Question.objects.filter(section__questionnaire=questionnaire).count(),
        "cancelled_on": typography.local_day(cancelled).isoformat() if cancelled else "",
    }
    corrected = [
        list(pair) for pair in questionnaire.amendments.values_list("before", "after").order_by("made_at", "pk")
    ]
    return rules | {"corrections": corrected, "wordings_sha256": _digest(questionnaire)} if corrected else rules


def _digest(questionnaire: Questionnaire) -> str:
    """Give the SHA-256 of every wording, in order."""
    wordings = [
        [
            asking.question.label,
            asking.question.help,
            [option.label for option in asking.options],
            [row.label for row in asking.rows],
        ]
        for asking in outline.read(questionnaire).questions
    ]
    return hashlib.sha256(json.dumps(wordings, ensure_ascii=False, separators=(",", ":")).encode()).hexdigest()


def in_words(rules: Mapping[str, Any]) -> list[str]:
    """Say each rule to a resident."""
    if rules["cancelled_on"]:
        day = typography.day(dt.date.fromisoformat(rules["cancelled_on"]))
        return [_("Annulé le %(day)s. Ses résultats ne sont pas publiés.") % {"day": day}]
    dates = typography.date_range(*(dt.date.fromisoformat(rules[name]) for name in ("opens_on", "last_day")))
    who = str(ResidencyLevel(rules["residency_level"]).label)
    if rules["minimum_age"]:
        who = _("%(who)s, à partir de %(age)s\u00a0ans") % {"who": who, "age": rules["minimum_age"]}
    count = rules["questions"]
    return [
        _("Qui peut répondre\u00a0: %(who)s") % {"who": who},
        _("Quand\u00a0: %(dates)s") % {"dates": dates},
        ngettext("%(n)s question", "%(n)s questions", count) % {"n": count},
        _(
            "Sans compte\u00a0: une réponse par navigateur, qui garde sa clé. Avec un compte\u00a0: une réponse par compte."
        )
        if rules["accepts_without_account"]
        else _once(rules["residency_level"]),
        _("Résultats visibles pendant le questionnaire.")
        if rules["shows_live_results"]
        else _("Aucun résultat avant la fin, pour personne."),
        _("Résultats publiés à partir de %(n)s réponses, sans nom.") % {"n": LEAST_RESPONSES},
        *(
            _("Formulation corrigée\u00a0: «\u00a0%(before)s\u00a0» devient «\u00a0%(after)s\u00a0»")
            % {"before": before, "after": after}
            for before, after in rules.get("corrections", ())
        ),
    ]


def _once(residency_level: str) -> str:
    """Say how often one answers: only where a residence is verified is the account known to be one person."""
    if residency_level == ResidencyLevel.VERIFIED:
        return _("Une réponse par personne, en ligne, au guichet ou sur papier. Elle se change jusqu’au dernier jour.")
    return _(
        "En ligne, une réponse par compte\u00a0; au guichet ou sur papier, une par personne. Elle se change jusqu’au dernier jour."
    )
