"""The charter of participation, by version: the accepted version is stored with each contribution."""

from dataclasses import dataclass
from datetime import date


@dataclass(frozen=True)
class Version:
    """A text of the charter: its number, the first day it holds, and the file of its text."""

    number: str
    in_force_on: date
    template: str


# Oldest first. A text is never edited once accepted by someone: a change is a new version.
VERSIONS = (Version("2026-11", date(2026, 11, 1), "pages/charte/2026-11.html"),)
CURRENT = VERSIONS[-1]


def find(number: str) -> Version | None:
    """Give the version of that number."""
    return next((version for version in VERSIONS if version.number == number), None)
