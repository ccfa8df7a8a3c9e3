"""What changed in the words of a commitment: found by the action, told by its page, its mails and its files."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from commitments.models import Commitment, CommitmentNews

# What an agent fills in; once public, a change of any of them is news, with its reason.
WORDS: dict[str, str | Promise] = {
    "title": _("Titre"),
    "description": _("Ce que la Ville s’engage à faire"),
    "theme": _("Thème"),
    "service": _("Service responsable"),
    "district": _("Quartier"),
    "source_title": _("Origine"),
    "source_url": _("Adresse de la source"),
}


@dataclass(frozen=True)
class Change:
    """One thing that changed: its column, what it was and what it is, "" for nothing."""

    field: str
    before: str
    after: str

    @property
    def label(self) -> str:
        """Name it, in the language of the reader."""
        return str(WORDS[self.field])


def found(before: Commitment, values: Mapping[str, Any]) -> list[Change]:
    """List what these values change."""
    return [
        Change(name, str(getattr(before, name) or ""), str(values[name] or ""))
        for name in WORDS
        if name in values and getattr(before, name) != values[name]
    ]


def kept(changes: Sequence[Change]) -> list[dict[str, str]]:
    """Give what is stored with the news."""
    return [{"field": each.field, "before": each.before, "after": each.after} for each in changes]


def told(news: CommitmentNews) -> list[Change]:
    """Read what was stored with the news."""
    return [Change(**each) for each in news.changes]
