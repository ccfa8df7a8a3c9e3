import datetime as dt

import pytest

from mulhouse import home, work

AT = dt.datetime(2026, 11, 22, tzinfo=dt.UTC)


class Agent:
    def has_perm(self, permission):
        return permission == "a.b"


@pytest.fixture
def _queues(monkeypatch):
    monkeypatch.setattr(work, "_queues", [])
    for permission, items in {
        "a.b": [
            work.WorkItem("Peu", 1, "/"),
            work.WorkItem("Beaucoup", 9, "/"),
            work.WorkItem("En retard", 2, "/", late=1),
        ],
        "c.d": [work.WorkItem("Pas pour moi", 5, "/")],
    }.items():
        work.register(work.WorkQueue(permission, lambda user, at, items=items: items))


@pytest.mark.usefixtures("_queues")
def test_late_things_come_first_and_only_ones_own():
    assert [item.label for item in work.waiting(Agent(), at=AT)] == ["En retard", "Beaucoup", "Peu"]


def test_services_show_at_home_in_the_order_of_their_registration(monkeypatch):
    monkeypatch.setattr(home, "_sources", [])
    sources = [home.HomeSource(lambda at: [], lambda at: [], lambda at: [], lambda counted: []) for _number in range(2)]
    for source in sources:
        home.register(source)

    assert home.sources() == sources
