"""« Qui voit quoi »: for each act of a person, who sees it. One place for the sentence beside the act and for the published table.

Each room declares its acts in AppConfig.ready(); `tests/privacy/test_who_sees.py` does each act as a resident and looks.
"""

from dataclasses import dataclass
from enum import Enum

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _


class Seen(Enum):
    """Who sees a part of an act."""

    EVERYBODY = "everybody"
    AGENTS = "agents"
    ONESELF = "oneself"
    NOBODY = "nobody"
    # The act has no such part.
    NOTHING = "nothing"


WORDS = {
    Seen.EVERYBODY: _("Tout le monde"),
    Seen.AGENTS: _("Les agents qui en ont la charge"),
    Seen.ONESELF: _("Vous seul"),
    Seen.NOBODY: _("Personne"),
    Seen.NOTHING: _("Sans objet"),
}


@dataclass(frozen=True)
class Act:
    """What a person does: the sentence shown beside it, and who sees their name, their words and their choice.

    `stored` says what the site keeps, and tied to whom.
    """

    code: str
    label: str | Promise
    sentence: str | Promise
    name: Seen
    words: Seen
    choice: Seen
    stored: str | Promise


_acts: dict[str, Act] = {}


def declare(*acts: Act) -> None:
    """Add a room's acts; called from AppConfig.ready()."""
    for act in acts:
        _acts[act.code] = act


def acts() -> list[Act]:
    """Give every act, in the order of declaration (bottom room first)."""
    return list(_acts.values())


def sentence(code: str) -> str | Promise:
    """Give the sentence of an act. Raises: KeyError for an act that no room declared."""
    return _acts[code].sentence
