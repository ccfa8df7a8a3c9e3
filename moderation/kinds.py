"""What can be moderated: each room says, once, how its texts are found, shown, hidden, masked and given back.

The registry is filled in `AppConfig.ready()`. Everything here that writes runs inside the transaction of a decision,
with the object held by `hold`.
"""

import datetime as dt
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext_lazy as _

# What stands in a text where personal data was taken out.
MASKED = "(donnée personnelle masquée)"
A_LINE = _("Une ligne dit à sa place l’article de la charte.")


@dataclass(frozen=True)
class Words:
    """What somebody wrote, as a moderator reads it: a title that may be empty, a text, and what stands around it."""

    title: str
    text: str
    context: str = ""
    context_url: str = ""


def _nothing(_thing: Any, _at: dt.datetime) -> None:
    """Leave what is published as it is."""


def _nobody(_thing: Any) -> None:
    """Sign with no public name."""


def _reference(thing: Any) -> str:
    """Give the public reference of what has one."""
    return str(thing.reference)


def _nowhere(_thing: Any) -> str:
    """Have no file."""
    return ""


def _unmarked(_thing: Any) -> str:
    """Recognise nothing: the same words may be written again."""
    return ""


@dataclass(frozen=True)
class Kind:
    """A sort of thing that residents write.

    `find` reads by public reference (None for what never existed), `hold` locks it to the end of the transaction, `many`
    reads several in one query. `is_public` tells what a visitor may read now, hence report. `hide(thing, at, clause)` takes
    it from every public surface and leaves the clause for the stub; `show` gives it back. `mask(thing, passages)` replaces
    each passage by MASKED wherever it stands, earlier versions included. `snapshot` is everything that `restore` needs
    to give the words back exactly; `erase` makes hidden words unreadable for good. `release(thing, at)` publishes what was held.
    `mark(thing)` recognises what its author may not put back once it is taken away; "" for what is judged each time.
    """

    code: str
    label: Any
    # How addresses name it, in French.
    segment: str
    find: Callable[[str], Any]
    hold: Callable[[str], Any]
    many: Callable[[Iterable[str]], Mapping[str, Any]]
    words: Callable[[Any], Words]
    author: Callable[[Any], Any]
    url: Callable[[Any], str]
    is_public: Callable[[Any], bool]
    is_gone: Callable[[Any], bool]
    hide: Callable[[Any, dt.datetime, str], None]
    show: Callable[[Any], None]
    snapshot: Callable[[Any], dict[str, Any]]
    erase: Callable[[Any], None]
    # None: nothing in it can be masked, it is hidden or kept.
    mask: Callable[[Any, list[str]], None] | None = None
    restore: Callable[[Any, dict[str, Any]], None] | None = None
    # How a case names a thing, however an address wrote it.
    reference: Callable[[Any], str] = _reference
    # Its reference is public, and may stand on the register.
    is_named: bool = True
    release: Callable[[Any, dt.datetime], None] = _nothing
    # Whose public name signs it: it is reported apart from the text.
    signer: Callable[[Any], Any] = _nobody
    mark: Callable[[Any], str] = _unmarked
    # The addresses of what is looked at rather than read: a picture that the page of a case shows, a document that it links.
    picture: Callable[[Any], str] = _nowhere
    document: Callable[[Any], str] = _nowhere
    # What its author reads after « retiré du site »: what is left where it stood.
    aftermath: Any = A_LINE

    @property
    def is_held(self) -> bool:
        """Tell whether it waits to be published, and is not public before a decision."""
        return self.release is not _nothing


_kinds: dict[str, Kind] = {}


def register(*kinds: Kind) -> None:
    """Add the kinds of a room; called from AppConfig.ready()."""
    for kind in kinds:
        _kinds[kind.code] = kind


def get(code: str) -> Kind | None:
    """Give the kind of that code."""
    return _kinds.get(code)


def by_segment(segment: str) -> Kind | None:
    """Give the kind that an address names."""
    return next((kind for kind in _kinds.values() if kind.segment == segment), None)


def of(code: str) -> Kind:
    """Give the kind of a case, which was registered when the case was opened. Raises: KeyError."""
    return _kinds[code]


def every() -> list[Kind]:
    """Give the kinds, in the order of their rooms."""
    return list(_kinds.values())
