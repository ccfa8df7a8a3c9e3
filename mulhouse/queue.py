"""Background work by name, sent after commit: actions need not import tasks, and a lost message is found by a sweep.

Celery names each task `<app>.<function>`; `tests/test_conventions.py` checks that every name used here exists.
"""

import logging
from functools import partial

from celery import current_app
from django.db import transaction
from kombu.exceptions import OperationalError

from mulhouse.breaker import Breaker

logger = logging.getLogger(__name__)

TaskArgument = int | str
REST_SECONDS = 15.0
breaker = Breaker(REST_SECONDS)


def after_commit(name: str, **ids: TaskArgument) -> None:
    """Send the task `name` once the current transaction is committed; outside a transaction, at once.

    The broker being down never fails the act that was just confirmed: the row that asks for the work is in
    the database, and the periodic sweep of that app takes it up.
    """
    transaction.on_commit(partial(_send, name, ids))


def _send(name: str, ids: dict[str, TaskArgument]) -> None:
    if breaker.is_resting():
        return
    try:
        current_app.send_task(name, kwargs=ids, retry=False, ignore_result=True)
    except (OperationalError, OSError) as error:
        breaker.rest()
        logger.warning("broker unreachable, %s left to the sweep: %s", name, type(error).__name__)
