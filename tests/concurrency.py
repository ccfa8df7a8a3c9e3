"""Several people at the same instant: threads that leave together, each on its own connection."""

import threading
import time
from concurrent.futures import ThreadPoolExecutor

from django.db import connection, connections, transaction


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


def queue_behind(hold, *gestures):
    """Hold rows, let each gesture come and wait for them in this order, then let go; return what each returned or raised.

    Two gestures that take the same rows in two orders then wait for each other: PostgreSQL ends one of them.
    """
    held = threading.Event()

    def one(number):
        if number == 0:
            with transaction.atomic():
                hold()
                held.set()
                _wait_for(len(gestures))
            return None
        held.wait(timeout=30)
        _wait_for(number - 1)
        return gestures[number - 1]()

    return run_in_threads(len(gestures) + 1, one)[1:]


def _wait_for(number):
    """Wait until so many connections of this database wait for a lock."""
    with connection.cursor() as cursor:
        for _ in range(1000):
            cursor.execute("SELECT pg_stat_clear_snapshot()")
            cursor.execute(
                "SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND datname = current_database()"
            )
            if cursor.fetchone()[0] >= number:
                return
            time.sleep(0.01)
