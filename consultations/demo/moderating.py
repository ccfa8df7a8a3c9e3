"""What moderation did and has still to do in the demonstration, through the actions of the site: reports, decisions, an appeal."""

import datetime as dt
import hashlib
from typing import Any

from django.contrib.auth.models import AnonymousUser
from django.db import transaction

from accounts import demo as accounts
from accounts.models import User
from consultations import actions, hiding, rules
from consultations.demo import stage
from consultations.demo.people import Crowd
from consultations.models import Comment, Consultation, Contribution, ModerationMode
from moderation import actions as moderation
from moderation import cases
from moderation.models import Case, Decision
from mulhouse.errors import DomainError
from mulhouse.references import ALPHABET, LENGTH
from transparency import register
from transparency.models import RegisterLine

MARK = "moderation"
HOUR, DAY = dt.timedelta(hours=1), dt.timedelta(days=1)
WORDS = {
    "reported": "Ceux qui ont dessiné ce plan sont des incapables, et le voisin du 14 le premier, tout le monde sait ce qu’il touche.",
    "critical": "Encore un projet décidé d’avance. La Ville demande notre avis et fera ce qu’elle a prévu.",
    "masked": "Je prête mon camion pour planter. Sonnez chez Gérard, au 14 de l’impasse du Lavoir, il est là le soir.",
    "given_back": "À la boulangerie de l’angle, on a compté les vélos un samedi\u00a0: 212 en deux heures. Passez voir le carnet.",
    "insult": "Il faut être bête comme un pied pour vouloir des bancs ici.",
}


def play(*, crowd: Crowd, at: dt.datetime) -> bool:
    """Do it once; False when a former run did, or when no consultation takes comments any more."""
    if RegisterLine.objects.filter(act="consultation.demo", subject=MARK).exists():
        return False
    written = _written(crowd, at)
    if len(written) < len(WORDS):
        return False
    moderator, judge = _staff("moderator"), _staff("administrator")
    _report(
        written["reported"],
        crowd,
        "insult",
        "Une accusation contre un voisin, sans preuve.",
        number=3,
        at=at - 5 * HOUR,
    )
    _report(written["critical"], crowd, "off_topic", "Il critique sans rien proposer.", number=1, at=at - 30 * HOUR)
    if written["masked"].body == WORDS["masked"]:
        _report(written["masked"], crowd, "personal", "L’adresse de quelqu’un.", number=1, at=at - 2 * DAY)
        _decide(
            written["masked"],
            moderator,
            Decision.Action.MASK,
            clause="3.4",
            facts="L’adresse d’une autre personne, sans son accord.",
            passages=["au 14 de l’impasse du Lavoir"],
            at=at - 2 * DAY + 3 * HOUR,
        )
    made = _decide(
        written["given_back"],
        moderator,
        Decision.Action.HIDE,
        clause="3.5",
        facts="Le commentaire invite à passer dans un commerce.",
        at=at - 6 * DAY,
    )
    if made is not None and made.author is not None:
        appeal = moderation.appeal(
            actor=made.author,
            decision=made,
            words="Je ne vends rien\u00a0: le carnet est celui des clients qui comptent les vélos.",
            at=at - 5 * DAY,
        )
        reasons = "Le comptage éclaire la question posée. Citer le lieu où il a été fait n’est pas de la publicité."
        moderation.judge(actor=judge, appeal=appeal, outcome="overturned", reasons=reasons, at=at - 4 * DAY)
    facts = "« Bête comme un pied » vise les personnes qui demandent des bancs, pas leur idée."
    made = _decide(written["insult"], moderator, Decision.Action.HIDE, clause="3.2", facts=facts, at=at - 20 * DAY)
    if made is not None and made.author is not None:
        moderation.block(
            actor=moderator,
            person=made.author,
            days=7,
            clause="3.2",
            reason="Troisième insulte en un mois.",
            at=at - 20 * DAY,
        )
    _mark()
    return True


@transaction.atomic(durable=True)
def _mark() -> None:
    register.record("consultation.demo", role="système", subject=MARK)


def _staff(role: str) -> User:
    account = accounts.find(role)
    return User.objects.get(email=account.email if account else "")


def _reference(name: str) -> str:
    """Make from its name the reference of a comment: the same at each run."""
    digest = hashlib.sha256(f"demo moderation {name}".encode()).digest()
    return "".join(ALPHABET[byte % len(ALPHABET)] for byte in digest[:LENGTH])


def _written(crowd: Crowd, at: dt.datetime) -> dict[str, Comment]:
    """Let residents write what moderation will read, in the first consultation of the demonstration that takes comments."""
    open_ = Consultation.objects.filter(
        source_key__startswith=stage.key(""), published_at__isnull=False, moderation=ModerationMode.AFTER
    )
    found: dict[str, Comment] = {}
    for consultation in open_.prefetch_related("phases").order_by("pk"):
        contribution = (
            Contribution.objects.visible()
            .filter(consultation=consultation)
            .select_related("consultation")
            .prefetch_related("consultation__phases")
            .order_by("pk")
            .first()
        )
        if contribution is None or not consultation.takes_comments:
            continue
        people = (user for user in crowd.users if rules.comment_refusal(user, contribution, at=at) is None)
        for name, person in zip(WORDS, people, strict=False):
            written = actions.comment(
                actor=person,
                contribution=contribution,
                reference=_reference(name),
                stance="neutral",
                body=WORDS[name],
                at=at - HOUR,
            )
            # Held for moderation, it is no comment yet.
            if isinstance(written, Comment):
                found[name] = written
        if found:
            return found
    return found


def _report(comment: Comment, crowd: Crowd, reason: str, words: str, *, number: int, at: dt.datetime) -> None:
    reporters: list[Any] = [user for user in crowd.users[-20:] if user.pk != comment.author_id][: number - 1]
    for rank, reporter in enumerate([*reporters, AnonymousUser()]):
        is_visitor = not reporter.is_authenticated
        moderation.report(
            reporter=reporter,
            kind=hiding.COMMENT,
            reference=comment.reference,
            reason=reason,
            words=words,
            url=hiding.COMMENT.url(comment),
            name="Une habitante" if is_visitor else "",
            email="",
            fingerprint=hashlib.sha256(f"{comment.reference}{rank}".encode()).hexdigest() if is_visitor else "",
            language="fr",
            at=at + rank * HOUR,
        )


def _decide(
    comment: Comment,
    moderator: User,
    action: Decision.Action,
    *,
    clause: str,
    facts: str,
    at: dt.datetime,
    passages: list[str] | None = None,
) -> Decision | None:
    """Decide of a comment once; None when a former run did."""
    waiting = Case.objects.waiting().filter(kind="comment", subject=comment.reference).order_by("pk").first()
    if waiting is None:
        if Case.objects.filter(kind="comment", subject=comment.reference).exists():
            return None
        waiting = moderation.take_up(actor=moderator, kind="comment", reference=comment.reference, at=at - 20 * HOUR)
    thing = hiding.COMMENT.find(comment.reference)
    try:
        return moderation.decide(
            actor=moderator,
            case=waiting,
            action=action.value,
            clause=clause,
            facts=facts,
            passages=passages or [],
            seen=cases.seen_of(waiting, thing),
            at=at,
        )
    except DomainError:
        return None
