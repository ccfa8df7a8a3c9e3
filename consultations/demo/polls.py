"""The secret votes of the demonstration: every ballot is cast through the action that residents use, and is as secret."""

import datetime as dt
import hashlib
import tomllib
from random import Random
from typing import Any

from django.db import transaction

from accounts import demo as accounts
from accounts import roles
from accounts.models import User
from ballots import actions as ballots
from ballots import codes, tally
from ballots.dates import COUNT_DELAY, PARIS, midnight
from ballots.models import RollLine
from consultations import participation, voting
from consultations.demo.people import Crowd
from consultations.demo.texts import CONTENT
from consultations.models import Consultation, ConsultationVote
from desk import actions as desk
from desk import people
from desk.models import Channel, Person

Row = dict[str, Any]
HOURS = (8, 20)


def play(*, crowd: Crowd, at: dt.datetime) -> bool:
    """Do what was not done yet; tell whether anything was."""
    script = tomllib.loads((CONTENT / "votes.toml").read_text(encoding="utf-8"))
    hero = accounts.find(accounts.RESIDENT)
    _show_papers(User.objects.get(email=hero.email if hero else ""))
    done = [_play_one(row, crowd, at) for row in script["votes"]]
    return any(done)


def _play_one(row: Row, crowd: Crowd, at: dt.datetime) -> bool:
    today = at.astimezone(PARIS).date()
    consultation = Consultation.objects.get(slug=row["consultation"])
    link = ConsultationVote.objects.filter(consultation=consultation).select_related("votation").order_by("pk").first()
    is_new = link is None
    if link is None:
        link = _announce(row, consultation, today)
    votation = link.votation
    if votation.counted_at is not None or (not is_new and not _was_interrupted(row, link)):
        return is_new
    _cast(row, link, crowd, until=at)
    if at >= votation.closes_at + COUNT_DELAY:
        _count(row, link)
    return True


def _was_interrupted(row: Row, link: ConsultationVote) -> bool:
    """Tell whether a former run stopped among the voters it had chosen."""
    voters: int = row["voters"]
    return RollLine.objects.filter(votation=link.votation, channel=Channel.WEB).count() < voters


@transaction.atomic(durable=True)
def _announce(row: Row, consultation: Consultation, today: dt.date) -> ConsultationVote:
    first = today + dt.timedelta(days=row["first"])
    values = {
        "question": row["question"],
        "intro": row["intro"].strip(),
        "kind": row["kind"],
        "most": row.get("most", 1),
        "winners": 1,
        "opens_on": first,
        "ends_on": today + dt.timedelta(days=row["last"]),
        "residency_level": row["level"],
        "minimum_age": None,
        "blank_allowed": True,
        "quorum": row["quorum"],
        "majority": row["majority"],
        "tie": row["tie"],
    }
    options = [ballots.OptionEdit(option["label"], option["description"]) for option in row["options"]]
    agent = _agent(roles.AGENT.code)
    saved = ballots.save(actor=agent, votation=None, values=values, options=options)
    published = ballots.publish(actor=agent, votation=saved, at=midnight(first) - dt.timedelta(days=3))
    return ConsultationVote.objects.create(consultation=consultation, votation=published)


def _agent(code: str) -> User:
    account = accounts.find(code)
    return User.objects.get(email=account.email if account else "")


def _cast(row: Row, link: ConsultationVote, crowd: Crowd, *, until: dt.datetime) -> None:
    """Let the same people vote at each run; whoever voted already is let be by the roll."""
    votation = link.votation
    chance = Random(row["question"])  # noqa: S311 (a demonstration)
    people_able = [crowd.users[n] for n in crowd.verified] if row["level"] == "verified" else crowd.users
    last = min(votation.closes_at, until) - dt.timedelta(hours=2)
    for voter in chance.sample(people_able, min(row["voters"], len(people_able))):
        if row["level"] == "verified":
            _show_papers(voter)
        choices = _choices(row, chance)
        when = votation.opens_at + (last - votation.opens_at) * chance.random()
        when = when.replace(hour=chance.randrange(*HOURS))
        when = min(max(when, votation.opens_at), last)
        voting.cast(actor=voter, link=link, choices=choices, code=codes.new_code(), at=when)
    if "paper" in row:
        _hand_out(row, link)


def _show_papers(user: User) -> None:
    """Let an agent tie an account to an identity, invented: who votes where a residence is verified came to the desk once."""
    if Person.objects.filter(user=user, identity_hash__isnull=False).exists():
        return
    fingerprint = people.identity_hash("Démonstration", f"Compte{user.pk}", dt.date(1987, 1, 1))
    desk.link_account(actor=_agent(roles.DESK.code), user=user, fingerprint=fingerprint)


def _choices(row: Row, chance: Random) -> list[int]:
    numbers = list(range(len(row["chances"]) + 1))
    chosen: set[int] = set()
    for _round in range(row.get("most", 1)):
        chosen.add(chance.choices(numbers, [row["blank"], *row["chances"]])[0])
    return sorted(chosen - {0})


@transaction.atomic(durable=True)
def _hand_out(row: Row, link: ConsultationVote) -> None:
    """Give paper ballots to people who came to the desk."""
    for number in range(row["paper"][0]):
        fingerprint = hashlib.sha256(f"demo:{row['question']}:{number}".encode()).hexdigest()
        person, when = people.of_identity(fingerprint), link.votation.opens_at + dt.timedelta(days=number, hours=10)
        participation.note(link.consultation, person, channel=Channel.DESK, at=when)
        ballots.enter_on_roll(votation=link.votation, person=person, channel=Channel.DESK, at=when)


def _count(row: Row, link: ConsultationVote) -> None:
    """Count as the site does: the paper by two agents, then everything."""
    at = link.votation.closes_at + COUNT_DELAY
    if "paper" in row:
        found, blank, *voices = row["paper"]
        sheet = tally.Count(
            ballots=found,
            blank=blank,
            scores={number: tally.Score(number_of) for number, number_of in enumerate(voices, start=1)},
        )
        for code in (roles.AGENT.code, roles.ADMINISTRATOR.code):
            voting.enter_paper_count(actor=_agent(code), votation=link.votation, sheet=sheet, at=at)
    else:
        ballots.count(votation=link.votation, at=at)
