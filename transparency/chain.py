"""How a line of the register is written down and bound to the one before: what anyone can recompute.

Source: docs/algorithms/registre.md.
"""

import hashlib
import json
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, NamedTuple

GENESIS = "0" * 64


class Line(NamedTuple):
    """A line as published: the exact text that was hashed, the previous line's seal, its own, and what the lists show of it."""

    number: int
    content: str
    previous: str
    seal: str
    at: datetime
    act: str
    role: str
    subject: str


@dataclass(frozen=True)
class Link:
    """A place in the chain: a number, and the seal of that line. The first line follows number 0."""

    number: int
    seal: str


START = Link(0, GENESIS)


@dataclass(frozen=True)
class Verdict:
    """What a check found: the place it started from, how many lines hold, the place it reached, the first wrong line."""

    start: Link
    lines: int
    head: Link
    broken_at: int | None
    reason: str


def written_at(at: datetime) -> str:
    """Write an instant as in the content of a line: UTC, to the microsecond."""
    return at.astimezone(UTC).isoformat(timespec="microseconds")


def canonical(*, number: int, at: datetime, act: str, role: str, subject: str, facts: dict[str, Any]) -> str:
    """Write a line as the one text that its facts can give.

    Shape: JSON, keys sorted, no space, UTF-8 unescaped; `le` in UTC to the microsecond.
    Raises: TypeError, ValueError for facts that JSON can not hold.
    """
    return json.dumps(
        {"numero": number, "le": written_at(at), "acte": act, "par": role, "objet": subject, "faits": facts},
        ensure_ascii=False,
        sort_keys=True,
        separators=(",", ":"),
        allow_nan=False,
    )


def seal(previous: str, content: str) -> str:
    """Bind a line to the one before: SHA-256 of the previous seal, a line feed, and the content, in hexadecimal."""
    return hashlib.sha256(f"{previous}\n{content}".encode()).hexdigest()


def verify(lines: Iterable[Line], *, start: Link = START) -> Verdict:
    """Recompute every seal, in order, from the line that follows `start`.

    Shape: stops at the first line that is missing or out of order ("number"), not bound to the one before ("previous"), altered
    ("seal"), or shown otherwise than it was sealed ("content"); `reason` is "" when all hold.
    """
    head = start
    for line in lines:
        reason = _wrong(line, head)
        if reason:
            return Verdict(start, head.number - start.number, head, broken_at=head.number + 1, reason=reason)
        head = Link(line.number, line.seal)
    return Verdict(start, head.number - start.number, head, broken_at=None, reason="")


def _wrong(line: Line, before: Link) -> str:
    """Name what is wrong with a line that should follow `before`; "" when nothing is."""
    if line.number != before.number + 1:
        return "number"
    if line.previous != before.seal:
        return "previous"
    if seal(before.seal, line.content) != line.seal:
        return "seal"
    shown = {
        "numero": line.number,
        "le": written_at(line.at),
        "acte": line.act,
        "par": line.role,
        "objet": line.subject,
    }
    said = json.loads(line.content)
    return "" if all(said.get(name) == value for name, value in shown.items()) else "content"
