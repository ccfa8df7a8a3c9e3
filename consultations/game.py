"""The rules of the game of a consultation: what is frozen when it is published, and what a later version changed."""

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext as _

from consultations.models import Consultation, ResidencyLevel
from mulhouse import charter, typography

Rules = dict[str, Any]


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
    return {
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


def in_words(rules: Mapping[str, Any]) -> list[Line]:
    """Say each rule to a resident; one that settles nothing is left out."""
    return [Line(label, values) for label, values in _words(rules).values() if values]


def differences(before: Mapping[str, Any], after: Mapping[str, Any]) -> list[Change]:
    """List the rules that differ between two versions, in the order of the page."""
    old, new = _words(before), _words(after)
    return [
        Change(label, old.get(name, (label, []))[1], values)
        for name, (label, values) in new.items()
        if before.get(name) != after.get(name)
    ]


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
    }


def _given(text: Any) -> list[str]:
    return [str(text)] if text else []


def _sentence(words: str) -> str:
    return words[:1].upper() + words[1:]


def _phase(name: str, _kind: str, starts_on: str, ends_on: str) -> str:
    dates = typography.date_range(dt.date.fromisoformat(starts_on), dt.date.fromisoformat(ends_on) if ends_on else None)
    return f"{name}\u00a0: {dates}"
