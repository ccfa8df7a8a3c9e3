"""Who looked at somebody's data: said by every room, written down by `privacy`, shown to the person for a year.

What reveals an address, an identity, a document or a person's own words is a POST, and calls `note` in its transaction.
"""

from enum import Enum
from typing import Any, Protocol


class Category(Enum):
    """What was looked at."""

    EMAIL = "Votre adresse électronique"
    DOCUMENT = "Votre justificatif de domicile"
    AUTHOR = "Le fait que vous êtes l’auteur d’un acte du registre"
    FILE = "Un fichier joint à une réponse"
    REQUEST = "Une demande que vous avez faite sur vos données"
    REPORT = "Ce que vous avez signalé"


class Recorder(Protocol):
    """The signature of `privacy.actions.note_access`."""

    def __call__(self, *, actor: Any, person: Any, category: Category, why: str = "", subject: str = "") -> object:
        """Write a line in the current transaction."""


_recorders: list[Recorder] = []


def connect(recorder: Recorder) -> None:
    """Say who writes it down; called once, from AppConfig.ready()."""
    _recorders[:] = [recorder]


def note(*, actor: Any, person: Any, category: Category, why: str = "", subject: str = "") -> None:
    """Keep that `actor` saw something of `person`, for what reason, about which public reference.

    Raises: RuntimeError outside a transaction.
    """
    for recorder in _recorders:
        recorder(actor=actor, person=person, category=category, why=why, subject=subject)
