"""The rules of the game of a consultation: what is frozen when it is published, and what a later version changed.

Those of its votes and questionnaires join when each is published. None is held outside them: who, when, how many, how secret.
"""

import datetime as dt
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext as _

from ballots import declared as votes
from ballots.models import Votation
from consultations.models import Consultation, ModerationMode, ResidencyLevel
from mulhouse import charter, typography
from questionnaires import declared as questionnaires
from questionnaires.models import Questionnaire

Rules = dict[str, Any]
VOTES, QUESTIONNAIRES = "votes", "questionnaires"


@dataclass(frozen=True)
class Line:
    """A rule in words: what it settles, and how."""

    label: str
    values: list[str]


@dataclass(frozen=True)
class Change:
    """A rule that a version changed: what it settles, what it said, what it says."""

    label: str
    before: list[str]
    after: list[str]


def rules_of(consultation: Consultation) -> Rules:
    """Read the rules of a consultation as they stand (prefetch `phases`, `sections`).

    Shape: plain values, the same for the same rules, so that two versions are compared and hashed.
    Units: dates as YYYY-MM-DD, `restitution_days` in calendar days, `minimum_age` in years.
    """
    rules: Rules = {
        "title": consultation.title,
        "questions": [
            [section.title, section.question]
            for section in sorted(consultation.sections.all(), key=lambda section: (section.position, section.pk))
        ],
        "phases": [
            [span.name, span.kind.value, span.starts_on.isoformat(), span.ends_on.isoformat() if span.ends_on else ""]
            for span in consultation.spans()
        ],
        "residency_level": consultation.residency_level,
        "minimum_age": consultation.minimum_age,
        "acts": consultation.open_acts(),
        "open_to_discussion": consultation.open_to_discussion,
        "not_open": consultation.not_open,
        "decider": consultation.decider,
        "budget_euros": consultation.budget_euros,
        "city_commitment": consultation.city_commitment,
        "restitution_days": consultation.restitution_days,
        "charter": charter.CURRENT.number,
    }
    if consultation.moderation == ModerationMode.PRIOR:
        rules |= {"moderation": [consultation.moderation, consultation.review_hours]}
    # Left out when there is none: the rules of a consultation that never votes do not change the day votes exist.
    return rules | {name: held for name, held in _held(consultation).items() if held}


def _held(consultation: Consultation) -> dict[str, dict[str, Rules]]:
    """Read the rules of the votes and questionnaires that are public, by their references."""
    asked = Questionnaire.objects.published().filter(consultation_link__consultation=consultation)
    voted = Votation.objects.published().filter(consultation_link__consultation=consultation)
    return {
        QUESTIONNAIRES: {row.reference: questionnaires.of(row) for row in asked.order_by("pk")},
        VOTES: {row.reference: votes.of(row) for row in voted.order_by("pk").prefetch_related("options")},
    }


def in_words(rules: Mapping[str, Any]) -> list[Line]:
    """Say each rule to a resident; one that settles nothing is left out."""
    return [Line(label, values) for label, values in _words(rules).values() if values]


def differences(before: Mapping[str, Any], after: Mapping[str, Any]) -> list[Change]:
    """List the rules that differ between two versions, in the order of the page; of a vote or a questionnaire, what differs only."""
    old, new = _words(before), _words(after)
    was, now = _flat(before), _flat(after)
    found = []
    for name, (label, values) in new.items():
        if was.get(name) != now.get(name):
            former = old.get(name, (label, []))[1]
            same = set(former) & set(values) if "." in name else set()
            found.append(
                Change(
                    label, [line for line in former if line not in same], [line for line in values if line not in same]
                )
            )
    return found


def _flat(rules: Mapping[str, Any]) -> dict[str, Any]:
    """Give each vote and each questionnaire a name of its own among the rules."""
    nested = {
        f"{kind}.{reference}": held
        for kind in (QUESTIONNAIRES, VOTES)
        for reference, held in rules.get(kind, {}).items()
    }
    return {**{name: value for name, value in rules.items() if name not in {QUESTIONNAIRES, VOTES}}, **nested}


