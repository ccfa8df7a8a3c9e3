"""What people are helped with at the desk: each service says what its procedures take, and where its own pages stand."""

import datetime as dt
from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar, Protocol

from django.urls import URLPattern, reverse

from accounts.models import User
from desk.models import Act, Assistance, Receipt
from mulhouse.errors import Refusal

# Closes a page to whoever does not enter the administration.
Opened = Callable[[Callable[..., Any]], Callable[..., Any]]


class Procedure(Protocol):
    """What somebody is helped with: a consultation, a campaign of ideas. Its topic is the prefix of its room, then its address."""

    slug: str
    title: str

    @property
    def topic(self) -> str:
        """Name it as assistances and receipts do."""


@dataclass(frozen=True)
class Task:
    """A procedure that takes something now: what one prints for it and what one does there, each (words, address)."""

    title: str
    sheets: Sequence[tuple[str, str]]
    gestures: Sequence[tuple[str, str]]


@dataclass(frozen=True)
class Welcome:
    """The part of a room on the home page of the desk, and what is said there when it has no task."""

    title: str
    tasks: Sequence[Task]
    empty_title: str
    empty_words: str


class Room(ABC):
    """What the pages of the desk ask a service.

    `path` and `route` begin the addresses of its pages under the desk, and their names; `label` names a procedure of it. `withdrawn`
    is the act that the person may take back with their receipt, `written` what it wrote (a feminine or masculine word that begins
    with a vowel: « l’avis », « votre avis »), `withdrawn_words` what is said once it is done. `allowance` lists what one may do there.
    """

    prefix: ClassVar[str]
    path: ClassVar[str] = ""
    route: ClassVar[str] = ""
    label: ClassVar[str]
    written: ClassVar[str]
    withdrawn: ClassVar[Act]
    withdrawn_words: ClassVar[str]
    allowance: ClassVar[str]

    def address(self, route: str, *args: object) -> str:
        """Give the address of a page of this room at the desk."""
        return reverse(f"admin:desk_{self.route}{route}", args=args)

    @abstractmethod
    def find(self, slug: str) -> Any:
        """Give a published procedure by its address. Raises: Http404."""

    @abstractmethod
    def acts(self, user: User, procedure: Any, *, at: dt.datetime) -> Sequence[Act]:
        """List what may be written there now: the person agrees to it."""

    @abstractmethod
    def opening_refusal(self, user: User, procedure: Any, *, channel: str, at: dt.datetime) -> Refusal | None:
        """Tell whether an agent may begin to write for somebody there."""

    def is_voting(self, procedure: Any, *, at: dt.datetime) -> bool:
        """Tell whether a secret vote is running there (decision 0008)."""
        return False

    @abstractmethod
    def act_url(self, assistance: Assistance) -> str:
        """Lead to what one may write for somebody."""

    @abstractmethod
    def welcome(self, *, at: dt.datetime) -> Welcome:
        """Give what takes something now, for the home page."""

    @abstractmethod
    def withdraw(self, *, actor: User, receipt: Receipt, at: dt.datetime) -> None:
        """Take back what a receipt leads to, for the person who asks. Raises: DomainError."""

    @abstractmethod
    def urls(self, opened: Opened) -> Sequence[URLPattern]:
        """Give the addresses of its own pages, under the desk."""


_rooms: dict[str, Room] = {}


def declare(room: Room) -> None:
    """Receive people at the desk for the procedures of a service; called with its admin."""
    _rooms[room.prefix] = room


def every() -> list[Room]:
    """List the rooms that receive people."""
    return list(_rooms.values())


def of_topic(topic: str) -> tuple[Room, str]:
    """Give the room of a topic, and the address of its procedure.

    Raises: LookupError for a topic of no room.
    """
    prefix, _, slug = topic.partition(":")
    return _rooms[prefix], slug
