"""What the database must guarantee around an action: named constraints, time-outs, and being inside a transaction."""

from collections.abc import Iterator
from contextlib import contextmanager

from django.db import DEFAULT_DB_ALIAS, IntegrityError, connections, transaction

# SQLSTATE codes that mean "the database is too busy for this now", which a resident sees as a 503 with « Réessayez ».
BUSY_SQLSTATES = frozenset({"55P03", "57014", "40001", "40P01"})


class ConstraintViolatedError(Exception):
    """A named constraint refused a row."""

    def __init__(self, name: str) -> None:
        super().__init__(name)
        self.name = name


def assert_in_transaction() -> None:
    """Refuse to go on outside a transaction. Raises: RuntimeError."""
    if not connections[DEFAULT_DB_ALIAS].in_atomic_block:
        raise RuntimeError("This function must run inside the transaction of an action.")


@contextmanager
def named_constraint(name: str) -> Iterator[None]:
    """Turn the violation of one named constraint into ConstraintViolatedError, inside a savepoint.

    Raises: ConstraintViolatedError for `name`; any other IntegrityError goes through untouched.
    """
    try:
        with transaction.atomic():
            yield
    except IntegrityError as error:
        diagnostics = getattr(error.__cause__, "diag", None)
        if getattr(diagnostics, "constraint_name", None) == name:
            raise ConstraintViolatedError(name) from error
        raise


def is_busy(error: BaseException) -> bool:
    """Tell whether a database error means a lock or statement time-out, a deadlock or a serialisation failure."""
    return getattr(error.__cause__, "pgcode", None) in BUSY_SQLSTATES
