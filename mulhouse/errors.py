"""What a rule answers when it says no, and what an action raises when it cannot go on."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Refusal:
    """Why somebody may not do something: a stable code, and the sentence shown to the resident."""

    code: str
    message: str


class DomainError(Exception):
    """An expected failure of an action, with a code for the program and a French sentence for the person."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code
        self.message = message


class RefusedError(DomainError):
    """An action was called although its rule refuses it."""

    def __init__(self, refusal: Refusal) -> None:
        super().__init__(refusal.code, refusal.message)
        self.refusal = refusal


def require(refusal: Refusal | None) -> None:
    """Let an action go on only when its rule does not refuse. Raises: RefusedError."""
    if refusal is not None:
        raise RefusedError(refusal)