def _words(rules: Mapping[str, Any]) -> dict[str, tuple[str, list[str]]]:
    days = rules.get("restitution_days")
    age = rules.get("minimum_age")
    budget = rules.get("budget_euros")
    acts = {
        "contribute": _("donner un avis"),
        "position": _("prendre position sur un avis"),
        "comment": _("commenter et débattre"),
    }
    return {
        "title": (_("Le sujet"), _given(rules.get("title"))),
        "questions": (
            _("Les questions"),
            [f"{title}\u00a0: {question}" for title, question in rules.get("questions", [])],
        ),
        "phases": (_("Le calendrier"), [_phase(*phase) for phase in rules.get("phases", [])]),
        "residency_level": (
            _("Qui peut participer"),
            [_sentence(str(label)) for value, label in ResidencyLevel.choices if value == rules.get("residency_level")],
        ),
        "minimum_age": (_("Âge minimum"), [_("%(age)s\u00a0ans") % {"age": age}] if age else []),
        "acts": (_("Ce que l’on peut faire"), [_sentence(acts[act]) for act in rules.get("acts", []) if act in acts]),
        "moderation": (_("La relecture des textes"), [reviewed(*rules.get("moderation", ()))]),
        "open_to_discussion": (_("Ce qui peut changer"), _given(rules.get("open_to_discussion"))),
        "not_open": (_("Ce qui ne se discute pas"), _given(rules.get("not_open"))),
        "decider": (_("Qui décide"), _given(rules.get("decider"))),
        "budget_euros": (_("Le budget"), [typography.amount(budget * 100)] if budget is not None else []),
        "city_commitment": (_("Ce à quoi la Ville s’engage"), _given(rules.get("city_commitment"))),
        "restitution_days": (
            _("La réponse promise"),
            [_("au plus tard %(days)s\u00a0jours après la fin de la phase d’avis") % {"days": days}] if days else [],
        ),
        "charter": (
            _("La charte de participation"),
            [_("version %(number)s") % {"number": rules["charter"]}] if rules.get("charter") else [],
        ),
        **{name: (label, tell(held)) for name, label, tell, held in _each_held(rules)},
    }


def reviewed(mode: str = ModerationMode.AFTER, hours: int = 0) -> str:
    """Say when moderation reads what residents write."""
    if mode != ModerationMode.PRIOR:
        return _("les textes paraissent aussitôt, la modération les relit ensuite")
    return _("chaque texte paraît après relecture, sous %(hours)s\u00a0heures ouvrées") % {"hours": hours}


def _each_held(rules: Mapping[str, Any]) -> list[tuple[str, str, Callable[[Rules], list[str]], Rules]]:
    """List the questionnaires and votes among the rules: (name, label, how they are said, their rules)."""
    asked, voted = rules.get(QUESTIONNAIRES, {}), rules.get(VOTES, {})
    return [
        *(
            (
                f"{QUESTIONNAIRES}.{reference}",
                _("Le questionnaire «\u00a0%(title)s\u00a0»") % {"title": held["title"]},
                questionnaires.in_words,
                held,
            )
            for reference, held in asked.items()
        ),
        *(
            (
                f"{VOTES}.{reference}",
                _("Le vote secret «\u00a0%(question)s\u00a0»") % {"question": held["question"]},
                votes.in_words,
                held,
            )
            for reference, held in voted.items()
        ),
    ]


def _given(text: Any) -> list[str]:
    return [str(text)] if text else []


def _sentence(words: str) -> str:
    return words[:1].upper() + words[1:]


def _phase(name: str, _kind: str, starts_on: str, ends_on: str) -> str:
    dates = typography.date_range(dt.date.fromisoformat(starts_on), dt.date.fromisoformat(ends_on) if ends_on else None)
    return f"{name}\u00a0: {dates}"
