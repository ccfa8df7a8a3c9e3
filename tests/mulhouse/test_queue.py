import json
import time

import pytest
from celery import Celery
from django.db import connection, transaction

from mulhouse import queue
from mulhouse.celery import app

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture(autouse=True)
def _awake():
    queue.breaker.wake()
    yield
    queue.breaker.wake()


def waiting():
    """Read the broker itself: the names of the tasks, and what they are given."""
    with app.connection_for_read() as broker:
        messages = broker.default_channel.client.lrange("celery", 0, -1)
    headers = [json.loads(message)["headers"] for message in messages]
    return [(header["task"], header["kwargsrepr"]) for header in headers]


def test_work_is_asked_for_after_the_commit():
    with transaction.atomic():
        queue.after_commit("notifications.deliver", mail_id="a")
        before = list(connection.run_on_commit)

    assert len(before) == 1
    assert waiting() == [("notifications.deliver", "{'mail_id': 'a'}")]


def test_an_act_that_fails_asks_for_no_work():
    with transaction.atomic():
        queue.after_commit("notifications.deliver", mail_id="a")
        transaction.set_rollback(True)

    assert waiting() == []


def test_outside_a_transaction_work_is_asked_for_at_once():
    queue.after_commit("notifications.deliver", mail_id="a")

    assert len(waiting()) == 1


@pytest.fixture
def broker_down():
    """Another application of the same settings, whose broker is not there: kombu shares its pools between addresses."""
    other = Celery("down", broker="redis+socket:///nowhere/s")
    other.conf.broker_transport_options = app.conf.broker_transport_options
    other.set_current()
    yield
    app.set_current()
    other.close()


def test_with_the_broker_down_nobody_fails_nor_waits(broker_down, caplog):
    before = time.monotonic()
    with transaction.atomic():
        for number in range(100):
            queue.after_commit("notifications.deliver", mail_id=str(number))

    assert time.monotonic() - before < 1.5
    assert [record.getMessage() for record in caplog.records if record.name == "mulhouse.queue"] == [
        "broker unreachable, notifications.deliver left to the sweep: OperationalError"
    ]
