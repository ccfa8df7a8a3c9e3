"""What a few residents of the demonstration do through the actions of the site: each leaves its line on the register.

Every act is told apart by a reference made from its words, so that it is done once, however often this runs, and taken up
where it was interrupted.
"""

import datetime as dt
import hashlib
import tomllib
from collections.abc import Callable
from typing import Any

from django.db import transaction

from accounts.models import User
from consultations import actions
from consultations.demo import stage
from consultations.demo.people import Crowd
from consultations.demo.texts import CONTENT
from consultations.models import Comment, Consultation, Contribution
from mulhouse.references import ALPHABET, LENGTH
from notifications import actions as notifications
from transparency import register
from transparency.models import RegisterLine

Row = dict[str, Any]
# The subject of the line that says that everything here was done.
MARK = "gestes"


class Company:
    """Those who act, by name, and the open consultations where they do."""

    def __init__(self, crowd: Crowd, hero: User, *, at: dt.datetime) -> None:
        self.at = at
        self._people = {resident.name: user for resident, user in zip(crowd.residents, crowd.users, strict=False)} | {
            "demo": hero
        }
        self._consultations = {
            row.slug: row
            for row in Consultation.objects.filter(source_key__startswith=stage.key("")).prefetch_related(
                "phases", "sections"
            )
        }

    def who(self, row: Row) -> User:
        """Give the one who acts."""
        return self.person(row["who"])

    def person(self, name: str) -> User:
        """Give somebody by name."""
        return self._people[name]

    def consultation(self, row: Row) -> Consultation:
        """Give the consultation of an act."""
        return self._consultations[row["consultation"]]

    def is_open(self, row: Row) -> bool:
        """Tell whether one can still act there: a load that is finished much later leaves the rest undone."""
        return self.consultation(row).is_open(at=self.at)

    def contribution(self, row: Row) -> Contribution:
        """Give the contribution that an act is about, by its title."""
        return Contribution.objects.select_related("consultation").get(
            consultation=self.consultation(row), title=row["on"]
        )


@transaction.atomic(durable=True)
def _mark() -> None:
    register.record("consultation.demo", role="système", subject=MARK)


def play(company: Company) -> int:
    """Do what was not done yet; give how many acts that was, 0 once all were done."""
    if RegisterLine.objects.filter(act="consultation.demo", subject=MARK).exists():
        return 0
    done = sum(play_one(company, kind, number) for kind, rows in _script().items() for number in range(len(rows)))
    _mark()
    return done


def play_one(company: Company, kind: str, number: int) -> bool:
    """Do one act; tell whether it was new. Where the phase is over, nothing is done."""
    row = _script()[kind][number]
    return company.is_open(row) and _ACTS[kind](company, row)


def _script() -> dict[str, list[Row]]:
    content = tomllib.loads((CONTENT / "acts.toml").read_text(encoding="utf-8"))
    return {kind: content[kind] for kind in _ACTS}


def _reference(row: Row) -> str:
    """Make the reference of an act from its words."""
    words = hashlib.sha256(f"demo:{row['who']}:{row['body']}".encode()).digest()
    return "".join(ALPHABET[sign % len(ALPHABET)] for sign in words[:LENGTH])


def _draft(company: Company, row: Row) -> bool:
    reference = _reference(row)
    if Contribution.objects.filter(reference=reference).exists():
        return False
    consultation, words = company.consultation(row), _words(company, row, row["body"])
    actions.save_draft(actor=company.who(row), consultation=consultation, reference=reference, words=words)
    return True


def _contribute(company: Company, row: Row) -> bool:
    """Write, publish, let some take a position, correct."""
    is_new = _draft(company, row)
    contribution = Contribution.objects.select_related("consultation").get(reference=_reference(row))
    actor = company.who(row)
    contribution = actions.publish(actor=actor, contribution=contribution, at=company.at, follow=True)
    if contribution.published_at is None:
        # Where each text is read first, nobody answers it yet.
        return is_new
    for name, choice in row["positions"]:
        actions.take_position(actor=company.person(name), contribution=contribution, choice=choice, at=company.at)
    if corrected := row.get("corrected"):
        words = _words(company, row, corrected)
        actions.correct(actor=actor, contribution=contribution, words=words, at=company.at)
    return is_new


def _words(company: Company, row: Row, body: str) -> actions.Words:
    sections = company.consultation(row).sections.all()
    return actions.Words(
        section=next(section for section in sections if section.source_key == row["section"]),
        kind=row["kind"],
        title=row["title"],
        body=body.strip(),
        signature=Contribution.Signature.NAME,
        usage_when=row.get("when", ""),
        usage_frequency=row.get("often", ""),
        usage_role=row.get("role", ""),
        place=row.get("place", ""),
    )


def _comment(company: Company, row: Row) -> bool:
    reference = _reference(row)
    is_new = not Comment.objects.filter(reference=reference).exists()
    comment = actions.comment(
        actor=company.who(row),
        contribution=company.contribution(row),
        reference=reference,
        stance=row["stance"],
        body=row["body"],
        at=company.at,
    )
    if isinstance(comment, Comment):
        for name in row["supports"]:
            actions.support_comment(actor=company.person(name), comment=comment, at=company.at)
    return is_new


def _take_position(company: Company, row: Row) -> bool:
    contribution = company.contribution(row)
    actions.take_position(actor=company.who(row), contribution=contribution, choice=row["choice"], at=company.at)
    return True


def _follow(company: Company, row: Row) -> bool:
    return notifications.follow(user=company.who(row), topic=company.consultation(row).topic)


_ACTS: dict[str, Callable[[Company, Row], bool]] = {
    "contributions": _contribute,
    "drafts": _draft,
    "comments": _comment,
    "positions": _take_position,
    "follows": _follow,
}
