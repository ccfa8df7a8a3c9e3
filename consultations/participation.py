"""The ledger of who took part: one row for each person of a consultation, and what can be counted from it.

Its row is written just before the register's line, after every other lock, in the transaction of the gesture. What was done is
not said: withdrawing a text or a position does not undo having taken part, nor does closing an account.
"""

import datetime as dt
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from django.contrib.postgres.expressions import ArraySubquery
from django.db import connection, transaction
from django.db.models import Count, Exists, OuterRef, Q, QuerySet, Subquery, Sum
from django.db.models.functions import JSONObject, TruncWeek

from accounts.models import User
from city.models import District
from consultations.models import Consultation, ConsultationVote, Participation, TableNotes
from consultations.phases import PARIS
from desk import people
from desk.models import Channel, Person
from mulhouse import ages, small_cells
from mulhouse.db import assert_in_transaction


def note(
    consultation: Consultation,
    person: Person,
    *,
    channel: str,
    at: dt.datetime,
    district: District | None = None,
    birth_year: int | None = None,
) -> None:
    """Keep that somebody took part; the first channel and day stay, whatever comes after.

    Locks: the pair of the consultation and the person, inside the caller's transaction, right before the register's line.
    """
    assert_in_transaction()
    _write(consultation.pk, person.pk, channel, at, district.pk if district else None, birth_year)


def note_account(consultation: Consultation, user: User, *, at: dt.datetime) -> None:
    """Keep that the holder of an account took part on the web; one query when it is known already.

    Locks: as `note`.
    """
    assert_in_transaction()
    if not Participation.objects.filter(consultation=consultation, person__user=user).exists():
        person = people.of_user(user)
        _write(consultation.pk, person.pk, Channel.WEB, at, user.district_id, user.birth_year)


def _write(
    consultation: int, person: int, channel: str, at: dt.datetime, district: int | None, birth_year: int | None
) -> None:
    first_on = at.astimezone(PARIS).date()
    # ON CONFLICT DO NOTHING: of two first gestures at the same instant, one waits for the other and adds nothing.
    Participation.objects.bulk_create(
        [
            Participation(
                consultation_id=consultation,
                person_id=person,
                channel=channel,
                district_id=district,
                age_band=ages.of_birth_year(birth_year, on=first_on),
                first_on=first_on,
            )
        ],
        ignore_conflicts=True,
    )


def took_part(consultation: Consultation, person: Person) -> bool:
    """Tell whether somebody took part already, by any channel."""
    return Participation.objects.filter(consultation=consultation, person=person).exists()


def absorb(kept: Person, gone: Person) -> None:
    """Give one person's rows to another that turns out to be the same: where both took part, the first gesture stays.

    Locks: as `note`, inside the caller's transaction (`desk.merging`).
    """
    assert_in_transaction()
    known = {row.consultation_id: row for row in Participation.objects.filter(person=kept)}
    for row in Participation.objects.filter(person=gone).order_by("pk"):
        same = known.get(row.consultation_id)
        if same is not None and row.first_on >= same.first_on:
            row.delete()
            continue
        if same is not None:
            same.delete()
        row.person = kept
        row.save(update_fields=["person"])


# --- Catching up: imports, demonstrations, and what the night finds ----------------------------------------------------

