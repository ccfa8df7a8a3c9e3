"""What the site knows about a person, table by table: filled by each app, read by the export, the erasure and the public page.

Every model with a link to a person is declared here once; `tests/test_conventions.py` finds the one that is not.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from enum import Enum
from typing import Any

from django.db import models


class Fate(Enum):
    """What becomes of a row when its person closes their account."""

    ERASED = "erased"
    UNSIGNED = "unsigned"
    KEPT = "kept"


class Group(Enum):
    """Why a table is kept, in one word for the public page: the tables are shown under these headings, in this order."""

    ACCOUNT = "Vous reconnaître"
    SECURITY = "Protéger votre compte"
    TAKING_PART = "Recueillir et compter votre participation"
    WRITING = "Vous écrire"
    PROOF = "Rendre des comptes"
    RIGHTS = "Exercer vos droits"
    STAFF = "Le travail des agents"


class Final(Enum):
    """What becomes of a row once its time is over (the « sort final » of the archives)."""

    DESTROYED = "Détruit"
    UNLINKED = "Gardé sans lien avec une personne"
    SORTED = "Trié avec les Archives, détruit sous leur visa"


@dataclass(frozen=True)
class Retention:
    """How long a row is kept: `days` after an event, or, without days, until it."""

    event: str
    days: int | None = None

    @property
    def words(self) -> str:
        """Say it in French: « 30 jours après l’envoi », « jusqu’à la fermeture du compte »."""
        if self.days is None:
            return f"jusqu’à {self.event}"
        return f"{self.days}\u00a0jour{'s' if self.days > 1 else ''} après {self.event}"


# Which rights follow from a legal basis (GDPR, articles 15 to 22; CNIL, guide RGPD du développeur, sheet 15).
_RIGHTS = (
    ("Mission", ("accès", "rectification", "limitation", "opposition")),
    ("Obligation légale", ("accès", "rectification", "limitation")),
    ("Votre ", ("accès", "rectification", "limitation", "effacement", "portabilité", "retrait de l’accord")),
)


def rights(basis: str) -> tuple[str, ...]:
    """Name the rights that a legal basis opens; none for a basis that the law does not know.

    Source: RGPD, articles 15 à 22.
    """
    return next((names for start, names in _RIGHTS if basis.startswith(start)), ())


def _no_files(user: Any) -> Iterable[tuple[str, Any]]:
    return ()


@dataclass(frozen=True)
class Holding:
    """One table that knows something about a person.

    `export` gives the person's own rows as JSON-ready dictionaries; `erase` applies `fate` inside the closing
    transaction. `files` gives (name in the archive, open file) pairs. `period`, `purpose`, `basis`, `recipients` (who sees it)
    and `source` (where the rule comes from) are French sentences for the public page; `kept` is the period for programs, `final`
    what becomes of the row after it. `tests/privacy/test_table.py` refuses a declaration that leaves one of them out.
    """

    model: type[models.Model]
    label: str
    purpose: str
    basis: str
    period: str
    fate: Fate
    export: Callable[[Any], Iterable[dict[str, Any]]]
    erase: Callable[[Any], None]
    files: Callable[[Any], Iterable[tuple[str, Any]]] = _no_files
    group: Group | None = None
    recipients: str = ""
    kept: Retention | None = None
    final: Final | None = None
    source: str = ""

    @property
    def rights(self) -> tuple[str, ...]:
        """Name the rights of the person on this table."""
        return rights(self.basis)

    @property
    def is_complete(self) -> bool:
        """Tell whether everything the law asks about a table is written down."""
        words = (self.label, self.purpose, self.basis, self.period, self.recipients, self.source)
        return (
            all(word.strip() for word in words)
            and None not in (self.group, self.kept, self.final)
            and bool(self.rights)
        )


_holdings: dict[str, Holding] = {}


def declare(*holdings: Holding) -> None:
    """Add an app's tables; called from AppConfig.ready()."""
    for holding in holdings:
        _holdings[holding.model._meta.label] = holding


def holdings() -> list[Holding]:
    """Give every declared table, in the order of declaration (bottom room first)."""
    return list(_holdings.values())
