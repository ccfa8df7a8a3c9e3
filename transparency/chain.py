"""How a line of the register is written down and bound to the one before: what anyone can recompute."""

import hashlib
import json
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

GENESIS = "0" * 64


@dataclass(frozen=True)
class Line:
    """A line as published: its number, the exact text that was hashed, the previous line's seal and its own."""

    number: int
    content: str
    previous: str
    seal: str


def canonical(*, number: int, at: datetime, act: str, role: str, subject: str, facts: dict[str, Any]) -> str:
    """Write a line as the one text that its facts can give.

    Shape: JSON, keys sorted, no space, UTF-8 unescaped; `le` in UTC to the microsecond.
    """
    return json.dumps(
        {
            "numero": number,
            "le": at.astimezone(UTC).isoformat(timespec="microseconds"),
            "acte": act,
            "par": role,
            "objet": subject,
            "faits": facts,
        },
        ensure_ascii=False,
        sort_keys=True,
        separators=(",", ":"),
    )


def seal(previous: str, content: str) -> str:
    """Bind a line to the one before: SHA-256 of the previous seal, a line feed, and the content, in hexadecimal."""
    return hashlib.sha256(f"{previous}\n{content}".encode()).hexdigest()


@dataclass(frozen=True)
class Verdict:
    """What a check of the chain found: how many lines were read, the last seal, and the first wrong line, if any."""

    lines: int
    head: str
    broken_at: int | None
    reason: str


def verify(lines: Iterable[Line]) -> Verdict:
    """Recompute every seal, in order.

    Shape: stops at the first line that is missing, out of order, or altered; `reason` is one of "", "gap",
    "previous", "seal", "number".
    """
    previous, count = GENESIS, 0
    for expected, line in enumerate(lines, start=1):
        reason = ""
        if line.number != expected:
            reason = "gap"
        elif line.previous != previous:
            reason = "previous"
        elif seal(previous, line.content) != line.seal:
            reason = "seal"
        elif json.loads(line.content)["numero"] != line.number:
            reason = "number"
        if reason:
            return Verdict(lines=count, head=previous, broken_at=expected, reason=reason)
        previous, count = line.seal, count + 1
    return Verdict(lines=count, head=previous, broken_at=None, reason="")
