"""What a purge erased because it had had its time: the same line on the register for every room."""

from transparency import register


def note(**erased: int) -> None:
    """Write how much of each was erased, never whose; no line when nothing went. Call it last in the transaction.

    Raises: RuntimeError outside a transaction.
    Locks: as `register.record`.
    """
    if any(erased.values()):
        register.record(
            "data.purged", role="système", facts={name: number for name, number in erased.items() if number}
        )
