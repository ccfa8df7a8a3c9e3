"""The grounds of a decision: the clauses of the charter, by version. Nothing is taken away on any other ground."""

from collections.abc import Collection
from dataclasses import dataclass
from typing import Any

from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from mulhouse import charter


@dataclass(frozen=True)
class Clause:
    """A clause of the charter: its number, and what it says in a few words."""

    code: str
    label: Any

    def __str__(self) -> str:
        return f"{self.code}\u00a0: {self.label}"


# A number keeps its ground from one version of the charter to the next: a text is taken away for years, its line stays true.
# The article of the charter that lets the law be a ground; the others are the list of article 3.
LAW = "4.2"
PERSONAL_DATA = "3.4"
BY_VERSION = {
    "2026-11": (
        Clause("3.1", _("sans rapport avec la question posée")),
        Clause("3.2", _("insulte, menace ou accusation personnelle sans preuve")),
        Clause("3.3", _("propos qui rabaisse ou exclut des personnes, ou interdit par la loi")),
        Clause(PERSONAL_DATA, _("données personnelles d’une autre personne")),
        Clause("3.5", _("publicité")),
        Clause("3.6", _("texte ou image sans les droits")),
        Clause("3.7", _("même texte plusieurs fois, ou envoi par un programme")),
        Clause(LAW, _("retrait que la loi exige")),
    )
}


def current() -> tuple[Clause, ...]:
    """Give the clauses of the charter in force."""
    return BY_VERSION[charter.CURRENT.number]


def find(code: str, *, version: str = "") -> Clause | None:
    """Give the clause of that number in a version of the charter; in the one in force by default."""
    clauses = BY_VERSION.get(version or charter.CURRENT.number, ())
    return next((clause for clause in clauses if clause.code == code), None)


def _newest(code: str) -> tuple[str, Clause] | None:
    for version in reversed(charter.VERSIONS):
        if clause := find(code, version=version.number):
            return version.number, clause
    return None


def known(code: str) -> Clause | None:
    """Give the clause of that number, in the charter in force or in the last one that had it."""
    found = _newest(code)
    return found[1] if found else None


def address(code: str) -> str:
    """Give the address of a clause, in the version of the charter that says it; "" for what is none."""
    found = _newest(code)
    return f"{reverse('charter_version', args=[found[0]])}#{article(code)}" if found else ""


def in_force_or(used: Collection[str]) -> list[Clause]:
    """List the clauses in force, then those of former versions that were used."""
    former = [known(code) for code in sorted(set(used) - {clause.code for clause in current()})]
    return [*current(), *(clause for clause in former if clause)]


def article(code: str) -> str:
    """Give the anchor of a clause on the page of the charter."""
    return "article-4" if code == LAW else f"article-{code.replace('.', '-')}"
