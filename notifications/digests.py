"""The digests of the day and of the week: what is new in what somebody follows, in one mail, grouped by subject.

They leave from seven in the morning in Mulhouse, with what was told before that hour; the weekly one on Monday. The hour is
read on the clock of Mulhouse, so that days of 23 and 25 hours change nothing. A line leaves once: whoever holds it clears it.
"""

import datetime as dt
import uuid
from collections import defaultdict
from collections.abc import Collection, Iterator, Sequence
from typing import Any

from django.conf import settings
from django.contrib.auth import get_user_model
from django.db import transaction
from django.db.models import OuterRef, QuerySet, Subquery
from django.urls import reverse
from django.utils import translation
from django.utils.translation import gettext as _

from mulhouse import typography
from notifications import addresses, frequencies, kinds, outbox, subscriptions, topics
from notifications.frequencies import PARIS
from notifications.kinds import Frequency
from notifications.models import Notification, OutboundMail
from notifications.topics import Topic

HOUR = 7
MONDAY = 0
BATCH = 500
# The rest is in the account: a mail stays readable, and bounded.
LINES = 40
# Stands for the link of each person in words that many share; nobody can have written it. An address needs no escaping.
OWN_LINK = f"lien-{uuid.uuid4().hex}"


def cut(digest: Frequency, *, at: dt.datetime) -> dt.datetime:
    """Give the last instant at which a digest was due: today at seven in Mulhouse, or the last Monday; yesterday's before that."""
    local = at.astimezone(PARIS)
    day = local.date() if local.hour >= HOUR else local.date() - dt.timedelta(days=1)
    if digest is Frequency.WEEKLY:
        day -= dt.timedelta(days=(day.weekday() - MONDAY) % 7)
    return dt.datetime.combine(day, dt.time(HOUR), tzinfo=PARIS)


def batches(digest: Frequency, *, at: dt.datetime, size: int = BATCH) -> Iterator[list[int]]:
    """Give the people for whom something waits, so many at a time, in the order of their accounts."""
    waiting = Notification.objects.waiting(digest, before=cut(digest, at=at))
    last = 0
    while keys := list(_people(waiting.filter(user__gt=last))[:size]):
        yield keys
        last = keys[-1]


def _people(rows: QuerySet[Notification]) -> Any:
    return rows.order_by("user_id").values_list("user_id", flat=True).distinct()


@transaction.atomic(durable=True)
def send(*, digest: Frequency, people: Sequence[int], at: dt.datetime) -> int:
    """Write the digest of some people: what waits for each, without what is hidden, read or settled by now.

    Shape: how many mails; a dozen statements and a few for each sort of topic, however many people and lines.
    Locks: the rows of the people, in order, then the lines that wait: of two sweeps, the second finds nothing left.
    """
    users = get_user_model().objects.filter(pk__in=people, is_active=True).order_by("pk")
    held = {person.pk: person for person in users.select_for_update(of=("self",), no_key=True)}
    due = cut(digest, at=at)
    rows = list(Notification.objects.waiting(digest, before=due).filter(user__in=people).order_by("-created_at", "-pk"))
    if digest is Frequency.DAILY:
        rows = _put_off(rows, at=at)
    refusing = addresses.refusing([person.email for person in held.values()])
    able = {key for key, person in held.items() if person.email.lower() not in refusing}
    fresh = [
        row for row in rows if row.user_id in able and row.read_at is None and (row.until is None or row.until > at)
    ]
    names = topics.named({name for row in fresh for name in (row.about, row.topic) if name})
    settled = _settled(fresh)
    lines: dict[int, list[Notification]] = defaultdict(list)
    for row in fresh:
        if row.about in names and (row.kind, row.user_id, row.about) not in settled:
            lines[row.user_id].append(row)
    said: dict[Any, outbox.Words] = {}
    mails = {key: _mail(digest, held[key], own, names, said, due=due, at=at) for key, own in lines.items()}
    outbox.enqueue_all(list(mails.values()))
    told = {row.pk for own in lines.values() for row in own}
    left_out = [row.pk for row in rows if row.pk not in told]
    Notification.objects.filter(pk__in=left_out).update(digest="")
    # Which mail told each line: the one just written to its person. One statement, whose text does not grow with the lines.
    written = OutboundMail.objects.filter(pk__in=[mail.pk for mail in mails.values()], user=OuterRef("user"))
    Notification.objects.filter(pk__in=told).update(
        digest="", mailed_at=at, mailed_as=digest, mailed_in=Subquery(written.order_by("pk").values("pk")[:1])
    )
    return len(mails)