# Whoever signed something that still bears their name. Positions and supports have no date: they are dated by what they answer.
_SIGNED = """
    SELECT c.consultation_id, c.author_id AS user_id, c.published_at AS at
    FROM consultations_contribution c WHERE c.published_at IS NOT NULL AND c.author_id IS NOT NULL
    UNION ALL
    SELECT c.consultation_id, m.author_id, m.published_at
    FROM consultations_comment m JOIN consultations_contribution c ON c.id = m.contribution_id
    WHERE m.author_id IS NOT NULL
    UNION ALL
    SELECT c.consultation_id, p.resident_id, c.published_at
    FROM consultations_position p JOIN consultations_contribution c ON c.id = p.contribution_id
    WHERE p.resident_id IS NOT NULL
    UNION ALL
    SELECT c.consultation_id, s.resident_id, m.published_at
    FROM consultations_commentsupport s JOIN consultations_comment m ON m.id = s.comment_id
    JOIN consultations_contribution c ON c.id = m.contribution_id
    WHERE s.resident_id IS NOT NULL
"""
# A pseudonym of another platform is one person of it.
_IMPORTED = """
    SELECT c.consultation_id, c.author_label, c.published_at AS at
    FROM consultations_contribution c WHERE c.channel = 'import' AND c.author_label <> '' AND c.published_at IS NOT NULL
    UNION ALL
    SELECT c.consultation_id, m.author_label, m.published_at
    FROM consultations_comment m JOIN consultations_contribution c ON c.id = m.contribution_id
    WHERE m.channel = 'import' AND m.author_label <> ''
"""
_MISSING_ACCOUNTS = f"""
    SELECT a.consultation_id, a.user_id, min(a.at) AS at FROM ({_SIGNED}) a
    WHERE (%(only)s::bigint[] IS NULL OR a.consultation_id = ANY(%(only)s)) AND NOT EXISTS (
        SELECT 1 FROM consultations_participation l JOIN desk_person d ON d.id = l.person_id
        WHERE l.consultation_id = a.consultation_id AND d.user_id = a.user_id
    ) GROUP BY 1, 2
"""  # noqa: S608 (only texts written above enter it)
_MISSING_PSEUDONYMS = f"""
    SELECT i.consultation_id, i.author_label, min(i.at) AS at FROM ({_IMPORTED}) i
    WHERE (%(only)s::bigint[] IS NULL OR i.consultation_id = ANY(%(only)s)) AND NOT EXISTS (
        SELECT 1 FROM consultations_participation l
        WHERE l.source_key = i.consultation_id || ':' || i.author_label
    ) GROUP BY 1, 2
"""  # noqa: S608 (only texts written above enter it)


@dataclass(frozen=True)
class Missing:
    """How many people of a consultation its ledger does not know."""

    consultation_id: int
    people: int


def missing() -> list[Missing]:
    """Find the consultations whose ledger lacks somebody who signed something in them."""
    with connection.cursor() as cursor:
        # Only texts written above enter this one.
        cursor.execute(
            f"SELECT consultation_id, count(*) FROM (SELECT consultation_id FROM ({_MISSING_ACCOUNTS}) a "  # noqa: S608
            f"UNION ALL SELECT consultation_id FROM ({_MISSING_PSEUDONYMS}) p) whole GROUP BY 1 ORDER BY 1",
            {"only": None},
        )
        return [Missing(*row) for row in cursor.fetchall()]


def catch_up(consultations: Sequence[int]) -> int:
    """Write the rows that some consultations lack, accounts and pseudonyms; give how many were written.

    Locks: as `note`, for each person; call it at the end of a transaction.
    """
    assert_in_transaction()
    bands = " ".join(
        f"WHEN extract(year FROM a.at AT TIME ZONE 'Europe/Paris') - u.birth_year >= {first} THEN '{band.value}'"
        for first, band in ages.FIRST_AGES
    )
    asked = {"only": list(consultations)}
    with connection.cursor() as cursor:
        # Only texts written above enter these.
        cursor.execute(
            f"INSERT INTO desk_person (key, user_id, created_on) SELECT gen_random_uuid(), a.user_id, current_date "  # noqa: S608
            f"FROM (SELECT DISTINCT user_id FROM ({_MISSING_ACCOUNTS}) m) a ORDER BY a.user_id ON CONFLICT DO NOTHING",
            asked,
        )
        cursor.execute(
            "INSERT INTO consultations_participation (consultation_id, person_id, channel, district_id, age_band, first_on) "  # noqa: S608
            f"SELECT a.consultation_id, d.id, 'web', u.district_id, coalesce(CASE {bands} END, ''), "
            f"(a.at AT TIME ZONE 'Europe/Paris')::date FROM ({_MISSING_ACCOUNTS}) a "
            "JOIN accounts_user u ON u.id = a.user_id JOIN desk_person d ON d.user_id = u.id "
            "ORDER BY a.consultation_id, a.at, d.id ON CONFLICT DO NOTHING",
            asked,
        )
        accounts = int(cursor.rowcount)
        cursor.execute(
            "INSERT INTO consultations_participation (consultation_id, source_key, channel, age_band, first_on) "  # noqa: S608
            "SELECT i.consultation_id, i.consultation_id || ':' || i.author_label, 'import', '', "
            f"(i.at AT TIME ZONE 'Europe/Paris')::date FROM ({_MISSING_PSEUDONYMS}) i "
            "ORDER BY i.consultation_id, i.at, i.author_label ON CONFLICT DO NOTHING",
            asked,
        )
        return accounts + int(cursor.rowcount)


