"""Every kind of mail and notification: each room declares its own, and nothing leaves under a kind that nobody declared."""

from collections.abc import Callable, Collection, Iterable
from dataclasses import dataclass

from django.db import models
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

Text = str | Promise


class Frequency(models.TextChoices):
    """How often somebody wants the mails of a kind."""

    NOW = "now", _("Tout de suite")
    DAILY = "daily", _("Une fois par jour")
    WEEKLY = "weekly", _("Une fois par semaine")
    NEVER = "never", _("Jamais de courriel")


@dataclass(frozen=True)
class Kind:
    """What one sort of mail tells, and whether one may refuse it.

    A service message (code, security, statement about oneself) has no `frequency`: it always leaves, at once. The mails of a
    subject have the one a person did not choose yet. `template` is under templates/emails/, in text and in HTML. `is_own`: it
    answers the person, who follows nothing for it. `is_put_off`: the weekly limit holds it back. `settled` finds, among
    (person, about) pairs, those that need not be told any more when a digest leaves.
    """

    code: str
    label: Text
    tells: Text
    template: str = ""
    frequency: Frequency | None = None
    is_chosen: bool = True
    is_own: bool = False
    is_put_off: bool = True
    settled: Callable[[Collection[tuple[int, str]]], Collection[tuple[int, str]]] | None = None

    @property
    def is_service(self) -> bool:
        """Tell whether it always leaves."""
        return self.frequency is None and self.is_chosen

    @property
    def path(self) -> str:
        """Give its template, without extension."""
        return self.template or self.code.replace(".", "/")


class UnknownKindError(LookupError):
    """A mail of a kind that no room declared."""


_kinds: dict[str, Kind] = {}


def declare(*kinds: Kind) -> None:
    """Add the kinds of a room; called from AppConfig.ready()."""
    for kind in kinds:
        _kinds[kind.code] = kind


def services(room: str, named: Iterable[tuple[str, Text, Text]]) -> list[Kind]:
    """Make the service messages of a room from (name, label, what it tells)."""
    return [Kind(f"{room}.{name}", label, tells) for name, label, tells in named]


def find(code: str) -> Kind:
    """Give a kind by its code. Raises: UnknownKindError when nobody declared it."""
    try:
        return _kinds[code]
    except KeyError as error:
        raise UnknownKindError(f"The kind of mail {code} is declared nowhere (notifications.kinds).") from error


def everything() -> list[Kind]:
    """List every kind, in the order of declaration."""
    return list(_kinds.values())


def chosen() -> list[Kind]:
    """List the kinds whose frequency a person chooses."""
    return [kind for kind in _kinds.values() if kind.frequency is not None]


def default(code: str) -> Frequency:
    """Give the frequency of a kind for whoever chose none."""
    return find(code).frequency or Frequency.NOW


DAILY, WEEKLY = "notifications.daily", "notifications.weekly"
DIGESTS: dict[str, str] = {Frequency.DAILY: DAILY, Frequency.WEEKLY: WEEKLY}


def _digest(code: str, label: Text, tells: Text) -> Kind:
    return Kind(code, label, tells, template="notifications/digest", is_chosen=False)


# What this room sends itself, and what the rooms below send through `mulhouse.letters` or Django's mail backend.
OWN = (
    _digest(DAILY, _("Le résumé du jour"), _("Ce qui est nouveau depuis hier dans ce que vous suivez.")),
    _digest(
        WEEKLY, _("Le résumé de la semaine"), _("Ce qui est nouveau depuis lundi dernier dans ce que vous suivez.")
    ),
)
BELOW = services(
    "transparency",
    (
        ("fault_received", "Signalement d’accessibilité reçu", "Nous avons reçu votre signalement."),
        (
            "fault_paused",
            "Signalement d’accessibilité en attente",
            "Le délai de votre signalement est arrêté, et pourquoi.",
        ),
        (
            "fault_answered",
            "Réponse à un signalement d’accessibilité",
            "Ce que nous avons fait de votre signalement.",
        ),
        ("promise_due", "Réponse promise", "Un service doit une réponse : rappel au service."),
    ),
)
# A library writes its own text: it has no template of ours.
LIBRARY = "library"
