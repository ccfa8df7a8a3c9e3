"""The words of the stepper."""

import datetime as dt

import pytest

from consultations import phases, steps

DAY = dt.date(2026, 3, 10)


def span(end):
    return phases.Span(phases.Kind.CONTRIBUTE, "Avis", DAY, end)


@pytest.mark.parametrize(
    ("day", "end", "state", "words"),
    [
        (dt.date(2026, 3, 9), dt.date(2026, 3, 20), "next", "À venir"),
        (DAY, dt.date(2026, 3, 20), "current", "En cours\u00a0: encore 11 jours"),
        (dt.date(2026, 3, 19), dt.date(2026, 3, 20), "current", "En cours\u00a0: encore 2 jours"),
        (dt.date(2026, 3, 20), dt.date(2026, 3, 20), "current", "En cours\u00a0: dernier jour"),
        (dt.date(2026, 3, 21), dt.date(2026, 3, 20), "done", "Terminé"),
        (dt.date(2030, 1, 1), None, "current", "En cours"),
    ],
)
def test_a_phase_is_said_in_words(day, end, state, words):
    found = steps.steps([span(end)], at=phases.midnight(day))
    assert [(step.state, step.state_words) for step in found] == [(state, words)]
