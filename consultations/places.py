"""Where an opinion stands in the count of what has an answer: exactly one place, computed from facts.

`consultations.items.settle` says the same in SQL, for thousands at once; a property test holds the two together.
"""

from collections.abc import Collection
from enum import StrEnum


class Place(StrEnum):
    """The five places. Their values are those of `Item.Place`."""

    WAITING = "waiting"
    ANSWERED = "answered"
    GROUPED = "grouped"
    WITHDRAWN = "withdrawn"
    HIDDEN = "hidden"


def place(
    *,
    is_withdrawn: bool,
    is_hidden: bool,
    is_grouped: bool,
    has_own_answer: bool,
    themes: Collection[int],
    answered_themes: Collection[int],
) -> Place:
    """Place an opinion: gone, grouped with another, answered, or waiting.

    It is answered by an answer of its own, or once each of its themes gave it one: with two themes, one answer is not enough.

    Shape: `themes` are those it belongs to, `answered_themes` those whose answer it has received and still holds.
    """
    if is_withdrawn:
        return Place.WITHDRAWN
    if is_hidden:
        return Place.HIDDEN
    if is_grouped:
        return Place.GROUPED
    if has_own_answer or (themes and set(themes) <= set(answered_themes)):
        return Place.ANSWERED
    return Place.WAITING
