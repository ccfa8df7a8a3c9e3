"""A person's notifications as their page shows them: by day, and nothing of what is hidden by now."""

import datetime as dt
import uuid
from dataclasses import dataclass
from itertools import groupby
from typing import Any

from django.http import QueryDict
from django.utils import timezone

from mulhouse import lists
from notifications import topics
from notifications.models import Notification

PAGE_SIZE = 20
ORDER = lists.Order("created_at")


@dataclass(frozen=True)
class Line:
    """A notification in words; without `text` nor `url` when what it tells of is not public any more."""

    key: uuid.UUID
    text: str
    url: str
    followed: str
    at: dt.datetime
    is_read: bool


@dataclass(frozen=True)
class Day:
    """The notifications of a day in Mulhouse."""

    day: dt.date
    lines: list[Line]


def own(user: Any) -> Any:
    """Give what somebody was told."""
    return Notification.objects.filter(user_id=user.pk)


def place(query: QueryDict) -> lists.Place:
    """Read where an address stands in the list; anything that is no key means the beginning."""
    for direction in (lists.AFTER, lists.BEFORE):
        try:
            reference = str(uuid.UUID(query.get(direction, "")))
        except ValueError:
            continue
        return lists.Place(reference, direction, lists.number(query))
    return lists.Place()


def page(user: Any, query: QueryDict) -> lists.Page[Notification]:
    """Read one page from an index, at the same cost from the first to the last."""
    rows = own(user)
    return lists.read(
        rows, ORDER, size=PAGE_SIZE, at=place(query), anchor_of=lambda reference: rows.filter(pk=reference).first()
    )


def days(rows: list[Notification]) -> list[Day]:
    """Put notifications in words and by day; what everybody may see is asked for all of them at once."""
    names = topics.named({name for row in rows for name in (row.about, row.topic) if name})
    lines = [(timezone.localdate(row.created_at), _line(row, names)) for row in rows]
    return [Day(day, [line for _day, line in found]) for day, found in groupby(lines, key=lambda pair: pair[0])]


def _line(row: Notification, names: dict[str, topics.Topic]) -> Line:
    is_seen, followed = row.about in names, names.get(row.topic)
    return Line(
        key=row.pk,
        text=row.subject_line if is_seen else "",
        url=row.url if is_seen else "",
        followed=followed.title if followed and is_seen and row.topic != row.about else "",
        at=row.created_at,
        is_read=row.read_at is not None,
    )
