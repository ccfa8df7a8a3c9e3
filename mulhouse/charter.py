"""The charter of participation, by version: the accepted version is stored with each contribution."""

from dataclasses import dataclass
from datetime import date


@dataclass(frozen=True)
class Version:
    """A text of the charter: templates/pages/charte/<number>.html, and the first day it holds."""

    number: str
    in_force_on: date

    @property
    def template(self) -> str:
        """Name the file of the text."""
        return f"pages/charte/{self.number}.html"


# Oldest first. A text is never edited once accepted by someone: a change is a new version.
VERSIONS = (Version("2026-11", date(2026, 11, 1)),)
CURRENT = VERSIONS[-1]


def find(number: str) -> Version | None:
    """Give the version of that number."""
    return next((version for version in VERSIONS if version.number == number), None)
