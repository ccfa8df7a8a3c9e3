"""Public figures are counted again when the register grows, and on each call where Redis does not answer."""

import datetime as dt

import pytest
import redis
from django.db import transaction
from django.utils import timezone

from mulhouse import memory
from transparency import figures, register

pytestmark = pytest.mark.django_db


def counting(calls, name="test"):
    """Count, keeping trace of each time it was needed."""

    def count():
        calls.append(name)
        return [len(calls), 4]

    return figures.kept(name, count)


def test_figures_are_counted_once_for_everybody(django_assert_num_queries):
    calls = []
    with django_assert_num_queries(1):  # the head of the register
        assert counting(calls) == [1, 4]
    assert counting(calls) == [1, 4]
    assert counting(calls, "other") == [2, 4]
    assert calls == ["test", "other"]


def test_a_line_of_the_register_has_them_counted_again():
    calls = []
    counting(calls)
    with transaction.atomic():
        register.record("role.granted", role="administration")
    assert counting(calls) == [2, 4]


def test_midnight_in_paris_has_them_counted_again(monkeypatch):
    calls = []
    monkeypatch.setattr(timezone, "now", lambda: dt.datetime(2026, 12, 31, 22, 59, 59, tzinfo=dt.UTC))
    counting(calls)
    monkeypatch.setattr(timezone, "now", lambda: dt.datetime(2026, 12, 31, 23, 0, 0, tzinfo=dt.UTC))
    assert counting(calls) == [2, 4]


def test_without_redis_they_are_counted_each_time(monkeypatch):
    def fail(*args, **kwargs):
        raise redis.exceptions.ConnectionError

    monkeypatch.setattr(memory.client(), "get", fail)
    monkeypatch.setattr(memory.client(), "set", fail)
    calls = []
    assert (counting(calls), counting(calls)) == ([1, 4], [2, 4])
