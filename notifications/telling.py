"""The one door to tell people something: a service says who, what and why; this room decides mail now, digest, or account only.

Each person is told of one thing once, whatever the number of sweeps, of subjects they follow and of ways to write to them.
"""

import datetime as dt
import re
import uuid
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.conf import settings
from django.contrib.auth import get_user_model
from django.db.models import QuerySet
from django.urls import reverse
from django.utils import translation
from django.utils.translation import gettext as _

from mulhouse.db import assert_in_transaction
from notifications import addresses, frequencies, kinds, outbox, subscriptions, topics
from notifications.kinds import Frequency, Kind
from notifications.models import Broadcast, Notification
from notifications.topics import Topic

LINE_LENGTH = 200
# Those that break a line; the no-break space stays.
SPACES = re.compile(r"[ \t\r\n]+")


@dataclass(frozen=True)
class Letter:
    """Something to tell one person: a line for their account and their digests, and the words of a mail of its own.

    `topic` is what they follow that leads to it ("" for an answer to themselves), `about` what it tells of, `url` the path of
    its page. `words` is asked only if a mail leaves now.
    """

    person: Any
    once_key: str
    about: str
    line: str
    url: str
    words: Callable[[], Mapping[str, Any]]
    topic: str = ""
    until: dt.datetime | None = None


def tell(*, kind: str, letters: Sequence[Letter], at: dt.datetime) -> int:
    """Tell people something, inside the transaction of an action; what they were told before is left out, and what is not public.

    Shape: how many were told anew; ten statements and one for each sort of topic, however many people.
    Raises: RuntimeError outside a transaction; UnknownKindError.
    Locks: the rows of the people, in order: two tellings to one person follow each other, a closing account waits or is left out.
    """
    assert_in_transaction()
    sort = kinds.find(kind)
    people = _held([letter.person.pk for letter in letters])
    wanted = [letter for letter in letters if letter.person.pk in people]
    names: dict[str, Topic] = {}
    if not sort.is_service:
        names = topics.named({name for letter in wanted for name in (letter.about, letter.topic) if name})
        # Hidden or withdrawn since the service looked.
        wanted = [letter for letter in wanted if letter.about in names]
    ways = _ways(sort, people)
    left = _left(people, at=at) if sort.is_put_off and not sort.is_service else {}
    known = set(
        Notification.objects.filter(once_key__in=[letter.once_key for letter in wanted])
        .order_by()
        .values_list("once_key", flat=True)
    )
    rows: dict[uuid.UUID, Letter] = {}
    made: list[Notification] = []
    for letter in wanted:
        if letter.once_key in known:
            continue
        known.add(letter.once_key)
        row = _row(sort, letter, _way(ways[letter.person.pk], letter.person.pk, left), at=at)
        rows[row.pk] = letter
        made.append(row)
    Notification.objects.bulk_create(made, ignore_conflicts=True)
    new = set(Notification.objects.filter(pk__in=list(rows)).order_by().values_list("pk", flat=True))
    told = [(row, rows[row.pk]) for row in made if row.pk in new]
    _write(sort, [pair for pair in told if pair[0].mailed_at is not None], people, names)
    return len(told)


def _held(keys: Sequence[int]) -> dict[int, Any]:
    """Hold the rows of some people until the end, those whose account is open."""
    rows = get_user_model().objects.filter(pk__in=keys, is_active=True).order_by("pk")
    return {person.pk: person for person in rows.select_for_update(of=("self",), no_key=True)}


def _ways(sort: Kind, people: Mapping[int, Any]) -> dict[int, Frequency]:
    """Give how each person is told; an address that refuses mails gets none but service messages."""
    if sort.is_service:
        return dict.fromkeys(people, Frequency.NOW)
    refusing = addresses.refusing([person.email for person in people.values()])
    ways = frequencies.of_kind(sort.code, list(people))
    return {key: Frequency.NEVER if person.email.lower() in refusing else ways[key] for key, person in people.items()}


def _left(people: Mapping[int, Any], *, at: dt.datetime) -> Counter[int]:
    """Count the mails each person may still get this week."""
    sent = frequencies.mails_of_the_week(list(people), at=at)
    return Counter({key: frequencies.WEEKLY_LIMIT - sent.get(key, 0) for key in people})


