"""What the database must guarantee around an action: named constraints, time-outs, and being inside a transaction."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import redis.exceptions
from django.db import DEFAULT_DB_ALIAS, IntegrityError, InterfaceError, OperationalError, connections, transaction
from django.db.models import Count, Value

# SQLSTATE codes that mean "not now", which a resident sees as a 503 with « Réessayez »: lock and statement time-outs,
# serialisation failure, deadlock, too many connections, a server that stops or starts.
BUSY_SQLSTATES = frozenset({"55P03", "57014", "40001", "40P01", "53300", "57P01", "57P02", "57P03"})


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
        if constraint_of(error) == name:
            raise ConstraintViolatedError(name) from error
        raise


def constraint_of(error: IntegrityError) -> str:
    """Give the name of the constraint, or of the trigger's rule, that refused a row; "" when it has none."""
    diagnostics = getattr(error.__cause__, "diag", None)
    return getattr(diagnostics, "constraint_name", None) or ""


def assert_outside_transaction() -> None:
    """Refuse to wait for the network while rows are locked. Raises: RuntimeError."""
    if connections[DEFAULT_DB_ALIAS].in_atomic_block:
        raise RuntimeError("This function talks to another server: call it outside any transaction.")


def is_unavailable(error: BaseException | None) -> bool:
    """Tell whether an error passes with time: a lock or statement time-out, a deadlock, a server that does not answer.

    Any other database error is ours: it is not to be hidden behind « Réessayez ».
    """
    if isinstance(error, redis.exceptions.ConnectionError | redis.exceptions.TimeoutError | InterfaceError):
        return True
    # A connection that can not be made, or was cut, carries no code.
    return isinstance(error, OperationalError) and getattr(error.__cause__, "pgcode", None) in {None, *BUSY_SQLSTATES}


def count_rows(querysets: Sequence[Any]) -> list[int]:
    """Count several tables in one query.

    Shape: a number for each queryset.
    """
    each = [
        rows.order_by()
        .annotate(rank=Value(rank))
        .values("rank")
        .annotate(count=Count("pk"))
        .values_list("rank", "count")
        for rank, rows in enumerate(querysets)
    ]
    found = dict(each[0].union(*each[1:], all=True)) if each else {}
    return [found.get(rank, 0) for rank in range(len(querysets))]