@transaction.atomic(durable=True)
def repair(*, found: Sequence[Missing]) -> int:
    """Write what `missing` found; give how many rows were written."""
    return catch_up([one.consultation_id for one in found])


# --- Figures -----------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Figures:
    """How many people took part in a consultation, by what is known of them.

    Shape: each mapping sums to `people`; the channels are in the order of `Channel`, with those nobody used left out; the
    district None and the band "" hold those who did not say; weeks by their Monday, those without anybody left out.
    """

    people: int
    by_channel: dict[str, int]
    by_district: dict[str | None, int]
    by_age: dict[str, int]
    by_week: dict[dt.date, int]


def _told(*, at: dt.datetime) -> QuerySet[Participation]:
    """Give the people that may be counted at an instant: during a secret vote those of today wait for midnight.

    One more at each instant would say that the neighbour who just left the desk has voted, which the vote itself keeps quiet
    (`ballots.counting.turnout`).
    """
    today = at.astimezone(PARIS).date()
    voting = ConsultationVote.objects.running(on=today).filter(consultation=OuterRef("consultation"))
    return Participation.objects.filter(Q(first_on__lt=today) | ~Exists(voting))


def figures(consultation: Consultation, *, at: dt.datetime) -> Figures:
    """Count who took part, from the ledger alone: exact numbers, for staff and for what merges small cells after.

    Shape: whole days during a secret vote.
    """
    rows = _told(at=at).filter(consultation=consultation).annotate(week=TruncWeek("first_on"))
    channels, districts, bands, weeks = Counter[str](), Counter[str | None](), Counter[str](), Counter[dt.date]()
    # One query: those alike on everything come as one row.
    alike = rows.values_list("channel", "district__name", "age_band", "week").annotate(number=Count("pk"))
    for channel, district, band, week, number in alike.order_by("district__name", "week"):
        channels[channel] += number
        districts[district] += number
        bands[band] += number
        weeks[week] += number
    return Figures(
        people=channels.total(),
        by_channel={channel: channels[channel] for channel in Channel.values if channel in channels},
        by_district=dict(districts),
        by_age={band: bands[band] for band in [*ages.AgeBand.values, ""] if band in bands},
        by_week=dict(sorted(weeks.items())),
    )


def with_counts(rows: QuerySet[Consultation], *, at: dt.datetime) -> QuerySet[Consultation]:
    """Add to each consultation what `shown` reads: no query more on its page."""
    channels = _told(at=at).filter(consultation=OuterRef("pk")).order_by().values("channel")
    seated = TableNotes.objects.filter(consultation=OuterRef("pk")).order_by().values("consultation")
    voting = ConsultationVote.objects.running(on=at.astimezone(PARIS).date()).filter(consultation=OuterRef("pk"))
    return rows.annotate(
        counted=ArraySubquery(channels.values(line=JSONObject(channel="channel", number=Count("pk")))),
        seated=Subquery(seated.values(number=Sum("people"))),
        is_voting=Exists(voting),
    )


@dataclass(frozen=True)
class Shown:
    """What everybody sees of who took part: counts under five merged, people at tables apart since nobody knows who they are."""

    people: int
    channels: small_cells.Merged
    seated: int
    until_yesterday: bool = False


def shown(consultation: Any) -> Shown:
    """Give what the page of a consultation shows (read through `with_counts`)."""
    found = {line["channel"]: line["number"] for line in consultation.counted}
    ordered = {channel: found[channel] for channel in Channel.values if channel in found}
    return Shown(
        people=sum(ordered.values()),
        channels=small_cells.merged(ordered, least=1),
        seated=consultation.seated or 0,
        until_yesterday=consultation.is_voting,
    )


def by_channel(consultation: Consultation, *, at: dt.datetime) -> dict[str, int]:
    """Count who took part by the channel of their first gesture, in the order of `Channel`; whole days during a secret vote."""
    rows = _told(at=at).filter(consultation=consultation)
    found = dict(rows.values_list("channel").annotate(number=Count("pk")).order_by("channel"))
    return {channel: found[channel] for channel in Channel.values if channel in found}
