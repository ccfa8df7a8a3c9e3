"""The register, for the rooms below it: they say what happened, `transparency` writes it down.

Apps above `transparency` call `transparency.register.record` itself.
"""

from collections.abc import Mapping
from typing import Any, Protocol


class Recorder(Protocol):
    """The signature of `transparency.register.record`."""

    def __call__(
        self, act: str, *, role: str, subject: str = "", facts: Mapping[str, Any] | None = None, actor: Any = None
    ) -> object:
        """Write a line in the current transaction."""


_recorders: list[Recorder] = []


def connect(recorder: Recorder) -> None:
    """Say who writes the register down; called once, from AppConfig.ready()."""
    _recorders[:] = [recorder]


def record(
    act: str, *, role: str, subject: str = "", facts: Mapping[str, Any] | None = None, actor: Any = None
) -> None:
    """Write a line on the register, last in the transaction of an act.

    Raises: RuntimeError outside a transaction; KeyError for an undeclared act.
    Locks: takes the chain until the end of the transaction.
    """
    for recorder in _recorders:
        recorder(act, role=role, subject=subject, facts=facts, actor=actor)
