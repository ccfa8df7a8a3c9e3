"""Those of the demonstration who have no computer: an agent writes for them, and enters the notes of two tables.

Everything goes through the desk's own actions, as invented people of invented identities; each is told apart by who it is, so
that it is done once.
"""

import datetime as dt
import tomllib
import uuid
from typing import Any

from accounts import demo as accounts
from accounts import roles
from accounts.models import User
from city.models import District
from consultations import assisting, participation
from consultations.demo.texts import CONTENT
from consultations.models import Consultation, Section, TableNotes
from desk import actions as desk
from desk import people
from desk.models import Channel, Person

Row = dict[str, Any]


def play(*, at: dt.datetime) -> bool:
    """Do what was not done yet, while the consultation takes it; tell whether anything was."""
    script = tomllib.loads((CONTENT / "desk.toml").read_text(encoding="utf-8"))
    consultation = Consultation.objects.prefetch_related("phases", "sections").get(slug=script["consultation"])
    account = accounts.find(roles.DESK.code)
    agent = User.objects.get(email=account.email if account else "")
    if assisting.entry_refusal(agent, consultation, channel=Channel.DESK, at=at) is not None:
        return False
    sections = list(consultation.sections.all())
    helped = [_help(agent, consultation, sections, row, at, number) for number, row in enumerate(script["helped"])]
    entered = [_enter(agent, consultation, sections, row, at) for row in script["tables"]]
    return any(helped) or any(entered)


def _said(sections: list[Section], row: Row) -> assisting.Said:
    body = row["body"].strip()
    return assisting.Said(
        section=sections[row["section"] - 1], kind=row["kind"], title=row.get("title") or _title(body), body=body
    )


def _title(body: str) -> str:
    """Take the first sentence of a note."""
    return body.split(". ", maxsplit=1)[0].rstrip(".")[:120]


def _help(
    agent: User, consultation: Consultation, sections: list[Section], row: Row, at: dt.datetime, number: int
) -> bool:
    fingerprint = people.identity_hash("Démonstration", f"Personne{number}", dt.date(row["born"], 1, 1))
    known = Person.objects.filter(identity_hash=fingerprint).first()
    if known is not None and participation.took_part(consultation, known):
        return False
    then = at - dt.timedelta(days=row["days_ago"], minutes=20 * number)
    assistance = desk.open_assistance(
        actor=agent,
        topic=consultation.topic,
        fingerprint=fingerprint,
        birth_year=row["born"],
        channel=row["channel"],
        district=District.objects.filter(name=row["district"]).first(),
        is_residence_checked=row["channel"] == Channel.DESK,
        is_voting=assisting.is_voting(consultation, at=then),
        at=then,
    )
    assisting.contribute(
        actor=agent, consultation=consultation, assistance=assistance, said=_said(sections, row), at=then
    )
    return True


def _enter(agent: User, consultation: Consultation, sections: list[Section], row: Row, at: dt.datetime) -> bool:
    key = uuid.uuid5(uuid.NAMESPACE_URL, f"demo:{consultation.slug}:{row['name']}")
    if TableNotes.objects.filter(key=key).exists():
        return False
    then = at - dt.timedelta(days=row["days_ago"] - 1)
    table = assisting.Table(
        name=row["name"],
        gathering=row["gathering"],
        held_on=(at - dt.timedelta(days=row["days_ago"])).date(),
        rapporteur=row["rapporteur"],
        people=row["people"],
    )
    notes = [_said(sections, note) for note in row["notes"]]
    assisting.enter_table(actor=agent, consultation=consultation, key=key, table=table, notes=notes, at=then)
    return True