def _put_off(rows: list[Notification], *, at: dt.datetime) -> list[Notification]:
    """Leave to the weekly digest the lines of those who got their mails of the week."""
    sent = frequencies.mails_of_the_week({row.user_id for row in rows}, at=at)
    over = {key for key, number in sent.items() if number >= frequencies.WEEKLY_LIMIT}
    late = [row.pk for row in rows if row.user_id in over]
    Notification.objects.filter(pk__in=late).update(digest=Frequency.WEEKLY)
    return [row for row in rows if row.user_id not in over]


def _settled(rows: Collection[Notification]) -> set[tuple[str, int, str]]:
    """Ask each kind which of its lines need not be told any more; one question for each kind that has an answer."""
    pairs: dict[str, set[tuple[int, str]]] = defaultdict(set)
    for row in rows:
        pairs[row.kind].add((row.user_id, row.about))
    return {
        (code, *pair)
        for code, wanted in sorted(pairs.items())
        if (settled := kinds.find(code).settled) is not None
        for pair in settled(wanted)
    }


def _mail(
    digest: Frequency,
    person: Any,
    rows: Sequence[Notification],
    names: dict[str, Topic],
    said: dict[Any, outbox.Words],
    *,
    due: dt.datetime,
    at: dt.datetime,
) -> OutboundMail:
    """Write the digest of one person; who has the same news in the same language gets the same words, with a link of their own."""
    code, language = kinds.DIGESTS[digest], person.language
    url = subscriptions.unsubscribe_url(person, subscriptions.KIND + code, language=language)
    shown = tuple(
        (row.kind, row.topic, row.subject_line, row.url, typography.local_day(row.created_at)) for row in rows
    )
    if (language, shown) not in said:
        said[language, shown] = outbox.words(
            kind=code, context=_context(digest, rows, names, language), language=language
        )
    subject, text, html = said[language, shown]
    return outbox.written(
        kind=code,
        to=person.email,
        said=(subject, text.replace(OWN_LINK, url), html.replace(OWN_LINK, url)),
        user=person,
        once_key=f"{code}:{due.date().isoformat()}:{rows[0].pk}",
        headers=subscriptions.unsubscribe_headers(url),
        at=at,
    )


def _context(digest: Frequency, rows: Sequence[Notification], names: dict[str, Topic], language: str) -> dict[str, Any]:
    with translation.override(language):
        return {
            "is_daily": digest is Frequency.DAILY,
            "count": len(rows),
            "groups": _groups(rows[:LINES], names),
            "more": max(len(rows) - LINES, 0),
            "address": settings.SITE_URL + reverse("notifications:centre"),
            "why": _("Vous recevez ce résumé parce que vous l’avez choisi pour ce que vous suivez."),
            "unsubscribe_kind_url": OWN_LINK,
            "preferences_url": settings.SITE_URL + reverse("notifications:preferences"),
        }


def _groups(rows: Sequence[Notification], names: dict[str, Topic]) -> list[dict[str, Any]]:
    """Group lines by what they hang on, the group of the newest line first; an answer to oneself, by its kind."""
    groups: dict[str, dict[str, Any]] = {}
    for row in rows:
        followed = names.get(row.topic)
        title = followed.title if followed else kinds.find(row.kind).label
        group = groups.setdefault(str(title), {"title": title, "lines": []})
        group["lines"].append(
            {"text": row.subject_line, "url": settings.SITE_URL + row.url, "day": typography.day(row.created_at)}
        )
    return list(groups.values())
