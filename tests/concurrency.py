"""Several people at the same instant: threads that leave together, each on its own connection."""

import threading
from concurrent.futures import ThreadPoolExecutor

from django.db import connections


def run_in_threads(count, function):
    """Call `function(number)` from `count` threads that start together; return what each returned or raised, in order.

    The test needs `@pytest.mark.django_db(transaction=True)`: threads see only what is committed.
    """
    barrier = threading.Barrier(count)

    def one(number):
        try:
            connections["default"].ensure_connection()  # opening a connection takes longer than most races
            barrier.wait(timeout=30)
            return function(number)
        except Exception as error:  # noqa: BLE001 (returned to the test, which says what it expects)
            return error
        finally:
            connections.close_all()

    with ThreadPoolExecutor(max_workers=count) as pool:
        return list(pool.map(one, range(count)))