def _way(wanted: Frequency, person: int, left: dict[int, int]) -> Frequency:
    """Put off to the weekly digest what would be one mail too many; what is never put off has no count."""
    if wanted is Frequency.NOW and person in left:
        if left[person] <= 0:
            return Frequency.WEEKLY
        left[person] -= 1
    return wanted


def _row(sort: Kind, letter: Letter, way: Frequency, *, at: dt.datetime) -> Notification:
    row = Notification(
        user_id=letter.person.pk,
        kind=sort.code,
        topic=letter.topic,
        about=letter.about,
        subject_line=SPACES.sub(" ", letter.line).strip()[:LINE_LENGTH],
        url=letter.url,
        created_at=at,
        once_key=letter.once_key,
        until=letter.until,
    )
    if way is Frequency.NOW:
        # What always leaves is not counted among what one may limit.
        row.mailed_at, row.mailed_in, row.mailed_as = at, uuid.uuid4(), "" if sort.is_service else way
    elif way in kinds.DIGESTS:
        row.digest = way
    return row


def _write(
    sort: Kind, told: Sequence[tuple[Notification, Letter]], people: Mapping[int, Any], names: Mapping[str, Topic]
) -> None:
    """Put the mails that leave now in the outbox."""
    mails = []
    for row, letter in told:
        person = people[letter.person.pk]
        frame, headers = _leaving(sort, person, letter.topic, names.get(letter.topic))
        mail = outbox.written(
            kind=sort.code,
            to=person.email,
            said=outbox.words(kind=sort.code, context={**letter.words(), **frame}, language=person.language),
            user=person,
            once_key=letter.once_key,
            headers=headers,
        )
        if row.mailed_in is not None:
            mail.pk = row.mailed_in
        mails.append(mail)
    if mails:
        outbox.enqueue_all(mails)


def _leaving(sort: Kind, person: Any, topic: str, followed: Topic | None) -> tuple[dict[str, str], dict[str, str]]:
    """Say why somebody gets a mail and how to stop it, in its frame and in its headers; nothing for what always leaves."""
    if sort.is_service:
        return {}, {}
    language = person.language
    of_kind = subscriptions.unsubscribe_url(person, subscriptions.KIND + sort.code, language=language)
    of_topic = subscriptions.unsubscribe_url(person, topic, language=language) if topic else ""
    with translation.override(language):
        frame = {
            "why": why(sort, followed),
            "unsubscribe_url": of_topic,
            "unsubscribe_kind_url": of_kind,
            "preferences_url": settings.SITE_URL + reverse("notifications:preferences"),
        }
    return frame, subscriptions.unsubscribe_headers(of_topic or of_kind)


def why(sort: Kind, followed: Topic | None) -> str:
    """Say in the active language why somebody gets a mail: what they follow, and the kind of mail."""
    if followed is None:
        return _("Vous recevez ce courriel parce qu’il vous concerne (sorte\u00a0: %(kind)s).") % {"kind": sort.label}
    return _("Vous recevez ce courriel parce que vous suivez «\u00a0%(topic)s\u00a0» (sorte\u00a0: %(kind)s).") % {
        "topic": followed.title,
        "kind": sort.label,
    }


# --- What is told to many, batch after batch ------------------------------------------------------------------------------


def in_batches(people: QuerySet[Any], *, size: int) -> Iterator[list[Any]]:
    """Read people by their key, so many at a time: who comes in meanwhile stands in no other's way."""
    last = 0
    while batch := list(people.filter(pk__gt=last).order_by("pk")[:size]):
        yield batch
        last = batch[-1].pk


def finished(keys: Sequence[str]) -> set[str]:
    """Keep what was told to everybody it concerns; one query."""
    return set(Broadcast.objects.filter(key__in=keys).order_by().values_list("key", flat=True))


def finish(key: str, *, people: int, at: dt.datetime) -> bool:
    """Keep that something was told to everybody it concerns, inside the transaction of an action.

    Shape: False when another worker said so first.
    Raises: RuntimeError outside a transaction.
    """
    assert_in_transaction()
    return Broadcast.objects.get_or_create(key=key, defaults={"people": people, "finished_at": at})[1]
